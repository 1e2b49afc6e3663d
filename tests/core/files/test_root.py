"""root and alias: the path of a file, and that no spelling of a URI leaves the folder."""

from __future__ import annotations

import posixpath
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyproxy.core.files.failures import shown
from pyproxy.core.files.root import Root
from pyproxy.core.request import AS_SENT, Request
from pyproxy.core.uri import BadURI, resolve
from pyproxy.core.variables import Depends, Variable, Variables

VARIABLES = Variables([Variable("x", lambda request: cast(Any, request).x, Depends.HEAD)])


def path(text: str, uri: bytes, alias_of: bytes | None = None, whole: bool = False, x: bytes = b"") -> bytes | None:
    root = Root(VARIABLES.template(text), b"/prefix", alias_of, whole)
    return root.path(cast(Request, SimpleNamespace(uri=uri, x=x, captures=None, values=None, rewritten=AS_SENT)))


@pytest.mark.parametrize(
    ("text", "uri", "expected"),
    [
        ("/www", b"/a/b", b"/www/a/b"),
        ("/www/", b"/a", b"/www/a"),
        ("/", b"/a", b"/a"),
        ("www", b"/a", b"/prefix/www/a"),
        ("../www", b"/a", b"/prefix/../www/a"),
        ("/www/../other", b"/a", b"/www/../other/a"),
        ("/www", b"/\xff\n", b"/www/\xff\n"),
        ("/www", b"/a..b/..c/d..", b"/www/a..b/..c/d.."),
    ],
)
def test_root(text: str, uri: bytes, expected: bytes) -> None:
    assert path(text, uri) == expected


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        (b"/one", b"/one/a"),
        (b"one", b"/prefix/one/a"),
        (b"one/", b"/prefix/one/a"),
        (b"..", None),
        (b"one/../..", None),
        (b"one\0", None),
        (b"", b"/prefix/a"),
    ],
)
def test_root_with_a_variable(x: bytes, expected: bytes | None) -> None:
    assert path("$x", b"/a", x=x) == expected


@pytest.mark.parametrize(
    ("name", "text", "uri", "expected"),
    [
        (b"/img/", "/data/", b"/img/a", b"/data/a"),
        (b"/img", "/data", b"/img/a", b"/data/a"),
        (b"/img/", "data/", b"/img/", b"/prefix/data/"),
        (b"/one", "/data/one.txt", b"/one", b"/data/one.txt"),
        (b"/img/", "../data/", b"/img/a", b"/prefix/../data/a"),
        (b"/img", "/data/img/", b"/img../secret", None),
        (b"/img", "/data/img/", b"/img..", None),
        (b"/img", "/data/.", b"/img./secret", None),
        (b"/img", "/data/img", b"/img../secret", b"/data/img../secret"),
        (b"/img", "../img/", b"/img../secret", None),
        (b"/img/", "/data/", b"/rewritten/a", None),
    ],
)
def test_alias(name: bytes, text: str, uri: bytes, expected: bytes | None) -> None:
    assert path(text, uri, name) == expected


@pytest.mark.parametrize(
    ("text", "x", "expected"),
    [
        ("/data/$x", b"a/b", b"/data/a/b"),
        ("/data/$x", b"../secret", None),
        ("/data/.$x", b"./secret", None),
        ("/data/fixed", b"", b"/data/fixed"),
    ],
)
def test_alias_of_a_regular_expression(text: str, x: bytes, expected: bytes | None) -> None:
    assert path(text, b"/whatever", b"^/(.*)", True, x) == expected


@given(st.text("/.a%", max_size=12), st.sampled_from(["/d", "/d/", "/d/.", "/d/e/."]), st.integers(0, 4))
def test_no_uri_leads_out(text: str, folder: str, length: int) -> None:
    try:
        uri = resolve(b"/" + text.encode())
    except BadURI:
        return
    found = path(folder, uri, uri[:length])
    assert found is None or posixpath.normpath(found).startswith(posixpath.normpath(folder).encode())


def test_shown() -> None:
    assert shown("/gr\u00fc\u00df".encode()) == "/gr\u00fc\u00df"
    assert shown(b"/a\xff") == r"/a\xff"
