"""Range requests (RFC 9110, 14): which bytes of a file the client asks for, with nginx's limits on them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pyproxy.core.conditional import NO_DATE, parse_http_date

if TYPE_CHECKING:
    from pyproxy.core.message import Fields

MAX_RANGES = 2**31 - 1
"""``max_ranges`` where the configuration sets none."""

PART_COST, COSTS_ALLOWED = 256, 4096
"""Bytes that a part's own head counts, and by how many such bytes an answer may exceed the file."""

_LARGEST = 2**63 - 1
_ELEMENT = re.compile(rb" *+(?:([0-9]++) *+- *+([0-9]*+)|-([0-9]++)) *+(,|\Z)")

Range = tuple[int, int]
"""The first byte, and the one after the last."""


class NotSatisfiable(Exception):
    """No range of the request lies in the file, or they cannot be read: the answer is 416."""


def requested_ranges(
    fields: Fields, length: int, etag: bytes | None, modified: int, max_ranges: int = MAX_RANGES
) -> list[Range] | None:
    """The ranges of a file of ``length`` bytes to answer with, None for the whole file. Raises NotSatisfiable."""
    value = fields.get(b"range")
    if value is None or not max_ranges or len(value) < 7 or value[:6].lower() != b"bytes=":
        return None
    condition = fields.get(b"if-range")
    if condition is not None and not _same(condition, etag, modified):
        return None
    return parse_ranges(value[6:], length, max_ranges)


def _same(condition: bytes, etag: bytes | None, modified: int) -> bool:
    """If-Range (RFC 9110, 13.1.5): a strong entity tag, or exactly the time."""
    if len(condition) >= 2 and condition.endswith(b'"'):
        return condition == etag
    return modified != NO_DATE and parse_http_date(condition) == modified


def parse_ranges(text: bytes, length: int, max_ranges: int = MAX_RANGES) -> list[Range] | None:
    """Read what stands after ``bytes=``. None means that the whole file is the better answer. Raises NotSatisfiable."""
    ranges: list[Range] = []
    position = 0
    more = True
    while more:
        match = _ELEMENT.match(text, position)
        if match is None:
            raise NotSatisfiable
        position = match.end()
        first, last, suffix, comma = match.groups()
        more = bool(comma)
        start, end = _bounds(first, last, suffix, length)
        if start < end:
            ranges.append((start, end))
            if len(ranges) > max_ranges:
                return None
        elif start == 0:
            return None
    if not ranges:
        raise NotSatisfiable
    size = sum(end - start for start, end in ranges)
    if len(ranges) > 1:
        if size > length:
            return None
        if max_ranges == MAX_RANGES and size + len(ranges) * PART_COST > length + COSTS_ALLOWED:
            return None
    return ranges


def _bounds(first: bytes | None, last: bytes, suffix: bytes | None, length: int) -> Range:
    if suffix is not None:
        return max(length - _number(suffix), 0), length
    start = _number(first or b"")
    return start, min(_number(last) + 1, length) if last else length


def _number(digits: bytes) -> int:
    if len(digits) > 19 or (number := int(digits)) > _LARGEST:
        raise NotSatisfiable
    return number
