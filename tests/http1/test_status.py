from __future__ import annotations

import pytest

from pyproxy.http1.status import REASONS, status_line


@pytest.mark.parametrize(
    ("status", "line"),
    [
        (200, b"HTTP/1.1 200 OK\r\n"),
        (302, b"HTTP/1.1 302 Moved Temporarily\r\n"),
        (405, b"HTTP/1.1 405 Not Allowed\r\n"),
        (504, b"HTTP/1.1 504 Gateway Time-out\r\n"),
        (418, b"HTTP/1.1 418 \r\n"),
        (999, b"HTTP/1.1 999 \r\n"),
    ],
)
def test_status_line(status: int, line: bytes) -> None:
    assert status_line(status) == line


def test_a_line_is_built_once() -> None:
    assert all(status_line(status) is status_line(status) for status in REASONS)
