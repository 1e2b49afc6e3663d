"""The master's side of one worker: starts the process, hands it its job and its sockets, and sees it end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys

from pyproxy.config.tree import ConfigError
from pyproxy.core.logs.log import CLOSING
from pyproxy.process.control import CLOSED, Control, Job
from pyproxy.zones.board import Board, Seat

STOPPING = CLOSING + 5.0
"""Seconds that a worker has to end at once, its logs written; then it is killed."""
LOOK = 0.005
"""Seconds between two looks at a process that is about to end."""


class WorkerProcess:
    """A worker, from its start to its end."""

    def __init__(self, board: Board) -> None:
        """Start the process. Raises OSError."""
        self._board = board
        seat = board.take()
        self.seat: Seat | None = seat
        ours, theirs = socket.socketpair()
        self._control = Control(ours)
        fd = theirs.fileno()
        try:
            self._child = subprocess.Popen(
                # -P: a module is looked for where this process finds it, and not in the current folder
                [sys.executable, "-P", "-m", "pyproxy.process.worker", str(fd)],
                env={**os.environ, "PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path))},
                stdin=subprocess.DEVNULL,
                pass_fds=(fd, board.fd),
                # Ctrl-C in a terminal reaches the master only, which then decides
                start_new_session=True,
            )
        except BaseException:
            ours.close()
            board.give_back(seat)
            raise
        finally:
            theirs.close()
        self.pid = self._child.pid
        self._end: asyncio.Task[int] | None = None
        self._closed = asyncio.Event()
        self._reopens = False

    async def prepare(self, job: Job) -> None:
        """Wait until it is ready to serve. Raises ConfigError if it will not be; then it has ended."""
        conversation = asyncio.ensure_future(asyncio.to_thread(self._converse, job))
        try:
            problem = await asyncio.shield(conversation)
            if problem is None:
                problem = f"worker process {self.pid} {how_ended(await self._buried())} before it could serve"
            if problem:
                raise ConfigError(problem)
        except BaseException:
            self._child.kill()
            await asyncio.wait((conversation,))
            await self.discard()
            raise

    def _converse(self, job: Job) -> str | None:
        """What hinders it, or nothing; None if it has ended."""
        try:
            self._control.send(job)
            return self._control.hear()
        except EOFError:
            return None

    async def discard(self) -> None:
        """End it before it has served."""
        self._child.kill()
        await self._buried()
        self._control.socket.close()

    async def _buried(self) -> int:
        """Wait for the end of the process; its status.

        No thread waits for it: it is buried between two steps of the event loop, or else a signal could go to a
        stranger who has been given its number.
        """
        while (status := self._child.poll()) is None:  # noqa: ASYNC110  # nobody tells
            await asyncio.sleep(LOOK)
        if self.seat is not None:
            self._board.give_back(self.seat)
            self.seat = None
        return status

    def serve(self, shares: list[list[socket.socket]]) -> None:
        """Let it accept connections on these sockets, some for every listener."""
        with contextlib.suppress(EOFError):
            self._control.send_sockets(shares)
        self._end = asyncio.ensure_future(self._see_end())
        if self._reopens:
            self.reopen()

    async def _see_end(self) -> int:
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        fd = self._control.socket.fileno()

        def readable() -> None:
            with contextlib.suppress(ConnectionError):
                if self._control.socket.recv(len(CLOSED)) == CLOSED:
                    self._closed.set()
                    return
            loop.remove_reader(fd)
            ended.set()

        loop.add_reader(fd, readable)
        try:
            await ended.wait()
        finally:
            loop.remove_reader(fd)
            self._control.socket.close()
            self._closed.set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOPPING):
                return await self._buried()
        self._child.kill()
        return await self._buried()

    async def ended(self) -> int:
        """Wait for its end; its status, or less than zero: the signal."""
        assert self._end is not None
        return await asyncio.shield(self._end)

    def reopen(self) -> None:
        """Have it open its logs anew, once it can hear that."""
        if self._end is None:
            self._reopens = True
        else:
            self._child.send_signal(signal.SIGUSR1)

    async def drain(self) -> None:
        """Have it accept no more, and end after its last response; wait until it accepts no more."""
        self._child.send_signal(signal.SIGQUIT)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOPPING):
                await self._closed.wait()

    async def cut(self) -> None:
        """Have it close its connections and end."""
        self._child.terminate()
        try:
            async with asyncio.timeout(STOPPING):
                await self.ended()
        except TimeoutError:
            self._child.kill()


def how_ended(status: int) -> str:
    """A status of ``ended`` in words, as in nginx."""
    return f"exited on signal {-status}" if status < 0 else f"exited with code {status}"
