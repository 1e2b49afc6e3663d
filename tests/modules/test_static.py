"""Files as answers. What they look like on the wire is compared with nginx in tests/against_nginx/."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import BIG, Ask
from .fake_stream import FakeStream

DATE = "Tue, 14 Nov 2023 22:13:20 GMT"
ETAG = '"6553f100-a"'
Errors = Callable[[], str]

pytestmark = pytest.mark.usefixtures("www")


@pytest.fixture
def client(stream: Ask) -> FakeStream:
    return stream("types { text/x txt; }")


@pytest.mark.parametrize("again", [False, True])
def test_a_small_file(client: FakeStream, again: bool) -> None:
    client.ask("/ten.txt")
    client.ask("/ten.txt", again=again)
    assert (client.status, client.body, client.ended) == (200, b"0123456789", True)
    assert client.response.fields == [
        (b"Content-Type", b"text/x"),
        (b"Last-Modified", DATE.encode()),
        (b"ETag", ETAG.encode()),
        (b"Accept-Ranges", b"bytes"),
    ]
    assert client.response.length == 10


def test_a_big_file(client: FakeStream) -> None:
    fds = len(os.listdir("/dev/fd"))
    for _ in range(2):
        client.ask("/big.bin")
        assert client.file == (0, len(BIG))
        assert (client.status, client.body, client.response.length) == (200, BIG, len(BIG))
        client.ask("/big.bin", method="HEAD")
        assert client.file is None
        assert (client.body, client.response.length) == (b"", len(BIG))
        client.ask("/big.bin", "If-None-Match: *")
        assert client.file is None
        assert client.status == 304
        client.ask("/big.bin", method="POST")
        assert client.status == 405
    assert len(os.listdir("/dev/fd")) == fds


def test_an_empty_file(client: FakeStream) -> None:
    client.ask("/empty")
    assert (client.status, client.response.length, client.body) == (200, 0, b"")


@pytest.mark.parametrize(
    ("method", "target", "status"),
    [
        ("GET", "/none.txt", 404),
        ("GET", "/ten.txt/more", 404),
        ("GET", "/" + "n" * 300, 404),
        ("POST", "/ten.txt", 405),
        ("POST", "/none.txt", 404),
        ("PUT", "/none.txt", 405),
        ("DELETE", "/", 405),
        ("POST", "/folder", 301),
        ("GET", "/folder/", 403),
        ("POST", "/folder/", 403),
    ],
)
def test_statuses(client: FakeStream, method: str, target: str, status: int) -> None:
    client.ask(target, method=method)
    assert client.status == status


def test_a_folder_without_slash(client: FakeStream) -> None:
    client.ask("/folder?a=b")
    assert client.field("location") == "http://localhost/folder/?a=b"


def test_names_are_bytes(client: FakeStream, www: Path) -> None:
    (www / os.fsdecode(b"\xff\n\xfe")).write_bytes(b"bytes")
    client.ask("/%FF%0A%FE")
    assert client.body == b"bytes"


def test_error_log(client: FakeStream, www: Path, errors: Errors) -> None:
    client.ask("/none%0A.txt")
    client.ask("/folder/")
    os.mkfifo(www / "fifo")
    client.ask("/fifo")
    assert client.status == 404
    first, second, third = errors().splitlines()
    process = f"{os.getpid()}#{os.getpid()}"
    assert f'[error] {process}: *1 open() "{www}/none\\x0a.txt" failed (2: No such file or directory), client' in first
    assert 'client: 192.0.2.1, server: , request: "GET /none%0A.txt HTTP/1.1", host: "localhost"' in first
    assert f'[error] {process}: *1 directory index of "{www}/folder/" is forbidden' in second
    assert f'[crit] {process}: *1 "{www}/fifo" is not a regular file' in third


def test_log_not_found_off(stream: Ask, errors: Errors) -> None:
    client = stream("log_not_found off;")
    client.ask("/none")
    assert (client.status, errors()) == (404, "")


@pytest.mark.parametrize(
    ("number", "status", "level"),
    [("EACCES", 403, "error"), ("ELOOP", 403, "error"), ("EMFILE", 500, "crit"), ("EIO", 500, "crit")],
)
def test_files_that_do_not_open(
    client: FakeStream, errors: Errors, monkeypatch: pytest.MonkeyPatch, number: str, status: int, level: str
) -> None:
    def fail(path: bytes, flags: int) -> int:
        raise OSError(getattr(errno, number), "a reason")

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", fail)
        client.ask("/ten.txt")
    assert client.status == status
    assert f"[{level}]" in errors()
    assert "a reason" in errors()


def test_nothing_outside_an_alias(stream: Ask, tmp_path: Path, errors: Errors) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    client = stream("location /files { alias html/; }")
    client.ask("/files/ten.txt")
    assert client.status == 200
    client.ask("/files../secret")
    assert client.status == 404
    assert '"/files../secret" does not lead to a path below root or alias' in errors()


@pytest.mark.parametrize("target", ["/ten.txt", "/big.bin"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_ranges(client: FakeStream, target: str, method: str) -> None:
    content = BIG if target == "/big.bin" else b"0123456789"
    for _ in range(2):
        client.ask(target, "Range: bytes=2-4", method=method)
        assert (client.status, client.field("Content-Range")) == (206, f"bytes 2-4/{len(content)}")
        assert client.field("Accept-Ranges") is None
        assert client.response.length == 3
        assert client.body == (content[2:5] if method == "GET" else b"")


def test_several_ranges(client: FakeStream) -> None:
    client.ask("/ten.txt", "Range: bytes=0-1,8-9")
    assert client.status == 206
    kinds = [value for name, value in client.response.fields if name == b"Content-Type"]
    assert len(kinds) == 1
    assert kinds[0].startswith(b"multipart/byteranges; boundary=")
    assert client.response.length == len(client.body)
    assert b"Content-Type: text/x\r\nContent-Range: bytes 8-9/10\r\n\r\n89\r\n" in client.body
    client.ask("/big.bin", "Range: bytes=0-1,8-9", method="HEAD")
    assert client.status == 206
    assert client.body == b""


def test_not_satisfiable(client: FakeStream) -> None:
    client.ask("/ten.txt", "Range: bytes=10-")
    assert (client.status, client.field("Content-Range")) == (416, "bytes */10")
    assert client.field("ETag") is None


def test_max_ranges_0(stream: Ask) -> None:
    client = stream("max_ranges 0;")
    for fields in ([], ["Range: bytes=0-1"]):
        client.ask("/ten.txt", *fields)
        assert (client.status, client.body, client.field("Accept-Ranges")) == (200, b"0123456789", None)


def test_not_modified(client: FakeStream) -> None:
    client.ask("/ten.txt", f"If-None-Match: {ETAG}")
    assert (client.status, client.body, client.response.length) == (304, b"", None)
    assert client.response.fields == [(b"Last-Modified", DATE.encode()), (b"ETag", ETAG.encode())]


def test_precondition_failed(client: FakeStream) -> None:
    client.ask("/ten.txt", 'If-Match: "x"')
    assert client.status == 412
    assert b"412 Precondition Failed" in client.body


def test_etag_off(stream: Ask) -> None:
    client = stream("etag off;")
    client.ask("/ten.txt")
    assert client.field("ETag") is None
    client.ask("/ten.txt", f"If-None-Match: {ETAG}")
    assert client.status == 200


def test_conditions_do_not_reach_those_who_set_none(client: FakeStream) -> None:
    """What is kept is the file, never what one client asked of it."""
    client.ask("/ten.txt")
    for fields in (["Range: bytes=0-1"], ["If-None-Match: *"], ["Range: bytes=0-1,3-4"]):
        client.ask("/ten.txt", *fields)
        assert client.status != 200
        client.ask("", again=True)
        assert client.status != 200
        client.ask("/ten.txt")
        assert (client.status, client.body) == (200, b"0123456789")
        assert client.field("Content-Range") is None


def test_pages_of_errors(stream: Ask) -> None:
    client = stream("error_page 404 /gone.html; error_page 403 =200 /gone.html;")
    for _ in range(2):
        client.ask("/none", "Range: bytes=0-1", "If-None-Match: *")
        assert (client.status, client.body) == (404, b"gone")
        assert client.field("ETag") is not None
        assert client.field("Last-Modified") is client.field("Accept-Ranges") is None
        client.ask("/gone.html")
        assert client.status == 200
        client.ask("/folder/", "Range: bytes=0-1")
        assert (client.status, client.body) == (206, b"go")
        client.ask("/folder/", "If-None-Match: *")
        assert client.status == 304
