from __future__ import annotations

import pytest

from pyproxy.http1.host import split_host


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"a", (b"a", None)),
        (b"A.Example.COM", (b"a.example.com", None)),
        (b"a.", (b"a", None)),
        (b"a.:80", (b"a", 80)),
        (b"a:", (b"a", None)),
        (b"a:0", (b"a", 0)),
        (b"a:65535", (b"a", 65535)),
        (b"a:0000080", (b"a", 80)),
        (b".a", (b".a", None)),
        (b"127.0.0.1:8080", (b"127.0.0.1", 8080)),
        (b"[::1]", (b"[::1]", None)),
        (b"[FE80::1]:443", (b"[fe80::1]", 443)),
        (b"a_b~!$&'()*+,;=%41", (b"a_b~!$&'()*+,;=%41", None)),
    ],
)
def test_hosts(value: bytes, expected: tuple[bytes, int | None]) -> None:
    assert split_host(value) == expected


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b".",
        b":80",
        b".:80",
        b"a..b",
        b"a..",
        b"a b",
        b"a/b",
        b"a?b",
        b"a#b",
        b"a@b",
        b"a\\b",
        b"a\tb",
        b"a\x00",
        b"a\n",
        b"\xe9",
        b"a:b",
        b"a:-1",
        b"a:65536",
        b"a:" + b"9" * 5000,
        b"a:80:80",
        b"::1",
        b"[::1",
        b"[]",
        b"[::1]a",
        b"a[::1]",
        b"[a..b]",
        b"[::1]]",
    ],
)
def test_not_hosts(value: bytes) -> None:
    assert split_host(value) is None
