"""The head of a response, before it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyproxy.core.conditional import NO_DATE, parse_http_date

if TYPE_CHECKING:
    from pyproxy.core.parts import Multipart, Part

BARE = frozenset({204, 304})
"""Statuses whose answers have no body, whatever their fields say."""

Field = tuple[bytes, bytes]


class Response:
    """A response head. ``length`` is that of the body in bytes, None where only its end will tell."""

    __slots__ = (
        "allow_ranges",
        "block",
        "block_second",
        "closing_block",
        "date",
        "disable_not_modified",
        "fields",
        "length",
        "override_charset",
        "parts",
        "reason",
        "server",
        "shared",
        "single_range",
        "sliced",
        "status",
        "trailers",
    )

    def __init__(self, status: int, fields: list[Field], length: int | None = None, reason: bytes = b"") -> None:
        self.status = status
        self.fields = fields
        self.length = length
        self.reason = reason
        self.server: bytes | None = None
        self.date: bytes | None = None
        """The upstream's own, where ``proxy_pass_header`` lets them through; empty where it has none then."""
        self.allow_ranges = False
        """Whether parts of the body may be asked for: it comes as it is, and is the same next time."""
        self.disable_not_modified = False
        """Whether conditions of the request are not ours to look at, but the upstream's that has answered."""
        self.override_charset: bytes | None = None
        """The charset that the upstream wants its answer to have (X-Accel-Charset)."""
        self.single_range = False
        """Whether no more than one part may be asked for: the body comes bit by bit."""
        self.sliced = False
        """Whether who makes the body cuts the part out of it."""
        self.parts: Part | Multipart | None = None
        """What is sent of the body, where that is not all."""
        self.trailers: list[Field] | None = None
        """What follows the body, where something may (HTTP/1.1: in chunked coding); complete when the body is."""
        self.shared = False
        """Remembered and sent again to others: it has been through the filters already."""
        self.block = self.closing_block = b""
        """Its bytes on a connection that stays open, and on one that closes; they belong to the second
        ``block_second``."""
        self.block_second = 0

    def get(self, name: bytes) -> bytes | None:
        """The first value of a field, by its lower-case name."""
        for key, value in self.fields:
            if key.lower() == name:
                return value
        return None

    @property
    def etag(self) -> bytes | None:
        """Its entity tag."""
        return self.get(b"etag")

    @property
    def modified(self) -> int:
        """Its Last-Modified, in seconds since the epoch; NO_DATE without."""
        value = self.get(b"last-modified")
        return NO_DATE if value is None else parse_http_date(value)

    def remove(self, name: bytes) -> None:
        """Take out every field of that lower-case name."""
        self.fields = [field for field in self.fields if field[0].lower() != name]
