"""Directives as modules declare them: found by context, inherited as nginx merges. Messages: tests/config/sites."""

from __future__ import annotations

import re
from typing import Any

import pytest

from pyproxy.config.build import build
from pyproxy.config.nginx import parse
from pyproxy.config.schema import ANYWHERE, Context, Module, Schema, Spec, flag, number, seconds, text
from pyproxy.config.scope import Scope
from pyproxy.config.tree import ConfigError, Directive, Source
from pyproxy.core.location import Location
from pyproxy.core.logs.log import Logs
from pyproxy.core.site import Site

NOTHING = lambda directive, scope: None  # noqa: E731
SEEN: dict[str, dict[str, Any]] = {}


def look(scope: Scope, location: Location) -> None:
    name = location.name or "server"
    SEEN[name] = {wanted: scope.get(wanted) for wanted in ("word", "count", "items", "time")}


def look_upstream(scope: Scope, site: Site) -> None:
    for child in scope.children:
        if child.directive.name == "upstream":
            SEEN["upstream"] = {"time": child.get("time"), "word": child.get("word")}


MODULE = Module(
    name="test",
    directives=(
        Spec("http", Context.MAIN, NOTHING, (0, 0), block=Context.HTTP),
        Spec("server", Context.HTTP, NOTHING, (0, 0), repeat=True, block=Context.SERVER),
        Spec("upstream", Context.HTTP, NOTHING, (1, 1), repeat=True, block=Context.UPSTREAM),
        Spec("server", Context.UPSTREAM, NOTHING, (1, 1), repeat=True),
        Spec("types", ANYWHERE, NOTHING, (0, 0), free=True),
        Spec("map", Context.HTTP, NOTHING, (2, 2), repeat=True, free=True),
        text("word", ANYWHERE, "default"),
        number("count", Context.HTTP, 1),
        flag("switch", ANYWHERE, False),
        seconds("time", ANYWHERE, 9.0),
        seconds("time", Context.UPSTREAM, 5.0),
        Spec("items", ANYWHERE, lambda directive, scope: directive.args[0], repeat=True, default=()),
    ),
    location=look,
    site=look_upstream,
)
SCHEMA = Schema([MODULE])


@pytest.fixture(autouse=True)
def forget() -> None:
    SEEN.clear()


def compiled(configuration: str) -> Site:
    return build(parse(configuration, "test.conf"), SCHEMA, ".", Logs(), "test.conf")


def server_of(configuration: str) -> dict[str, Any]:
    compiled(configuration)
    return SEEN["server"]


def test_a_value_is_the_nearest_or_the_default() -> None:
    assert server_of("http { server { } }") == {"word": "default", "count": 1, "items": (), "time": 9.0}
    assert server_of("http { word a; count 2; server { } }")["word"] == "a"
    assert server_of("http { word a; count 2; server { } }")["count"] == 2
    assert server_of("http { word a; server { word b; } }")["word"] == "b"


def test_repeated_ones_replace_those_above_as_a_whole() -> None:
    assert server_of("http { items a; items b; server { } }")["items"] == ["a", "b"]
    assert server_of("http { items a; items b; server { items c; } }")["items"] == ["c"]


def test_one_name_in_two_contexts_is_two_directives() -> None:
    compiled("http { time 1s; upstream a { server b; } server { } }")
    assert (SEEN["upstream"]["time"], SEEN["server"]["time"]) == (5.0, 1.0)
    compiled("http { time 1s; upstream a { server b; time 2s; } server { time 3s; } }")
    assert (SEEN["upstream"]["time"], SEEN["server"]["time"]) == (2.0, 3.0)


def test_the_shortest_time_is_known() -> None:
    assert compiled("http { server { time 250ms; } upstream a { server b; time 2s; } }").shortest_timeout == 0.25


def test_children_of_free_blocks_are_no_directives() -> None:
    compiled("http { types { word a b c; unknown; } map a b { word; } }")


@pytest.mark.parametrize(
    ("name", "parent", "shape"),
    [
        ("http", None, "plain"),
        ("server", "http", "plain"),
        ("server", "upstream", None),
        ("upstream", "http", "args"),
        ("types", "server", "free"),
        ("map", "http", "free-args"),
        ("map", "server", None),
        ("word", "http", None),
        ("none", "http", None),
    ],
)
def test_shapes_for_the_notations(name: str, parent: str | None, shape: str | None) -> None:
    assert SCHEMA.block(name, parent) == shape


@pytest.mark.parametrize(("name", "belongs"), [("word", True), ("server", True), ("http", False), ("none", False)])
def test_belongs_to_http(name: str, belongs: bool) -> None:
    assert SCHEMA.belongs_to_http(name) is belongs


def test_a_suggestion_prefers_what_may_stand_here() -> None:
    with pytest.raises(ConfigError, match=r"unknown directive `wort`, did you mean `word`\? in test.conf:1"):
        compiled("http { wort a; }")


@pytest.mark.parametrize(
    ("text", "said"),
    [("proxy_pas", "`proxy_pas`, did you mean `proxy_pass`?"), ("\0ell", r"`\x00ell` in test.conf:1")],
)
def test_a_suggestion_from_elsewhere_if_that_is_much_closer(text: str, said: str) -> None:
    from pyproxy.compile import load_schema

    with pytest.raises(ConfigError, match=re.escape(f"unknown directive {said}")):
        load_schema().find(Directive(text, ("a",), None, Source("test.conf", 1)), Context.SERVER)


def test_every_module_of_pyproxy_declares_no_directive_twice_in_one_place() -> None:
    from pyproxy.compile import load_schema

    for name, specs in load_schema().specs.items():
        contexts = [context for spec in specs for context in spec.contexts]
        assert len(contexts) == len(set(contexts)), name
