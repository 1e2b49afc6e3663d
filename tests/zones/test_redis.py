"""A zone in a Redis that runs, and in one that does not."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import pytest

from pyproxy.core.variables import literal
from pyproxy.modules.limit_conn import GIVE_BACK, TAKE, ConnectionZone
from pyproxy.modules.limit_req import POUR
from pyproxy.zones import redis
from pyproxy.zones.redis import RedisStore, check
from pyproxy.zones.store import Operation, ZoneAbsent
from tests.support.redis_server import RedisServer

from .conftest import COUNT, LEAVE, READ, redis_store, zone


@contextlib.asynccontextmanager
async def opened(*stores: RedisStore) -> AsyncIterator[None]:
    try:
        yield
    finally:
        for store in stores:
            store.close()
            await store._end


async def ask(store: RedisStore, operation: Operation, key: bytes, *arguments: int) -> int:
    return await store.update(operation, key, *arguments)


async def test_machines_see_the_same_records(redis_server: RedisServer) -> None:
    here, there = (redis_store(redis_server, zone(), []) for _ in range(2))
    async with opened(here, there):
        assert await ask(here, COUNT, b"a", 2) == 2
        assert await ask(there, COUNT, b"a", 3) == 5
        assert await ask(here, READ, b"a") == 5
        assert await ask(there, LEAVE, b"a") == 5
        assert await ask(here, READ, b"a") == 0


async def test_updates_are_atomic(redis_server: RedisServer) -> None:
    here, there = (redis_store(redis_server, zone(), []) for _ in range(2))
    async with opened(here, there):
        await asyncio.gather(*(ask(store, COUNT, b"a" * 100, 1) for store in (here, there) for _ in range(200)))
        assert await ask(here, READ, b"a" * 100) == 400


async def test_a_bucket_is_the_same_as_anywhere(redis_server: RedisServer) -> None:
    store = redis_store(redis_server, zone(), [])
    async with opened(store):
        # one a minute, a burst of two
        poured = [await ask(store, POUR, b"a", 16, 2000, 1) for _ in range(5)]
        assert [excess // 1000 for excess in poured] in ([0, 1, 2, 3, 3], [0, 0, 1, 2, 3], [0, 0, 1, 2, 2])
        assert (await ask(store, POUR, b"a", 16, 0, 0)) // 1000 in (2, 3)
        # a thousand a second: what was poured has run out soon
        for _ in range(3):
            await ask(store, POUR, b"b", 1_000_000, 5000, 1)
        await asyncio.sleep(0.02)
        assert await ask(store, POUR, b"b", 1_000_000, 0, 1) == 0


async def test_what_the_dead_hold_does_not_count(redis_server: RedisServer) -> None:
    connections = ConnectionZone("one", 32768, literal("key"), zone().source)
    here, there = (redis_store(redis_server, connections, []) for _ in range(2))
    async with opened(here, there):
        assert [await ask(here, TAKE, b"a", here.holder, 2), await ask(there, TAKE, b"a", there.holder, 2)] == [1, 1]
        assert await ask(here, TAKE, b"a", here.holder, 2) == 0
        await ask(here, GIVE_BACK, b"a", here.holder)
        assert await ask(there, TAKE, b"a", there.holder, 2) == 1
        assert await ask(here, TAKE, b"a", here.holder, 2) == 0
        # as it is when nobody has said for a while that it is alive
        await here._redis.delete(there._prefix + b"alive:%d" % there.holder)
        assert [await ask(here, TAKE, b"a", here.holder, 2) for _ in range(3)] == [1, 1, 0]


async def test_a_process_says_that_it_is_alive(redis_server: RedisServer) -> None:
    connections = ConnectionZone("one", 32768, literal("key"), zone().source)
    store = redis_store(redis_server, connections, [])
    async with opened(store):
        await ask(store, TAKE, b"a", store.holder, 1)
        key = store._prefix + b"alive:%d" % store.holder
        assert 0 < await store._redis.ttl(key) <= redis.ALIVE


async def test_a_redis_that_goes_and_comes_back(redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis, "PAUSE", 0.05)
    said: list[str] = []
    store = redis_store(redis_server, zone(), said)
    async with opened(store):
        assert await ask(store, COUNT, b"a", 1) == 1
        before = store.holder
        redis_server.stop()
        for _ in range(5):
            with pytest.raises(ZoneAbsent):
                await ask(store, COUNT, b"a", 1)
        assert len(said) == 1
        assert said[0].startswith('zone "one" does not reach its Redis, nothing is limited by it meanwhile: ')
        assert store.holder != before
        await asyncio.to_thread(redis_server.start)
        async with asyncio.timeout(5):
            while True:
                with contextlib.suppress(ZoneAbsent):
                    assert await ask(store, COUNT, b"a", 1) == 1
                    break
                await asyncio.sleep(0.01)
        assert said[1:] == ['zone "one" is in its Redis again']


async def test_a_redis_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis, "PATIENCE", 0.1)
    said: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as silent:
        store = RedisStore(zone(), f"redis://127.0.0.1:{silent.getsockname()[1]}", said.append)
        await one_try(store)
    assert len(said) == 1


async def one_try(store: RedisStore) -> None:
    async with opened(store):
        loop = asyncio.get_running_loop()
        began = loop.time()
        with pytest.raises(ZoneAbsent):
            await ask(store, COUNT, b"a", 1)
        assert loop.time() - began < 2
        # nobody else waits
        with pytest.raises(ZoneAbsent):
            store.update(COUNT, b"a", 1)


@pytest.mark.parametrize("url", ["http://127.0.0.1", "127.0.0.1:6379", "redis://127.0.0.1:port", ""])
def test_urls_that_say_nothing(url: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # the words are the library's
        check(url)
