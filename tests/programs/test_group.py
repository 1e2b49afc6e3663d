from __future__ import annotations

from collections.abc import Callable

import pytest

from pyproxy.config.tree import ConfigError, Directive, Source
from pyproxy.programs.group import Group, group_of_each
from pyproxy.programs.program import Program

HERE = Source("x.conf", 1)


def directive(**options: str) -> Directive:
    children = (Directive(name, (value,), None, Source("x.conf", 2)) for name, value in options.items())
    return Directive("group", ("site",), tuple(children), HERE)


def test_from_directive() -> None:
    assert Group.from_directive(directive(programs="a, b", priority="5")) == Group("site", ("a", "b"), HERE, 5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "group `site`: `programs` is missing in x.conf:1"),
        ({"programs": " ,"}, "group `site`: `programs` is missing in x.conf:2"),
        ({"programs": "a", "priority": "x"}, "group `site`: `priority` must be a whole number in x.conf:2"),
        ({"program": "a"}, "group `site`: unknown option `program`; it has `programs` and `priority` in x.conf:2"),
    ],
)
def test_wrong_form(options: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Group.from_directive(directive(**options))
    assert str(caught.value) == message


def test_group_of_each(program: Callable[..., Program]) -> None:
    programs = [program("a"), program("b"), program("c")]
    assert group_of_each(programs, [Group("site", ("a", "b"), HERE)]) == {"a": "site", "b": "site", "c": "c"}


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ([("g", "x")], "group `g`: there is no program `x`"),
        ([("g", "a"), ("h", "a")], "group `h`: program `a` is already in a group"),
        ([("g", "a"), ("g", "b")], "group `g` is already defined"),
        ([("b", "a")], "group `b` has the name of a program; rename one of them"),
    ],
)
def test_groups_that_do_not_fit(program: Callable[..., Program], groups: list[tuple[str, str]], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        group_of_each([program("a"), program("b")], [Group(name, (member,), HERE) for name, member in groups])
    assert str(caught.value) == f"{message} in x.conf:1"
