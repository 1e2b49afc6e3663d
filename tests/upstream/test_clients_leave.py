"""Wherever a client, or an upstream, leaves: what they held is given back, and nothing of ours fails."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from passlib.hash import bcrypt

from tests.support.client import Client
from tests.support.proxy import Proxy, serve, until
from tests.support.upstream import Script, Upstream, Visit, upstream

HTTP = """
    limit_conn_zone $server_name zone=many:1m;
    limit_req_zone $server_name zone=slow:1m rate=6r/m;
    proxy_read_timeout 30s;
"""
SERVER = """
    limit_conn many 1;
    limit_conn_log_level info;
    limit_req_log_level info;
    root {folder};
    proxy_http_version 1.1;
    location /free {{ return 200 free; }}
    location /plain {{ proxy_pass $up; }}
    location /unbuffered {{ proxy_pass $up; proxy_buffering off; proxy_request_buffering off; }}
    location /gzip {{ gzip on; gzip_types *; gzip_min_length 1; gzip_proxied any; proxy_pass $up; }}
    location /sub {{ sub_filter word sword; sub_filter_types *; sub_filter_once off; proxy_pass $up; }}
    location /both {{
        gzip on; gzip_types *; gzip_min_length 1; gzip_proxied any; sub_filter a b; sub_filter_types *; limit_rate 100;
        add_trailer X-End yes; proxy_pass $up;
    }}
    location /asked {{ internal; proxy_pass $up; proxy_pass_request_body off; proxy_set_header Content-Length ""; }}
    location /auth {{ auth_request /asked; proxy_pass $up; }}
    location /delayed {{ limit_req zone=slow burst=100; return 200 late; }}
    location /rate {{ limit_rate 10; proxy_pass $up/at-once; }}
    location /file {{ limit_rate 10; try_files /file.txt =404; }}
    location /basic {{ auth_basic x; auth_basic_user_file {folder}/users; proxy_pass $up; }}
    location /mirror {{ mirror /copy; proxy_pass $up; }}
    location /copy {{ internal; proxy_pass $up/at-once; }}
    location /added {{ add_before_body /asked; addition_types *; proxy_pass $up/at-once; }}
    location /after {{ add_after_body /asked; addition_types *; proxy_pass $up/at-once; }}
    location /error {{ error_page 418 /asked; return 418; }}
    location /post {{ post_action /asked; return 200 done; }}
    location /set {{ set $limit_rate 10; proxy_pass $up/at-once; }}
"""
PLACES = [
    *("plain", "unbuffered", "gzip", "sub", "both", "auth", "delayed", "rate", "file", "basic"),
    *("mirror", "added", "after", "error", "set"),
]


async def hold(visit: Visit) -> None:
    """Begin a long answer, or give none at all; never end one that is not wanted at once."""
    count = 0
    while True:
        head = await visit.head()
        count += 1
        if b"/at-once" in head:
            await visit.say(b"HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n" + b"a word  " * 50)
            continue
        if b"/asked" not in head:
            await visit.say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"5\r\nwords\r\n")
        await visit.ended()
        return


def request(place: str, body: str) -> bytes:
    lines = [f"POST /{place} HTTP/1.1" if body else f"GET /{place} HTTP/1.1", "Host: a", "Accept-Encoding: gzip"]
    lines += ["TE: trailers", "Authorization: Basic bmFtZTp3b3Jk"]
    if body == "half":
        lines.append("Content-Length: 100")
    elif body == "chunked":
        lines.append("Transfer-Encoding: chunked")
    return "\r\n".join([*lines, "", {"": "", "half": "some", "chunked": "4\r\nsome\r\n"}[body]]).encode()


def leave(client: Client, how: str) -> None:
    if how == "reset":
        client.reset()
    elif how == "half-close":
        client.half_close()
    else:
        client.close()


async def nothing_is_left(proxy: Proxy, server: Upstream) -> None:
    peers = [peer for group in proxy.site.upstreams.values() for peer in group.peers]
    await until(lambda: not any(peer.active for peer in peers))
    await until(lambda: not any(watched for watched in proxy.worker.watched if not getattr(watched, "peer", None)))
    await until(lambda: not [task for task in proxy.worker.tasks if not task.done()])
    # limit_conn lets no second one in while the first is there
    client = await proxy.client()
    assert (await client.ask(b"GET /free HTTP/1.1\r\nHost: a\r\n\r\n")).status == 200
    client.close()


@contextlib.asynccontextmanager
async def at_work(folder: Path, script: Script) -> AsyncIterator[tuple[Proxy, Upstream]]:
    """The proxy with all places, in front of ``script``; at the end nothing of it may have failed."""
    await asyncio.to_thread((folder / "users").write_text, f"name:{bcrypt.using(rounds=8).hash('word')}\n")
    (folder / "file.txt").write_text("text" * 1000)
    failures: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: failures.append(context))
    async with upstream(script) as server:
        config = SERVER.format(folder=folder).replace("$up", f"http://127.0.0.1:{server.port}")
        async with serve(folder, config, HTTP) as proxy:
            yield proxy, server
            assert "Error:" not in proxy.errors
    assert not failures


@pytest.mark.parametrize("how", ["reset", "close", "half-close"])
@pytest.mark.parametrize("moment", [0, 10])
async def test_clients(tmp_path: Path, how: str, moment: int) -> None:
    async with at_work(tmp_path, hold) as (proxy, server):
        for place in PLACES:
            for body in ("", "half", "chunked"):
                client = await proxy.client()
                await client.send(request(place, body))
                # whatever has come about by then
                await asyncio.sleep(moment / 1000)
                leave(client, how)
                await nothing_is_left(proxy, server)


@pytest.mark.parametrize("how", ["reset", "close"])
@pytest.mark.parametrize(
    "said", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\nwords", b"HTTP/1.1 200 OK\r\nTrans"]
)
async def test_upstreams(tmp_path: Path, how: str, said: bytes) -> None:
    async def script(visit: Visit) -> None:
        await visit.head()
        await visit.say(said)
        visit.reset() if how == "reset" else visit.close()

    async with at_work(tmp_path, script) as (proxy, server):
        # the others are slow on purpose, or answer by themselves
        for place in ("plain", "unbuffered", "gzip", "sub", "auth", "basic", "mirror", "added", "after", "error"):
            for body in ("", "half", "chunked"):
                client = await proxy.client()
                await client.send(request(place, body))
                if not body:
                    answered = await client.answer()
                    assert answered.cut or answered.status in (500, 502) or said.endswith(b"words"), place
                client.close()
                await nothing_is_left(proxy, server)
