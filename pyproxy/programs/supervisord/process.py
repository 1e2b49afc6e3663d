"""A process under Supervisor that is RUNNING when it is ready, and starts and stops in the order of ``depends_on``.

All the rest is Supervisor's: what a state is, when a start is tried again, when it is given up.
"""

from __future__ import annotations

import copy
import math
import os
import threading
import time
from typing import Any

from supervisor.process import Subprocess
from supervisor.states import STOPPED_STATES, ProcessStates, SupervisorStates, getProcessStateDescription

from pyproxy.programs.listener import listener
from pyproxy.programs.ready import Ready

INTERVAL = 0.1
"""Seconds between two questions whether a program is ready."""


class Asking:
    """Asks again and again whether a program is ready: in a thread, because supervisord must not wait for an answer."""

    def __init__(self, ready: Ready) -> None:
        self.problem = "not asked yet"
        """Why it is not; "" when it is."""
        self._ready = ready
        self._over = threading.Event()
        threading.Thread(target=self._ask, name="ready", daemon=True).start()

    def _ask(self) -> None:
        while self.problem and not self._over.is_set():
            self.problem = self._ready.problem()
            self._over.wait(INTERVAL)

    def end(self) -> None:
        """Ask no more."""
        self._over.set()


class Process(Subprocess):  # type: ignore[misc]
    """One process of a program.

    It is STARTING without a process of the system while it waits for what it depends on, and STARTING with one until
    it is ready. In Supervisor STARTING lasts for ``startsecs``, which is therefore for ever, and 0 once it is ready.
    """

    state: int
    pid: int
    spawnerr: str | None
    exitstatus: int | None

    def __init__(self, config: Any) -> None:
        # a copy: Supervisor compares the original with what it reads later
        super().__init__(copy.copy(config))
        self.waits_for = ""
        """What a process that is STARTING waits for, in words."""
        self._is_queued = False
        """Waits for its turn to start."""
        self._is_held = False
        """Waits for its turn to stop."""
        self._asking: Asking | None = None
        self._too_late = ""
        """Why it is being ended: it was not ready in time."""
        self._last_pid = 0

    # Supervisor's calls

    def spawn(self) -> int | None:
        """Start it when what it depends on runs, which is started too."""
        for process in self._needed():
            if process.state in (ProcessStates.STOPPED, ProcessStates.EXITED, ProcessStates.FATAL):
                process.spawn()
        if not self.config.depends_on and self.config.ready is None:
            return super().spawn()  # type: ignore[no-any-return]
        self._is_queued = True
        self.killing = self.system_stop = self.administrative_stop = False
        self.spawnerr = None
        self.exitstatus = None
        self.laststart = time.time()
        self.change_state(ProcessStates.STARTING)
        self._go_on_starting()
        return self.pid or None

    def transition(self) -> None:
        if self._is_queued:
            self._go_on_starting()
        elif self._is_held:
            self._go_on_stopping()
        else:
            if self._asking is not None:
                self._look_whether_ready(self._asking)
            super().transition()

    def stop(self) -> str | None:
        """Stop it, after what depends on it where that is to stop as well."""
        if self.pid and self._dependents():
            self.administrative_stop = self.killing = self._is_held = True
            self.laststopreport = 0
            self.change_state(ProcessStates.STOPPING)
            return None
        return super().stop()  # type: ignore[no-any-return]

    def kill(self, sig: int) -> str | None:
        if not self._is_queued:
            return super().kill(sig)  # type: ignore[no-any-return]
        self._is_queued = False
        self.laststop = time.time()
        self.change_state(ProcessStates.STOPPED)
        return None

    def finish(self, pid: int, sts: int) -> None:
        self._end_asking()
        self._is_held = False
        self._last_pid = pid
        too_late, self._too_late = self._too_late, ""
        super().finish(pid, sts)
        if too_late and self.state == ProcessStates.STOPPED:
            self._fail(too_late)

    # Start

    def _go_on_starting(self) -> None:
        if self.config.options.mood < SupervisorStates.RUNNING:  # everything is to end
            return
        for process in self._needed():
            will_restart = process.state == ProcessStates.EXITED and process.config.autorestart
            if process.state in STOPPED_STATES and not will_restart:
                state = getProcessStateDescription(process.state)
                self._fail(f"`{process.config.program}`, which it depends on, is {state}")
                self.give_up()
                return
        if missing := [name for name in self.config.depends_on if not self._is_met(name)]:
            self.waits_for = f"waiting for {', '.join(missing)}"
            self.laststart = time.time()
            return
        ready = self.config.ready
        if ready is not None and self._is_taken(ready):
            # workers may outlive their master for a moment: what is left of the last run goes by itself
            if not self._is_left(self._last_pid) or time.time() - self.laststart > self.config.ready_timeout:
                self._fail(f"{ready.text} is taken already, by {listener(ready.address)}")
            else:
                self.waits_for = f"waiting for the end of its last run, process group {self._last_pid}"
            return
        self._is_queued = False
        self.state = ProcessStates.STOPPED
        if ready is not None:
            self.config.startsecs = math.inf
            self.waits_for = f"waiting for {ready.text}"
        if super().spawn() and ready is not None:
            self._asking = Asking(ready)

    def _needed(self) -> list[Process]:
        """The processes that must run before this one, and do not yet."""
        options = self.config.options
        found = (process for name in self.config.depends_on for process in options.processes_of(name))
        return [process for process in found if not process.is_well()]

    def _is_met(self, program: str) -> bool:
        processes = self.config.options.processes_of(program)
        return bool(processes) and all(process.is_well() for process in processes)

    def is_well(self) -> bool:
        """Whether it runs, or has done what it had to do."""
        if self.state == ProcessStates.EXITED:
            return bool(self.exitstatus in self.config.exitcodes)
        return bool(self.state == ProcessStates.RUNNING)

    def _is_taken(self, ready: Ready) -> bool:
        """Whether something that is none of this program's processes answers already."""
        siblings = self.config.options.processes_of(self.config.program)
        return ready.is_local and not any(process.pid for process in siblings) and ready.answers()

    @staticmethod
    def _is_left(group: int) -> bool:
        try:
            os.killpg(group, 0)
        except OSError:
            return False
        return bool(group)

    def _look_whether_ready(self, asking: Asking) -> None:
        seconds = self.config.ready_timeout
        if not asking.problem:
            self._end_asking()
            self.config.startsecs = 0
        elif self.state == ProcessStates.STARTING and time.time() - self.laststart > seconds:
            self._end_asking()
            self._too_late = f"not ready within {seconds} s: {self.config.ready.text}: {asking.problem}"
            self.spawnerr = self._too_late
            self.kill(self.config.stopsignal)

    def _end_asking(self) -> None:
        if self._asking is not None:
            self._asking.end()
        self._asking = None

    def _fail(self, reason: str) -> None:
        """As if it had exited too quickly: Supervisor tries again as often as ``startretries`` says."""
        self._is_queued = False
        self.record_spawnerr(reason)
        self.change_state(ProcessStates.BACKOFF)

    # Stop

    def _dependents(self) -> list[Process]:
        """The processes that depend on this one, and have not ended."""
        name = self.config.program
        return [process for process in self.config.options.all_processes() if process.needs(name)]

    def needs(self, program: str) -> bool:
        """Whether it depends on this program, and has not ended."""
        return program in self.config.depends_on and bool(self.pid)

    def _go_on_stopping(self) -> None:
        dependents = self._dependents()
        if self.config.options.mood < SupervisorStates.RUNNING:
            for process in dependents:
                if process.state in (ProcessStates.RUNNING, ProcessStates.STARTING):
                    process.stop()
        if not any(process.state == ProcessStates.STOPPING for process in dependents):
            self._is_held = False
            # `stopasgroup` is for the first signal, which Supervisor knows by the state
            self.state = ProcessStates.RUNNING
            self.kill(self.config.stopsignal)
