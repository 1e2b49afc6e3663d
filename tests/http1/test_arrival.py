"""How bytes are cut into reads must not change what they mean."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from hypothesis import event, given
from hypothesis import strategies as st

from pyproxy.http1.body import UNTIL_CLOSE, BodyReader, body_reader, request_framing, response_framing
from pyproxy.http1.head import RequestParser, ResponseParser, find_head_end
from pyproxy.http1.message import CLIENT, UPSTREAM, BadMessage

from .nearly_valid import request_streams, responses


class Reading:
    """A connection without sockets: what it understood so far, as text that can be compared."""

    def __init__(self, parser: RequestParser | ResponseParser) -> None:
        self.transcript: list[str] = []
        self._parser = parser
        self._data = b""
        self._content = b""
        self._body: BodyReader | None = None

    def run(self, pieces: Iterable[bytes]) -> list[str]:
        try:
            for piece in pieces:
                self._receive(piece)
        except BadMessage as error:
            self.transcript.append(f"refused, having read {self._content!r}: {error.status == 502}")
        else:
            self.transcript.append(f"waits, having read {self._content!r}")
        return self.transcript

    def _receive(self, piece: bytes) -> None:
        if self._body is not None:
            self._feed(self._body, piece)
        else:
            self._data += piece
        while self._data and self._body is None:
            end = find_head_end(self._data)
            if end < 0:
                self._parser.check_unfinished(self._data)
                return
            block, rest = self._data[:end], self._data[end:]
            self._data = b""
            if isinstance(self._parser, RequestParser):
                request = self._parser.parse(block)
                self.transcript.append(f"{request.line!r} {request.host!r} {request.fields.pairs}")
                self._body = body_reader(request_framing(request), CLIENT)
            else:
                response = self._parser.parse(block)
                self.transcript.append(f"{response.status} {response.fields.pairs}")
                framing = response_framing(response, b"GET")
                self._body = body_reader(framing, UPSTREAM)
                if framing == UNTIL_CLOSE:
                    self.transcript.append("until close")
            if self._body is not None:
                self._feed(self._body, rest)
            else:
                self._data = rest

    def _feed(self, body: BodyReader, data: bytes) -> None:
        pieces, rest = body.feed(data)
        assert all(pieces)
        self._content += b"".join(pieces)
        if rest is not None:
            self.transcript.append(f"{self._content!r} {getattr(body, 'trailers', ())}")
            self._content = b""
            self._body = None
            self._data = rest


def readings(data: bytes, cuts: list[int], parser: type[RequestParser] | type[ResponseParser]) -> list[list[str]]:
    places = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    ways: list[list[bytes]] = [
        [data],
        [data[i : i + 1] for i in range(len(data))],
        [data[a:b] for a, b in pairwise(places)],
    ]
    return [Reading(parser()).run(way) for way in ways]


def same(whole: list[str], other: list[str]) -> bool:
    """Equal; but a reader that sees more at once may refuse before it hands out content that others have seen."""
    if whole[-1].startswith("refused"):
        return other[-1].startswith("refused") and whole[:-1] == other[:-1]
    return whole == other


CUTS = st.lists(st.integers(0, 500), max_size=5)


@given(request_streams(), CUTS)
def test_requests(data: bytes, cuts: list[int]) -> None:
    whole, *others = readings(data, cuts, RequestParser)
    event(whole[-1].partition(",")[0])
    for other in others:
        assert same(whole, other)


@given(responses(), CUTS)
def test_responses(data: bytes, cuts: list[int]) -> None:
    whole, *others = readings(data, cuts, ResponseParser)
    event(whole[-1].partition(",")[0])
    for other in others:
        assert same(whole, other)
