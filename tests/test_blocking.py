"""The fixture that watches for blocking calls does see them (tests/conftest.py)."""

from __future__ import annotations

from pathlib import Path

import pytest
from blockbuster import BlockingError

from pyproxy.process.pidfile import PidFile


async def test_a_call_that_blocks_the_loop_fails(tmp_path: Path) -> None:
    with pytest.raises(BlockingError):
        PidFile(str(tmp_path / "folder" / "pid")).write()


def test_without_a_loop_it_may_block(tmp_path: Path) -> None:
    PidFile(str(tmp_path / "folder" / "pid")).write()
