"""core/subrequest.py and core/ask.py on a small site: what an inner answer is, and what ends it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from pyproxy.core.ask import ask, send_copy
from pyproxy.core.location import Phase
from pyproxy.core.outcome import DONE, Handler, Outcome
from pyproxy.core.request import Request
from pyproxy.core.subrequest import DEEPEST, Cycle, Subrequest
from pyproxy.core.worker import Worker

from .conftest import Ask
from .fake_stream import FakeStream

SITE = """
location / { return 200 outer; }
location /text { add_header X-Y z; return 200 "inner $uri $args $request_uri $request_method"; }
location /file { root .; }
location /gone { return 444; }
location /error { return 404; }
location /moved { rewrite ^ /text?more last; }
location /set { set $kept 1; return 200 $kept; }
location /read { return 200 "kept=$kept"; }
location /inner { internal; return 200 internal; }
"""


@pytest.fixture
async def worker() -> AsyncIterator[Worker]:
    worker = Worker(asyncio.get_running_loop())
    yield worker
    worker.close()


@pytest.fixture
def client(stream: Ask) -> FakeStream:
    """Compiled before there is a loop, which that would block."""
    return stream(SITE)


def a_request(client: FakeStream, worker: Worker) -> Request:
    """A client's request that is being answered."""
    client.worker = worker
    request = client.ask("/outer?a=b", method="POST")
    request.finished = False
    request.handler = None
    return request


async def answered(request: Request, uri: bytes, args: bytes = b"") -> tuple[int, bytes]:
    subrequest = await ask(request, uri, args)
    body = subrequest.answer.read(0, 1 << 20)
    subrequest.let_go()
    return subrequest.status, body


@pytest.mark.parametrize(
    ("uri", "args", "status", "body"),
    [
        (b"/text", b"", 200, b"inner /text  /outer?a=b POST"),
        (b"/text", b"c=d", 200, b"inner /text c=d /outer?a=b POST"),
        (b"/moved", b"c", 200, b"inner /text more&c /outer?a=b POST"),
        (b"/inner", b"", 200, b"internal"),
        (b"/gone", b"", 444, b""),
    ],
)
async def test_answers(client: FakeStream, worker: Worker, uri: bytes, args: bytes, status: int, body: bytes) -> None:
    request = a_request(client, worker)
    assert await answered(request, uri, args) == (status, body)
    assert request.handler is None


async def test_an_error_has_its_page(client: FakeStream, worker: Worker) -> None:
    request = a_request(client, worker)
    status, body = await answered(request, b"/error")
    assert (status, b"404 Not Found" in body) == (404, True)


@pytest.mark.parametrize("size", [0, 10, 300_000])
async def test_a_file(client: FakeStream, worker: Worker, tmp_path: Path, size: int) -> None:
    request = a_request(client, worker)
    (tmp_path / "file").write_bytes(b"x" * size)
    assert await answered(request, b"/file") == (200, b"x" * size)


async def test_variables_are_shared(client: FakeStream, worker: Worker) -> None:
    request = a_request(client, worker)
    await answered(request, b"/set")
    assert await answered(request, b"/read") == (200, b"kept=1")


async def test_the_head_alone(client: FakeStream, worker: Worker) -> None:
    request = a_request(client, worker)
    subrequest = await ask(request, b"/text", header_only=True)
    assert (subrequest.status, subrequest.answer.size) == (200, 0)
    assert subrequest.response is not None
    assert subrequest.response.get(b"x-y") is None  # fields are added to answers to clients


def insert(client: FakeStream, handler: Handler) -> None:
    """Let ``handler`` have every request for /file first."""
    location, _ = client.server.locations.find(b"/file")
    assert location is not None
    location.add_handler(Phase.REWRITE, handler)
    location.seal()


async def test_a_client_that_leaves_ends_it(client: FakeStream, worker: Worker) -> None:
    came: asyncio.Queue[Request] = asyncio.Queue()

    def wait(request: Request) -> Outcome:
        came.put_nowait(request)
        return DONE

    insert(client, wait)
    request = a_request(client, worker)
    waiting = asyncio.ensure_future(ask(request, b"/file"))
    async with asyncio.timeout(2):
        inner = await came.get()
    assert request.handler is not None
    request.handler.client_gone()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert inner.finished


async def test_a_cycle_is_cut(client: FakeStream, worker: Worker, errors: Callable[[], str]) -> None:
    depths: list[int] = []

    def go_deeper(request: Request) -> Outcome:
        assert isinstance(request, Subrequest)
        depths.append(request.depth)
        try:
            send_copy(request, b"/file")
        except Cycle:
            return 508
        return 204

    insert(client, go_deeper)
    request = a_request(client, worker)
    assert (await answered(request, b"/file"))[0] == 204
    assert depths == [*range(1, DEEPEST + 1)]
    assert 'subrequests cycle while processing "/file"' in errors()


async def test_too_deep(client: FakeStream, worker: Worker) -> None:
    request = a_request(client, worker)
    for _ in range(DEEPEST):
        request = Subrequest(request, b"/text", b"", Subrequest.let_go, False)
    with pytest.raises(Cycle):
        await ask(request, b"/text")


async def test_log_lines_name_it(client: FakeStream, worker: Worker, errors: Callable[[], str]) -> None:
    request = a_request(client, worker)
    await answered(request, b"/file/none")
    assert 'request: "POST /outer?a=b HTTP/1.1", subrequest: "/file/none", host: "localhost"' in errors()
