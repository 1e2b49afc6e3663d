"""The process that is started: sockets, programs, signals, reload, the end. It stays in the foreground.

It is the master of worker processes, and touches no request; with ``master_process off`` it serves by itself.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from pyproxy.compile import Sources
from pyproxy.config.schema import Schema
from pyproxy.config.tree import ConfigError
from pyproxy.core.logs.log import ALERT, EMERG, ERROR, NOTICE, WARN, Logs
from pyproxy.core.site import Site
from pyproxy.core.worker import Worker
from pyproxy.process.banner import Banner
from pyproxy.process.crew import Crew
from pyproxy.process.descriptors import allow_many, tell_when_out
from pyproxy.process.garbage import settle
from pyproxy.process.generations import Generations, tick
from pyproxy.process.inherited import Inherited
from pyproxy.process.loop import event_loop, report_faults, unless
from pyproxy.process.notify import Notify
from pyproxy.process.pidfile import PidFile
from pyproxy.process.reloads import Reloads
from pyproxy.process.sockets import Sockets
from pyproxy.process.upgrade import Upgrade, has_terminal
from pyproxy.process.user import give
from pyproxy.process.worker_process import how_ended
from pyproxy.process.zones import OwnZones, SharedZones

if TYPE_CHECKING:
    from pyproxy.process.programs import Programs
    from pyproxy.process.watch import Watch
    from pyproxy.programs.plan import Plan


FOUND = 1.0
"""Seconds after which the pid file is there even if the start takes longer: somebody may want to end it."""


class Process:
    """One pyproxy. ``run`` returns when a signal has ended it."""

    def __init__(
        self,
        sources: Sources,
        schema: Schema,
        site: Site,
        logs: Logs,
        quiet: bool = False,
        detach_programs: bool = False,
        watch: bool = False,
    ) -> None:
        self._sources = sources
        self._schema = schema
        self._site = site
        self._is_master = site.processes.master
        self._logs = logs
        self._banner = Banner(quiet)
        self._zones: SharedZones | OwnZones = SharedZones() if self._is_master else OwnZones()
        self._notify = Notify(os.environ)
        inherited = Inherited(os.environ)
        self._upgrade = Upgrade(inherited.upgrade)
        self._sockets = Sockets(inherited, self._upgrade.is_under_way)
        self._pid_file = PidFile(site.pid_file)
        self._quit = asyncio.Event()
        """Set when the process is to end: after the requests that have begun, or at once if ``_stop`` is set too."""
        self._stop = asyncio.Event()
        self._kill = asyncio.Event()
        """Set when not even the programs are given their time."""
        self._reloads = Reloads(self._change, lambda: self._pid_file.path, self._notify, self._tell)
        self._detach_programs = detach_programs
        self._rests = False
        """Whether no worker accepts, while a new program is tried."""
        self._programs: Programs | None = None
        self._plan: Plan | None = None
        self._watch: Watch | None = None
        if watch:
            from pyproxy.process.watch import Watch

            self._watch = Watch(sources, schema, self._reloads.ask)
        self._late: asyncio.TimerHandle
        self._worker: Worker
        self._generations: Generations

    def prepare(self) -> None:
        """Everything that can fail is tried before anything starts: programs checked, sockets bound.

        Raises ConfigError; then nothing is left behind.
        """
        self._plan = self._check_programs(self._site)
        self._sockets.bind(self._site)
        try:
            self._zones.prepare(self._site)
        except ConfigError:
            self._let_go()
            raise
        self._zones.keep(self._site)

    def _check_programs(self, site: Site) -> Plan | None:
        """The programs of a site, None if there never were any. Raises ConfigError."""
        if not site.programs and self._programs is None:
            return None
        from pyproxy.process.programs import Programs, plan_of

        plan = plan_of(site)
        if self._programs is None:
            self._programs = Programs(site.pid_file, self._tell, self._detach_programs)
        return plan

    def _let_go(self) -> None:
        """Leave nothing behind."""
        self._sockets.keep(None)
        self._zones.keep(None)

    def run(self) -> None:
        """Serve until a signal says otherwise."""
        if not self._is_master:
            allow_many(self._site.processes.descriptors)
        try:
            # a master has nothing to hurry for, and starts sooner without uvloop
            with asyncio.Runner(loop_factory=None if self._is_master else event_loop()) as runner:
                runner.run(self._main())
        finally:
            self._let_go()

    async def _main(self) -> None:
        loop = asyncio.get_running_loop()
        report_faults(loop, self._tell)
        for number, action in {
            signal.SIGINT: self._stop_now,
            signal.SIGTERM: self._stop_now,
            signal.SIGQUIT: self._quit.set,
            signal.SIGHUP: self._reloads.ask,
            signal.SIGUSR1: self._reopen,
            signal.SIGUSR2: self._change_program,
            signal.SIGWINCH: self._rest,
        }.items():
            loop.add_signal_handler(number, action)
        self._logs.attach(loop, self._site.error_log)
        self._worker = Worker(loop, tick(self._site))
        self._generations = Generations(self._worker)
        if not self._is_master:
            self._worker.spawn(tell_when_out(self._tell))
        self._late = loop.call_later(FOUND, self._write_pid_file)
        try:
            self._warn()
            self._banner.begin(self._sources.path, self._site)
            if self._programs is not None and self._plan is not None:
                await unless(self._quit, self._programs.start(self._plan, self._banner))
            if not self._quit.is_set():
                await self._serve()
        finally:
            self._late.cancel()
            if self._upgrade.new:
                self._notify.main_pid(self._upgrade.new)
            else:
                self._notify.stopping()
            self._sockets.keep(None)
            try:
                if self._programs is not None:
                    await unless(self._kill, self._programs.stop())
            finally:
                self._worker.close()
                self._pid_file.remove()
                self._logs.close()

    async def _serve(self) -> None:
        """Serve, and reload when asked, until it is to end; then until the last request is answered."""
        # who asks for an orderly end before it is up is served first: clients wait in the queues of the sockets already
        await unless(self._stop, self._begin(self._site))
        if not self._quit.is_set():
            # who waits for the file may count on an answer at once
            self._write_pid_file()
            self._banner.ready(self._programs.missing if self._programs is not None else ())
            self._notify.ready()
            if self._watch is not None:
                self._worker.spawn(self._watch.run())
            await unless(self._quit, self._reloads.run())
        # at once: whoever connects from now on is refused, and can go elsewhere
        self._generations.retire()
        self._sockets.keep(None)
        await unless(self._stop, self._generations.drain())
        await unless(self._stop, self._generations.drained())
        await self._generations.cut()

    async def _begin(self, site: Site) -> asyncio.Task[None] | None:
        """Let this site be served; its sockets are bound. If that cannot be (ConfigError, OSError), all stays.

        What is returned is done when the site before has nothing left to do.
        """
        if isinstance(self._zones, SharedZones):
            crew = Crew(site, self._sources.path, self._sockets, self._zones, self._tell, self._worker.spawn)
            return await self._generations.serve(crew, self._take_over(crew.start(), site))
        # a master needs nothing of aiohttp, which takes a third of its start and of its memory
        from pyproxy.process.serving import Serving

        settle()
        serving = Serving(self._worker, site)
        return await self._generations.serve(serving, self._take_over(serving.start(self._sockets.of(site)), site))

    async def _take_over(self, start: Coroutine[Any, Any, None], site: Site) -> None:
        """Close what the new site does not listen on before those do who accept there: nobody is to wait in vain."""
        await start
        self._sockets.keep(site)

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

    def _write_pid_file(self) -> None:
        self._late.cancel()
        try:
            if not self._pid_file.is_ours:
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
        if (user := self._site.processes.user) is not None:
            give([*self._logs.paths(), *self._site.folders], user)
        self._generations.reopen()

    def _change_program(self) -> None:
        if self._upgrade.is_under_way():
            self._tell(NOTICE, "the program is being changed already")
        else:
            self._worker.spawn(self._try_new_program())

    async def _try_new_program(self) -> None:
        """Let a new program serve beside this one. When it ends before this one, all is as it was."""
        self._tell(NOTICE, "changing binary")
        try:
            status = await self._upgrade.run(self._pid_file, self._sockets.descriptors(), self._notify.environment)
        except OSError as error:
            level, how = ALERT, f"could not be started: {error}"
        else:
            # it may have been told to go
            level, how = ALERT if status else NOTICE, how_ended(status)
        self._tell(level, f"the new program {how}; this one goes on")
        if self._rests:
            self._upgrade.has_failed = True
            self._reloads.ask()

    def _rest(self) -> None:
        if not has_terminal() and not self._quit.is_set():
            self._rests = True
            self._worker.spawn(self._generations.drain())

    async def _change(self) -> None:
        """What HUP asks for; while a new program runs, as in nginx: that workers of the old configuration come back."""
        if not self._upgrade.new and not self._upgrade.has_failed:
            await self._reload()
            return
        self._rests = self._upgrade.has_failed = False
        await self._begin(self._site)

    async def _reload(self) -> None:
        """Take over the configuration as it is now. Raises ConfigError; then the old one goes on."""
        site = self._sources.compile(self._sources.load(self._schema), self._schema, self._logs)
        try:
            plan = self._check_programs(site)
            self._sockets.bind(site)
            self._zones.prepare(site)
            if self._programs is not None and plan is not None:
                await self._programs.begin(plan)
            retiring = await self._begin(site)
        except BaseException:
            self._sockets.keep(self._site)
            self._zones.keep(self._site)
            site.logs.close()
            if self._programs is not None and not self._quit.is_set():
                await self._programs.give_up()
            raise
        self._zones.keep(site)
        old, self._site = self._site, site
        self._logs.error_log = site.error_log
        if retiring is not None:
            # until then its workers may be told to open them anew
            retiring.add_done_callback(lambda _: old.logs.close())
        self._worker.tick = min(self._worker.tick, tick(site))
        if site.pid_file != old.pid_file:
            self._pid_file.remove()
            self._pid_file = PidFile(site.pid_file)
            self._write_pid_file()
            if self._programs is not None:
                self._programs.move(site.pid_file)
        self._warn()
        if self._programs is not None:
            await self._programs.finish()
        self._tell(NOTICE, "configuration loaded anew")
