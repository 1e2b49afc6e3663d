"""The field section of a message: one strict grammar (RFC 9112, 5) and the facts it states about its message."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Final

from pyproxy.core.message import Fields, Names
from pyproxy.http1.host import split_host
from pyproxy.http1.message import UPSTREAM, BadMessage, Sender, printable

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

_USUAL_VALUE: Final = rb": ((?![ \t])%b+(?<![ \t]))\r\n" % _VALUE
_OFTEN: Final = 16
_PATTERNS: Final = 64
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


class _Section:
    """What the names of a section say, whatever the values."""

    __slots__ = ("facts", "kept", "match", "names", "seen")

    def __init__(self, names: Names, kept: tuple[int, ...] | None, facts: tuple[tuple[_Fact, bytes], ...]) -> None:
        self.names = names
        self.kept = kept
        """The places of the names that are kept, None for all of them."""
        self.facts = facts
        """What is to be made of the values of special names."""
        self.seen = 0
        """How often it was read, until `match` is made."""
        self.match: Callable[[bytes], re.Match[bytes] | None] | None = None
        """Finds all values at once in a section with just these names, written in the usual way."""


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
        self._sections: dict[tuple[bytes, ...], _Section] = {}
        self._matching: dict[Names, _Section] = {}

    def read(self, block: bytes, last: Names | None = None) -> Fields:
        """Read `block`: field lines and the empty line that ends them, all with CRLF. Raises BadMessage.

        `last` are the names that the same client sent the last time: these are tried first.
        """
        if last is not None and (section := self._matching.get(last)) is not None:
            assert section.match is not None
            if match := section.match(block):
                return self._fields(section, match.groups())
        if not block.endswith(b"\r\n"):
            raise self._sender.error("sent invalid header line")
        found: list[tuple[bytes, bytes]] = _FIELDS.findall(block, 0, len(block) - 2)
        if not found:
            return Fields(_NO_NAMES, ())
        sent, values = zip(*found, strict=True)
        section = self._sections.get(sent)
        if section is None:
            section = self._learn(sent, block)
        elif section.match is None:
            self._see(section, sent)
        return self._fields(section, values)

    def _fields(self, section: _Section, values: tuple[bytes, ...]) -> Fields:
        if section.kept is not None:
            values = tuple([values[place] for place in section.kept])
        fields = Fields(section.names, values)
        for state, name in section.facts:
            state(fields, name)
        return fields

    def _learn(self, sent: tuple[bytes, ...], block: bytes) -> _Section:
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
        section = _Section(names, None if len(kept) == len(sent) else tuple(kept), facts)
        if len(sent) <= _MOST_NAMES_REMEMBERED and sum(map(len, sent)) <= _LONGEST_NAMES_REMEMBERED:
            if len(self._sections) >= _SECTIONS_REMEMBERED:
                self._sections = {names: each for names, each in self._sections.items() if each.match}
            self._sections[sent] = section
        return section

    def _see(self, section: _Section, sent: tuple[bytes, ...]) -> None:
        """Make the pattern for names that come often; a stranger's changing ones are not worth it."""
        section.seen += 1
        if section.seen >= _OFTEN and len(self._matching) < _PATTERNS:
            section.match = re.compile(b"".join(re.escape(name) + _USUAL_VALUE for name in sent) + rb"\r\n").fullmatch
            self._matching[section.names] = section

    def _invalid_line(self, block: bytes) -> BadMessage:
        lines = block.split(b"\r\n")
        first = next(line for line in lines if not _IS_FIELD(line + b"\r\n"))
        return self._sender.error(f'sent invalid header line: "{printable(first)}"')

    # What special fields say

    def _connection(self, fields: Fields, name: bytes) -> None:
        fields.connection = _options(b",".join(fields.get_all(name)))
        fields.close = b"close" in fields.connection
        if b"upgrade" in fields.connection:
            fields.upgrade = b",".join(fields.get_all(b"upgrade")).lower() or None

    def _content_length(self, fields: Fields, name: bytes) -> None:
        length = fields.values[fields.names.first[name]]
        if not length.isdigit() or len(length) > 18:
            # in nginx's words, which show what an upstream sent
            shown = f': "Content-Length: {printable(length)}"' if self._sender is UPSTREAM else ""
            raise self._sender.error(f'sent invalid "Content-Length" header{shown}')
        fields.content_length = int(length)

    def _transfer_encoding(self, fields: Fields, name: bytes) -> None:
        coding = fields.values[fields.names.first[name]]
        if coding.lower() != b"chunked":
            raise self._sender.error(f'sent unknown "Transfer-Encoding": "{printable(coding)}"', 501)
        if fields.content_length is not None:
            raise self._sender.error('sent "Content-Length" and "Transfer-Encoding" headers at the same time')
        fields.chunked = True

    def _host(self, fields: Fields, name: bytes) -> None:
        parts = split_host(fields.values[fields.names.first[name]])
        if parts is None:
            raise self._sender.error("sent invalid host header")
        fields.host = parts[0]

    def _expect(self, fields: Fields, name: bytes) -> None:
        fields.expect_continue = fields.values[fields.names.first[name]].lower() == b"100-continue"


@lru_cache(maxsize=64)
def _options(value: bytes) -> frozenset[bytes]:
    return frozenset(option.strip(b" \t") for option in value.lower().split(b","))
