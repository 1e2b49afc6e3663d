"""A site in front of a program."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from .running import PATIENCE, Running, free_ports, get

Start = Callable[..., Running]

SERVER = """
import http.server, os, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = b"%d" % os.getpid() if self.path == "/pid" else b"from the program"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


class Site:
    """A site in front of a program."""

    def __init__(self, folder: Path, start: Start) -> None:
        self.folder = folder
        self._start = start
        self.port, self.app = free_ports(2)
        (folder / "server.py").write_text(SERVER)
        (folder / "run").mkdir()
        self.running: Running

    def write(self, command: str, options: str = "") -> None:
        (self.folder / "programs.conf").write_text(f"[program:app]\ncommand={command}\n{options}")
        (self.folder / "nginx.conf").write_text(
            f"pid run.pid; events {{}} include programs.conf;\nhttp {{ server {{ listen 127.0.0.1:{self.port};"
            f"location / {{ proxy_pass http://127.0.0.1:{self.app}; }} location /site {{ return 200 site; }} }} }}"
        )

    def more(self, text: str) -> None:
        """Further programs."""
        with (self.folder / "programs.conf").open("a") as file:
            file.write(text)

    @property
    def command(self) -> str:
        return shlex.join([sys.executable, str(self.folder / "server.py"), str(self.app)])

    def start(self, *arguments: str, temporary: str = "run") -> Running:
        environment = {**os.environ, "TMPDIR": str(self.folder / temporary)}
        for file in ("out", "err"):  # what an earlier run has said
            (self.folder / file).unlink(missing_ok=True)
        self.running = self._start("nginx.conf", *arguments, env=environment, start_new_session=True)
        return self.running

    def left(self) -> list[str]:
        """The files that a run has left, apart from the programs' logs."""
        return sorted({*os.listdir(self.folder)} - {"server.py", "nginx.conf", "programs.conf", "out", "err", "logs"})

    def pid(self) -> int:
        """The program's process id, asked through the site; 0 while it does not answer."""
        head, _, body = get(self.port, "/pid").partition(b"\r\n\r\n")
        return int(body) if head.startswith(b"HTTP/1.1 200 ") else 0

    def supervisord(self) -> int:
        """supervisord's process id."""
        return int((self.folder / "run.pid.programs" / "supervisord.pid").read_text())

    def do(self, *words: str) -> tuple[int, str]:
        """``pyproxy status`` and its like: the exit status and all that it says."""
        result = subprocess.run(
            [sys.executable, "-m", "pyproxy", *words, "-c", "nginx.conf"],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE,
        )
        return result.returncode, result.stdout
