from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from string import Formatter

import languages
import pytest
from golink_visitor import Visitor

WWW = Path(languages.__file__).parent
PAGES = ["/links", "/links?q=nothing", "/links?tag=docs", "/users", "/demo/", "/go/unknown", "/nothing"]
DOORS = ["/", "/sign-in", "/sign-in?next=/links", "/sign-up"]


def placeholders(text: str) -> set[str]:
    return {field for _, field, _, _ in Formatter().parse(text) if field is not None}


def test_catalogues_have_the_same_texts() -> None:
    english, chinese = languages.CATALOGUES["en"], languages.CATALOGUES["zh"]
    assert english.keys() == chinese.keys()
    for name in english:
        assert placeholders(english[name]) == placeholders(chinese[name]), name
        assert re.search(r"[\u4e00-\u9fff]", chinese[name]), f"{name} is not Chinese"
        assert not re.search(r"[\u4e00-\u9fff]", english[name]), f"{name} is not English"


def test_every_text_is_used_and_every_used_text_exists() -> None:
    source = "\n".join(path.read_text() for path in [*WWW.glob("*.py"), *WWW.glob("templates/*.html")])
    used = set(re.findall(r"""text\(\s*["'](\w+\.\w+)["']""", source))
    # Names that a template puts together.
    families = re.compile(r"home\.(short|find|own)_|demo\.\w+_(title|text)$|error\.")
    names = set(languages.CATALOGUES["en"])
    assert used <= names
    assert {name for name in names - used if not families.match(name)} == set()


class Words(HTMLParser):
    """Collects what a person reads or hears, except code."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.code = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.code += tag in ("code", "pre")
        given = dict(attrs)
        for name, value in attrs:
            spoken = name in ("alt", "title", "placeholder", "aria-label") or name.startswith("data-")
            if spoken and value and not value.startswith("/"):
                self.words.append(value)
        if given.get("name") == "description":
            self.words.append(given["content"] or "")

    def handle_endtag(self, tag: str) -> None:
        self.code -= tag in ("code", "pre")

    def handle_data(self, data: str) -> None:
        if not self.code:
            self.words.append(data)


def test_no_page_has_a_word_outside_the_catalogue(
    visit: Callable[[], Visitor], monkeypatch: pytest.MonkeyPatch
) -> None:
    marked = {name: f"\u27e6{text}\u27e7" for name, text in languages.CATALOGUES["en"].items()}
    monkeypatch.setitem(languages.CATALOGUES, "en", marked)
    stranger = visit()
    texts = [stranger.get(path).text for path in DOORS]
    texts.append(stranger.send("/sign-up", name="-", password="x").text)
    texts.append(stranger.send("/sign-in", name="-", password="x").text)
    texts.append(stranger.client.post("/sign-in").text)
    alice = visit().signed_up("alice")
    alice.add("docs", "https://example.org/", "docs")
    texts.append(alice.add("docs", "x", "<").text)
    texts += [alice.get(path).text for path in PAGES]
    allowed = r"GoLink|中文|alice|/go/|docs|https://(example\.org/)?|·|\b[A]\b|(GET|POST|PUT|Upgrade)\b|nothing|\b\d+\b"
    for text in texts:
        parser = Words()
        parser.feed(text)
        parser.close()
        rest = re.sub(rf"\u27e6[^\u27e7]*\u27e7|{allowed}", "", "\n".join(parser.words))
        assert not re.findall(r"\w+", rest), text


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-Hans"),
        ("zh-TW", "zh-Hans"),
        ("en-GB,zh;q=0.5", "en"),
        ("en;q=0.3,zh;q=0.8", "zh-Hans"),
        ("fr,zh;q=0.5", "zh-Hans"),
        ("fr", "en"),
        ("zh;q=0", "en"),
        ("*", "en"),
    ],
)
def test_accept_language(visitor: Visitor, accepted: str, language: str) -> None:
    response = visitor.get("/", Accept_Language=accepted)
    assert f'<html lang="{language}">' in response.text
    assert response.headers["Content-Language"] == language
    assert {"accept-language", "cookie"} <= {name.lower() for name in response.vary}


def test_the_choice_wins_and_stays(visitor: Visitor) -> None:
    response = visitor.get("/language/zh?next=/sign-in?next=/links", Accept_Language="en")
    assert response.location == "/sign-in?next=/links"
    assert '<html lang="zh-Hans">' in visitor.get("/", Accept_Language="en").text
    visitor.get("/language/en")
    assert '<html lang="en">' in visitor.get("/", Accept_Language="zh").text


def test_the_link_leads_back_to_where_one_was(alice: Visitor) -> None:
    assert 'href="/language/zh?next=/links?q%3Da%2526b"' in alice.get("/links?q=a%26b").text
    # After a POST to an address that cannot be got, home.
    assert 'href="/language/zh?next=/"' in alice.client.post("/sign-out").text
    assert 'href="/language/zh?next=/links"' in alice.client.post("/links").text


@pytest.mark.parametrize("target", ["//evil.example", "/\\evil.example", "https://evil.example/"])
def test_language_is_no_open_redirect(visitor: Visitor, target: str) -> None:
    assert visitor.client.get("/language/zh", query_string={"next": target}).location == "/"


def test_unknown_language_changes_nothing(visitor: Visitor) -> None:
    response = visitor.get("/language/xx")
    assert (response.location, response.headers.get("Set-Cookie")) == ("/", None)


def test_a_broken_cookie_is_ignored(visitor: Visitor) -> None:
    visitor.client.set_cookie("language", "../en")
    assert '<html lang="en">' in visitor.get("/").text
