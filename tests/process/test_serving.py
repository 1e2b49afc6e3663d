"""The end of listening, on both event loops."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from pyproxy.compile import Sources, load_schema
from pyproxy.core.logs.log import Logs
from pyproxy.core.worker import Worker
from pyproxy.process.serving import Serving
from tests.support.loops import LOOPS

from .running import PATIENCE, read_all

REQUEST = b"GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"


@pytest.mark.parametrize("loop", LOOPS.values(), ids=LOOPS.keys())
def test_who_waits_in_a_queue_is_let_in(loop: Callable[[], asyncio.AbstractEventLoop], tmp_path: Path) -> None:
    file = tmp_path / "nginx.conf"
    file.write_text("error_log stderr; http { access_log off; server { listen 127.0.0.1:80; return 200 ok; } }")
    sources, schema, logs = Sources(str(file), str(tmp_path)), load_schema(), Logs()
    site = sources.compile(sources.load(schema), schema, logs)

    async def run() -> bytes:
        worker = Worker(asyncio.get_running_loop(), 0.05)
        serving = Serving(worker, site)
        with socket.create_server(("127.0.0.1", 0)) as listening:
            address = listening.getsockname()
            listening.setblocking(False)
            await serving.start([listening])
        with socket.create_connection(address, PATIENCE) as client:
            # it waits: the event loop has not seen it yet
            await serving.close()
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(address)
            client.sendall(REQUEST)
            answer = await asyncio.to_thread(read_all, client)
        await serving.stop()
        worker.close()
        return answer

    with asyncio.Runner(loop_factory=loop) as runner:
        assert runner.run(run()).endswith(b"\r\n\r\nok")
    logs.close()
