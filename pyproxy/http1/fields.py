"""The field section of a message: one strict grammar (RFC 9112, 5) and the facts it states about its message."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from operator import itemgetter
from typing import Any, Final

from pyproxy.core.message import Controls, Fields, Names
from pyproxy.http1.host import split_host
from pyproxy.http1.message import CLIENT, UPSTREAM, BadMessage, Sender, printable
from pyproxy.http1.shape import Shape

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
_ONCE: Final = 1  # a second one makes the message invalid
_FIRST: Final = 2  # only the first one counts, as with nginx
_LIST: Final = 3  # repeated fields are one list

_Fact = Callable[[Fields, bytes], None]
_NO_NAMES: Final = Names(())

_OFTEN: Final = 16
_SHAPES: Final = 64
_CONTROLS_REMEMBERED: Final = 16
_LONGEST_CONTROLS_REMEMBERED: Final = 256
"""Bytes of all the values that make one Controls."""
_SECTIONS_REMEMBERED: Final = 512
_MOST_NAMES_REMEMBERED: Final = 64
_LONGEST_NAMES_REMEMBERED: Final = 1024
"""Bytes of all the names of one section."""

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


class Section:
    """What the names of a section say, whatever the values."""

    __slots__ = ("controls", "facts", "kept", "names", "seen", "shape", "steering")

    def __init__(self, names: Names, kept: tuple[int, ...] | None, facts: tuple[tuple[_Fact, bytes], ...]) -> None:
        self.names = names
        self.kept = kept
        """The places of the names that are kept, None for all of them."""
        self.facts = facts
        """What is to be made of the values of special names."""
        special = {name for _, name in facts} | _LISTS
        places = [place for place, lower in enumerate(names.lower) if lower in special]
        self.steering: Callable[[tuple[bytes, ...]], Any] | None = itemgetter(*places) if facts else None
        """Picks these values, if there are any."""
        self.controls: dict[Any, Controls] = {}
        """What came of them, by these values."""
        self.seen = 0
        """How often it was read, until its shape is made."""
        self.shape: Shape | None = None
        """Of heads with these names; requests only."""


class FieldReader:
    """Reads field sections of one kind of message, under the switches and limits of one configuration.

    What follows from names alone is worked out once for each sequence of names, and remembered.
    """

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
        # RFC 9112, 6.1 and 6.3: whatever could be read in two ways is refused. In the order of their reading.
        facts: dict[bytes, _Fact] = {
            b"connection": self._connection,
            b"content-length": self._content_length,
            b"transfer-encoding": self._transfer_encoding,
            b"host": self._host,
            b"expect": self._expect,
        }
        self._facts = {name: fact for name, fact in facts.items() if name in self._kinds}
        self._sections: dict[tuple[bytes, ...], Section] = {}
        self.shaped: dict[Names, Section] = {}
        """What has a shape, because its names have come often."""

    def read(self, block: bytes) -> Fields:
        """Read `block`: field lines and the empty line that ends them, all with CRLF. Raises BadMessage."""
        if not block.endswith(b"\r\n"):
            raise self._sender.error("sent invalid header line")
        found: list[tuple[bytes, bytes]] = _FIELDS.findall(block, 0, len(block) - 2)
        if not found:
            return Fields(_NO_NAMES, ())
        sent, values = zip(*found, strict=True)
        section = self._sections.get(sent)
        if section is None:
            section = self._learn(sent, block)
        elif section.shape is None and self._sender is CLIENT:
            self._see(section, sent)
        return self.fields(section, values)

    def fields(self, section: Section, values: tuple[bytes, ...]) -> Fields:
        """The fields that a section has with these values. Raises BadMessage."""
        if section.kept is not None:
            values = tuple([values[place] for place in section.kept])
        if section.steering is None:
            return Fields(section.names, values)
        steering = section.steering(values)
        controls = section.controls.get(steering)
        if controls is None:
            return self._steer(section, steering, values)
        return Fields(section.names, values, controls)

    def _steer(self, section: Section, steering: Any, values: tuple[bytes, ...]) -> Fields:
        """Find out what the special values say; clients mostly send the same ones."""
        fields = Fields(section.names, values, Controls())
        for state, name in section.facts:
            state(fields, name)
        if sum(map(len, steering if isinstance(steering, tuple) else (steering,))) <= _LONGEST_CONTROLS_REMEMBERED:
            if len(section.controls) >= _CONTROLS_REMEMBERED:
                section.controls.clear()
            section.controls[steering] = fields.controls
        return fields

    def _learn(self, sent: tuple[bytes, ...], block: bytes) -> Section:
        if b"" in sent:
            raise self._invalid_line(block)
        if len(sent) > self._max_fields:
            raise self._sender.error("sent too many header lines", 494)
        kept: list[int] = []
        seen: set[bytes] = set()
        for place, name in enumerate(sent):
            lower = name.lower()
            kind = self._kinds.get(lower, _PLAIN)
            if self._ignore_invalid_headers and not self._is_usual(lower):
                continue
            if lower in seen:
                if kind == _ONCE:
                    raise self._sender.error(f'sent duplicate header line: "{printable(name)}"')
                if kind == _FIRST:
                    continue
            seen.add(lower)
            kept.append(place)
        names = Names(tuple(sent[place] for place in kept))
        facts = tuple((state, name) for name, state in self._facts.items() if name in seen)
        section = Section(names, None if len(kept) == len(sent) else tuple(kept), facts)
        if len(sent) <= _MOST_NAMES_REMEMBERED and sum(map(len, sent)) <= _LONGEST_NAMES_REMEMBERED:
            if len(self._sections) >= _SECTIONS_REMEMBERED:
                self._sections = {names: each for names, each in self._sections.items() if each.shape}
            self._sections[sent] = section
        return section

    def _see(self, section: Section, sent: tuple[bytes, ...]) -> None:
        """Make the shape of names that come often; a stranger's changing ones are not worth it."""
        section.seen += 1
        if section.seen >= _OFTEN and len(self.shaped) < _SHAPES:
            section.shape = Shape(sent)
            self.shaped[section.names] = section

    def _invalid_line(self, block: bytes) -> BadMessage:
        lines = block.split(b"\r\n")
        first = next(line for line in lines if not _IS_FIELD(line + b"\r\n"))
        return self._sender.error(f'sent invalid header line: "{printable(first)}"')

    # What special fields say

    def _connection(self, fields: Fields, name: bytes) -> None:
        fields.controls.connection = _options(b",".join(fields.get_all(name)))
        fields.controls.close = b"close" in fields.controls.connection
        if b"upgrade" in fields.controls.connection:
            fields.controls.upgrade = b",".join(fields.get_all(b"upgrade")).lower() or None

    def _content_length(self, fields: Fields, name: bytes) -> None:
        length = fields.values[fields.names.first[name]]
        if not length.isdigit() or len(length) > 18:
            # in nginx's words, which show what an upstream sent
            shown = f': "Content-Length: {printable(length)}"' if self._sender is UPSTREAM else ""
            raise self._sender.error(f'sent invalid "Content-Length" header{shown}')
        fields.controls.content_length = int(length)

    def _transfer_encoding(self, fields: Fields, name: bytes) -> None:
        coding = fields.values[fields.names.first[name]]
        if coding.lower() != b"chunked":
            raise self._sender.error(f'sent unknown "Transfer-Encoding": "{printable(coding)}"', 501)
        if fields.controls.content_length is not None:
            raise self._sender.error('sent "Content-Length" and "Transfer-Encoding" headers at the same time')
        fields.controls.chunked = True

    def _host(self, fields: Fields, name: bytes) -> None:
        parts = split_host(fields.values[fields.names.first[name]])
        if parts is None:
            raise self._sender.error("sent invalid host header")
        fields.controls.host = parts[0]

    def _expect(self, fields: Fields, name: bytes) -> None:
        fields.controls.expect_continue = fields.values[fields.names.first[name]].lower() == b"100-continue"


@lru_cache(maxsize=64)
def _options(value: bytes) -> frozenset[bytes]:
    return frozenset(option.strip(b" \t") for option in value.lower().split(b","))
