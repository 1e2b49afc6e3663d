"""Heads of requests and responses, from bytes (RFC 9112, 2 to 5), read in one strict way."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from pyproxy.core.message import Fields, Names, RequestHead, ResponseHead
from pyproxy.http1.fields import FIRST_IN_RESPONSE, ONCE_IN_REQUEST, ONCE_IN_RESPONSE, FieldReader
from pyproxy.http1.host import split_host
from pyproxy.http1.line_ends import find_blank_line, refuse_bare_cr, with_crlf
from pyproxy.http1.message import CLIENT, UPSTREAM, BadMessage, printable
from pyproxy.http1.request_line import (
    LINE_GROUPS,
    bad_line,
    check_line,
    match_absolute_line,
    match_connect_line,
    match_origin_line,
    method_of,
    skip_empty_lines,
)

_STATUS_LINE: Final = re.compile(rb"HTTP/([1-9]\.[0-9]) ([1-9][0-9][0-9])(?: ([^\x00-\x08\x0a-\x1f\x7f]*+))?\r\n").match
_STATUS_LINE_BEGINS: Final = b"HTTP/"

_NO_FIELDS: Final = Fields(Names(()), ())


@dataclass(frozen=True, slots=True)
class HeadLimits:
    """How much of a head is read.

    `line`: bytes of one line with its end (the size of large_client_header_buffers); `total`: bytes of the whole head
    (client_header_buffer_size + number * size of large_client_header_buffers); `fields`: how many (max_headers).
    """

    line: int = 8192
    total: int = 1024 + 4 * 8192
    fields: int = 1000


def find_head_end(data: bytes | bytearray, start: int = 0) -> int:
    """The index after the first empty line of the head beginning at `start`, which ends it; -1 if it is not there yet.

    Empty lines before a head belong to it. When this says -1, ask the parser's `check_unfinished` before waiting.
    """
    match = find_blank_line(data, start)
    if match is None:
        return -1
    end = match.end()
    if end > start + 4:
        return end
    # so early, that was among the empty lines before the head
    match = find_blank_line(data, skip_empty_lines(data, start))
    return match.end() if match else -1


def unreadable_head(raw: bytes) -> RequestHead:
    """The head of a request that was refused, or cut: what its first line says, for the log; no fields.

    Without a whole and valid line ``target`` is empty and ``version`` 0.
    """
    first = raw[skip_empty_lines(raw, 0) :]
    line, ended, _ = first.partition(b"\n")
    line = line.removesuffix(b"\r")
    if not ended:
        return RequestHead(line, b"", b"", 0, _NO_FIELDS)
    if match := match_origin_line(line + b"\r\n"):
        _, method, target, minor = match.groups()
    elif match := match_absolute_line(line + b"\r\n"):
        _, method, _, target, minor = match.groups()
    else:
        return RequestHead(line, method_of(line), b"", 0, _NO_FIELDS)
    head = RequestHead(line, method, target or b"/", 10 if minor == b"0" else 11, _NO_FIELDS)
    head.length = len(line) + 2
    return head


class RequestParser:
    """Reads request heads under the switches and limits of one server."""

    def __init__(
        self,
        limits: HeadLimits | None = None,
        *,
        ignore_invalid_headers: bool = True,
        underscores_in_headers: bool = False,
        allow_connect: Callable[[bytes | None], bool] = lambda host: False,
    ) -> None:
        """``allow_connect`` says whether the server of a host makes tunnels."""
        self._allow_connect = allow_connect
        self._limits = limits or HeadLimits()
        self._fields = FieldReader(
            CLIENT,
            once=ONCE_IN_REQUEST,
            max_fields=self._limits.fields,
            ignore_invalid_headers=ignore_invalid_headers,
            underscores_in_headers=underscores_in_headers,
        )

    def check_unfinished(self, data: bytes | bytearray, start: int = 0, seen: int = 0) -> None:
        """Raise BadMessage if no bytes that may follow can make a good head of `data[start:]`.

        `seen` is the length of `data` at an earlier call for the same head, so that nothing is searched twice.
        """
        refuse_bare_cr(CLIENT, data, start, seen)
        first = skip_empty_lines(data, start)
        self._check_sizes(data, first)
        check_line(data, first)

    def parse(self, block: bytes) -> RequestHead:
        """Read a whole head, its empty line included (see `find_head_end`). Raises BadMessage."""
        if len(block) > self._limits.line:
            self._check_sizes(block, skip_empty_lines(block, 0))
        try:
            return self._read(block)
        except BadMessage:
            # The strict grammar holds no bare LF. Only what it refuses is looked through for one, and read by it again.
            return self._read(with_crlf(block))

    def parse_again(self, data: bytes, last: RequestHead) -> RequestHead | None:
        """Read `data` as one whole head with the same names as the one before it on the same connection; None if it is
        anything else, or wrong: `find_head_end` and `parse` say what."""
        section = self._fields.shaped.get(last.fields.names)
        if section is None or section.shape is None or len(data) > self._limits.line:
            return None
        groups = section.shape.read(data)
        if groups is None:
            return None
        try:
            return _head(groups, self._fields.fields(section, groups[LINE_GROUPS:]))
        except BadMessage:
            return None

    def _read(self, block: bytes) -> RequestHead:
        match = match_origin_line(block)
        if match is None:
            return self._parse_absolute(block)
        return _head(match.groups(), self._fields.read(block[match.end() :]))

    def _parse_absolute(self, block: bytes) -> RequestHead:
        match = match_absolute_line(block)
        if match is None:
            return self._parse_connect(block)
        line, method, authority, target, minor = match.groups()
        parts = split_host(authority)
        if parts is None:
            raise CLIENT.error("sent invalid host in request line")
        path = b"/" if target is None else b"/" + target if target.startswith(b"?") else target
        # The rest is what the same request says in origin form, so that there is one reading.
        head = self._read(b"%b %b HTTP/1.%b\r\n%b" % (method, path, minor, block[match.end() :]))
        head.line = line
        head.authority = authority
        head.host = parts[0]
        return head

    def _parse_connect(self, block: bytes) -> RequestHead:
        """CONNECT, where there is a server that makes tunnels (RFC 9110, 9.3.6)."""
        match = match_connect_line(block)
        first = skip_empty_lines(block, 0)
        error = bad_line(block[first : block.find(b"\n", first) + 1])
        if match is None:
            raise error
        line, authority, minor = match.groups()
        parts = split_host(authority)
        if parts is None:
            raise CLIENT.error("sent invalid host in request line")
        if minor == b"0" or not self._allow_connect(parts[0]):
            raise error
        # as nginx has it: the path is `/`
        head = self._read(b"GET / HTTP/1.%b\r\n%b" % (minor, block[match.end() :]))
        if head.content_length or head.chunked:
            raise CLIENT.error("sent CONNECT request with body")
        head.line, head.method, head.keep_alive, head.upgrade = line, b"CONNECT", False, None
        head.authority, head.host = authority, parts[0]
        return head

    def _check_sizes(self, data: bytes | bytearray, first: int) -> None:
        limits = self._limits
        if len(data) - first <= limits.line:
            return
        end = data.find(b"\n", first) + 1 or len(data)
        if end - first > limits.line:
            raise CLIENT.error("sent too long URI", 414)
        while end < len(data):
            begin, end = end, data.find(b"\n", end) + 1 or len(data)
            if end - begin > limits.line:
                line = printable(bytes(data[begin : begin + 101]))
                raise CLIENT.error(f'sent too long header line: "{line}"', 494)
        if len(data) - first > limits.total:
            raise CLIENT.error("sent too large request", 494)


def _head(groups: tuple[bytes, ...], fields: Fields) -> RequestHead:
    """A head of the groups that USUAL_LINE begins with."""
    line, method, target, minor = groups[:LINE_GROUPS]
    if minor == b"0":
        if fields.controls.chunked:
            raise CLIENT.error('sent HTTP/1.0 request with "Transfer-Encoding" header')
        return RequestHead(line, method, target, 10, fields)
    if fields.controls.host is None:
        raise CLIENT.error('sent HTTP/1.1 request without "Host" header')
    return RequestHead(line, method, target, 11, fields)


class ResponseParser:
    """Reads heads of upstream responses."""

    def __init__(self, max_size: int = 4 * 8192, *, max_fields: int = 1000) -> None:
        self._max_size = max_size
        self._fields = FieldReader(UPSTREAM, once=ONCE_IN_RESPONSE, first=FIRST_IN_RESPONSE, max_fields=max_fields)

    def check_unfinished(self, data: bytes | bytearray, start: int = 0, seen: int = 0) -> None:
        """Raise BadMessage if no bytes that may follow can make a good head of `data[start:]`; `seen` as above."""
        refuse_bare_cr(UPSTREAM, data, start, seen)
        if len(data) - start > self._max_size:
            raise UPSTREAM.error("sent too big header")
        begin = bytes(data[start : start + len(_STATUS_LINE_BEGINS)])
        if not _STATUS_LINE_BEGINS.startswith(begin):
            raise UPSTREAM.error(f'sent no valid HTTP/1.1 header: "{printable(bytes(data[start : start + 101]))}"')

    def parse(self, block: bytes) -> ResponseHead:
        """Read a whole head, its empty line included. Raises BadMessage."""
        if len(block) > self._max_size:
            raise UPSTREAM.error("sent too big header")
        try:
            return self._read(block)
        except BadMessage:
            return self._read(with_crlf(block))  # as a request

    def _read(self, block: bytes) -> ResponseHead:
        match = _STATUS_LINE(block)
        if match is None:
            line = printable(block.partition(b"\r\n")[0])
            raise UPSTREAM.error(f'sent no valid HTTP/1.1 header: "{line}"')
        number, status, reason = match.groups()
        fields = self._fields.read(block[match.end() :])
        # some programs write the version that their own client may speak (HTTP/2.0): no other says less than HTTP/1.1
        version = 10 if number == b"1.0" else 11
        if version == 10 and fields.controls.chunked:
            raise UPSTREAM.error('sent HTTP/1.0 response with "Transfer-Encoding" header')
        return ResponseHead(version, int(status), reason or b"", fields)
