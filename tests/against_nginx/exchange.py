"""One exchange: what a client sends, what the upstream answers, and what nginx is known to make of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

from .upstream import OK, Reply


class Act(Enum):
    """What a client can do besides sending bytes."""

    PAUSE = "let the bytes sent so far travel in a packet of their own"
    ANSWER = "read one message, an interim one too, before going on"
    UPSTREAM_ASKED = "wait until the upstream has read a whole request head"
    HALF_CLOSE = "say that nothing more will be sent"
    LEAVE = "close the connection without reading on"


PAUSE, ANSWER, UPSTREAM_ASKED = Act.PAUSE, Act.ANSWER, Act.UPSTREAM_ASKED
HALF_CLOSE, LEAVE = Act.HALF_CLOSE, Act.LEAVE


@dataclass(frozen=True)
class Until:
    """Read until these bytes have come: of an answer that goes on, or through an upgraded connection."""

    data: bytes


Step = bytes | Act | Until


@dataclass(frozen=True)
class Deviation:
    """Where pyproxy differs from nginx on purpose: what it answers instead, and why."""

    status: int | tuple[int, ...]
    why: str
    contains: str = ""
    """What pyproxy's side of the transcript must show."""
    lacks: str = ""
    """What pyproxy's side of the transcript must not show."""


@dataclass(frozen=True)
class Exchange:
    """A raw exchange; both servers run it, and everything that can be observed must be equal.

    ``status`` is what nginx answers, every final answer in order; empty if it answers nothing. It keeps an exchange
    from passing because both servers misunderstood it in the same way.
    """

    name: str
    send: bytes | Sequence[Step]
    status: int | tuple[int, ...] = 200
    upstream: Reply | tuple[Reply, ...] = (OK,)
    at: str = "main"
    """The port, by the name of its placeholder in the configuration."""
    methods: tuple[str, ...] | None = None
    """The method of every request answered, needed to frame the answers; by default the first request's for all."""
    logs: int = 0
    """How many access-log lines to wait for and compare."""
    errors: int = 0
    """How many error-log lines to wait for and compare."""
    deviates: Deviation | None = None
    contains: str = ""
    """What nginx's side of the transcript must show, when the status alone does not prove the point."""
    lacks: str = ""
    """What nginx's side of the transcript must not show."""

    steps: tuple[Step, ...] = field(init=False)

    def __post_init__(self) -> None:
        steps = (self.send,) if isinstance(self.send, bytes) else tuple(self.send)
        object.__setattr__(self, "steps", steps)

    def __str__(self) -> str:
        return self.name

    @property
    def statuses(self) -> tuple[int, ...]:
        return as_tuple(self.status)

    def method(self, index: int) -> str:
        """The method of the request that the answer number ``index`` belongs to."""
        if self.methods:
            return self.methods[min(index, len(self.methods) - 1)]
        first = b"".join(step for step in self.steps if isinstance(step, bytes)).lstrip(b"\r\n")
        return first.split(b" ", 1)[0].decode("latin-1")

    def one_byte_at_a_time(self) -> Exchange:
        """The same exchange with every byte sent on its own."""
        steps = [piece for step in self.steps for piece in (_bytes(step) if isinstance(step, bytes) else (step,))]
        values = {name: getattr(self, name) for name in self.__dataclass_fields__ if name not in ("send", "steps")}
        return Exchange(send=steps, **values)


def as_tuple(status: int | tuple[int, ...]) -> tuple[int, ...]:
    return (status,) if isinstance(status, int) else status


def _bytes(data: bytes) -> list[bytes]:
    return [data[i : i + 1] for i in range(len(data))]


def request(
    method: str,
    target: str | bytes,
    *headers: str | bytes,
    host: str | None = "localhost",
    version: str = "1.1",
    body: bytes = b"",
) -> bytes:
    """A request as bytes. Nothing is added but ``Host``: lengths and the like are part of the exchange."""
    lines = [b"%b %b HTTP/%b" % (method.encode(), _latin1(target), version.encode())]
    if host is not None:
        lines.append(b"Host: " + host.encode())
    lines += map(_latin1, headers)
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def raw(text: str) -> bytes:
    r"""Bytes as written, with \r\n for every newline of the text."""
    return text.replace("\n", "\r\n").encode("latin-1")


def get(target: str | bytes, *headers: str | bytes, host: str | None = "localhost", version: str = "1.1") -> bytes:
    return request("GET", target, *headers, host=host, version=version)


def head(target: str | bytes, *headers: str | bytes, host: str | None = "localhost", version: str = "1.1") -> bytes:
    return request("HEAD", target, *headers, host=host, version=version)


def post(target: str | bytes, body: bytes, *headers: str | bytes, version: str = "1.1") -> bytes:
    """A POST with a Content-Length."""
    return request("POST", target, f"Content-Length: {len(body)}", *headers, body=body, version=version)


def chunked(target: str | bytes, body: bytes, *headers: str | bytes) -> bytes:
    """A chunked POST; ``body`` carries its own chunk framing."""
    return request("POST", target, "Transfer-Encoding: chunked", *headers, body=body)


def _latin1(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("latin-1")
