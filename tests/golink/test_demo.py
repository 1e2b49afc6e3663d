from __future__ import annotations

import hashlib
import json

import demo
import pytest
from golink_visitor import Visitor


def test_page_explains_every_endpoint(visitor: Visitor) -> None:
    page = visitor.page("/demo/")
    for name in ("headers", "upload", "events", "slow", "websocket"):
        assert f"<code>/demo/{name}</code>" in page
    assert "<code>/health</code>" in page


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_headers(visitor: Visitor, method: str) -> None:
    response = visitor.client.open("/demo/headers?a=1", method=method, headers={"X-Real-IP": "192.0.2.1"})
    seen = json.loads(response.text)
    assert seen["headers"]["X-Real-Ip"] == "192.0.2.1"
    assert seen["method"] == method
    assert seen["path"] == "/demo/headers?a=1"
    assert (seen["scheme"], seen["host"], seen["remote_addr"]) == ("http", "localhost", "127.0.0.1")


def test_headers_do_not_give_away_the_session(alice: Visitor) -> None:
    stored = alice.client.get_cookie("session")
    assert stored is not None
    alice.client.set_cookie("other", "visible")
    text = alice.get("/demo/headers").text
    assert stored.value not in text
    assert set(json.loads(text)["headers"]["Cookie"].split("; ")) == {"session=(hidden)", "other=visible"}


@pytest.mark.parametrize("method", ["PUT", "POST"])
@pytest.mark.parametrize("size", [0, 1, demo.CHUNK, 3_000_000])
def test_upload(visitor: Visitor, method: str, size: int) -> None:
    body = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    response = visitor.client.open("/demo/upload", method=method, data=body)
    assert response.json == {"size": size, "sha256": hashlib.sha256(body).hexdigest()}


def test_upload_of_a_form_hashes_the_file(visitor: Visitor) -> None:
    body = b"\r\n--hello" * 200_000
    head = b'--boundary\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n\r\n'
    form = head + body + b"\r\n--boundary--\r\n"
    response = visitor.client.post("/demo/upload", data=form, content_type="multipart/form-data; boundary=boundary")
    assert response.json == {"size": len(body), "sha256": hashlib.sha256(body).hexdigest()}


def test_upload_of_a_form_without_file(visitor: Visitor) -> None:
    response = visitor.client.post("/demo/upload", data={"a": "b"}, content_type="multipart/form-data")
    assert response.status_code == 400
    assert response.json == {"error": "the form must have one file"}


def test_upload_of_a_url_encoded_body_hashes_the_body(visitor: Visitor) -> None:
    response = visitor.client.post("/demo/upload", data={"a": "b"})
    assert response.json == {"size": 3, "sha256": hashlib.sha256(b"a=b").hexdigest()}


def test_events_are_yielded_one_by_one(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr(demo.time, "sleep", waits.append)
    with visitor.client.get("/demo/events?count=3&interval=0.5", buffered=False) as response:
        assert response.mimetype == "text/event-stream"
        assert response.headers["X-Accel-Buffering"] == "no"
        events = response.iter_encoded()
        first = next(events)
        assert first.startswith(b"id: 1\nevent: tick\ndata: {")
        assert first.endswith(b"}\n\n")
        assert waits == []
        assert next(events).startswith(b"id: 2\nevent: tick\n")
        assert waits == [0.5]
        assert next(events).startswith(b"id: 3\nevent: end\n")
        assert list(events) == []
        assert waits == [0.5, 0.5]


def test_slow(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr(demo.time, "sleep", waits.append)
    assert visitor.get("/demo/slow?seconds=30").json == {"seconds": 30}
    assert waits == [30]


@pytest.mark.parametrize(
    "query",
    [
        *(f"slow?seconds={value}" for value in ("31", "-1", "nan", "inf", "x", "")),
        *(f"events?count={value}" for value in ("0", "1001", "nan")),
        *(f"events?interval={value}" for value in ("11", "-1")),
    ],
)
def test_numbers_out_of_bounds(visitor: Visitor, query: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo.time, "sleep", lambda _: pytest.fail("it waited"))
    response = visitor.get(f"/demo/{query}")
    assert response.status_code == 400
    assert response.json is not None
    assert "must be a number from" in response.json["error"]


UPGRADE = {
    "Upgrade": "WebSocket",
    "Connection": "keep-alive, Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({}, 501),  # an honest handshake, but the test client has no socket
        ({"Upgrade": ""}, 426),
        ({"Connection": "keep-alive"}, 426),
        ({"Sec-WebSocket-Version": "8"}, 426),
        ({"Sec-WebSocket-Key": "c2hvcnQ="}, 426),
        ({"Sec-WebSocket-Key": "not base64"}, 426),
    ],
)
def test_websocket_handshake(visitor: Visitor, changed: dict[str, str], status: int) -> None:
    response = visitor.client.get("/demo/websocket", headers=UPGRADE | changed)
    assert response.status_code == status
    assert response.json is not None
    assert response.json["error"]
    assert (response.headers.get("Sec-WebSocket-Version") == "13") == (status == 426)
