"""The records of a zone in a Redis (or Valkey), for several machines.

A Redis that is down stops nobody: its zone is absent, which costs no time but for one try a second, and is told once
in a while.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import urlsplit

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.commands.core import AsyncScript
from redis.exceptions import RedisError

from pyproxy.zones.store import Operation, ZoneAbsent, stored_key
from pyproxy.zones.zone import Zone

PATIENCE: Final = 0.5
"""Seconds that a request waits for Redis at most."""
PAUSE: Final = 1.0
"""Seconds after a failure in which Redis is not asked."""
SILENCE: Final = 60.0
"""Seconds between two complaints about one Redis."""
CONNECTIONS: Final = 16
ALIVE: Final = 30
"""Seconds for which Redis believes that a process is there; what others hold does not count (``alive`` in scripts)."""

Tell = Callable[[str], None]


class RedisStore:
    """A process's view of a zone. ``update`` is to be awaited."""

    def __init__(self, zone: Zone, url: str, tell: Tell) -> None:
        """Connects when it is first used. Raises ValueError for a URL that says nothing."""
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=CONNECTIONS,
            timeout=PATIENCE,
            socket_timeout=PATIENCE,
            socket_connect_timeout=PATIENCE,
            retry=Retry(NoBackoff(), 0),
            # the library would look its version up on the disk for every connection
            driver_info=None,
        )
        self._redis: Redis = Redis.from_pool(pool)
        self._name = zone.name
        self._prefix = f"pyproxy:{zone.directive}:{zone.name}:".encode()
        self._counts_holders = zone.keep_holders is not None
        self._tell = tell
        self._scripts: dict[str, AsyncScript] = {}
        self._heart: asyncio.Task[None] | None = None
        self._not_before = self._told = float("-inf")
        self._absent = False
        self.holder = 0
        self._begin_anew()

    def _begin_anew(self) -> None:
        # what it held under its old name is forgotten as soon as nobody says any more that it is alive
        self.holder = secrets.randbits(52)

    def update(self, operation: Operation, key: bytes, *arguments: int) -> Awaitable[int]:
        if time.monotonic() < self._not_before:
            raise ZoneAbsent
        return self._ask(operation, key, arguments)

    async def _ask(self, operation: Operation, key: bytes, arguments: tuple[int, ...]) -> int:
        if self._counts_holders and self._heart is None:
            self._heart = asyncio.get_running_loop().create_task(self._beat())
        script = self._scripts.get(operation.script)
        if script is None:
            script = self._scripts[operation.script] = self._redis.register_script(operation.script)
        try:
            keys = [self._prefix + b"=" + stored_key(key), self._prefix + b"alive:"]
            result = await script(keys=keys, args=arguments)
        except (RedisError, OSError) as error:
            self._failed(error)
            raise ZoneAbsent from error
        if self._absent:
            self._absent = False
            self._tell(f'zone "{self._name}" is in its Redis again')
        return int(result)

    def _failed(self, error: Exception) -> None:
        now = time.monotonic()
        self._not_before = now + PAUSE
        if not self._absent:
            self._absent = True
            self._begin_anew()
        if now - self._told >= SILENCE:
            self._told = now
            text = str(error) or type(error).__name__
            self._tell(f'zone "{self._name}" does not reach its Redis, nothing is limited by it meanwhile: {text}')

    async def _beat(self) -> None:
        """Say again and again that this process is alive."""
        while True:
            try:
                await self._redis.set(self._prefix + b"alive:%d" % self.holder, 1, ex=ALIVE)
            except (RedisError, OSError) as error:
                self._failed(error)
            await asyncio.sleep(ALIVE / 3)

    def forget(self, operation: Operation, *holders: int) -> None:
        """A process that is gone is no longer alive for Redis."""

    def close(self) -> None:
        """Leave the connections, soon."""
        if self._heart is not None:
            self._heart.cancel()
        self._end = asyncio.get_running_loop().create_task(self._redis.aclose(close_connection_pool=True))


def check(url: str) -> None:
    """Raise ValueError if the URL is none that Redis clients understand, or one that they would put a default into."""
    BlockingConnectionPool.from_url(url)
    parts = urlsplit(url)
    if not url.startswith(f"{parts.scheme}://") or not (parts.hostname or parts.scheme == "unix"):
        raise ValueError(f"the host is missing after {parts.scheme}://")
    if parts.scheme != "unix" and not re.fullmatch(r"/?[0-9]*", parts.path):
        raise ValueError(f'"{parts.path}" is no number of a database')
