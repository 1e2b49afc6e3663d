"""The Flask application, put together from its parts."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from flask import Flask, Response, redirect, render_template, request, send_from_directory, url_for
from flask.sessions import SecureCookieSessionInterface
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

import accounts
import csrf
import database
import demo
import languages
import links

SECURITY_HEADERS = {
    # No form-action: Chrome applies it to the redirect after the form too, and signing in may lead to /go/NAME.
    "Content-Security-Policy": (
        "default-src 'none'; connect-src 'self'; font-src 'self'; img-src 'self'; manifest-src 'self'; "
        "script-src 'self'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class _Sessions(SecureCookieSessionInterface):
    def get_cookie_secure(self, app: Flask) -> bool:
        # gunicorn takes the scheme from the X-Forwarded-Proto of a proxy that it trusts.
        return request.is_secure


def create_app(database_path: Path) -> Flask:
    """GoLink on this database file, which is made if it does not exist. Raises database.DatabaseError."""
    app = Flask(__name__)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.config.update(
        DATABASE=database_path,
        SECRET_KEY=database.prepare(database_path),
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=timedelta(seconds=accounts.SIGN_IN_SECONDS),
        MAX_CONTENT_LENGTH=1024 * 1024,
    )
    # "//x" is just not found: Flask would redirect to an absolute address, with a Host that may lack the port.
    app.url_map.merge_slashes = False
    app.session_interface = _Sessions()
    for part in (database, csrf, languages, accounts, links, demo):
        part.install(app)
    _add_pages(app)
    return app


def _add_pages(app: Flask) -> None:
    @app.get("/")
    def home() -> ResponseReturnValue:
        return redirect(url_for("links.show")) if accounts.current_user() else render_template("home.html")

    @app.get("/health")
    def health() -> Response:
        return Response("ok\n", mimetype="text/plain")

    # Browsers and robots ask for these at the root, the proxy serves them from /static/ only.
    @app.get("/favicon.ico", defaults={"name": "favicon.ico"})
    @app.get("/robots.txt", defaults={"name": "robots.txt"})
    def root_file(name: str) -> Response:
        return send_from_directory(str(app.static_folder), name)

    @app.errorhandler(HTTPException)
    def explain(error: HTTPException) -> ResponseReturnValue:
        if error.response is not None:
            return error.get_response()
        reason = "csrf" if error.description == "csrf" else str(error.code)
        if f"error.{reason}" not in languages.CATALOGUES["en"]:
            reason = "other"
        headers = [(name, value) for name, value in error.get_headers() if name != "Content-Type"]
        return render_template("error.html", reason=reason, code=error.code), error.code or 500, headers

    @app.after_request
    def protect(response: Response) -> Response:
        for name, value in SECURITY_HEADERS.items():
            response.headers.setdefault(name, value)
        return response
