"""Twenty reloads in a row under every kind of load lose no request.

RELOADS_TAKE=30 in the environment: seconds over which they are spread; by default they follow at once.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from .running import Running, free_ports, until
from .visitors import DOWNLOAD, KINDS, Visitors, serve

Start = Callable[..., Running]
RELOADS = 20
TAKE = float(os.environ.get("RELOADS_TAKE", "0"))


@pytest.mark.timeout(120 + 2 * TAKE)
def test_no_request_is_lost(folder: Path, start: Start) -> None:
    folder.chmod(0o755)
    (folder / "file").write_bytes(bytes(DOWNLOAD))
    (port,) = free_ports(1)
    with socket.create_server(("127.0.0.1", 0), backlog=511) as listening:
        threading.Thread(target=serve, args=(listening,), daemon=True).start()
        (folder / "nginx.conf").write_text(
            f"pid run.pid; worker_processes 2; events {{}} http {{ access_log off;"
            f"server {{ listen 127.0.0.1:{port}; root {folder}; add_header X-Worker $pid always;"
            f"location / {{ proxy_pass http://127.0.0.1:{listening.getsockname()[1]}; }}"
            "location /socket { proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection Upgrade;"
            f"proxy_pass http://127.0.0.1:{listening.getsockname()[1]}; }}"
            "location = /file { } } }"
        )
        running = start("nginx.conf").ready()
        first = set(running.descendants())
        visitors = Visitors(port)
        try:
            for kind in (visitors.websocket, visitors.events, visitors.download, visitors.upload):
                visitors.send(kind, 2)
            # both WebSockets begin before the first reload
            until(lambda: len(visitors.tunnels) == 2)
            visitors.send(visitors.short, 2)
            visitors.send(visitors.kept, 2)
            until(lambda: len(visitors.done) >= 3)
            began, visited = time.monotonic(), visitors.done.copy()
            for number in range(1, RELOADS + 1):
                running.signal(signal.SIGHUP)
                running.says("configuration loaded anew", number)
                time.sleep(max(0.0, began + number * TAKE / RELOADS - time.monotonic()))
            took = time.monotonic() - began
        finally:
            visitors.stop()
        lost = len(visitors.failures)
        print(f"\n{RELOADS} reloads in {took:.1f} s: {lost} lost of", dict(visitors.done - visited))
        assert visitors.failures == []
        assert visitors.done.keys() == KINDS
        # those that began before the first reload have ended in the workers of that time
        assert visitors.done["websocket"] == 2
        assert set(visitors.tunnels) <= first
        assert visitors.done["short"] > visited["short"] + 100
        # those of older configurations have nothing left to do
        until(lambda: len(running.descendants()) == 2)
        assert running.stop() == 0
    assert "Traceback" not in running.said
