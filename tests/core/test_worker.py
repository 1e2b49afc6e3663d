"""Deadlines and background tasks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from math import inf

import pytest

from pyproxy.core.worker import Worker


@pytest.fixture
async def worker() -> AsyncIterator[Worker]:
    worker = Worker(asyncio.get_running_loop(), 0.01)
    yield worker
    worker.close()


class Watched:
    def __init__(self, worker: Worker, seconds: float) -> None:
        self.deadline = worker.now() + seconds
        self.passed = asyncio.Event()
        worker.watched.add(self)

    def deadline_passed(self) -> None:
        self.passed.set()


class Failing(Watched):
    def deadline_passed(self) -> None:
        super().deadline_passed()
        raise ZeroDivisionError


async def test_a_deadline_passes_once(worker: Worker) -> None:
    soon, later, never = Watched(worker, 0.02), Watched(worker, 0.06), Watched(worker, inf)
    async with asyncio.timeout(2):
        await soon.passed.wait()
        assert not later.passed.is_set()
        await later.passed.wait()
    assert soon.deadline == inf
    assert not never.passed.is_set()


async def test_a_deadline_that_is_moved_does_not_pass(worker: Worker) -> None:
    moved, other = Watched(worker, 0.02), Watched(worker, 0.05)
    moved.deadline = inf
    async with asyncio.timeout(2):
        await other.passed.wait()
    assert not moved.passed.is_set()


async def test_one_that_fails_does_not_keep_the_others_waiting(worker: Worker) -> None:
    faults: list[object] = []
    worker.loop.set_exception_handler(lambda loop, context: faults.append(context["exception"]))
    failing, other, later = Failing(worker, 0.0), Watched(worker, 0.0), Watched(worker, 0.05)
    async with asyncio.timeout(2):
        for each in (failing, other, later):
            await each.passed.wait()
    assert [type(fault) for fault in faults] == [ZeroDivisionError]


async def test_what_one_deadline_settles_does_not_pass_as_well(worker: Worker) -> None:
    """A client that is cut off takes its upstream connection with it, whose deadline came at the same time."""
    pair: list[Watched] = []

    class Settles(Watched):
        def deadline_passed(self) -> None:
            super().deadline_passed()
            for each in pair:
                each.deadline = inf

    pair += [Settles(worker, 0.0), Settles(worker, 0.0)]
    last = Watched(worker, 0.03)
    async with asyncio.timeout(2):
        await last.passed.wait()
    assert [each.passed.is_set() for each in pair].count(True) == 1


async def test_a_failed_task_is_reported(worker: Worker) -> None:
    faults: list[object] = []
    worker.loop.set_exception_handler(lambda loop, context: faults.append(context["exception"]))

    async def fails() -> None:
        raise ZeroDivisionError

    task = worker.spawn(fails())
    await asyncio.wait([task])
    await asyncio.sleep(0)
    assert [type(fault) for fault in faults] == [ZeroDivisionError]
    assert not worker.tasks


async def test_close_cancels_what_still_runs(worker: Worker) -> None:
    task = worker.spawn(asyncio.Event().wait())
    await asyncio.sleep(0)
    worker.close()
    await asyncio.wait([task])
    assert task.cancelled()
