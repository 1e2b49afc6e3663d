from __future__ import annotations

import time
from contextlib import suppress

import pytest

from pyproxy.http1.fields import ONCE_IN_REQUEST, FieldReader
from pyproxy.http1.message import CLIENT, BadMessage


def reader() -> FieldReader:
    return FieldReader(CLIENT, once=ONCE_IN_REQUEST)


def test_values_by_lower_case_name() -> None:
    fields = reader().read(b"A: 1\r\nb: 2\r\na: 3\r\n\r\n")
    assert fields.get(b"a") == b"1"
    assert fields.get(b"b") == b"2"
    assert fields.get(b"c") is None
    assert fields.get_all(b"a") == [b"1", b"3"]
    assert fields.get_all(b"c") == []


def test_options_of_connection() -> None:
    fields = reader().read(b"Connection: Keep-Alive,X-A ,\t x-b\r\nconnection: Close\r\n\r\n")
    assert fields.controls.connection == {b"keep-alive", b"x-a", b"x-b", b"close"}
    assert fields.controls.close


def test_no_fields() -> None:
    fields = reader().read(b"\r\n")
    assert fields.pairs == ()
    assert fields.controls.connection == frozenset()


@pytest.mark.parametrize("block", [b"", b"\r", b"A: 1", b"A: 1\r\n", b"\r\nA: 1\r\n\r\n", b"A: 1\r\n\r\nB: 2\r\n\r\n"])
def test_a_block_that_is_not_one_field_section(block: bytes) -> None:
    with pytest.raises(BadMessage):
        reader().read(block)


def test_the_same_names_with_other_values() -> None:
    fields = FieldReader(CLIENT, once=ONCE_IN_REQUEST, ignore_invalid_headers=True, underscores_in_headers=False)
    for value in (b"1", b"2", b""):
        read = fields.read(b"A_b: x\r\nHost: h%b\r\nC: %b\r\nc: 3\r\n\r\n" % (value, value))
        assert read.controls.host == b"h" + value
        assert read.pairs == ((b"host", b"Host", b"h" + value), (b"c", b"C", value), (b"c", b"c", b"3"))
    with pytest.raises(BadMessage, match="duplicate"):
        fields.read(b"Host: a\r\nHost: b\r\n\r\n")
    for length in (b"1", b"x", b"2"):
        block = b"Content-Length: %b\r\n\r\n" % length
        if length.isdigit():
            assert fields.read(block).controls.content_length == int(length)
        else:
            with pytest.raises(BadMessage):
                fields.read(block)


def test_names_that_come_often_get_a_shape_and_names_that_change_do_not_take_its_place() -> None:
    fields = reader()
    for again in range(20):
        names = fields.read(b"Host: a\r\nX: 1\r\n\r\n").names
        for i in range(20):
            fields.read(b"Y%d: 1\r\n\r\n" % (again * 20 + i))
    assert list(fields.shaped) == [names]
    for i in range(3000):
        fields.read(b"Z%d: 1\r\n\r\n" % i)
    assert fields.read(b"Host: b\r\nX: 2\r\n\r\n").names is names
    for i in range(200):
        for _ in range(20):
            fields.read(b"V%d: 1\r\n\r\n" % i)
    assert len(fields.shaped) <= 64


def test_what_steers_is_remembered_in_bounds() -> None:
    fields = reader()
    first = fields.read(b"Host: a\r\nX: 1\r\n\r\n")
    assert fields.read(b"Host: a\r\nX: 2\r\n\r\n").controls is first.controls
    for i in range(100):
        assert fields.read(b"Host: h%d\r\nX: 1\r\n\r\n" % i).controls.host == b"h%d" % i
    long = b"h" * 300
    assert fields.read(b"Host: %b\r\nX: 1\r\n\r\n" % long).controls.host == long
    (section,) = fields._sections.values()
    assert len(section.controls) <= 16
    assert long not in section.controls


def test_a_second_value_of_a_list_steers_too() -> None:
    fields = reader()
    block = b"Host: a\r\nConnection: keep-alive\r\nConnection: %b\r\n\r\n"
    for second in (b"x", b"close", b"x"):
        assert fields.read(block % second).controls.close is (second == b"close")


def test_the_names_it_remembers_are_bounded() -> None:
    fields = reader()
    for i in range(3000):
        assert fields.read(b"X%d: 1\r\nHost: a\r\n\r\n" % i).pairs[0][0] == b"x%d" % i
    assert len(fields._sections) <= 512
    fields.read(b"Y" * 5000 + b": 1\r\n\r\n")
    fields.read(b"Y: 1\r\n" * 500 + b"\r\n")
    assert max(sum(map(len, names)) for names in fields._sections) <= 1024
    assert max(map(len, fields._sections)) <= 64


@pytest.mark.parametrize(
    "hostile",
    [
        b" " * 30_000,
        b" x" * 15_000,
        b"x " * 15_000,
        b"\t " * 15_000 + b"x",
        b"a:" * 15_000,
        b"a: b\r" * 6_000,
        b": \r\n" * 7_000,
    ],
)
def test_time_is_linear_in_what_a_stranger_sends(hostile: bytes) -> None:
    start = time.process_time()
    for end in (b"\r\n\r\n", b"\x00\r\n\r\n"):
        with suppress(BadMessage):
            reader().read(b"X:" + hostile + end)
    assert time.process_time() - start < 0.5  # milliseconds if linear, minutes if quadratic


@pytest.mark.parametrize("name", ["If-None-Match", "If-Match", "If-Modified-Since", "If-Unmodified-Since", "RANGE"])
def test_conditional(name: str) -> None:
    assert reader().read(f"Host: a\r\n{name}: x\r\n\r\n".encode()).names.conditional
    assert reader().read(f"{name}:\r\n\r\n".encode()).names.conditional


def test_not_conditional() -> None:
    assert not reader().read(b"Host: a\r\nIf-Range: x\r\nAccept: */*\r\n\r\n").names.conditional
