"""Every test here runs on both event loops."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from tests.support.loops import LOOPS


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    return LOOPS


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: takes seconds; `-m 'not slow'` leaves it out")
