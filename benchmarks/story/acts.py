"""The three acts: how one cell of each is measured."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from benchmarks.lab import REPOSITORY, Lab
from benchmarks.process import PATIENCE

from .clients import Tally
from .fronts import Fronts
from .servers import FLASK, GEVENT, RESTARTED, SYNC, SYNC_TCP, WORKERS, Server

SLOW_CLIENTS = 200
RESTART_EVERY = 2.0
"""Seconds from the application's first answers to its next stop."""
VISITORS = 20
"""Clients while the application restarts."""
WARMING = 60
"""Requests before the first that counts."""
AGAIN = 0.1
"""Seconds after which a visitor tries again."""


@dataclass(frozen=True)
class Act:
    """``seconds``: the bound of one cell, in the short run and in the full one."""

    name: str
    servers: Sequence[Server]
    counts: Sequence[int]
    play: Callable[[Lab, Fronts, Server, str, int, float], Tally]
    seconds: tuple[float, float]


def many_clients(lab: Lab, fronts: Fronts, server: Server, front: str, clients: int, seconds: float) -> Tally:
    """Three requests a client, 300 at least, all clients at once."""
    with server.running(lab) as upstream, fronts.running(front, upstream) as address:
        _warm_up(upstream)
        return ask(address, clients, max(300, 3 * clients), seconds)


def slow_clients(lab: Lab, fronts: Fronts, server: Server, front: str, clients: int, seconds: float) -> Tally:
    """One normal client while the slow ones are there."""
    with server.running(lab) as upstream, fronts.running(front, upstream) as address:
        _warm_up(upstream)
        command = [sys.executable, "-m", "benchmarks.story.slow_clients", address, str(SLOW_CLIENTS)]
        with lab.process("slow", command) as slow:
            deadline = time.monotonic() + PATIENCE
            while "ready" not in slow.said():
                if not slow.running() or time.monotonic() > deadline:
                    raise RuntimeError(f"the slow clients did not come:\n{slow.said()}")
                time.sleep(0.05)
            return ask(address, clients, 0, seconds)


def restarts(lab: Lab, fronts: Fronts, server: Server, front: str, clients: int, seconds: float) -> Tally:
    """The application stops and starts again, as at a deployment."""
    address = server.address(lab)
    with _restarting(lab, server, address), fronts.running(front, address) as door:
        return ask(door, clients, 0, seconds, AGAIN)


@contextlib.contextmanager
def _restarting(lab: Lab, server: Server, address: str) -> Iterator[None]:
    end = threading.Event()
    up = threading.Event()
    problems: list[Exception] = []

    def keep_restarting() -> None:
        try:
            while not end.is_set():
                with server.started(lab, address):
                    ask(address, WORKERS, WORKERS, PATIENCE)
                    up.set()
                    end.wait(RESTART_EVERY)
        except (OSError, RuntimeError, subprocess.SubprocessError) as error:
            problems.append(error)
            up.set()

    thread = threading.Thread(target=keep_restarting)
    thread.start()
    try:
        up.wait()
        yield
    finally:
        end.set()
        thread.join()
    if problems:
        raise problems[0]


def _warm_up(upstream: str) -> None:
    """A socket listens before the workers behind it have imported the application."""
    ask(upstream, WORKERS, WARMING, PATIENCE)


def ask(address: str, clients: int, requests: int, seconds: float, pause: float = 0) -> Tally:
    """Run the clients as a process of their own."""
    values = (address, clients, requests, seconds, pause)
    command = [sys.executable, "-m", "benchmarks.story.clients", *map(str, values)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 30, cwd=REPOSITORY)
    if done.returncode:
        raise RuntimeError(f"the clients failed: {done.stderr.strip().splitlines()[-1:]}")
    return Tally.from_json(done.stdout)


ACTS: dict[str, Act] = {
    act.name: act
    for act in (
        Act("clients", (FLASK, SYNC, GEVENT), (10, 100, 500, 1000), many_clients, (8, 20)),
        Act("slow", (SYNC_TCP,), (1,), slow_clients, (4, 10)),
        Act("restart", (RESTARTED,), (VISITORS,), restarts, (12, 20)),
    )
}
