"""What we accept, llhttp (through aiohttp) and h11 must frame as we do, or refuse."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing
from typing import NamedTuple

import h11
import pytest
from aiohttp.base_protocol import BaseProtocol
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.http_parser import HttpRequestParser, HttpResponseParser
from aiohttp.streams import StreamReader
from hypothesis import event, example, given

from pyproxy.core.message import RequestHead, ResponseHead
from pyproxy.http1.body import UNTIL_CLOSE, body_reader, request_framing, response_framing
from pyproxy.http1.head import RequestParser, ResponseParser, find_head_end
from pyproxy.http1.message import CLIENT, UPSTREAM, BadMessage

from .nearly_valid import request_streams, responses


class Message(NamedTuple):
    """One message of a stream as we read it: its bytes, its head, its content."""

    wire: bytes
    head: RequestHead | ResponseHead
    content: bytes


# --- Ours


def our_requests(data: bytes) -> Iterator[Message]:
    """All whole requests in `data`, up to the first that is refused, unfinished, or the last on its connection."""
    parser = RequestParser()
    while (end := find_head_end(data)) >= 0:
        head = parser.parse(data[:end])
        message = _with_body(data, end, head, request_framing(head))
        if message is None:
            return
        yield message
        if not head.keep_alive:
            return
        data = data[len(message.wire) :]


def our_response(data: bytes) -> Message | None:
    end = find_head_end(data)
    if end < 0:
        return None
    head = ResponseParser().parse(data[:end])
    return _with_body(data, end, head, response_framing(head, b"GET"))


def _with_body(data: bytes, end: int, head: RequestHead | ResponseHead, framing: int) -> Message | None:
    reader = body_reader(framing, CLIENT if isinstance(head, RequestHead) else UPSTREAM)
    if reader is None:
        return Message(data[:end], head, b"")
    pieces, rest = reader.feed(data[end:])
    if framing == UNTIL_CLOSE:
        rest = b""
    if rest is None:
        return None
    return Message(data[: len(data) - len(rest)], head, b"".join(pieces))


# --- Theirs


class Refused(Exception):
    """The second opinion does not accept the message."""


class LlhttpRequests:
    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._parser = HttpRequestParser(BaseProtocol(loop), loop, 2**16, auto_decompress=False)

    def read(self, wire: bytes) -> tuple[str, str, bytes] | None:
        """Method, target and content; None where they see a change of protocol, which we do not."""
        try:
            messages, upgraded, _ = self._parser.feed_data(wire)
        except (HttpProcessingError, ValueError) as error:
            raise Refused from error
        if upgraded:
            return None
        ((message, payload),) = messages
        return message.method, message.path, content_of(payload)


def content_of(payload: StreamReader) -> bytes:
    if isinstance(payload.exception(), HttpProcessingError):
        raise Refused
    assert payload.is_eof(), "they wait for more"
    return payload.read_nowait()


class H11Requests:
    def __init__(self) -> None:
        self._connection = h11.Connection(h11.SERVER)

    def read(self, wire: bytes) -> tuple[str, str, bytes] | None:
        connection = self._connection
        try:
            if connection.our_state is h11.DONE:
                connection.start_next_cycle()
            connection.receive_data(wire)
            request = connection.next_event()
            assert isinstance(request, h11.Request), f"they wait for more: {request}"
            content = h11_content(connection)
            if connection.our_state is h11.SEND_RESPONSE:
                connection.send(h11.Response(status_code=200, headers=[("Content-Length", "0")]))
                connection.send(h11.EndOfMessage())
        except (h11.RemoteProtocolError, h11.LocalProtocolError) as error:
            raise Refused from error
        return request.method.decode("latin-1"), request.target.decode("latin-1"), content


def h11_content(connection: h11.Connection) -> bytes:
    content = b""
    while not isinstance(part := connection.next_event(), h11.EndOfMessage):
        assert isinstance(part, h11.Data), f"they wait for more: {part}"
        content += bytes(part.data)
    assert connection.trailing_data[0] == b"", "their message is shorter"
    return content


def llhttp_response(wire: bytes, loop: asyncio.AbstractEventLoop) -> tuple[int, bytes] | None:
    parser = HttpResponseParser(BaseProtocol(loop), loop, 2**16, auto_decompress=False, read_until_eof=True)
    try:
        messages, upgraded, _ = parser.feed_data(wire)
        if upgraded:
            return None
        parser.feed_eof()
    except (HttpProcessingError, ValueError) as error:
        raise Refused from error
    ((message, payload),) = messages
    return message.code, content_of(payload)


def h11_response(wire: bytes) -> tuple[int, bytes] | None:
    connection = h11.Connection(h11.CLIENT)
    connection.send(h11.Request(method="GET", target="/", headers=[("Host", "a")]))
    connection.send(h11.EndOfMessage())
    try:
        connection.receive_data(wire)
        response = connection.next_event()
        if isinstance(response, h11.InformationalResponse):
            return response.status_code, b""
        assert isinstance(response, h11.Response), f"they wait for more: {response}"
        connection.receive_data(b"")
        return response.status_code, h11_content(connection)
    except h11.RemoteProtocolError as error:
        raise Refused from error


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    with closing(asyncio.new_event_loop()) as loop:
        yield loop


# --- The comparison


@given(request_streams())
@example(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\nGET /2 HTTP/1.0\r\n\r\n")
@example(b"GET / HTTP/1.1\nHost: a\n\nGET /x HTTP/1.1\r\nHost: b\r\n\r\n")
@example(b"\r\n\r\nGET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n\r\nGET /2 HTTP/1.0\r\n\r\n")
def test_requests(loop: asyncio.AbstractEventLoop, data: bytes) -> None:
    ours: list[Message] = []
    try:
        for message in our_requests(data):
            ours.append(message)
    except BadMessage:
        event("refused by us")
    event(f"{len(ours)} requests accepted")
    for reader in (LlhttpRequests(loop), H11Requests()):
        for message in ours:
            assert isinstance(message.head, RequestHead)
            method, target, _ = message.head.line.decode("latin-1").split(" ")
            try:
                theirs = reader.read(message.wire)
            except Refused:
                event(f"refused by {type(reader).__name__}")
                break
            if theirs is None:
                break
            # aiohttp decodes the target as UTF-8
            assert theirs[0] == method
            assert theirs[1].isascii() is False or theirs[1] == target
            assert theirs[2] == message.content


LF_REQUEST = b"POST /1 HTTP/1.1\nHost: a\nContent-Length: 2\n\n\n\n"
MIXED_REQUEST = b"GET /2 HTTP/1.1\r\nHost: b\n\r\n"


def test_bare_lfs_are_read_as_h11_reads_them() -> None:
    """llhttp refuses a request with a bare LF, so that the comparison below says nothing of these: h11 has to agree."""
    messages = list(our_requests(LF_REQUEST + MIXED_REQUEST))
    assert [message.wire for message in messages] == [LF_REQUEST, MIXED_REQUEST]
    reader = H11Requests()
    assert [reader.read(message.wire) for message in messages] == [("POST", "/1", b"\n\n"), ("GET", "/2", b"")]
    for wire in (b"HTTP/1.1 200 OK\nContent-Length: 2\n\n\n\n", b"HTTP/1.1 200 OK\r\nContent-Length: 2\n\r\n\r\n"):
        ours = our_response(wire)
        assert ours is not None
        assert h11_response(ours.wire) == (200, ours.content) == (200, wire[-2:])


@given(responses())
@example(b"HTTP/1.1 200 OK\r\n\r\nabc")
@example(b"HTTP/1.1 200 OK\r\nA: b\n\nContent-Length: 1\r\n\r\nabc")
@example(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\n")
def test_responses(loop: asyncio.AbstractEventLoop, data: bytes) -> None:
    try:
        ours = our_response(data)
    except BadMessage:
        event("refused by us")
        return
    if ours is None:
        return
    assert isinstance(ours.head, ResponseHead)
    event("accepted by us")
    for name, read in (("llhttp", lambda wire: llhttp_response(wire, loop)), ("h11", h11_response)):
        try:
            theirs = read(ours.wire)
        except Refused:
            event(f"refused by {name}")
            continue
        if theirs is not None:
            assert theirs == (ours.head.status, ours.content)
