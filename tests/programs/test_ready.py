from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pyproxy.programs.ready import Ready


@pytest.mark.parametrize(
    ("text", "address", "host", "path"),
    [
        ("http://127.0.0.1:8000/health?all=1", ("127.0.0.1", 8000), "127.0.0.1:8000", "/health?all=1"),
        ("http://localhost", ("localhost", 80), "localhost", "/"),
        ("http://[::1]:8000", ("::1", 8000), "[::1]:8000", "/"),
        ("http://unix:/run/app.sock:/health", "/run/app.sock", "localhost", "/health"),
        ("http://unix:/run/app.sock", "/run/app.sock", "localhost", "/"),
        ("tcp://127.0.0.1:8000", ("127.0.0.1", 8000), "127.0.0.1:8000", None),
        ("unix:/run/app.sock", "/run/app.sock", "localhost", None),
    ],
)
def test_what_may_be_written(text: str, address: tuple[str, int] | str, host: str, path: str | None) -> None:
    assert Ready.parse(text) == Ready(text, address, host, path)


@pytest.mark.parametrize(
    "text",
    [
        "8000",
        "127.0.0.1:8000",
        "https://localhost/",
        "tcp://localhost",
        "tcp://localhost:1/x",
        "unix:app.sock",
        "http://",
    ],
)
def test_what_may_not(text: str) -> None:
    with pytest.raises(ValueError, match="write "):
        Ready.parse(text)


def test_there_is_no_such_port() -> None:
    with pytest.raises(ValueError, match="there is no port 70000"):
        Ready.parse("tcp://localhost:70000")


@pytest.mark.parametrize(
    ("text", "is_local"),
    [
        ("tcp://127.0.0.2:1", True),
        ("tcp://localhost:1", True),
        ("tcp://[::1]:1", True),
        ("tcp://0.0.0.0:1", True),
        ("unix:/x", True),
        ("tcp://192.0.2.1:1", False),
        ("tcp://db.example.org:1", False),
    ],
)
def test_what_is_local(text: str, is_local: bool) -> None:
    assert Ready.parse(text).is_local is is_local


Answer = Callable[[bytes], str]


@pytest.fixture
def answer() -> Iterator[Answer]:
    """A server that answers one request with these bytes; where it is."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        threads = []

        def answer(data: bytes) -> str:
            def serve() -> None:
                client, _ = server.accept()
                with client:
                    client.recv(65536)
                    client.sendall(data)

            threads.append(threading.Thread(target=serve))
            threads[-1].start()
            return f"http://127.0.0.1:{server.getsockname()[1]}/"

        yield answer
        for thread in threads:
            thread.join()


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", ""),
        (b"HTTP/1.0 302 Found\r\nLocation: /login\r\n\r\n", ""),
        (b"HTTP/1.1 503 Service Unavailable\r\n\r\n", "the answer is 503 Service Unavailable"),
        (b"HTTP/1.1 404 \r\n\r\n", "the answer is 404"),
        (b"220 mail.example.org\r\n", "the answer is not HTTP"),
    ],
)
def test_answers(answer: Answer, data: bytes, problem: str) -> None:
    assert Ready.parse(answer(data)).problem() == problem


def test_nobody_there(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert Ready.parse(f"tcp://127.0.0.1:{port}").problem() == ""
        assert Ready.parse(f"tcp://127.0.0.1:{port}").answers()
    assert Ready.parse(f"tcp://127.0.0.1:{port}").problem() == "connection refused"
    assert Ready.parse(f"unix:{tmp_path}/x").problem() == "no such file or directory"
    assert not Ready.parse(f"unix:{tmp_path}/x").answers()
