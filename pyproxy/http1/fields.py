"""The field section of a message: one strict grammar (RFC 9112, 5) and the facts it states about its message."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from pyproxy.core.message import Fields, Pair
from pyproxy.http1.host import split_host
from pyproxy.http1.message import BadMessage, Sender, printable

_TOKEN: Final = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]++"
_VALUE: Final = rb"[^\x00-\x08\x0a-\x1f\x7f]*"
# findall goes on where the last match ended, so the second branch takes whatever is not a field line, as one field
# without a name. Possessive quantifiers and the optional group keep the time linear for any input.
_FIELD: Final = rb"(%b):[ \t]*+(?:(%b)(?<![ \t])[ \t]*+)?\r\n" % (_TOKEN, _VALUE)
_FIELDS: Final = re.compile(_FIELD + rb"|[\s\S]+")
_IS_FIELD: Final = re.compile(_FIELD).fullmatch
_USUAL_NAME: Final = re.compile(rb"[a-z0-9\-]+").fullmatch
_USUAL_NAME_OR_UNDERSCORE: Final = re.compile(rb"[a-z0-9\-_]+").fullmatch

# What becomes of a field, by its name.
_PLAIN: Final = 0
_DROP: Final = 1
_ONCE: Final = 2  # a second one makes the message invalid
_FIRST: Final = 3  # only the first one counts, as with nginx
_LIST: Final = 4  # repeated fields are one list

_NAMES_REMEMBERED: Final = 1024
_LONGEST_NAME_REMEMBERED: Final = 64

_LISTS: Final = frozenset({b"connection", b"upgrade"})
ONCE_IN_REQUEST: Final = frozenset(
    {
        b"host",
        b"content-length",
        b"transfer-encoding",
        b"expect",
        b"authorization",
        b"proxy-authorization",
        b"content-range",
        b"if-match",
        b"if-modified-since",
        b"if-none-match",
        b"if-range",
        b"if-unmodified-since",
    }
)
ONCE_IN_RESPONSE: Final = frozenset({b"content-length", b"transfer-encoding"})
FIRST_IN_RESPONSE: Final = frozenset(
    {
        b"content-type",
        b"date",
        b"etag",
        b"expires",
        b"last-modified",
        b"location",
        b"refresh",
        b"server",
        b"status",
        b"x-accel-expires",
        b"x-accel-redirect",
    }
)


class FieldReader:
    """Reads field sections of one kind of message, under the switches and limits of one configuration."""

    def __init__(
        self,
        sender: Sender,
        *,
        once: Iterable[bytes],
        first: Iterable[bytes] = (),
        max_fields: int = 1000,
        ignore_invalid_headers: bool = False,
        underscores_in_headers: bool = True,
    ) -> None:
        self._sender = sender
        self._max_fields = max_fields
        self._kinds = dict.fromkeys(once, _ONCE) | dict.fromkeys(first, _FIRST) | dict.fromkeys(_LISTS, _LIST)
        self._is_usual = _USUAL_NAME_OR_UNDERSCORE if underscores_in_headers else _USUAL_NAME
        self._ignore_invalid_headers = ignore_invalid_headers
        self._names: dict[bytes, tuple[bytes, int]] = {}

    def read(self, block: bytes) -> Fields:
        """Read `block`: field lines and the empty line that ends them, all with CRLF. Raises BadMessage."""
        if not block.endswith(b"\r\n"):
            raise self._sender.error("sent invalid header line")
        found: list[tuple[bytes, bytes]] = _FIELDS.findall(block, 0, len(block) - 2)
        if len(found) > self._max_fields:
            raise self._sender.error("sent too many header lines", 494)
        names = self._names
        pairs: list[Pair] = []
        special: dict[bytes, bytes] = {}
        for name, value in found:
            lower, kind = names.get(name) or self._learn(name, block)
            if kind:
                if kind == _DROP:
                    continue
                if lower in special:
                    if kind == _ONCE:
                        raise self._sender.error(f'sent duplicate header line: "{printable(name)}"')
                    if kind == _FIRST:
                        continue
                    value_so_far = special[lower]
                    special[lower] = value_so_far + b"," + value
                else:
                    special[lower] = value
            pairs.append((lower, name, value))
        fields = Fields(tuple(pairs))
        if special:
            self._state(fields, special)
        return fields

    def _learn(self, name: bytes, block: bytes) -> tuple[bytes, int]:
        if not name:
            raise self._invalid_line(block)
        lower = name.lower()
        kind = self._kinds.get(lower, _PLAIN)
        if self._ignore_invalid_headers and not self._is_usual(lower):
            kind = _DROP
        if len(name) <= _LONGEST_NAME_REMEMBERED:
            if len(self._names) >= _NAMES_REMEMBERED:
                self._names.clear()
            self._names[name] = (lower, kind)
        return lower, kind

    def _invalid_line(self, block: bytes) -> BadMessage:
        lines = block.split(b"\r\n")
        first = next(line for line in lines if not _IS_FIELD(line + b"\r\n"))
        return self._sender.error(f'sent invalid header line: "{printable(first)}"')

    def _state(self, fields: Fields, special: dict[bytes, bytes]) -> None:
        """Derive what the special fields say. RFC 9112, 6.1 and 6.3: whatever could be read in two ways is refused."""
        options = special.get(b"connection")
        if options is not None:
            fields.connection = _options(options)
            fields.close = b"close" in fields.connection
            if b"upgrade" in fields.connection:
                upgrade = special.get(b"upgrade")
                fields.upgrade = upgrade.lower() if upgrade else None
        length = special.get(b"content-length")
        if length is not None:
            if not length.isdigit() or len(length) > 18:
                raise self._sender.error(f'sent invalid "Content-Length" header: "{printable(length)}"')
            fields.content_length = int(length)
        coding = special.get(b"transfer-encoding")
        if coding is not None:
            if coding.lower() != b"chunked":
                raise self._sender.error(f'sent unknown "Transfer-Encoding": "{printable(coding)}"', 501)
            if length is not None:
                raise self._sender.error('sent "Content-Length" and "Transfer-Encoding" headers at the same time')
            fields.chunked = True
        host = special.get(b"host")
        if host is not None:
            parts = split_host(host)
            if parts is None:
                raise self._sender.error("sent invalid host header")
            fields.host = parts[0]
        expect = special.get(b"expect")
        fields.expect_continue = expect is not None and expect.lower() == b"100-continue"


@lru_cache(maxsize=64)
def _options(value: bytes) -> frozenset[bytes]:
    return frozenset(option.strip(b" \t") for option in value.lower().split(b","))
