"""A worker: serves what its master tells it, until a signal or the end of the master. Started by WorkerProcess.

It is a new program, not a fork: it shares nothing with the master but sockets and the files that it writes to.
"""

from __future__ import annotations

import asyncio
import signal
import socket
import sys

from pyproxy.compile import load_schema
from pyproxy.config.build import build
from pyproxy.config.tree import ConfigError
from pyproxy.core.logs.log import EMERG, Logs
from pyproxy.core.site import Site
from pyproxy.core.worker import Worker
from pyproxy.process.control import Control, Job
from pyproxy.process.descriptors import allow_many, tell_when_out
from pyproxy.process.garbage import settle
from pyproxy.process.generations import Generations, tick
from pyproxy.process.loop import event_loop, report_faults, unless
from pyproxy.process.present import Present
from pyproxy.process.serving import Serving
from pyproxy.process.user import become


class WorkerMain:
    """The life of a worker. Until it serves there is nothing to be done at the same time, and its calls block."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self._logs = Logs()
        self._site: Site
        self._quit = asyncio.Event()
        """Set when it is to end: after the requests that have begun, or at once if ``_stop`` is set too."""
        self._stop = asyncio.Event()

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stop_now)
        loop.add_signal_handler(signal.SIGQUIT, self._quit.set)
        loop.add_signal_handler(signal.SIGUSR1, self._reopen)
        for number in (signal.SIGHUP, signal.SIGUSR2):
            signal.signal(number, signal.SIG_IGN)  # these are the master's
        try:
            if self._prepare(self._control.receive()):
                await self._serve(self._control.receive_sockets())
        except EOFError:
            pass  # nobody is left to serve for
        finally:
            self._logs.close()

    def _prepare(self, job: Job) -> bool:
        """Compile, and give up root's rights; tell the master why that is impossible, or an empty text."""
        problem = ""
        try:
            self._site = build(job.directives, load_schema(), job.prefix, self._logs, job.file, job.resolved)
            allow_many(self._site.processes.descriptors)
            if job.user is not None:
                try:
                    become(job.user)
                except OSError as error:
                    problem = f"a worker cannot become the user `{job.user.name}`: {error.strerror}"
            self._present = Present(self._site, job)
        except ConfigError as error:
            problem = str(error)
        self._control.answer(problem)
        return not problem

    async def _serve(self, shares: list[list[socket.socket]]) -> None:
        loop = asyncio.get_running_loop()
        report_faults(loop, self._tell)
        self._logs.attach(loop, self._site.error_log)
        worker = Worker(loop, tick(self._site), self._present.counters)
        worker.spawn(tell_when_out(self._tell))
        worker.spawn(self._present.every_second())
        generations = Generations(worker)
        # the master says no more: what can be read is its end
        loop.add_reader(self._control.socket.fileno(), self._master_ended)
        settle()
        serving = Serving(worker, self._site)
        await generations.serve(serving, serving.start_shares(shares))
        for sock in (sock for share in shares for sock in share):
            sock.close()
        await self._quit.wait()
        await generations.drain()
        self._control.say_closed()
        await unless(self._stop, generations.drained())
        await generations.cut()
        worker.close()

    def _tell(self, level: int, message: str) -> None:
        for line in message.splitlines():
            self._site.error_log.write(level, line)

    def _master_ended(self) -> None:
        """Nobody can ask for more: end, after what has begun."""
        asyncio.get_running_loop().remove_reader(self._control.socket.fileno())
        self._quit.set()

    def _stop_now(self) -> None:
        self._stop.set()
        self._quit.set()

    def _reopen(self) -> None:
        for complaint in self._logs.reopen():
            self._tell(EMERG, complaint)


def main(fd: int) -> None:
    control = Control(socket.socket(fileno=fd))
    with asyncio.Runner(loop_factory=event_loop()) as runner:
        runner.run(WorkerMain(control).run())


if __name__ == "__main__":
    main(int(sys.argv[1]))
