from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from pyproxy.process.garbage import YOUNG, settle


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    threshold = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*threshold)


class Circle:
    def __init__(self) -> None:
        self.me = self


def test_what_is_there_is_looked_at_no_more() -> None:
    settle()
    assert gc.get_freeze_count() > 10_000
    assert gc.get_threshold()[0] == YOUNG


def test_what_only_the_last_configuration_had_is_given_back() -> None:
    old = Circle()
    gone = weakref.ref(old)
    settle()
    del old
    gc.collect()
    assert gone() is not None
    settle()
    assert gone() is None
