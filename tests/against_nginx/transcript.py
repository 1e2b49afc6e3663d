"""What happened in an exchange, as text that two servers can be compared by.

Every difference that is not counted as one is in this file, and only here:

- the order of header fields with different names (fields of one name keep their order);
- the server's own name and version, in ``Server`` and in the pages it generates, and the ``Content-Length`` that
  follows from their length; an answer to HEAD that announces such a page shows no length;
- the value of ``Date``, when it is a date;
- the numbers of ports (which are shown by their names);
- the boundary of a multipart answer;
- where chunks begin and end (that the body was chunked is compared);
- how well a gzip is compressed (what comes out of it is compared);
- times, remote ports and numbers of connections in access-log lines;
- times, processes and numbers of connections in error-log lines, and lines that are not about a request: those of the
  process itself, and of a client that leaves between two requests.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import re
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from .client import Conversation
from .messages import Message
from .upstream import Connection

NAME = rb"(?:nginx|pyproxy)"
SERVER = re.compile(rb"^%b(/[\w.]+)?$" % NAME)
SIGNATURE = re.compile(rb"<center>%b(/[\w.]+)?</center>" % NAME)
DATE = re.compile(rb"^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$")
BOUNDARY = re.compile(rb"boundary=([0-9A-Za-z]+)")
LOG_TIME = re.compile(rb"\[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\]")

ERROR = re.compile(rb"^\S+ \S+ (\[\w+\]) \d+#\d+: \*\d+ (?!.*closed keepalive connection)(.*)$")

LONG_BODY = 2000
"""Bodies longer than this (bytes) are shown by their hash."""


def transcript(
    talk: Conversation, connections: Sequence[Connection], log: Sequence[bytes], ports: Mapping[str, int]
) -> str:
    """All that client, upstream and access log saw."""
    lines: list[str] = []
    for answer in talk.answers:
        lines += ["client <", *_answer(answer, ports), ""]
    if talk.tunnel:
        lines += ["tunnel <", f"  {_content(talk.tunnel)}", ""]
    lines += [f"connection: {talk.end}"]
    for number, connection in enumerate(connections, 1):
        for request in connection.requests:
            lines += ["", f"upstream connection {number} >", *_request(request, ports)]
        if connection.tunnel:
            lines += [f"upstream connection {number} tunnel >", f"  {_content(connection.tunnel)}"]
        if connection.ended != "kept":
            lines += [f"upstream connection {number}: {connection.ended}"]
    lines += [f"log: {_log_line(line, ports)}" for line in log]
    return "\n".join(lines)


def _answer(message: Message, ports: Mapping[str, int]) -> list[str]:
    headers = [(name, _header(name.lower(), value, ports)) for name, value in message.headers]
    body = message.body
    if message.get(b"content-encoding") == b"gzip":
        with contextlib.suppress(zlib.error, EOFError, OSError):
            body = gzip.decompress(body)
    body = SIGNATURE.sub(lambda found: b"<center><server%b></center>" % (b"/version" if found[1] else b""), body)
    kind = message.get(b"content-type") or b""
    if kind.startswith(b"multipart/") and (found := BOUNDARY.search(kind)):
        body = body.replace(found[1], b"<boundary>")
        headers = [(name, BOUNDARY.sub(b"boundary=<boundary>", value)) for name, value in headers]
    body = _ports(body, ports)
    if message.framing == "length" and message.complete:
        headers = [(n, b"%d" % len(body) if n.lower() == b"content-length" else v) for n, v in headers]
    elif message.framing == "none" and message.status >= 300 and message.status != 304:
        headers = [(n, b"<length of the page>" if n.lower() == b"content-length" else v) for n, v in headers]
    return [f"  {_text(message.first_line)}", *_fields(headers), *_body(message, body)]


def _header(name: bytes, value: bytes, ports: Mapping[str, int]) -> bytes:
    if name == b"server" and (found := SERVER.match(value)):
        return b"<server/version>" if found[1] else b"<server>"
    if name == b"date" and DATE.match(value):
        return b"<date>"
    return _ports(value, ports)


def _request(message: Message, ports: Mapping[str, int]) -> list[str]:
    headers = [(name, _ports(value, ports)) for name, value in message.headers]
    first = _text(_ports(message.first_line, ports))
    return [f"  {first}", *_fields(headers), *_body(message, _ports(message.body, ports))]


def _fields(headers: Sequence[tuple[bytes, bytes]]) -> list[str]:
    ordered = sorted(headers, key=lambda pair: pair[0].lower())
    return [f"  {_text(name)}: {_text(value)}" for name, value in ordered]


def _body(message: Message, body: bytes) -> list[str]:
    lines = [f"  ({message.framing}) {_content(body)}"] if body or message.framing != "none" else []
    if message.trailers:
        lines += [f"  (trailers) {message.trailers!r}"]
    return lines if message.complete else [*lines, "  (incomplete)"]


def _content(data: bytes) -> str:
    return f"{len(data)} bytes, sha256 {hashlib.sha256(data).hexdigest()[:16]}" if len(data) > LONG_BODY else repr(data)


def _ports(value: bytes, ports: Mapping[str, int]) -> bytes:
    for name, port in ports.items():
        value = value.replace(b"%d" % port, b"@%b@" % name.encode())
    return value


def _log_line(line: bytes, ports: Mapping[str, int]) -> str:
    return _text(_ports(LOG_TIME.sub(b"[<time>]", line), ports))


def error_line(line: bytes, prefix: Path) -> bytes | None:
    """A line of an error log as it is compared, None for one that is not."""
    found = ERROR.match(line.replace(b"Operation timed out", b"Connection timed out"))
    return None if found is None else b"%b %b" % (found[1], found[2].replace(bytes(prefix), b"@prefix@"))


def _text(value: bytes) -> str:
    return repr(value)[2:-1].replace('\\"', '"').replace("\\'", "'")
