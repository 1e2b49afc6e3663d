from __future__ import annotations

from collections.abc import Callable

import pytest

from pyproxy.config.tree import ConfigError
from pyproxy.programs.order import in_order
from pyproxy.programs.program import Program

WriteProgram = Callable[..., Program]


def test_what_is_depended_on_comes_first(program: WriteProgram) -> None:
    web = program("web", depends_on="app, cache")
    app = program("app", depends_on="db")
    cache, db = program("cache"), program("db")
    names = [each.name for each in in_order([web, app, cache, db])]
    assert sorted(names) == ["app", "cache", "db", "web"]
    assert names.index("db") < names.index("app") < names.index("web")
    assert names.index("cache") < names.index("web")


@pytest.mark.parametrize(
    ("needs", "message"),
    [
        ({"web": "dbb", "db": ""}, "program `web`: it depends on `dbb`, which is no program, did you mean `db`?"),
        ({"web": "x"}, "program `web`: it depends on `x`, which is no program"),
        ({"web": "web"}, "program `web`: `depends_on` goes round in a circle: `web` -> `web`"),
        ({"a": "b", "b": "c", "c": "a"}, "program `a`: `depends_on` goes round in a circle: `a` -> `b` -> `c` -> `a`"),
    ],
)
def test_what_cannot_be(program: WriteProgram, needs: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        in_order(
            [program(name, command="x", **{"depends_on": needed} if needed else {}) for name, needed in needs.items()]
        )
    assert caught.value.message == message
    assert caught.value.source is not None
    assert caught.value.source.line == 3
