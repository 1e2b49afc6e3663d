"""The story: its clients, its tables and charts, and one cell in earnest."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from benchmarks.lab import Lab
from benchmarks.machine import Cores
from benchmarks.peers.pyproxy import Pyproxy
from benchmarks.process import free_port
from benchmarks.story import charts, report
from benchmarks.story.acts import many_clients
from benchmarks.story.clients import Clients, Tally
from benchmarks.story.fronts import Fronts
from benchmarks.story.servers import SYNC
from benchmarks.story.tale import Cell, Tale

ALL = frozenset(os.sched_getaffinity(0))
DONE = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\ndone\n"
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def replies(*answers: bytes) -> Handler:
    """A server that gives these answers in turn, a connection each; an empty one closes at once."""
    left = list(answers)

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(left.pop(0))
        writer.close()
        await writer.wait_closed()

    return handle


async def tally(handler: Handler, requests: int) -> Tally:
    server = await asyncio.start_server(handler, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        return await Clients(f"127.0.0.1:{port}", requests, 0).run(1, 5)


async def test_every_end_of_a_request_is_counted() -> None:
    closing = DONE.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    refusal = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    found = await tally(replies(closing, refusal, b"", closing), 4)
    assert found.statuses == {"200": 2, "502": 1, "closed": 1}
    assert found.failed() == 2
    assert found.p50 is not None


async def test_another_body_is_no_answer() -> None:
    found = await tally(replies(DONE.replace(b"done", b"gone")), 1)
    assert found.statuses == {"closed": 1}
    assert found.p50 is None


async def test_nobody_listens() -> None:
    found = await Clients(f"127.0.0.1:{free_port()}", 3, 0).run(2, 5)
    assert found.statuses == {"refused": 3}


async def test_a_full_unix_socket_refuses(tmp_path: Path) -> None:
    found = await Clients(f"unix:{tmp_path}/none", 2, 0).run(1, 5)
    assert found.statuses == {"refused": 2}


@pytest.fixture
def tale() -> Tale:
    good, bad = Tally({"200": 9, "502": 1}, 1, 9, 0.02, 0.03), Tally({"504": 10}, 1, 0, None, None)
    cells = [Cell("flask", "direct", 10, [good]), Cell("flask", "nginx", 10, [good, bad])]
    return Tale("clients", cells, ["pyproxy, queue"], {"nginx": "1.22.1"}, {}, 20)


def test_a_table_of_what_became_of_the_requests(tale: Tale) -> None:
    text = report.act_table(tale)
    assert "| flask | 10 | direct | 9 × 200, 1 × 502 | 10.0 | 9 | 20 | 30 |" in text
    assert "| flask | 10 | nginx | 9 × 200, 1 × 502, 10 × 504 | 55.0 |" in text
    assert "| flask | 10 | pyproxy, queue |  | – |" in text
    assert "Empty: pyproxy, queue" in report.notes(tale)


def test_the_story_as_page_and_charts(tale: Tale, tmp_path: Path) -> None:
    tale.write(tmp_path)
    text = report.markdown(tmp_path, "somewhere/")
    assert "(somewhere/story-clients.svg)" in text
    charts.draw_all(tmp_path)
    assert (tmp_path / "story-clients.png").exists()
    assert report.read_all(tmp_path)["clients"] == tale


@pytest.mark.parametrize(("latency", "reached"), [(0.029, "is reached"), (0.031, "is **not reached**")])
def test_the_mark_of_the_second_act(tale: Tale, latency: float, reached: str) -> None:
    tale.act = "slow"
    ours = Tally({"200": 10}, 1, 10, latency, latency)
    theirs = Tally({"200": 10}, 1, 10, 0.02, 0.02)
    tale.cells = [Cell("sync", "nginx", 1, [theirs]), Cell("sync", "pyproxy", 1, [ours])]
    assert reached in report.notes(tale)


def test_one_cell_in_earnest() -> None:
    """Ten clients are no more than the workers and the backlog of the unix socket hold."""
    with Lab(Cores(ALL, ALL)) as lab:
        fronts = Fronts(lab, [Pyproxy()])
        assert fronts.names[:2] == ["direct", "pyproxy"]
        found = many_clients(lab, fronts, SYNC, "pyproxy", 10, 1)
    assert set(found.statuses) == {"200"}
    assert found.statuses["200"] > 10
