"""What systems install as /etc/nginx runs as it is: Debian's layout, the container image's, this machine's own."""

from __future__ import annotations

import getpass
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from .running import Running, connection, free_ports, get, read_all, until

Start = Callable[..., Running]

STOCK = Path(__file__).parent / "stock"
MIME_TYPES = Path(__file__).parents[2] / "conf" / "mime.types"
MACHINE = Path("/etc/nginx")


def install(source: Path, folder: Path, replacements: dict[str, str]) -> None:
    """Copy a configuration, its paths and ports changed to those of this test."""
    for path in sorted(source.rglob("*")):
        target = folder / path.relative_to(source)
        if path.is_dir():
            target.mkdir(parents=True, exist_ok=True)
            continue
        text = path.read_bytes().decode("utf-8", "surrogateescape")
        for old, new in replacements.items():
            text = text.replace(old, new)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.encode("utf-8", "surrogateescape"))
    for name in ("run", "log"):
        (folder / name).mkdir(exist_ok=True)


def ask(port: int, path: str, host: str) -> bytes:
    with connection(port) as sock:
        sock.sendall(f"GET {path} HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
        return read_all(sock)


def run(name: str, folder: Path, start: Start) -> tuple[Running, int]:
    (port,) = free_ports(1)
    install(STOCK / name, folder, {"@folder@": str(folder), "@port@": str(port), "@user@": getpass.getuser()})
    shutil.copy(MIME_TYPES, folder)
    if (folder / "sites-available").exists():
        (folder / "sites-enabled").mkdir()
        for site in (folder / "sites-available").iterdir():
            (folder / "sites-enabled" / site.name).symlink_to(site)
    running = start("-p", str(folder), "-c", str(folder / "nginx.conf")).ready()
    return running, port


def test_debian(folder: Path, start: Start) -> None:
    running, port = run("debian", folder, start)
    first = get(port)
    assert b"Debian's first page" in first
    assert b"\r\nServer: pyproxy\r\n" in first
    assert b"\r\nContent-Type: text/html\r\n" in first
    assert b" 404 " in get(port, "/missing")
    assert b" 403 " in get(port, "/.htaccess")
    assert b"Debian's first page" in ask(port, "/hello/", "www.app.example.com")
    assert b"Location: http://app.example.com/hello/" in ask(port, "/", "app.example.com")
    until(lambda: (folder / "log" / "access.log").read_text().count('"GET /') >= 5)
    assert (folder / "run" / "nginx.pid").read_text().strip() == str(running.process.pid)
    assert running.stop() == 0


def test_the_image(folder: Path, start: Start) -> None:
    running, port = run("image", folder, start)
    assert b"first page of the image" in get(port)
    broken = get(port, "/broken")
    assert b" 500 " in broken
    assert b"Something is wrong" in broken
    until(lambda: '"GET /broken HTTP/1.1" 500' in (folder / "log" / "access.log").read_text())
    assert running.stop() == 0


@pytest.mark.skipif(not (MACHINE / "sites-available" / "default").exists(), reason="no Debian nginx on this machine")
def test_this_machine_s_own(folder: Path, start: Start) -> None:
    (port,) = free_ports(1)
    changes = {
        "/etc/nginx": str(folder / "etc"),
        "/run/nginx.pid": str(folder / "etc" / "run" / "pid"),
        "/var/log/nginx": str(folder / "etc" / "log"),
        "/var/www/html": str(folder / "html"),
        "user www-data": f"user {getpass.getuser()}",
        "listen 80 ": f"listen 127.0.0.1:{port} ",
        "listen [::]:80 ": f"listen [::1]:{port} ",
    }
    install(MACHINE, folder / "etc", changes)
    (folder / "html").mkdir()
    (folder / "html" / "index.nginx-debian.html").write_text("the machine's own")
    running = start("-c", str(folder / "etc" / "nginx.conf")).ready()
    assert get(port).endswith(b"the machine's own")
    assert running.stop() == 0
