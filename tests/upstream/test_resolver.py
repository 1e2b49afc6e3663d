"""``resolver``: names of upstreams, looked up with DNS servers of our own."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import cast

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from tests.support.proxy import serve, until
from tests.support.upstream import always, answer, upstream

pytestmark = pytest.mark.asyncio

Zone = dict[tuple[str, str], list[str]]
"""Name and type of a record: ``TTL TYPE VALUE`` each."""


class NameServer(asyncio.DatagramProtocol):
    """Answers from its zone, by UDP and TCP on one port; a name that is not there does not exist."""

    def __init__(self, zone: Zone) -> None:
        self.zone = zone
        self.asked: list[str] = []
        self.change: Callable[[dns.message.Message], object] = lambda reply: None
        self.port = 0
        self.truncates = self.silent = False
        self._transport: asyncio.DatagramTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        reply = self.reply(data, "udp")
        if not self.silent:
            if self.truncates:
                reply.answer.clear()
                reply.flags |= dns.flags.TC
            self._transport.sendto(reply.to_wire(), addr)

    def reply(self, data: bytes, way: str) -> dns.message.Message:
        query = dns.message.from_wire(data)
        (question,) = query.question
        name, kind = question.name.to_text(omit_final_dot=True), question.rdtype.name
        self.asked.append(f"{way} {name} {kind}")
        reply = dns.message.make_response(query)
        if not any(known == name for known, _ in self.zone):
            reply.set_rcode(dns.rcode.NXDOMAIN)
        for line in self.zone.get((name, kind), []):
            owner, _, rest = line.rpartition(" @ ")
            ttl, record, value = rest.split(" ")
            reply.answer.append(dns.rrset.from_text(owner or question.name, int(ttl), "IN", record, value))
        self.change(reply)
        return reply

    async def stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError):
            (length,) = struct.unpack("!H", await reader.readexactly(2))
            wire = self.reply(await reader.readexactly(length), "tcp").to_wire()
            writer.write(struct.pack("!H", len(wire)) + wire)
        writer.close()


@contextlib.asynccontextmanager
async def name_server(zone: Zone) -> AsyncIterator[NameServer]:
    server = NameServer(zone)
    listening = socket.create_server(("127.0.0.1", 0))
    server.port = listening.getsockname()[1]
    tcp = await asyncio.start_server(server.stream, sock=listening)
    loop = asyncio.get_running_loop()
    udp, _ = await loop.create_datagram_endpoint(lambda: server, local_addr=("127.0.0.1", server.port))
    try:
        yield server
    finally:
        udp.close()
        tcp.close()


def get(name: str) -> bytes:
    return f"GET / HTTP/1.1\r\nHost: {name}\r\n\r\n".encode()


def location(names: NameServer, port: int, options: str = "", directives: str = "") -> str:
    return f"location / {{ resolver 127.0.0.1:{names.port} {options}; {directives} proxy_pass http://$host:{port}; }}"


ADDRESS = ["60 A 127.0.0.1"]


async def test_a_name(tmp_path: Path) -> None:
    async with (
        upstream(always(answer())) as server,
        name_server({("a.test", "A"): ADDRESS}) as names,
        serve(tmp_path, location(names, server.port)) as proxy,
    ):
        client = await proxy.client()
        for _ in range(3):
            assert (await client.ask(get("a.test"))).status == 200
        assert (await client.ask(get("A.TEST"))).status == 200
        assert sorted(names.asked) == ["udp a.test A", "udp a.test AAAA"]


async def test_one_kind_only(tmp_path: Path) -> None:
    async with (
        upstream(always(answer())) as server,
        name_server({("a.test", "A"): ADDRESS}) as names,
        serve(tmp_path, location(names, server.port, "ipv6=off")) as proxy,
    ):
        assert (await (await proxy.client()).ask(get("a.test"))).status == 200
        assert names.asked == ["udp a.test A"]


async def test_an_alias_told_with_its_address(tmp_path: Path) -> None:
    zone = {("a.test", "A"): ["60 CNAME b.test.", "b.test. @ 60 A 127.0.0.1"]}
    async with (
        upstream(always(answer())) as server,
        name_server(zone) as names,
        serve(tmp_path, location(names, server.port, "ipv6=off")) as proxy,
    ):
        assert (await (await proxy.client()).ask(get("a.test"))).status == 200
        assert names.asked == ["udp a.test A"]


async def test_an_alias_told_alone(tmp_path: Path) -> None:
    zone = {("a.test", "A"): ["60 CNAME b.test."], ("b.test", "A"): ADDRESS}
    async with (
        upstream(always(answer())) as server,
        name_server(zone) as names,
        serve(tmp_path, location(names, server.port, "ipv6=off")) as proxy,
    ):
        assert (await (await proxy.client()).ask(get("a.test"))).status == 200
        assert names.asked == ["udp a.test A", "udp b.test A"]


async def test_an_alias_of_itself(tmp_path: Path) -> None:
    async with (
        name_server({("a.test", "A"): ["60 CNAME a.test."]}) as names,
        serve(tmp_path, location(names, 1, "ipv6=off")) as proxy,
    ):
        assert (await (await proxy.client()).ask(get("a.test"))).status == 502


async def test_no_such_name(tmp_path: Path) -> None:
    async with (
        name_server({}) as names,
        serve(tmp_path, location(names, 1)) as proxy,
    ):
        client = await proxy.client()
        assert (await client.ask(get("a.test"))).status == 502
        assert "a.test could not be resolved (3: Host not found)" in proxy.errors
        assert (await client.ask(get("a.test"))).status == 502
        assert len(names.asked) == 4, "an error is not remembered"


async def test_a_server_that_fails(tmp_path: Path) -> None:
    async with name_server({("a.test", "A"): ADDRESS}) as names:
        names.change = lambda reply: reply.set_rcode(dns.rcode.SERVFAIL)
        async with serve(tmp_path, location(names, 1)) as proxy:
            assert (await (await proxy.client()).ask(get("a.test"))).status == 502
            assert "a.test could not be resolved (2: Server failure)" in proxy.errors


async def test_no_answer(tmp_path: Path) -> None:
    async with name_server({("a.test", "A"): ADDRESS}) as names:
        names.silent = True
        async with serve(tmp_path, location(names, 1, directives="resolver_timeout 50ms;")) as proxy:
            assert (await (await proxy.client()).ask(get("a.test"))).status == 502
            assert "a.test could not be resolved (110: Operation timed out)" in proxy.errors


async def test_more_than_udp_carries(tmp_path: Path) -> None:
    async with upstream(always(answer())) as server, name_server({("a.test", "A"): ADDRESS}) as names:
        names.truncates = True
        async with serve(tmp_path, location(names, server.port, "ipv6=off")) as proxy:
            assert (await (await proxy.client()).ask(get("a.test"))).status == 200
            assert names.asked == ["udp a.test A", "tcp a.test A"]


async def test_waiting_together(tmp_path: Path) -> None:
    async with (
        upstream(always(answer())) as server,
        name_server({("a.test", "A"): ADDRESS}) as names,
        serve(tmp_path, location(names, server.port, "ipv6=off")) as proxy,
    ):
        clients = [await proxy.client() for _ in range(5)]
        answers = await asyncio.gather(*(client.ask(get("a.test")) for client in clients))
        assert [each.status for each in answers] == [200] * 5
        assert names.asked == ["udp a.test A"]


async def test_a_client_that_does_not_wait(tmp_path: Path) -> None:
    async with name_server({("a.test", "A"): ADDRESS}) as names:
        names.silent = True
        async with serve(tmp_path, location(names, 1, directives="resolver_timeout 200ms;")) as proxy:
            client = await proxy.client()
            client.writer.write(get("a.test"))
            await until(lambda: names.asked)
            client.writer.transport.abort()
            await proxy.logged()


async def test_valid_counts_before_the_ttl(tmp_path: Path) -> None:
    zone = {("a.test", "A"): ["0 A 127.0.0.1"]}
    async with (
        upstream(always(answer())) as server,
        name_server(zone) as names,
        serve(tmp_path, location(names, server.port, "ipv6=off valid=1m")) as proxy,
    ):
        client = await proxy.client()
        for _ in range(3):
            assert (await client.ask(get("a.test"))).status == 200
        assert names.asked == ["udp a.test A"]


async def test_without_a_ttl_it_is_asked_each_time(tmp_path: Path) -> None:
    zone = {("a.test", "A"): ["0 A 127.0.0.1"]}
    async with (
        upstream(always(answer())) as server,
        name_server(zone) as names,
        serve(tmp_path, location(names, server.port, "ipv6=off")) as proxy,
    ):
        client = await proxy.client()
        for _ in range(3):
            assert (await client.ask(get("a.test"))).status == 200
        assert len(names.asked) == 3
        assert len(server.visits) == 1, "the connection is kept while the address stays"


async def test_an_address_that_is_one(tmp_path: Path) -> None:
    async with (
        upstream(always(answer())) as server,
        name_server({}) as names,
        serve(tmp_path, location(names, server.port)) as proxy,
    ):
        assert (await (await proxy.client()).ask(get("127.0.0.1"))).status == 200
        assert not names.asked


async def test_an_address_that_is_told_twice(tmp_path: Path) -> None:
    def double(reply: dns.message.Message) -> None:
        reply.answer += reply.answer

    retry = "proxy_next_upstream http_404;"
    async with (
        upstream(always(answer(status="404 Not Found"))) as server,
        name_server({("a.test", "A"): ADDRESS}) as names,
        serve(tmp_path, location(names, server.port, "ipv6=off", retry)) as proxy,
    ):
        names.change = double
        client = await proxy.client()
        for _ in range(2):
            assert (await client.ask(get("a.test"))).status == 404
        assert "[404, 404]" in " ".join(proxy.access)
        assert names.asked == ["udp a.test A"]


async def test_kinds_that_disagree_about_an_alias(tmp_path: Path) -> None:
    zone = {("a.test", "A"): ["60 CNAME b.test."], ("b.test", "A"): ADDRESS, ("b.test", "AAAA"): ["60 AAAA ::1"]}
    async with (
        name_server(zone) as names,
        serve(tmp_path, location(names, 1)) as proxy,
    ):
        assert (await (await proxy.client()).ask(get("a.test"))).status == 502
        assert "a.test could not be resolved (3: Host not found)" in proxy.errors


async def test_several_addresses(tmp_path: Path) -> None:
    """The first one refuses."""
    zone = {("a.test", "A"): ["60 A 127.0.0.2", "60 A 127.0.0.1"]}
    async with (
        upstream(always(answer())) as server,
        name_server(zone) as names,
        serve(tmp_path, location(names, server.port, "ipv6=off")) as proxy,
    ):
        client = await proxy.client()
        assert [(await client.ask(get("a.test"))).status for _ in range(2)] == [200, 200]
        assert "[502, 200]" in " ".join(proxy.access)
