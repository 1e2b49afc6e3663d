"""Chinese and English: which one this request gets, and the catalogue of texts (texts/en.toml, texts/zh.toml)."""

from __future__ import annotations

import tomllib
from pathlib import Path

from flask import Blueprint, Flask, Response, current_app, g, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from names import local_path

NAMES = {"en": "English", "zh": "中文"}
TAGS = {"en": "en", "zh": "zh-Hans"}  # for <html lang> and Content-Language (BCP 47)
COOKIE = "language"
YEAR_SECONDS = 365 * 24 * 3600

blueprint = Blueprint("languages", __name__)


def load(code: str) -> dict[str, str]:
    """One catalogue as a flat table: the entry `title` of the section `[home]` is `home.title`."""
    with (Path(__file__).parent / "texts" / f"{code}.toml").open("rb") as file:
        sections = tomllib.load(file)
    return {f"{section}.{name}": text for section, texts in sections.items() for name, text in texts.items()}


CATALOGUES = {code: load(code) for code in NAMES}


def language() -> str:
    """The language that the visitor chose, else the best of Accept-Language, else English."""
    if "language" not in g:
        chosen = request.cookies.get(COOKIE, "")
        g.language = chosen if chosen in NAMES else _accepted()
    return str(g.language)


def _accepted() -> str:
    # Not best_match("zh", "en"): that would not give Chinese to a browser that asks for zh-TW only.
    for tag, quality in request.accept_languages:
        code = tag.partition("-")[0].lower()
        if quality > 0 and code in NAMES:
            return code
    return "en"


def text(name: str, /, **values: object) -> str:
    """The text `name` in the request's language, its {placeholders} filled from `values`."""
    return CATALOGUES[language()][name].format(**values)


def here() -> str:
    """The path to come back to from a change of language; the home page after a POST to where GET is not allowed."""
    if request.method == "GET":
        return request.full_path.rstrip("?")
    adapter = current_app.create_url_adapter(request)
    return request.path if adapter and adapter.test(method="GET") else url_for("home")


@blueprint.get("/language/<code>")
def choose(code: str) -> BaseResponse:
    """Remember the language and go back to the page where it was chosen."""
    response = redirect(local_path(request.args.get("next"), url_for("home")))
    if code in NAMES:
        response.set_cookie(COOKIE, code, max_age=YEAR_SECONDS, samesite="Lax", httponly=True, secure=request.is_secure)
    return response


def install(app: Flask) -> None:
    app.register_blueprint(blueprint)
    app.jinja_env.globals.update(text=text, language=language, here=here, language_names=NAMES, language_tags=TAGS)

    @app.after_request
    def label(response: Response) -> Response:
        if response.mimetype == "text/html":
            response.headers["Content-Language"] = TAGS[language()]
            response.vary.update(("Accept-Language", "Cookie"))
        return response
