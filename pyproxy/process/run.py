"""The process that serves: sockets, programs, signals, reload, the end. It stays in the foreground."""

from __future__ import annotations

import asyncio
import signal
import traceback
from collections.abc import Callable, Coroutine
from typing import Any

from pyproxy.compile import Sources
from pyproxy.config.schema import Schema
from pyproxy.config.tree import ConfigError
from pyproxy.core.log import ALERT, EMERG, ERROR, NOTICE, WARN, Logs
from pyproxy.core.site import Site
from pyproxy.core.worker import Worker
from pyproxy.process.banner import Banner
from pyproxy.process.listen import Sockets
from pyproxy.process.pidfile import PidFile
from pyproxy.process.programs import supervisor_of
from pyproxy.process.serving import Generations
from pyproxy.programs.supervisor import Supervisor, SupervisorError

PROGRAMS_START = 10.0
"""Seconds that the first requests wait for the programs to run."""


def event_loop() -> Callable[[], asyncio.AbstractEventLoop]:
    """uvloop where there is one (not on Windows)."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop


class Process:
    """One pyproxy. ``run`` returns when a signal has ended it."""

    def __init__(self, sources: Sources, schema: Schema, site: Site, logs: Logs, quiet: bool = False) -> None:
        self._sources = sources
        self._schema = schema
        self._site = site
        self._logs = logs
        self._banner = Banner(quiet)
        self._sockets = Sockets()
        self._pid_file = PidFile(site.pid_file)
        self._quit = asyncio.Event()
        """Set when the process is to end: after the requests that have begun, or at once if ``_stop`` is set too."""
        self._stop = asyncio.Event()
        self._kill = asyncio.Event()
        """Set when not even the programs are given their time."""
        self._changed = asyncio.Event()
        """Set when the configuration is to be read again."""
        self._supervisor: Supervisor
        self._worker: Worker
        self._generations: Generations

    def prepare(self) -> None:
        """Everything that can fail is tried before anything starts: programs checked, sockets bound.

        Raises ConfigError; then nothing is left behind.
        """
        self._supervisor = supervisor_of(self._site)
        self._sockets.bind(self._site)

    def run(self) -> None:
        """Serve until a signal says otherwise."""
        try:
            with asyncio.Runner(loop_factory=event_loop()) as runner:
                runner.run(self._main())
        finally:
            self._sockets.keep(None)

    async def _main(self) -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._fault)
        for number, action in {
            signal.SIGINT: self._stop_now,
            signal.SIGTERM: self._stop_now,
            signal.SIGQUIT: self._quit.set,
            signal.SIGHUP: self._changed.set,
            signal.SIGUSR1: self._reopen,
        }.items():
            loop.add_signal_handler(number, action)
        self._logs.attach(loop)
        self._worker = Worker(loop, _tick(self._site))
        self._generations = Generations(self._worker)
        try:
            self._write_pid_file()
            self._warn()
            self._banner.begin(self._sources.path, self._site)
            await self._unless(self._quit, self._start_programs())
            if not self._quit.is_set():
                await self._serve()
        finally:
            self._sockets.keep(None)
            try:
                await self._unless(self._kill, self._supervisor.stop())
            finally:
                self._worker.close()
                self._pid_file.remove()
                self._logs.close()

    async def _unless(self, event: asyncio.Event, work: Coroutine[Any, Any, None]) -> None:
        """Do the work; give it up if the event comes, or has come, before it is done."""
        task, waiting = asyncio.ensure_future(work), asyncio.ensure_future(event.wait())
        try:
            await asyncio.wait((task, waiting), return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
            task.cancel()  # does nothing to a task that is done
        await asyncio.wait((task,))
        if not task.cancelled():
            task.result()

    async def _start_programs(self) -> None:
        try:
            self._banner.programs(await self._supervisor.start())
            for state in await self._supervisor.wait_running(PROGRAMS_START):
                self._tell(ERROR, str(state))
        except (SupervisorError, OSError) as error:
            self._tell(ERROR, f"the programs do not run: {error}")

    async def _serve(self) -> None:
        """Serve, and reload when asked, until it is to end; then until the last request is answered."""
        await self._generations.serve(self._site, self._sockets.of(self._site))
        self._banner.say("Ready. Ctrl-C stops everything.")
        reloading = self._worker.spawn(self._reload_when_changed())
        await self._quit.wait()
        reloading.cancel()
        await asyncio.wait((reloading,))
        # at once: whoever connects from now on is refused, and can go elsewhere
        self._sockets.keep(None)
        self._generations.drain()
        await self._unless(self._stop, self._generations.drained())
        await self._generations.cut()

    # What happened

    def _tell(self, level: int, message: str) -> None:
        """Into the error log, or to the person at the terminal if the log does not take what is so little severe."""
        for line in message.splitlines():
            self._site.error_log.write(level, line)
        if level > self._site.error_log.level:
            self._banner.say(message)

    def _warn(self) -> None:
        for warning in self._site.warnings:
            self._tell(WARN, warning)

    def _fault(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """A fault of ours in a callback or a task: into the error log, where the operator looks."""
        error = context.get("exception")
        trace = "".join(traceback.format_exception(error)) if isinstance(error, BaseException) else ""
        self._tell(ALERT, f"{context['message']}\n{trace}")

    def _write_pid_file(self) -> None:
        try:
            self._pid_file.write()
        except OSError as error:
            self._tell(ERROR, f"`-s` will not find this process, it has no pid file: {error}")

    # Signals, as nginx documents them

    def _stop_now(self) -> None:
        if self._stop.is_set():
            self._kill.set()
        self._stop.set()
        self._quit.set()

    def _reopen(self) -> None:
        for complaint in self._logs.reopen():
            self._tell(EMERG, complaint)

    async def _reload_when_changed(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            try:
                await self._reload()
            except ConfigError as error:
                self._tell(EMERG, f"the new configuration is not used: {error}")
            except Exception as error:
                self._fault(self._worker.loop, {"message": "the new configuration is not used", "exception": error})

    async def _reload(self) -> None:
        """Take over the configuration as it is now. Raises ConfigError; then the old one goes on."""
        site = self._sources.compile(self._sources.load(self._schema), self._schema, self._logs)
        self._sockets.bind(site)
        try:
            await self._generations.serve(site, self._sockets.of(site))
        except BaseException:
            self._sockets.keep(self._site)
            raise
        self._sockets.keep(site)
        old, self._site = self._site, site
        self._worker.tick = min(self._worker.tick, _tick(site))
        if site.pid_file != old.pid_file:
            self._pid_file.remove()
            self._pid_file = PidFile(site.pid_file)
            self._write_pid_file()
        self._warn()
        if site.programs != old.programs:
            self._tell(WARN, "the programs have changed: they stay as they were until pyproxy is started anew")
        self._tell(NOTICE, "configuration loaded anew")


def _tick(site: Site) -> float:
    """Deadlines are watched once a second, or more often where a configuration has short ones."""
    return min(1.0, max(0.02, site.shortest_timeout / 4))
