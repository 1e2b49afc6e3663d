"""Addresses, networks and ranges of them, as geo and others use them."""

from __future__ import annotations

import pytest

from pyproxy.core.addresses.networks import Address, Networks, parse_address, parse_network
from pyproxy.core.addresses.ranges import AddressRanges


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (b"192.0.2.1", Address(32, 0xC0000201)),
        (b"::1", Address(128, 1)),
        (b"::ffff:192.0.2.1", Address(32, 0xC0000201)),
        (b"::192.0.2.1", Address(128, 0xC0000201)),
        *(
            (text, None)
            for text in (b"", b"192.0.2", b"192.0.2.1 ", b"192.0.2.1:80", b"[::1]", b"unix:", b"\xff", b"::g")
        ),
    ],
)
def test_parse_address(text: bytes, address: Address | None) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize("text", ["", "a", "10.0.0.0/33", "10.0.0.0/255.0.0.0", "::/129", "1.2.3.4-1.2.3.5"])
def test_no_network(text: str) -> None:
    with pytest.raises(ValueError, match="invalid network"):
        parse_network(text)


def test_the_longest_prefix_counts() -> None:
    networks: Networks[str] = Networks()
    for text in ("0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/16", "10.1.2.3", "::/0", "2001:db8::/32"):
        assert networks.add(parse_network(text), text) is None
    assert networks.add(parse_network("10.0.0.0/8"), "10/8") == "10.0.0.0/8"
    assert networks.remove(parse_network("10.1.0.0/16"))
    assert not networks.remove(parse_network("10.1.0.0/16"))
    networks.seal()
    expected = {
        b"10.1.2.3": "10.1.2.3",
        b"10.1.2.4": "10/8",
        b"11.0.0.1": "0.0.0.0/0",
        b"2001:db8::1": "2001:db8::/32",
        b"::1": "::/0",
    }
    for address, value in expected.items():
        parsed = parse_address(address)
        assert parsed is not None
        assert networks.find(parsed) == value


def test_bits_behind_the_prefix() -> None:
    assert parse_network("10.0.0.0/8").exact
    assert not parse_network("10.0.0.1/8").exact


def test_ranges() -> None:
    ranges = AddressRanges()
    assert not ranges.add(100, 200, b"a")
    assert not ranges.add(120, 130, b"b")
    assert not ranges.add(100, 105, b"c")
    assert not ranges.add(190, 200, b"d")
    assert not ranges.add(0x2FFF0, 0x3000F, b"e")
    assert ranges.add(120, 130, b"f")
    found = {number: ranges.find(number) for number in (99, 100, 105, 106, 119, 120, 130, 131, 189, 190, 200, 201)}
    assert found == {
        99: None, 100: b"c", 105: b"c", 106: b"a", 119: b"a", 120: b"f",
        130: b"f", 131: b"a", 189: b"a", 190: b"d", 200: b"d", 201: None,
    }  # fmt: skip
    assert [ranges.find(number) for number in (0x2FFF0, 0x2FFFF, 0x30000, 0x3000F)] == [b"e"] * 4
    for start, end in ((90, 100), (195, 210), (110, 125), (50, 300)):
        with pytest.raises(ValueError, match="overlaps"):
            ranges.add(start, end, b"x")
    assert not ranges.remove(100, 200)
    assert ranges.remove(120, 130)
    assert ranges.find(125) is None
