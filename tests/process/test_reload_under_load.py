"""Ten reloads in a row under every kind of load lose no request."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Callable
from pathlib import Path

from .running import Running, free_ports, until
from .visitors import DOWNLOAD, Visitors, serve

Start = Callable[..., Running]
RELOADS = 10


def test_no_request_is_lost(folder: Path, start: Start) -> None:
    folder.chmod(0o755)
    (folder / "file").write_bytes(bytes(DOWNLOAD))
    (port,) = free_ports(1)
    with socket.create_server(("127.0.0.1", 0), backlog=511) as listening:
        threading.Thread(target=serve, args=(listening,), daemon=True).start()
        (folder / "nginx.conf").write_text(
            f"pid run.pid; worker_processes 2; events {{}} http {{ access_log off;"
            f"server {{ listen 127.0.0.1:{port}; root {folder};"
            f"location / {{ proxy_pass http://127.0.0.1:{listening.getsockname()[1]}; }}"
            "location /socket { proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection Upgrade;"
            f"proxy_pass http://127.0.0.1:{listening.getsockname()[1]}; }}"
            "location = /file { } } }"
        )
        running = start("nginx.conf").ready()
        visitors = Visitors(port)
        try:
            visitors.send(visitors.websocket, 2)
            visitors.send(visitors.events, 2)
            visitors.send(visitors.download, 2)
            visitors.send(visitors.upload, 2)
            visitors.send(visitors.short, 2)
            visitors.send(visitors.kept, 2)
            until(lambda: len(visitors.done) >= 3)
            visited = visitors.done["short"]
            for number in range(1, RELOADS + 1):
                running.signal(signal.SIGHUP)
                running.says("configuration loaded anew", number)
        finally:
            visitors.stop()
        assert visitors.failures == []
        assert visitors.done.keys() == {"short", "kept", "upload", "download", "events", "websocket", "pings"}
        assert visitors.done["websocket"] == 2
        assert visitors.done["short"] > visited + 100
        # those of older configurations have nothing left to do
        until(lambda: len(running.descendants()) == 2)
        assert running.stop() == 0
    assert "Traceback" not in running.said
