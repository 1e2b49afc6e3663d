"""The process that serves: sockets, programs, signals, reload, the end. It stays in the foreground."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from collections.abc import Callable

from pyproxy import __version__
from pyproxy.compile import Sources
from pyproxy.config.schema import Schema
from pyproxy.config.tree import ConfigError
from pyproxy.config.values import Address
from pyproxy.core.log import ERROR, NOTICE, WARN, Logs
from pyproxy.core.site import Site
from pyproxy.core.worker import Worker
from pyproxy.process.listen import close_socket, open_socket
from pyproxy.process.pidfile import PidFile
from pyproxy.process.serving import Serving
from pyproxy.programs.group import Group
from pyproxy.programs.program import Program
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
    """One pyproxy. ``main`` returns when a signal has ended it."""

    def __init__(self, sources: Sources, schema: Schema, site: Site, logs: Logs, quiet: bool = False) -> None:
        self._sources = sources
        self._schema = schema
        self._site = site
        self._logs = logs
        self._quiet = quiet
        self._sockets: dict[Address, socket.socket] = {}
        self._supervisor: Supervisor | None = None
        self._serving: Serving
        self._worker: Worker
        self._end: asyncio.Future[float | None]

    def prepare(self) -> None:
        """Everything that can fail is tried before anything starts: programs checked, sockets bound.

        Raises ConfigError; then nothing is left behind.
        """
        self.check_programs()
        self._bind(self._site)

    def check_programs(self) -> None:
        """Raise ConfigError if Supervisor could not run them."""
        programs = [Program.from_directive(each) for each in self._site.programs if each.name == "program"]
        groups = [Group.from_directive(each) for each in self._site.programs if each.name == "group"]
        if programs:
            self._supervisor = Supervisor(programs, groups=groups, prefix=self._site.prefix_path)
            self._supervisor.check()

    def _bind(self, site: Site) -> list[Address]:
        """Bind what is not bound yet; all of it or nothing. The addresses that are new."""
        new: dict[Address, socket.socket] = {}
        try:
            for listener in site.listeners:
                if listener.address not in self._sockets:
                    new[listener.address] = open_socket(listener)
        except ConfigError:
            for sock in new.values():
                close_socket(sock)
            raise
        self._sockets |= new
        return list(new)

    def run(self) -> None:
        """Serve until a signal says otherwise."""
        with asyncio.Runner(loop_factory=event_loop()) as runner:
            runner.run(self._main())

    async def _main(self) -> None:
        loop = asyncio.get_running_loop()
        self._end = loop.create_future()
        self._logs.attach(loop)
        self._worker = Worker(loop, _tick(self._site))
        for number, action in {
            signal.SIGINT: self._stop_now,
            signal.SIGTERM: self._stop_now,
            signal.SIGQUIT: self._stop_gracefully,
            signal.SIGHUP: self._reload,
            signal.SIGUSR1: self._reopen,
        }.items():
            loop.add_signal_handler(number, action)
        pid_file = PidFile(self._site.pid_file)
        try:
            try:
                pid_file.write()
            except OSError as error:
                self._site.error_log.write(WARN, f"`-s` will not find this process, no pid file: {error}")
            for warning in self._site.warnings:
                self._site.error_log.write(WARN, warning)
            self._announce()
            await self._start_programs()
            self._serving = Serving(self._worker, self._site)
            if not self._end.done():
                await self._serving.start(self._listening(self._site))
            await self._serving.stop(await self._end)
        finally:
            for sock in self._sockets.values():
                close_socket(sock)
            if self._supervisor is not None:
                await self._supervisor.stop()
            self._worker.close()
            pid_file.remove()
            self._logs.close()

    def _listening(self, site: Site) -> list[socket.socket]:
        return [self._sockets[listener.address] for listener in site.listeners]

    # What a person sees

    def _say(self, text: str) -> None:
        if not self._quiet:
            print(text, file=sys.stderr, flush=True)

    def _announce(self) -> None:
        self._say(f"pyproxy {__version__} runs {self._sources.path}")
        for listener in self._site.listeners:
            self._say(f"  listens on  {_url(listener.address)}")
        if not self._site.listeners:
            self._say("  listens nowhere: the configuration has no server")

    async def _start_programs(self) -> None:
        if self._supervisor is None:
            return
        try:
            for state in await self._supervisor.start():
                where = f", its messages are in {state.stdout_logfile}" if state.stdout_logfile else ""
                self._say(f"  starts      {state.name}{where}")
            waiting = asyncio.ensure_future(self._supervisor.wait_running(PROGRAMS_START))
            await asyncio.wait((waiting, self._end), return_when=asyncio.FIRST_COMPLETED)
            if not waiting.done():
                waiting.cancel()
                return
            for state in waiting.result():
                self._site.error_log.write(ERROR, str(state))
            self._say("Ready. Ctrl-C stops everything.")
        except SupervisorError as error:
            self._site.error_log.write(ERROR, str(error))

    # Signals, as nginx documents them

    def _stop_now(self) -> None:
        if not self._end.done():
            self._end.set_result(0.0)

    def _stop_gracefully(self) -> None:
        if not self._end.done():
            self._end.set_result(self._site.shutdown_timeout)

    def _reopen(self) -> None:
        for complaint in self._logs.reopen():
            self._site.error_log.write(ERROR, complaint)

    def _reload(self) -> None:
        if not self._end.done() and hasattr(self, "_serving"):
            self._worker.spawn(self._reload_now())

    async def _reload_now(self) -> None:
        """Take over a new configuration, or keep the old one and say why."""
        log = self._site.error_log
        try:
            loaded = self._sources.load(self._schema)
            site = self._sources.compile(loaded, self._schema, self._logs)
            self._bind(site)
        except ConfigError as error:
            log.write(ERROR, f"the new configuration is not used: {error}")
            return
        if site.programs != self._site.programs:
            log.write(WARN, "the programs have changed: they stay as they were until pyproxy is started anew")
        old, self._serving, self._site = self._serving, Serving(self._worker, site), site
        await self._serving.start(self._listening(site))
        wanted = {listener.address for listener in site.listeners}
        for address in set(self._sockets) - wanted:
            close_socket(self._sockets.pop(address))
        site.error_log.write(NOTICE, "configuration loaded anew")
        await old.stop(site.shutdown_timeout)


def _url(address: Address) -> str:
    if address.path is not None:
        return f"unix:{address.path}"
    host = f"[{address.host}]" if ":" in address.host else address.host
    host = "localhost" if host in ("0.0.0.0", "[::]") else host
    return f"http://{host}{'' if address.port == 80 else f':{address.port}'}/"


def _tick(site: Site) -> float:
    """Deadlines are watched once a second, or more often where a configuration has short ones."""
    return min(1.0, max(0.02, site.shortest_timeout / 4))
