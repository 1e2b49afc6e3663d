"""types and default_type."""

from __future__ import annotations

from pathlib import Path

import pytest

from pyproxy.config.tree import ConfigError

from .conftest import MakeSite


def content_type(make_site: MakeSite, uri: str, server: str = "", http: str = "") -> str:
    return make_site(server, http).servers[0].default_location.content_type(uri.encode()).decode()


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("/a.html", "text/html"),
        ("/a.HTML", "text/html"),
        ("/a.gif", "image/gif"),
        ("/a.jpg", "image/jpeg"),
        ("/a.css", "text/plain"),
        ("/a.tar.html", "text/html"),
        ("/html", "text/plain"),
        ("/.html", "text/plain"),
        ("/folder/.html", "text/plain"),
        ("/folder/..html", "text/html"),
        ("/folder.html/file", "text/plain"),
        ("/folder.html/", "text/plain"),
        ("/a.", "text/plain"),
        ("/", "text/plain"),
    ],
)
def test_without_types(make_site: MakeSite, uri: str, expected: str) -> None:
    assert content_type(make_site, uri) == expected


def test_types_replace_the_defaults(make_site: MakeSite) -> None:
    server = "types { text/css css; application/x-a A b; } default_type x/y;"
    site = [content_type(make_site, f"/f.{extension}", server) for extension in ("css", "a", "B", "html")]
    assert site == ["text/css", "application/x-a", "application/x-a", "x/y"]


def test_several_types_of_one_level_are_one(make_site: MakeSite) -> None:
    server = "types { text/a a; text/b b; } types { text/c b; }"
    assert [content_type(make_site, f"/f.{x}", server) for x in "ab"] == ["text/a", "text/c"]


def test_types_of_a_level_hide_those_above(make_site: MakeSite) -> None:
    assert content_type(make_site, "/f.a", "types { text/b b; }", "types { text/a a; }") == "text/plain"
    assert content_type(make_site, "/f.a", "", "types { text/a a; }") == "text/a"
    assert content_type(make_site, "/f.html", "types { }") == "text/plain"


def test_include_inside_types(make_site: MakeSite, tmp_path: Path) -> None:
    (tmp_path / "more").write_text("text/a a;")
    assert content_type(make_site, "/f.a", "types { include more; }") == "text/a"


def test_no_default_type(make_site: MakeSite) -> None:
    assert content_type(make_site, "/f", 'default_type "";') == ""


def test_a_block_inside_types(make_site: MakeSite) -> None:
    with pytest.raises(ConfigError, match=r"`text/html` has no block here.*nginx\.conf:8"):
        make_site("types {\ntext/html { html; }\n}")
