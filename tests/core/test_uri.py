"""Targets as locations see them, and decoded paths written back."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pyproxy.core.uri import (
    BadURI,
    escape,
    escape_args,
    escape_line_ends,
    escape_spaces,
    normalise,
    resolve,
    split_unsafe,
    unescape_redirect,
)


@pytest.mark.parametrize(
    ("target", "uri", "args"),
    [
        (b"/", b"/", b""),
        (b"/a/b.c", b"/a/b.c", b""),
        (b"/a?b=c&d", b"/a", b"b=c&d"),
        (b"/a?", b"/a", b""),
        (b"/a?b?c", b"/a", b"b?c"),
        (b"/?a/../b", b"/", b"a/../b"),
        (b"/%61%2Fb", b"/a/b", b""),
        (b"/a%3Fb?c", b"/a?b", b"c"),
        (b"/a%23b", b"/a#b", b""),
        (b"/a%252e", b"/a%2e", b""),
        (b"/a?%zz", b"/a", b"%zz"),
        (b"//a///b//", b"/a/b/", b""),
        (b"/a/./b", b"/a/b", b""),
        (b"/a/.", b"/a/", b""),
        (b"/a/..", b"/", b""),
        (b"/a/../b", b"/b", b""),
        (b"/a/b/../../c", b"/c", b""),
        (b"/a//../b", b"/b", b""),
        (b"/a/%2e%2e/b", b"/b", b""),
        (b"/a/..%2fb", b"/b", b""),
        (b"/a/...", b"/a/...", b""),
        (b"/a/.b/..c", b"/a/.b/..c", b""),
        (b"/gr\xc3\xbc", b"/gr\xc3\xbc", b""),
    ],
)
def test_normalise(target: bytes, uri: bytes, args: bytes) -> None:
    assert normalise(target) == (uri, args)


@pytest.mark.parametrize(
    "target", [b"/..", b"/../a", b"/a/../../b", b"/%2e%2e/", b"/a%", b"/a%2", b"/a%zz", b"/a%00", b"a", b"", b"*"]
)
def test_no_path(target: bytes) -> None:
    with pytest.raises(BadURI):
        normalise(target)


@pytest.mark.parametrize(
    ("target", "uri", "args"),
    [(b"/a", b"/a", b""), (b"/a%20b?c%20d?e", b"/a b", b"c%20d?e"), (b"//a/...", b"//a/...", b"")],
)
def test_what_an_application_names(target: bytes, uri: bytes, args: bytes) -> None:
    assert split_unsafe(target) == (uri, args)


@pytest.mark.parametrize("target", [b"", b"a/b", b"http://a/", b"/a%00", b"/../a", b"/a/%2e%2e", b"/a/..?b"])
def test_where_no_application_may_lead(target: bytes) -> None:
    with pytest.raises(BadURI):
        split_unsafe(target)


@pytest.mark.parametrize(
    ("target", "shown"),
    [
        (b"/%41%7e%7E", b"/A~~"),
        (b"/%25%20%7F%ff%00%", b"/%25%20%7F%ff%00%"),
        (b"/%26?%41&b?%42", b"/&?%41&b?%42"),
        (b"/a", b"/a"),
    ],
)
def test_what_a_redirect_need_not_escape(target: bytes, shown: bytes) -> None:
    assert unescape_redirect(target) == shown


def test_an_argument_has_no_delimiter_in_it() -> None:
    assert escape_args(b"/a&b=c+d;e f\xe9%") == b"/a%26b=c%2Bd%3Be%20f%E9%25"


def test_slashes_may_stay() -> None:
    assert normalise(b"//a//b", merge_slashes=False) == (b"//a//b", b"")
    assert normalise(b"/a//../b", merge_slashes=False) == (b"/a/b", b"")


@given(
    st.lists(st.sampled_from([b"/", b".", b"..", b"a", b"%2e", b"%2f", b"%2F.", b"~"])).map(
        lambda p: b"/" + b"".join(p)
    )
)
@example(b"/.%2e/")
def test_nothing_leads_above_the_root(target: bytes) -> None:
    try:
        uri, _ = normalise(target)
    except BadURI:
        return
    assert uri.startswith(b"/")
    assert b"//" not in uri
    assert not {b".", b".."} & set(uri.split(b"/"))
    assert resolve(uri) == uri


@given(st.binary().map(lambda tail: b"/" + tail))
def test_escaped_path_is_one_word_and_reads_back(path: bytes) -> None:
    escaped = escape(path)
    assert re.fullmatch(rb"[!-~]+", escaped)
    if b"\0" not in path and resolve_or_none(path) == path:
        assert normalise(escaped) == (path, b"")


def resolve_or_none(path: bytes) -> bytes | None:
    try:
        return resolve(path)
    except BadURI:
        return None


@given(st.binary())
def test_values_cannot_end_a_line(value: bytes) -> None:
    # RFC 9110, 5.5: these three are what a field must not hold
    assert not re.search(rb"[\x00\r\n]", escape_line_ends(value))
    assert not re.search(rb"[\x00-\x20\x7f]", escape_spaces(value))


def test_values_stay_as_they_are_where_they_may() -> None:
    assert escape_line_ends(b"a b \xff%") == b"a b \xff%"
    assert escape_line_ends(b"a\r\nb") == b"a%0D%0Ab"
    assert escape_spaces(b"/a b") == b"/a%20b"
