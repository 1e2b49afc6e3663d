"""One question to one DNS server: by UDP, and by TCP if the answer is too much for that."""

from __future__ import annotations

import asyncio
import struct
from typing import cast

from pyproxy.upstream.dns_message import Answer, read_answer

_LENGTH = struct.Struct("!H")


async def ask(query: bytes, server: tuple[str, int], timeout: float) -> Answer | None:  # noqa: ASYNC109
    """What the server (address and port) answers; None if nothing within ``timeout`` seconds, and never sooner."""
    try:
        async with asyncio.timeout(timeout):
            answer = await _ask_by_udp(query, server)
            if answer is not None and answer.truncated:
                answer = await _ask_by_tcp(query, server)
            if answer is None:
                await asyncio.Future()
            return answer
    except TimeoutError:
        return None


async def _ask_by_udp(query: bytes, server: tuple[str, int]) -> Answer | None:
    loop = asyncio.get_running_loop()
    try:
        transport, protocol = await loop.create_datagram_endpoint(lambda: _Listener(query, loop), remote_addr=server)
    except OSError:
        return None
    try:
        transport.sendto(query)
        return await protocol.answer
    finally:
        transport.close()


class _Listener(asyncio.DatagramProtocol):
    """Waits for the answer; what is none is waited over."""

    def __init__(self, query: bytes, loop: asyncio.AbstractEventLoop) -> None:
        self._query = query
        self.answer: asyncio.Future[Answer] = loop.create_future()

    def datagram_received(self, data: bytes, addr: object) -> None:
        answer = read_answer(data, self._query)
        if answer is not None and not self.answer.done():
            self.answer.set_result(answer)


async def _ask_by_tcp(query: bytes, server: tuple[str, int]) -> Answer | None:
    try:
        reader, writer = await asyncio.open_connection(*server)
    except OSError:
        return None
    try:
        writer.write(_LENGTH.pack(len(query)) + query)
        (length,) = cast(tuple[int], _LENGTH.unpack(await reader.readexactly(2)))
        answer = read_answer(await reader.readexactly(length), query)
        return None if answer is None or answer.truncated else answer
    except (OSError, asyncio.IncompleteReadError):
        return None
    finally:
        writer.close()
