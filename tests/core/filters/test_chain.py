"""The chain that a body goes through: its order, its turns, its pace, and what ends it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from typing import Any, cast

import pytest

from pyproxy.core.filters.chain import IDLE, TURN, BodyChain, BodyFilter, Piece
from pyproxy.core.request import Producer, Request
from pyproxy.core.response import Response


class Client:
    """The request, its stream and its worker in one; also the producer of its body."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.handler: Producer | None = None
        self.finished = False
        self.sent: list[bytes] = []
        self.events: list[str] = []
        self.end = self.loop.create_future()
        self.second = self.loop.create_future()
        """Done when something has been sent for the second time."""

    @property
    def stream(self) -> Any:
        return self

    worker = stream

    def chain(self, *filters: BodyFilter) -> BodyChain:
        self.handler = cast(Producer, self)
        return BodyChain(cast(Request, self), list(filters))

    # as the stream

    def start(self, request: Request, response: Response, data: bytes, last: bool) -> None:
        self.events.append(f"start {response.status} {last}")
        if last:
            self.finish()
        else:
            self.send(data)

    def send(self, data: bytes) -> None:
        self.sent.append(data)
        if len(self.sent) == 2:
            self.second.set_result(None)

    def finish(self) -> None:
        assert self.handler is None
        self.end.set_result("finished")

    def abort(self) -> None:
        self.finished = True
        self.end.set_result("aborted")

    def complain(self, level: int, message: str) -> None:
        self.events.append(message)

    # as the producer

    def pause(self) -> None:
        self.events.append("pause")

    def resume(self) -> None:
        self.events.append("resume")

    def client_gone(self) -> bool:
        self.events.append("gone")
        return True

    def stop(self) -> None:
        self.events.append("stop")


class Echo:
    """Puts its name around everything."""

    def __init__(self, name: bytes) -> None:
        self.name = name

    def feed(self, data: bytes) -> Iterable[Piece]:
        return (b"%b(%b)" % (self.name, data),)

    def flush(self) -> Iterable[Piece]:
        return (b"%b!" % self.name,)

    def end(self) -> Iterable[Piece]:
        return (b"%b." % self.name,)


class Slow:
    """Takes half a turn for every byte."""

    def feed(self, data: bytes) -> Iterable[Piece]:
        for index in range(len(data)):
            until = time.perf_counter() + TURN / 2
            while time.perf_counter() < until:
                pass
            yield data[index : index + 1]

    def flush(self) -> Iterable[Piece]:
        return ()

    def end(self) -> Iterable[Piece]:
        return ()


class Waiting(Slow):
    """Has to wait for somebody at the end."""

    def __init__(self, other: asyncio.Future[bytes]) -> None:
        self.other = other

    def end(self) -> Iterable[Piece]:
        yield self.other
        yield self.other.result()


class Broken(Slow):
    def feed(self, data: bytes) -> Iterable[Piece]:
        yield b"a"
        raise ValueError("no such thing")


class Nothing(Slow):
    def feed(self, data: bytes) -> Iterable[Piece]:
        return ()


class Failing(Slow):
    def feed(self, data: bytes) -> Iterable[Piece]:
        raise ValueError("no such thing")


async def test_the_head_goes_out_with_the_first_bytes() -> None:
    client = Client()
    client.chain(Echo(b"a")).answer(Response(200, []), b"1")
    assert await client.end == "finished"
    assert client.events == ["start 200 False"]
    assert client.sent == [b"a(1)", b"a."]


async def test_the_head_of_a_body_of_which_nothing_is_left() -> None:
    client = Client()
    client.chain(Nothing()).answer(Response(200, []), b"1")
    assert await client.end == "finished"
    assert client.events == ["start 200 True"]


async def test_there_is_no_head_without_a_body() -> None:
    client = Client()
    client.chain(Failing()).answer(Response(200, []), b"1")
    assert await client.end == "aborted"
    assert client.events == ["no such thing"]


async def test_the_order_of_filters() -> None:
    client = Client()
    chain = client.chain(Echo(b"a"), Echo(b"b"))
    chain.send(b"1")
    chain.flush()
    chain.flush()
    chain.finish()
    assert await client.end == "finished"
    assert b"".join(client.sent) == b"b(a(1))" + b"b(a!)b!" + b"b(a.)b."


async def test_long_work_leaves_turns_to_others_and_holds_its_source() -> None:
    client = Client()
    chain = client.chain(Slow())
    chain.send(b"x" * 20)
    assert len(client.sent) < 5
    assert client.events == ["pause"]
    turns = 0
    while len(client.sent) < 20:
        await asyncio.sleep(0)
        turns += 1
    assert turns >= 5
    await asyncio.sleep(0)
    assert client.events == ["pause", "resume"]
    chain.finish()
    assert await client.end == "finished"


async def test_a_full_client_stops_the_work() -> None:
    client = Client()
    chain = client.chain(Echo(b"a"))
    chain.pause()
    chain.send(b"1")
    assert client.events == ["pause"]
    chain.finish()
    assert not client.sent
    assert client.handler is chain
    chain.resume()
    assert await client.end == "finished"
    assert b"".join(client.sent) == b"a(1)a."


async def test_a_filter_may_wait() -> None:
    client = Client()
    other: asyncio.Future[bytes] = client.loop.create_future()
    chain = client.chain(Waiting(other), Echo(b"b"))
    chain.send(b"1")
    chain.finish()
    await asyncio.sleep(0)
    assert client.sent == [b"b(1)"]
    other.set_result(b"2")
    assert await client.end == "finished"
    assert b"".join(client.sent) == b"b(1)b(2)b."


async def test_what_is_held_back_goes_out_when_nothing_comes() -> None:
    client = Client()
    chain = client.chain(Echo(b"a"))
    chain.send(b"1")
    async with asyncio.timeout(5):
        await client.second
    assert client.sent == [b"a(1)", b"a!"]
    await asyncio.sleep(IDLE * 2)
    assert client.sent == [b"a(1)", b"a!"]


async def test_a_fault_ends_the_answer() -> None:
    client = Client()
    client.chain(Broken()).send(b"1")
    assert await client.end == "aborted"
    assert client.events == ["no such thing", "stop"]
    assert client.sent == [b"a"]


async def test_a_client_that_leaves() -> None:
    client = Client()
    chain = client.chain(Slow())
    chain.send(b"x" * 20)
    sent = len(client.sent)
    assert chain.client_gone()
    client.finished = True
    for _ in range(5):
        await asyncio.sleep(0)
    assert len(client.sent) == sent
    assert client.events == ["pause", "gone"]


@pytest.mark.parametrize("full", [False, True])
async def test_nothing_but_an_end(full: bool) -> None:
    client = Client()
    chain = client.chain(Slow())
    if full:
        chain.pause()
    chain.finish()
    if full:
        chain.resume()
    assert await client.end == "finished"


async def test_what_is_not_wanted_any_more_is_closed_at_once() -> None:
    closed = []

    class Holding(Slow):
        def end(self) -> Iterable[Piece]:
            try:
                yield asyncio.get_running_loop().create_future()
            finally:
                closed.append(True)

    client = Client()
    chain = client.chain(Holding())
    chain.finish()
    assert not closed
    chain.forget()
    assert closed
