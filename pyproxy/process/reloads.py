"""Reloads, one after the other: whoever has asked for one is told what has become of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from pyproxy.config.tree import ConfigError
from pyproxy.core.logs.log import EMERG
from pyproxy.process.loop import Tell, fault
from pyproxy.process.notify import Notify
from pyproxy.process.status import Status

REFUSED = "the new configuration is not used"


class Reloads:
    """Any number of requests that come while one is under way are answered by the next one."""

    def __init__(self, reload: Callable[[], Awaitable[None]], pid_file: Callable[[], Path], notify: Notify, tell: Tell):
        """``reload`` raises ConfigError if all stays as it was; ``pid_file`` is where the process is found now."""
        self._reload = reload
        self._pid_file = pid_file
        self._notify = notify
        self._tell = tell
        self._asked = asyncio.Event()

    def ask(self) -> None:
        """Have the configuration read, as it is from now on."""
        self._asked.set()

    async def run(self) -> None:
        """Until this is cancelled."""
        while True:
            await self._asked.wait()
            self._asked.clear()
            self._notify.reloading()
            status, problem = Status.begin(self._pid_file()), ""
            try:
                await self._reload()
            except ConfigError as error:
                problem = str(error)
                self._tell(EMERG, f"{REFUSED}: {problem}")
            except Exception as error:
                problem = repr(error)
                fault(self._tell, REFUSED, error)
            status.end(self._pid_file(), problem)
            self._notify.ready()
