"""Just enough HTTP to cut a byte stream into messages, for comparing them; it judges nothing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Message:
    """A message cut from a stream. ``complete`` is false when the stream ended inside it."""

    first_line: bytes
    headers: list[tuple[bytes, bytes]]
    body: bytes = b""
    framing: str = "none"
    """``none``, ``length``, ``chunked``, ``close`` (until the end of the stream) or ``raw`` (no head at all)."""
    complete: bool = True
    trailers: bytes = b""

    @property
    def status(self) -> int:
        """The status of an answer; 9 stands for HTTP/0.9, which has none."""
        parts = self.first_line.split(b" ")
        return int(parts[1]) if len(parts) > 1 and parts[1].isdigit() else 9

    def get(self, name: bytes) -> bytes | None:
        return next((value for key, value in self.headers if key.lower() == name), None)


def cut_answer(data: bytes, method: str, ended: bool) -> tuple[Message, bytes] | None:
    """The first answer in ``data`` and the bytes after it; None if more bytes are needed and may still come."""
    if not ended and len(data) < 5:
        return None
    if not data.startswith(b"HTTP/"):
        return (Message(b"", [], data, "raw"), b"") if ended else None
    message, rest = _cut_head(data)
    if message is None:
        return (Message(data, [], framing="none", complete=False), b"") if ended else None
    if method == "HEAD" or message.status < 200 or message.status in (204, 304):
        return message, rest
    if not _is_chunked(message) and message.get(b"content-length") is None:
        message.framing, message.body, message.complete = "close", rest, ended
        return (message, b"") if ended else None
    return _cut_body(message, rest, ended)


def cut_request(data: bytes, ended: bool) -> tuple[Message, bytes] | None:
    """The same for a request, as an upstream reads it."""
    message, rest = _cut_head(data)
    if message is None:
        return (Message(data, [], complete=False), b"") if ended else None
    if not _is_chunked(message) and message.get(b"content-length") is None:
        return message, rest
    return _cut_body(message, rest, ended)


def _cut_head(data: bytes) -> tuple[Message | None, bytes]:
    head, blank, rest = data.partition(b"\r\n\r\n")
    if not blank:
        return None, data
    first, *lines = head.split(b"\r\n")
    pairs = [line.partition(b":") for line in lines]
    return Message(first, [(name, value.removeprefix(b" ")) for name, _, value in pairs]), rest


def _is_chunked(message: Message) -> bool:
    return (message.get(b"transfer-encoding") or b"").lower() == b"chunked"


def _cut_body(message: Message, data: bytes, ended: bool) -> tuple[Message, bytes] | None:
    if _is_chunked(message):
        message.framing = "chunked"
        rest = _dechunk(message, data)
    else:
        message.framing = "length"
        length = int(message.get(b"content-length") or b"0")
        message.body, rest = data[:length], data[length:]
        message.complete = len(message.body) == length
    return (message, rest) if message.complete or ended else None


def _dechunk(message: Message, data: bytes) -> bytes:
    """Move the content of the chunks in ``data`` into the message; the rest is what follows the last one."""
    pieces = []
    message.complete = False
    while True:
        line, newline, rest = data.partition(b"\r\n")
        if not newline:
            break
        size = int(line.split(b";")[0], 16)
        if size == 0:
            trailers, blank, after = (b"\r\n" + rest).partition(b"\r\n\r\n")
            message.trailers, message.complete = trailers.removeprefix(b"\r\n"), bool(blank)
            data = after
            break
        pieces.append(rest[:size])
        if len(rest) < size + 2:
            break
        data = rest[size + 2 :]
    message.body = b"".join(pieces)
    return data
