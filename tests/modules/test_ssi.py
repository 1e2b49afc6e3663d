"""Pages with inclusions that take their time: at the client's pace, and what ends them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from pyproxy.core.filters.inclusion import AHEAD
from pyproxy.core.location import Phase
from pyproxy.core.outcome import DONE, Outcome
from pyproxy.core.request import Request
from pyproxy.core.response import Response
from pyproxy.core.subrequest import Subrequest
from pyproxy.core.worker import Worker

from .conftest import Ask
from .fake_stream import FakeStream

SITE = """
default_type text/html;
ssi on;
location /page { return 200 "a<!--#include virtual='/slow?1' -->b<!--#include virtual='/slow?2' -->c"; }
location /waiting { return 200 "a<!--#include virtual='/slow?1' wait='yes' -->b<!--#include virtual='/slow?2' -->c"; }
location /variable { return 200 "a<!--#include virtual='/slow?1' set='v' -->b<!--#echo var='v' -->c"; }
location /slow { ssi off; }
"""


class Slow:
    """The inner answers, made by the test."""

    def __init__(self) -> None:
        self.asked: list[Request] = []
        self.calls: list[str] = []

    def handle(self, request: Request) -> Outcome:
        self.asked.append(request)
        request.handler = self
        request.start(Response(200, [(b"Content-Type", b"text/html")]))
        return DONE

    def pause(self) -> None:
        self.calls.append("pause")

    def resume(self) -> None:
        self.calls.append("resume")

    def client_gone(self) -> bool | None:
        self.calls.append("gone")
        return None

    def stop(self) -> None:
        self.calls.append("stop")


@pytest.fixture
async def worker() -> AsyncIterator[Worker]:
    worker = Worker(asyncio.get_running_loop())
    yield worker
    worker.close()


@pytest.fixture
def slow() -> Slow:
    return Slow()


@pytest.fixture
def client(stream: Ask, slow: Slow) -> FakeStream:
    """Compiled before there is a loop, which that would block."""
    client = stream(SITE)
    location, _ = client.server.locations.find(b"/slow")
    assert location is not None
    location.add_handler(Phase.REWRITE, slow.handle)
    location.seal()
    return client


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(2):
        while not true():  # noqa: ASYNC110  # what is waited for is told by nobody
            await asyncio.sleep(0)


async def test_inclusions_begin_together_and_stand_in_order(client: FakeStream, worker: Worker, slow: Slow) -> None:
    client.worker = worker
    client.ask("/page")
    await until(lambda: len(slow.asked) == 2)
    first, second = slow.asked
    second.send(b"second")
    second.finish()
    first.send(b"fir")
    await until(lambda: client.body == b"afir")
    first.send(b"st")
    first.finish()
    await until(lambda: client.ended)
    assert client.body == b"afirstbsecondc"


@pytest.mark.parametrize(("page", "body"), [("/waiting", b"afirstbsecondc"), ("/variable", b"abfirstc")])
async def test_one_that_is_waited_for(client: FakeStream, worker: Worker, slow: Slow, page: str, body: bytes) -> None:
    client.worker = worker
    client.ask(page)
    for number, answer in enumerate((b"first", b"second")[: 1 + (page == "/waiting")], 1):
        await until(lambda number=number: len(slow.asked) == number)
        slow.asked[-1].send(answer)
        slow.asked[-1].finish()
    await until(lambda: client.ended)
    assert client.body == body


async def test_who_makes_it_waits_for_the_client(client: FakeStream, worker: Worker, slow: Slow) -> None:
    client.worker = worker
    request = client.ask("/page")
    await until(lambda: len(slow.asked) == 2)
    assert request.chain is not None
    request.chain.pause()
    slow.asked[0].send(b"x" * AHEAD)
    assert slow.calls == []
    slow.asked[0].send(b"x")
    assert slow.calls == ["pause"]
    request.chain.resume()
    await until(lambda: slow.calls == ["pause", "resume"])
    assert client.body == b"a" + b"x" * (AHEAD + 1)
    for inner in slow.asked:
        inner.finish()
    await until(lambda: client.ended)


async def test_a_client_that_leaves_ends_all(client: FakeStream, worker: Worker, slow: Slow) -> None:
    client.worker = worker
    request = client.ask("/page")
    await until(lambda: len(slow.asked) == 2)
    assert request.chain is not None
    request.chain.client_gone()
    assert slow.calls == ["stop", "stop"]
    assert all(inner.finished for inner in slow.asked)


async def test_a_page_whose_inclusion_breaks_off_does_too(
    client: FakeStream, worker: Worker, slow: Slow, errors: Callable[[], str]
) -> None:
    client.worker = worker
    client.ask("/page")
    await until(lambda: len(slow.asked) == 2)
    slow.asked[0].send(b"half")
    slow.asked[0].stream.abort()
    await until(lambda: client.aborted)
    assert client.body == b"ahalf"
    assert slow.asked[1].finished
    assert 'the answer of the subrequest "/slow" is not complete' in errors()


async def test_too_much_for_a_variable(client: FakeStream, worker: Worker, slow: Slow) -> None:
    client.worker = worker
    client.ask("/variable")
    await until(lambda: len(slow.asked) == 1)
    inner = slow.asked[0]
    assert isinstance(inner, Subrequest)
    inner.send(b"x" * inner.location.limits.subrequest_output_buffer_size)
    assert not inner.finished
    inner.send(b"x")
    assert inner.finished
    await until(lambda: client.aborted)
