from __future__ import annotations

import asyncio
import tempfile
import xmlrpc.client
from pathlib import Path

import pytest

from pyproxy.programs import rpc


async def answer_with(answer: bytes) -> object:
    """The result of a call that is answered with these bytes."""

    async def answer_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        assert xmlrpc.client.loads(await reader.readexactly(length)) == ((1, "é"), "system.method")
        writer.write(answer)
        writer.close()

    with tempfile.TemporaryDirectory(prefix="run-") as folder:
        socket = Path(folder, "s")
        async with await asyncio.start_unix_server(answer_one, socket):
            return await rpc.call(socket, "system.method", 1, "é")


def result(value: object) -> bytes:
    return b"HTTP/1.0 200 OK\r\n\r\n" + xmlrpc.client.dumps(value, methodresponse=True).encode()  # type: ignore[arg-type]


async def test_result() -> None:
    assert await answer_with(result(({"a": [1, "é"]},))) == {"a": [1, "é"]}


async def test_fault() -> None:
    with pytest.raises(xmlrpc.client.Fault, match="BAD_NAME"):
        await answer_with(result(xmlrpc.client.Fault(10, "BAD_NAME")))


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.0 500 No\r\n\r\n", result((1,))[:-20]], ids=["none", "500", "cut"])
async def test_unusable_answer(answer: bytes) -> None:
    with pytest.raises(OSError, match=r"unexpected answer to system\.method"):
        await answer_with(answer)
