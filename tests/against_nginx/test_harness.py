"""The comparison itself: it must see what it should see, and nothing else."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from .client import Conversation
from .exchange import Deviation, Exchange, get, head
from .messages import Message, cut_answer, cut_request
from .pair import Pair
from .transcript import transcript
from .upstream import CLOSE, Reply, Upstream

CONFIG = """
    server {
        listen 127.0.0.1:@main@;
        location / { proxy_pass http://@upstream@; }
    }
"""


def shown(answer: bytes, method: str = "GET", port: int = 40000) -> str:
    """The transcript of one answer."""
    cut = cut_answer(answer, method, ended=True)
    assert cut is not None
    return transcript(Conversation([cut[0]]), [], [], {"main": port})


def page(server: str, *, head: str = "Content-Type: text/html") -> bytes:
    """An error page as this server writes it."""
    body = f"<center>{server}</center>"
    return f"HTTP/1.1 404 No\r\nServer: {server}\r\n{head}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


EQUAL = {
    "names and versions": (page("nginx/1.31.3"), page("pyproxy/0.1.0")),
    "names": (page("nginx"), page("pyproxy")),
    "order of different names": (
        b"HTTP/1.1 204 No\r\nA: 1\r\nB: 2\r\n\r\n",
        b"HTTP/1.1 204 No\r\nB: 2\r\nA: 1\r\n\r\n",
    ),
    "dates": (
        b"HTTP/1.1 204 No\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n",
        b"HTTP/1.1 204 No\r\nDate: Mon, 07 Nov 1994 08:49:37 GMT\r\n\r\n",
    ),
    "chunks": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\n\r\n",
    ),
    "boundaries": (
        b"HTTP/1.1 200 OK\r\nContent-Type: multipart/byteranges; boundary=01\r\nContent-Length: 4\r\n\r\n--01",
        b"HTTP/1.1 200 OK\r\nContent-Type: multipart/byteranges; boundary=x\r\nContent-Length: 3\r\n\r\n--x",
    ),
}

DIFFERENT = {
    "name with version, and without": (page("nginx/1.31.3"), page("pyproxy")),
    "another server": (page("nginx"), page("gunicorn")),
    "order of one name": (b"HTTP/1.1 204 No\r\nA: 1\r\nA: 2\r\n\r\n", b"HTTP/1.1 204 No\r\nA: 2\r\nA: 1\r\n\r\n"),
    "a field twice": (b"HTTP/1.1 204 No\r\nA: 1\r\n\r\n", b"HTTP/1.1 204 No\r\nA: 1\r\nA: 1\r\n\r\n"),
    "case of a name": (b"HTTP/1.1 204 No\r\nDate: 1\r\n\r\n", b"HTTP/1.1 204 No\r\ndate: 1\r\n\r\n"),
    "a date that is none": (
        b"HTTP/1.1 204 No\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n",
        b"HTTP/1.1 204 No\r\nDate: now\r\n\r\n",
    ),
    "reason": (b"HTTP/1.1 204 No\r\n\r\n", b"HTTP/1.1 204 Yes\r\n\r\n"),
    "version": (b"HTTP/1.1 204 No\r\n\r\n", b"HTTP/1.0 204 No\r\n\r\n"),
    "length and chunks": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    ),
    "the last chunk": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n",
    ),
    "a body that is cut": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no",
    ),
    "long bodies": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n" + b"a" * 9000,
        b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n" + b"a" * 8999 + b"b",
    ),
}


@pytest.mark.parametrize("name", EQUAL)
def test_equal(name: str) -> None:
    one, other = EQUAL[name]
    assert shown(one) == shown(other)


@pytest.mark.parametrize("name", DIFFERENT)
def test_different(name: str) -> None:
    one, other = DIFFERENT[name]
    assert shown(one) != shown(other)


def test_ports_are_shown_by_name() -> None:
    answer = b"HTTP/1.1 301 Moved\r\nLocation: http://a:%d/\r\nContent-Length: 0\r\n\r\n"
    assert shown(answer % 40001, port=40001) == shown(answer % 40002, port=40002)
    assert shown(answer % 40001, port=40001) != shown(answer % 40001, port=40002)


def test_head_and_its_length() -> None:
    assert shown(page("nginx"), "HEAD").count("<length of the page>") == 1
    assert "Content-Length: 5" in shown(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "HEAD")


def test_answers_and_requests_are_cut_byte_by_byte() -> None:
    answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x\r\nok\r\n0\r\nX: 1\r\n\r\n"
    assert all(cut_answer(answer[:size], "GET", ended=False) is None for size in range(len(answer)))
    assert cut_answer(answer + b"more", "GET", ended=False) == (
        Message(b"HTTP/1.1 200 OK", [(b"Transfer-Encoding", b"chunked")], b"ok", "chunked", trailers=b"X: 1"),
        b"more",
    )
    request = b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nok"
    assert all(cut_request(request[:size], ended=False) is None for size in range(len(request)))


def failure(pair: Pair, exchange: Exchange) -> str:
    with pytest.raises(pytest.fail.Exception) as caught:
        pair.compare(exchange)
    return str(caught.value)


def test_a_wrong_status_is_reported(pair: Pair) -> None:
    assert "nginx should answer 404, not (200,)" in failure(pair, Exchange("wrong status", get("/"), 404))


def test_missing_text_is_reported(pair: Pair) -> None:
    assert "nginx should show 'X-None'" in failure(pair, Exchange("not there", get("/"), contains="X-None"))
    assert "and not 'GET /'" in failure(pair, Exchange("there", get("/"), lacks="GET /"))


def test_a_difference_is_reported(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """The servers differ when they are asked different things."""
    asked = iter((Exchange("", get("/one")), Exchange("", get("/two"))))
    run = pair.run
    monkeypatch.setattr(pair, "run", lambda server, exchange: run(server, next(asked)))
    assert "GET /two" in failure(pair, Exchange("different", get("/")))


def test_a_deviation_must_be_one(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pair.subject, "name", "pyproxy")
    deviating = Exchange("the same", get("/"), deviates=Deviation(200, "no reason"))
    assert "a deviation that is none" in failure(pair, deviating)


def test_upstream_says_how_a_connection_ended(tmp_path: Path) -> None:
    upstream = Upstream(tmp_path)
    try:
        upstream.begin((Reply(b"HTTP/1.1 200 OK\r\n\r\n", CLOSE),))
        with socket.create_connection(("127.0.0.1", upstream.port), 3) as sock:
            sock.sendall(head("/"))
            while sock.recv(100):
                pass
        (connection,) = upstream.finish()
    finally:
        upstream.close()
    assert connection.ended == "closed by the upstream"
    assert [request.first_line for request in connection.requests] == [b"HEAD / HTTP/1.1"]
