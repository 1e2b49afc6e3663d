"""What the tests of the notations share."""

from __future__ import annotations

import pytest

from pyproxy.config.tree import Directive, Source

PLAIN = {(None, "events"), (None, "http"), (None, "server"), ("http", "server")}
ARGS = {"location", "upstream", "if", "limit_except", "program", "group"}
HTTP = {"server", "upstream", "types", "map", "log_format", "access_log", "sendfile", "add_header", "default_type"}


class StaticShapes:
    """The few shapes that the tests need, instead of the schema of all modules."""

    def block(self, name: str, parent: str | None) -> str | None:
        if (parent, name) in PLAIN:
            return "plain"
        return {"types": "free", "map": "free-args", "geo": "free-args"}.get(name, "args" if name in ARGS else None)

    def belongs_to_http(self, name: str) -> bool:
        return name in HTTP


@pytest.fixture(scope="session")
def shapes() -> StaticShapes:
    return StaticShapes()


def directive(name: str, *args: str, children: tuple[Directive, ...] | None = None) -> Directive:
    return Directive(name, args, children, Source("test", 0))


@pytest.fixture(scope="session", name="directive")
def directive_fixture() -> object:
    """A maker of directives whose source does not matter."""
    return directive
