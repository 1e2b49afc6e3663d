"""Calls to supervisord: its XML-RPC interface over a unix socket."""

from __future__ import annotations

import asyncio
import xmlrpc.client
from pathlib import Path
from typing import Any


async def call(socket: Path, method: str, *params: Any) -> Any:
    """The result of a method such as ``supervisor.getState``.

    Raises OSError if nobody answers at the socket or the answer is cut short, xmlrpc.client.Fault if supervisord
    refuses the call.
    """
    body = xmlrpc.client.dumps(params, method).encode()
    reader, writer = await asyncio.open_unix_connection(socket)
    try:
        # in HTTP/1.0 the answer ends where the connection ends
        writer.write(b"POST /RPC2 HTTP/1.0\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        head, _, answer = (await reader.read()).partition(b"\r\n\r\n")
    finally:
        writer.close()
    if head.split(b" ", 2)[1:2] != [b"200"] or not answer.rstrip().endswith(b"</methodResponse>"):
        raise OSError(f"unexpected answer to {method} at {socket}: {head[:100]!r}")
    (result,), _ = xmlrpc.client.loads(answer)
    return result
