"""limit_conn: requests that are served at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pyproxy.config.tree import ConfigError
from pyproxy.modules.limit_conn import _give_back, _keep, _take
from tests.support.client import Client
from tests.support.proxy import Proxy, serve
from tests.support.upstream import Visit, answer, upstream

from .conftest import MakeSite

ZONES = "limit_conn_zone $remote_addr zone=one:1m; limit_conn_zone $arg_a zone=two:1m;"


def test_what_each_process_holds() -> None:
    record, taken = _take(None, 0, 7, 3)
    assert (record, taken) == ((7, 1), 1)
    record, taken = _take(record, 0, 8, 3)
    record, taken = _take(record, 0, 7, 3)
    assert (record, taken) == ((7, 2, 8, 1), 1)
    assert _take(record, 0, 9, 3) == (record, 0)
    assert _keep(record, 0, 8, 9) == ((8, 1), 1)
    assert _keep(record, 0, 9) == (None, 1)
    record, _ = _give_back(record, 0, 8)
    record, _ = _give_back(record, 0, 7)
    assert record == (7, 1)
    assert _give_back(record, 0, 7) == (None, 1)
    # what nobody holds cannot be given back
    assert _give_back(None, 0, 7) == (None, 1)


class Slow:
    """A site whose upstream answers when it is let go."""

    def __init__(self, proxy: Proxy) -> None:
        self.proxy = proxy
        self.asked = 0
        self.go = asyncio.Event()

    async def ask(self, target: str, again: bool = False) -> Client:
        """A request that reaches the upstream, and waits there."""
        client = await self.proxy.client()
        await self.also(client, target)
        return client

    async def also(self, client: Client, target: str) -> None:
        before = self.asked
        await client.send(f"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        async with asyncio.timeout(5):
            while self.asked == before:  # noqa: ASYNC110
                await asyncio.sleep(0.001)

    async def status(self, target: str) -> int:
        client = await self.proxy.client()
        return (await client.ask(f"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n".encode())).status


@pytest.fixture
async def slow(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Slow]:
    site: Slow

    async def script(visit: Visit) -> None:
        while True:
            await visit.head()
            site.asked += 1
            await site.go.wait()
            await visit.say(answer())

    async with (
        upstream(script) as up,
        serve(tmp_path, request.param.replace("@up@", f"127.0.0.1:{up.port}"), ZONES) as proxy,
    ):
        site = Slow(proxy)
        yield site
        site.go.set()


SERVER = """
    location / { proxy_pass http://@up@; limit_conn one 1; add_header X $limit_conn_status always; }
    location /two/ { proxy_pass http://@up@; limit_conn two 1; limit_conn one 2; limit_conn_status 429; }
    location /trial/ { limit_conn one 1; limit_conn_dry_run on; limit_conn_log_level warn; }
"""


@pytest.mark.parametrize("slow", [SERVER], indirect=True)
async def test_a_second_one_is_rejected_until_the_first_has_ended(slow: Slow) -> None:
    client = await slow.ask("/")
    assert [await slow.status("/"), await slow.status("/trial/")] == [503, 404]
    assert 'limiting connections by zone "one"' in slow.proxy.errors
    assert 'limiting connections, dry run, by zone "one"' in slow.proxy.errors
    slow.go.set()
    assert (await client.answer()).fields["x"] == "PASSED"
    # a connection that waits for a request does not count
    assert await slow.status("/") == 200


@pytest.mark.parametrize("slow", [SERVER], indirect=True)
async def test_one_that_leaves_counts_no_more(slow: Slow) -> None:
    client = await slow.ask("/")
    client.reset()
    await slow.proxy.logged()
    await slow.ask("/")


@pytest.mark.parametrize("slow", [SERVER], indirect=True)
async def test_what_one_zone_rejects_is_given_back_to_the_others(slow: Slow) -> None:
    await slow.ask("/two/?a=1")
    await slow.ask("/two/?a=2")
    assert await slow.status("/two/?a=3") == 429
    slow.go.set()
    await slow.proxy.logged(3)
    slow.go.clear()
    await slow.ask("/two/?a=3")


@pytest.mark.parametrize("slow", [SERVER], indirect=True)
async def test_an_empty_key_is_not_counted(slow: Slow) -> None:
    await slow.ask("/two/")
    await slow.ask("/two/")
    assert await slow.status("/two/") == 429  # by the other zone


@pytest.mark.parametrize(
    ("http", "server", "message"),
    [
        ("limit_conn_zone $uri zone=one;", "", "expected its name and size such as one:10m"),
        ("limit_conn_zone $uri one:1m;", "", 'invalid parameter "one:1m"'),
        ("", "limit_conn none 1;", 'there is no zone "none", declare it with `limit_conn_zone` in http'),
        (ZONES, "limit_conn one 0;", "expected 1 to 65535"),
        (ZONES, "limit_conn one 65536;", "expected 1 to 65535"),
        (ZONES, "limit_conn one 1; limit_conn one 2;", 'the zone "one" is used twice'),
        (ZONES + "\n#pyproxy zone three redis://127.0.0.1;", "", 'declares "three"'),
        (ZONES + "\n#pyproxy zone one http://127.0.0.1;", "", 'invalid URL "http://127.0.0.1"'),
    ],
)
def test_faults(make_site: MakeSite, http: str, server: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        make_site(server, http)
    assert message in str(caught.value)


def test_a_zone_in_a_redis(make_site: MakeSite) -> None:
    site = make_site("", ZONES + "\n#pyproxy zone one redis://127.0.0.1:6379/0;\n")
    assert [zone.redis for zone in site.zones.values()] == ["redis://127.0.0.1:6379/0", None]
