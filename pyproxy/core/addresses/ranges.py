"""Values for ranges of IPv4 addresses, by nginx's rules for those that meet (``geo`` with ``ranges``)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from ipaddress import IPv4Address


class AddressRanges:
    """Disjoint ranges. As in nginx, what a range has of each block of 65536 addresses is a range of its own."""

    def __init__(self) -> None:
        self._blocks: dict[int, list[tuple[int, int, bytes]]] = {}
        """By the upper 16 bits of its addresses, each block's ranges in order."""

    def add(self, start: int, end: int, value: bytes) -> bool:
        """Give a range a value: all of it may be new, or lie within one that is there, which it then divides. True if
        some of it is exactly one that was there. Raises ValueError if it meets others in another way."""
        duplicate = False
        for block, first, last in _by_blocks(start, end):
            ranges = self._blocks.setdefault(block, [])
            place = bisect_right(ranges, first, key=lambda each: each[0])
            if place and ranges[place - 1][1] >= first:
                place -= 1
            before = ranges[place] if place < len(ranges) and ranges[place][0] <= last else None
            if before is None:
                ranges.insert(place, (first, last, value))
                continue
            low, high, old = before
            if first < low or last > high:
                raise ValueError(f'range "{_shown(start, end)}" overlaps "{_shown(low, high)}"')
            duplicate = duplicate or (first, last) == (low, high)
            parts = [(low, first - 1, old), (first, last, value), (last + 1, high, old)]
            ranges[place : place + 1] = [part for part in parts if part[0] <= part[1]]
        return duplicate

    def remove(self, start: int, end: int) -> bool:
        """False if some of it is not a range that was added."""
        whole = True
        for block, first, last in _by_blocks(start, end):
            ranges = self._blocks.get(block, [])
            kept = [each for each in ranges if each[:2] != (first, last)]
            whole = whole and len(kept) < len(ranges)
            ranges[:] = kept
        return whole

    def find(self, number: int) -> bytes | None:
        """The value for an address."""
        ranges = self._blocks.get(number >> 16)
        if not ranges:
            return None
        place = bisect_right(ranges, number, key=lambda each: each[0])
        if place and ranges[place - 1][1] >= number:
            return ranges[place - 1][2]
        return None


def _by_blocks(start: int, end: int) -> Iterator[tuple[int, int, int]]:
    for block in range(start >> 16, (end >> 16) + 1):
        yield block, max(start, block << 16), min(end, block << 16 | 0xFFFF)


def _shown(start: int, end: int) -> str:
    return f"{IPv4Address(start)}-{IPv4Address(end)}"
