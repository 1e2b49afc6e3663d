"""One log: lines are gathered in memory and written by a thread, so that no disk and no terminal stalls a request."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Protocol

from pyproxy.core.logs.logsink import NotWritten, Sink

BACKLOG = 16 << 20
"""Bytes of lines kept while they cannot be written; what comes after is counted and dropped."""
COMPLAIN_EVERY = 60.0
"""Seconds between two complaints about one log, as in nginx."""


@dataclass(frozen=True, slots=True)
class Gathering:
    """How long lines are held: until ``size`` bytes are full, or ``seconds`` have passed (None: as long as it takes);
    ``gzip``: the level at which what was gathered is compressed, 0 for not."""

    size: int
    seconds: float | None
    gzip: int = 0


SOON = Gathering(1 << 16, 0.1)
"""Unless the configuration wants an access log buffered: what comes within a moment is written at once."""
AT_ONCE = 20
"""Times a second that an access log which is not to be buffered is written at once: then its lines go together."""
ERRORS = Gathering(1 << 16, 0.0)
"""Error logs: nothing is waited for."""

_Job = Callable[[], None] | None


class Keeper(Protocol):
    """What a log needs of those who keep it."""

    @property
    def loop(self) -> asyncio.AbstractEventLoop | None: ...

    def tell(self, log: LogFile, message: str) -> None:
        """Pass on what is wrong with a log; called in any thread."""


class LogFile:
    """``write`` never blocks and never fails.

    Each log has its own thread: a terminal that was stopped, or a pipe that nobody reads, keeps no other waiting.
    """

    def __init__(self, keeper: Keeper, sink: Sink, gathering: Gathering = SOON) -> None:
        self.sink = sink
        self.users = 0
        """How many configurations write to it."""
        self._keeper = keeper
        self._room = gathering.size
        self._seconds = gathering.seconds
        self._is_prompt = gathering is SOON
        self._at_once = float(AT_ONCE)
        """How often lines may still be handed over without waiting; more with time."""
        self._asked = 0.0
        """The loop's time when that was looked at last."""
        self._lines: list[bytes] = []
        self._size = 0
        self._timer: asyncio.TimerHandle | None = None
        # counted apart by the two threads, so that neither needs a lock
        self._handed = 0
        self._done = 0
        self._dropped = 0
        self._failed = 0
        self._told = 0
        """Of the lines that were lost, those that were told of."""
        self._jobs: SimpleQueue[_Job] | None = None
        self._thread: threading.Thread | None = None
        self._complained = float("-inf")

    @property
    def lost(self) -> int:
        """Lines that could not be written."""
        return self._dropped + self._failed

    @property
    def path(self) -> str | None:
        """The file's; None for a stream or a server."""
        return self.sink.path

    @property
    def file(self) -> LogFile:
        """Itself: where its lines go (ErrorLog's targets)."""
        return self

    def write(self, line: bytes) -> None:
        """Take one line, with its newline."""
        size = self._size + len(line)
        if size > self._room:
            self._make_room(line)
            return
        if not self._lines:
            self._set_timer()
        self._lines.append(line)
        self._size = size

    def _make_room(self, line: bytes) -> None:
        """As nginx: a line that does not fit has what is held written, and one that never fits is not held."""
        self.flush()
        if len(line) <= self._room:
            self.write(line)
        else:
            self._lines, self._size = [line], len(line)
            self.flush()

    def write_at(self, level: int, line: bytes) -> None:
        """Take a line of an error log. Into a file it goes at once, as in nginx: it is there when the answer is, and
        when the process dies of what it says."""
        if self.sink.prompt:
            self._put([line], 0)
        else:
            self.write(line)

    def wake(self) -> None:
        """There is a loop now: have what is gathered written when its time has come."""
        if self._lines and self._timer is None:
            self._set_timer()

    def _set_timer(self) -> None:
        loop = self._keeper.loop
        if self._seconds is None or loop is None:
            return
        self._timer = loop.call_later(self._wait(loop.time()), self.flush)

    def _wait(self, now: float) -> float:
        """Seconds until the line that comes now is handed over: none as long as that is not asked for often, so that
        whoever reads the log sees a line as soon as the answer, as with nginx."""
        assert self._seconds is not None
        if not self._is_prompt:
            return self._seconds
        self._at_once = min(AT_ONCE, self._at_once + AT_ONCE * (now - self._asked))
        self._asked = now
        if self._at_once < 1:
            return self._seconds
        self._at_once -= 1
        return 0.0

    def flush(self) -> None:
        """Hand everything gathered to the thread."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._lines:
            return
        lines, self._lines = self._lines, []
        size, self._size = self._size, 0
        if self._handed - self._done > BACKLOG:
            self._dropped += len(lines)
            self._complain(f"{self.sink.name} takes nothing, lines are lost")
            return
        self._handed += size
        self._do(lambda: self._put(lines, size))

    def reopen(self) -> None:
        """Open it again, as after a rotation; lines taken before go to the old file. Raises OSError."""
        use = self.sink.reopen()
        self.flush()
        # in the thread: a file closed under a write would let that go to whatever has its number next
        self._do(use)

    def retire(self) -> None:
        """Write everything that is left, then close, without waiting for that."""
        self.flush()
        self._do(self.sink.close)
        self._do(None)

    def join(self, seconds: float) -> None:
        """Wait until it has retired, for ``seconds`` at most."""
        if self._thread is not None:
            self._thread.join(max(0.0, seconds))
            if not self._thread.is_alive():
                self._jobs = self._thread = None

    @property
    def retired(self) -> bool:
        """Whether all has been written, and closed."""
        return self._thread is None or not self._thread.is_alive()

    def _do(self, job: _Job) -> None:
        if self._jobs is None:
            if job is None or not self._handed:
                # nothing was ever written: no thread is needed to close it
                if job is not None:
                    job()
                return
            self._jobs = SimpleQueue()
            # not a thread of an executor: Python would wait for one that hangs when the process ends
            self._thread = threading.Thread(target=_work, args=(self._jobs,), name="log", daemon=True)
            self._thread.start()
        self._jobs.put(job)

    def _put(self, lines: list[bytes], size: int) -> None:
        """Write. A log that cannot be written loses these lines and nothing else."""
        try:
            self.sink.put(lines)
        except NotWritten as problem:
            self._failed += problem.lines
            self._complain(f"{problem}, lines are lost")
        else:
            lost = self.lost
            if lost > self._told:
                self._keeper.tell(self, f"{self.sink.name} is written to again, {lost - self._told} lines were lost")
                self._told = lost
                self._complained = float("-inf")
        finally:
            self._done += size

    def _complain(self, message: str) -> None:
        now = time.monotonic()
        if now - self._complained >= COMPLAIN_EVERY:
            self._complained = now
            self._keeper.tell(self, message)


def _work(jobs: SimpleQueue[_Job]) -> None:
    while (job := jobs.get()) is not None:
        job()
