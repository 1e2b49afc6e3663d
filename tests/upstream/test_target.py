"""`proxy_pass` with variables: servers that requests make up."""

from __future__ import annotations

from pathlib import Path

from pyproxy.config.tree import Source
from pyproxy.upstream import target
from pyproxy.upstream.target import Targets
from tests.support.proxy import serve
from tests.support.upstream import always, answer, upstream


async def test_servers_that_requests_make_up_are_not_kept_without_end(tmp_path: Path) -> None:
    """Nor are their names looked up in the event loop (which blockbuster would see)."""
    async with serve(tmp_path, "return 204;") as proxy:
        targets = Targets(proxy.site, Source("test", 1))
        for number in range(3 * target.MET):
            targets.find_at_work(f"http://host{number}.invalid/")
        assert len(targets._met) == target.MET
        assert not proxy.site.upstreams
        last = targets.find_at_work("http://again.invalid")
        assert targets.find_at_work("http://again.invalid").group is last.group


async def test_connections_to_them_are_used_again(tmp_path: Path) -> None:
    async with (
        upstream(always(answer())) as server,
        serve(tmp_path, "location / { proxy_pass http://127.0.0.1:$arg_port; }") as proxy,
    ):
        client = await proxy.client()
        for _ in range(3):
            got = await client.ask(b"GET /?port=%d HTTP/1.1\r\nHost: a\r\n\r\n" % server.port)
            assert got.status == 200
        assert len(server.visits) == 1
        got = await client.ask(b"GET /?port=none HTTP/1.1\r\nHost: a\r\n\r\n")
        assert got.status == 500
