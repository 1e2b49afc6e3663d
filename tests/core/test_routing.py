"""Which server, which location: nginx's precedence, asked of the tables themselves.

The same questions are put to a real nginx in tests/against_nginx/test_locations.py.
"""

from __future__ import annotations

from typing import cast

import pytest

from pyproxy.config.tree import Source
from pyproxy.core.location import Location
from pyproxy.core.regex.compile import compile_regex
from pyproxy.core.routing import Locations, ServerNames
from pyproxy.core.site import Server

NOWHERE = Source("test", 1)


def server(name: str) -> Server:
    made = Server(NOWHERE)
    made.name = name.encode()
    return made


def names(*wanted: str) -> ServerNames:
    table = ServerNames(server("default"))
    for name in wanted:
        assert table.add(compile_regex(name[1:]) if name.startswith("~") else name, server(name))
    return table


NAMES = names(
    "", "a.x", "b.a.x", ".dot.x", "*.x", "*.a.x", "www.*", "www.a.*", r"~^r(?<n>\d)\.y$", r"~^r\d", "[::1]", "UP.z"
)


@pytest.mark.parametrize(
    ("host", "found"),
    [
        (None, ""),
        (b"a.x", "a.x"),
        (b"b.a.x", "b.a.x"),
        (b"c.a.x", "*.a.x"),
        (b"c.d.a.x", "*.a.x"),
        (b"c.x", "*.x"),
        (b"x", "default"),
        (b"dot.x", ".dot.x"),
        (b"e.dot.x", ".dot.x"),
        (b"adot.x", "*.x"),
        (b"www.q", "www.*"),
        (b"www.a.q.r", "www.a.*"),
        (b"www.x", "*.x"),  # a leading asterisk goes before a trailing one
        (b"www", "default"),
        (b"r1.y", r"~^r(?<n>\d)\.y$"),
        (b"r1.z", r"~^r\d"),
        (b"r1.x", "*.x"),  # a name goes before a regular expression
        (b"[::1]", "[::1]"),
        (b"up.z", "UP.z"),
        (b"other", "default"),
        (b".x", "default"),
    ],
)
def test_server_names(host: bytes | None, found: str) -> None:
    assert NAMES.find(host)[0].name.decode() == found


def test_a_regex_name_captures() -> None:
    captures = NAMES.find(b"r7.y")[1]
    assert captures is not None
    assert captures.named("n") == b"7"
    assert NAMES.find(b"a.x")[1] is None


def test_no_host_and_no_empty_name() -> None:
    assert names("a").find(None)[0].name == b"default"


def test_a_name_belongs_to_the_first_who_takes_it() -> None:
    table, first = names(), server("first")
    assert table.add(".a", first)
    assert table.add("A", first)
    assert not table.add("*.a", server("second"))
    assert not table.add("a", server("second"))
    assert table.find(b"b.a")[0] is first


def locations(*described: str | tuple[str, Locations]) -> Locations:
    """A table of locations as nginx writes them; with ``301 `` before one that redirects to its slash."""
    table = Locations()
    for entry in described:
        text, nested = (entry, None) if isinstance(entry, str) else entry
        location = Location(cast(Server, None), text, NOWHERE)
        location.nested = nested
        redirects = text.startswith("301 ")
        kind, _, path = text.removeprefix("301 ").rpartition(" ")
        location.path = path.encode()
        location.redirects_to_slash = redirects
        location.no_regex = kind == "^~"
        if kind == "=":
            table.exact[location.path] = location
        elif kind in ("~", "~*"):
            location.path, location.regex = b"", compile_regex(path, kind == "~*")
            table.regexes.append(location)
        else:
            table.add_prefix(location)
    table.seal()
    return table


FLAT = locations("/", "= /", "/a", "/a/b/", "= /a/b", "^~ /img/", r"~ \.png$", r"~* \.JPG$", r"~ \.p", "= /x.png")
PROXIED = locations("301 /dir/", "301 = /one/", "/two", "301 /two/", "301 /re/", "~ re", "= /three", "301 /three/")
NESTED = locations(
    "/",
    ("/a/", locations("/a/b/", "= /a/exact", r"~ \.in$")),
    ("^~ /quiet/", locations("/quiet/b/", r"~ \.in$")),
    ("/loud/", locations("^~ /loud/b/")),
    (r"~ ^/re", locations("~ x$")),
    r"~ \.out$",
    "~ b/out",
)


@pytest.mark.parametrize(
    ("table", "path", "found"),
    [
        (FLAT, "/", "= /"),
        (FLAT, "/c", "/"),
        (FLAT, "/a", "/a"),
        (FLAT, "/ab", "/a"),
        (FLAT, "/a/b", "= /a/b"),
        (FLAT, "/a/b/", "/a/b/"),
        (FLAT, "/a/b/c.png", r"~ \.png$"),
        (FLAT, "/img/c.png", "^~ /img/"),
        (FLAT, "/c.jpg", r"~* \.JPG$"),
        (FLAT, "/c.PNG", "/"),
        (FLAT, "/c.php", r"~ \.p"),
        (FLAT, "/x.png", "= /x.png"),
        (PROXIED, "/dir", "301 /dir/"),
        (PROXIED, "/dir/", "301 /dir/"),
        (PROXIED, "/dirx", None),
        (PROXIED, "/one", "301 = /one/"),
        (PROXIED, "/one/x", None),
        (PROXIED, "/two", "/two"),  # the location itself is there
        (PROXIED, "/two/", "301 /two/"),
        (PROXIED, "/re", "301 /re/"),  # before regular expressions
        (PROXIED, "/re/x", "~ re"),
        (PROXIED, "/three", "= /three"),
        (NESTED, "/a/x", "/a/"),
        (NESTED, "/a/b/x", "/a/b/"),
        (NESTED, "/a/exact", "= /a/exact"),
        (NESTED, "/a/x.in", r"~ \.in$"),
        (NESTED, "/a/x.out", r"~ \.out$"),
        (NESTED, "/a/b/out", "~ b/out"),  # outer regular expressions are tried after inner prefixes
        (NESTED, "/quiet/b/x.out", "/quiet/b/"),
        (NESTED, "/quiet/x.in", r"~ \.in$"),
        (NESTED, "/loud/b/x.out", r"~ \.out$"),  # `^~` inside keeps off the regular expressions of its own level only
        (NESTED, "/rest", "~ ^/re"),
        (NESTED, "/rex", "~ x$"),
        (NESTED, "/other", "/"),
        (locations(), "/", None),
        (locations(""), "/", ""),
    ],
)
def test_locations(table: Locations, path: str, found: str | None) -> None:
    location, _ = table.find(path.encode())
    assert (location.name if location else None) == found


def test_captures_are_those_of_the_location_or_stay() -> None:
    _, before = NAMES.find(b"r7.y")
    assert FLAT.find(b"/c", before)[1] is before
    _, after = FLAT.find(b"/c.jpg", before)
    assert after is not None
    assert (after[0], after.named("n")) == (b".jpg", b"7")
    _, inner = NESTED.find(b"/rex")
    assert inner is not None
    assert inner[0] == b"x"
