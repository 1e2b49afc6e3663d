"""ngx_http_variables: what a request, its connection and its answer are called in configurations."""

from __future__ import annotations

import os
import secrets
import socket
import struct
import time
from collections.abc import Callable

from pyproxy import __version__
from pyproxy.config.schema import Module
from pyproxy.core.cookies import find_cookie
from pyproxy.core.credentials import CREDENTIALS, basic_credentials
from pyproxy.core.dates import iso_time, log_time
from pyproxy.core.field_getter import FieldGetter, NamesGetter
from pyproxy.core.message import Names
from pyproxy.core.request import REWRITTEN, Request
from pyproxy.core.response import BARE, Response
from pyproxy.core.variables import Depends, Getter, Variable, VariableFamily, once
from pyproxy.http1.host import split_host

CONSTANT, CONNECTION, HEAD, REQUEST = Depends


def _constant(name: str, value: str) -> Variable:
    data = value.encode()
    return Variable(name, lambda request: data, CONSTANT)


class _RemoteUser(NamesGetter):
    """The name in ``Authorization: Basic``, whether or not anybody checked it."""

    __slots__ = ()

    def __call__(self, request: Request) -> bytes | None:
        given = basic_credentials(request)
        return None if given is None else given[0]

    def among(self, names: Names) -> Getter | None:
        return None if CREDENTIALS.isdisjoint(names.first) else self


def _remote_port(request: Request) -> bytes:
    # a client that another has told of may have none
    port = request.stream.remote_port
    return b"%d" % port if port else b""


def _status(request: Request) -> bytes:
    # what error_page insists on counts, though a part or a 304 is sent of its page
    status = request.error_status or (0 if request.response is None else request.response.status)
    return b"%03d" % status


def _completion(request: Request) -> bytes:
    return b"OK" if request.complete else b""


def _request_id(request: Request) -> bytes:
    return secrets.token_hex(16).encode()


def _request_length(request: Request) -> bytes:
    head = request.head
    body = request.stream.body_read if head.content_length or head.chunked else 0
    return b"%d" % (head.length + body)


def _content_length(request: Request) -> bytes | None:
    """As sent; of a body that came in chunks, the bytes once they have been read."""
    if request.head.chunked and request.body is not None:
        return b"%d" % request.body.size
    return request.head.fields.get(b"content-length")


def _tcp_info(offset: int) -> Getter:
    """A number in Linux's struct tcp_info."""

    def get(request: Request) -> bytes | None:
        info = request.stream.tcp_info()
        return None if info is None or len(info) < offset + 4 else b"%d" % struct.unpack_from("I", info, offset)[0]

    return get


def _elapsed(request: Request) -> bytes:
    return b"%.3f" % max(0.0, time.time() - request.started)


def _cookie(name: str) -> Getter:
    wanted = name.encode()
    return lambda request: find_cookie(request.route.head.fields, wanted)


def _argument(name: str) -> Getter:
    wanted = name.encode()

    def get(request: Request) -> bytes | None:
        for pair in request.args.split(b"&"):
            key, equals, text = pair.partition(b"=")
            if equals and key.lower() == wanted:
                return text
        return None

    return get


def _header(name: str) -> Getter:
    wanted = name.replace("_", "-").encode()
    return FieldGetter(wanted, b"; " if wanted == b"cookie" else b", ")


def _transfer_encoding(request: Request, response: Response) -> bytes | None:
    has_body = not request.head_only and response.status not in BARE
    return b"chunked" if response.length is None and has_body and request.head.version == 11 else None


def _connection(request: Request, response: Response) -> bytes:
    if response.status == 101:
        return b"upgrade"
    # in access lines it is always the latter, as in nginx
    return b"keep-alive" if request.stream.keep_alive and not request.finished else b"close"


def _keep_alive(request: Request, response: Response) -> bytes | None:
    seconds = request.location.limits.keepalive_timeout_header
    return b"timeout=%d" % seconds if seconds and _connection(request, response) == b"keep-alive" else None


# what the connection says, and not the response
_FRAMING: dict[bytes, Callable[[Request, Response], bytes | None]] = {
    b"connection": _connection,
    b"keep-alive": _keep_alive,
    b"transfer-encoding": _transfer_encoding,
}


def _sent_trailer(name: str) -> Getter:
    wanted = name.replace("_", "-").encode()

    def get(request: Request) -> bytes | None:
        trailers = None if request.response is None else request.response.trailers
        values = [value for key, value in trailers or () if key.lower() == wanted]
        return b", ".join(values) or None

    return get


def _request_body(request: Request) -> bytes | None:
    """Where the body was read whole, and memory was enough."""
    body = request.body
    return None if body is None or body.in_file or not body.size else body.read(0, body.size)


def _request_body_file(request: Request) -> bytes | None:
    """Where the body's file is; only with ``client_body_in_file_only`` it can be opened."""
    path = None if request.body is None else request.body.path
    return None if path is None else os.fsencode(path)


def _request_port(request: Request) -> bytes:
    """The port that the client has named."""
    head = request.head
    named = split_host(head.authority or head.fields.get(b"host") or b"")
    return b"%d" % named[1] if named is not None and named[1] else b""


def _sent_header(name: str) -> Getter:
    wanted = name.replace("_", "-").encode()

    def get(request: Request) -> bytes | None:
        response = request.response
        if response is None:
            return None
        if wanted == b"content-length":
            return None if response.length is None else b"%d" % response.length
        if wanted in _FRAMING:
            return _FRAMING[wanted](request, response)
        values = [value for key, value in response.fields if key.lower() == wanted]
        return b", ".join(values) if values else None

    return once(f"sent_http_{name}", get)


def _binary_remote_addr(request: Request) -> bytes:
    address = request.stream.remote_addr
    if b"." in address and b":" not in address:
        return socket.inet_aton(address.decode())
    if address.startswith(b"unix:"):
        return address
    return socket.inet_pton(socket.AF_INET6, address.partition(b"%")[0].decode())


def _host(request: Request) -> bytes:
    return request.head.host or request.server.name


def _uri(request: Request) -> bytes | None:
    # nothing of a target that is not to be used, None of a line that was not understood
    return request.uri or (b"" if request.head.target else None)


def _request_line(request: Request) -> bytes | None:
    return request.route.head.line or None


def _server_protocol(request: Request) -> bytes | None:
    line = request.head.line
    if request.head.version:
        return line.rpartition(b" ")[2]
    return b"" if b" HTTP/" in line else None


def _request_method(request: Request) -> bytes | None:
    return request.main.method or None


def _set_args(request: Request, value: bytes) -> None:
    request.args = value
    request.rewritten = max(request.rewritten, REWRITTEN)
    request.moved = True


def _server_port(request: Request) -> bytes:
    port = request.stream.local_port
    return b"%d" % port if port else b""  # a unix socket has none


MODULE = Module(
    name="variables",
    variables=(
        _constant("nginx_version", __version__),
        _constant("hostname", socket.gethostname().lower()),
        Variable("pid", lambda request: b"%d" % os.getpid(), CONSTANT),
        Variable("remote_addr", lambda request: request.stream.remote_addr, CONNECTION),
        Variable("binary_remote_addr", _binary_remote_addr, CONNECTION),
        Variable("remote_port", _remote_port, CONNECTION),
        Variable("server_addr", lambda request: request.stream.local_addr, CONNECTION),
        Variable("server_port", _server_port, CONNECTION),
        Variable("scheme", lambda request: request.stream.scheme, CONNECTION),
        Variable("https", lambda request: b"on" if request.stream.scheme == b"https" else b"", CONNECTION),
        Variable("connection", lambda request: b"%d" % request.stream.serial, CONNECTION),
        Variable("connection_requests", lambda request: b"%d" % request.stream.requests),
        Variable("connection_time", lambda request: b"%.3f" % max(0.0, time.time() - request.stream.opened)),
        Variable("pipe", lambda request: b"p" if request.stream.pipelined else b"."),
        Variable("tcpinfo_rtt", _tcp_info(68)),
        Variable("tcpinfo_rttvar", _tcp_info(72)),
        Variable("tcpinfo_snd_cwnd", _tcp_info(80)),
        Variable("tcpinfo_rcv_space", _tcp_info(96)),
        Variable("host", _host, HEAD),
        Variable("request_port", _request_port, HEAD),
        Variable("is_request_port", lambda request: b":" if _request_port(request) else b"", HEAD),
        Variable("request_body", once("request_body", _request_body)),
        Variable("request_body_file", once("request_body_file", _request_body_file)),
        Variable("uri", _uri, HEAD),
        Variable("document_uri", _uri, HEAD),
        Variable("request_uri", lambda request: request.head.target or None, HEAD),
        Variable("args", lambda request: request.args or None, HEAD, set=_set_args),
        Variable("query_string", lambda request: request.args or None, HEAD),
        Variable("is_args", lambda request: b"?" if request.args else b"", HEAD),
        Variable("request", _request_line, HEAD),
        Variable("request_method", _request_method, HEAD),
        Variable("server_protocol", _server_protocol, HEAD),
        Variable("server_name", lambda request: request.server.name, HEAD),
        Variable("remote_user", _RemoteUser(), HEAD),
        Variable("content_length", _content_length),
        Variable("content_type", _header("content_type"), HEAD),
        Variable("status", _status),
        Variable("body_bytes_sent", lambda request: b"%d" % request.sent),
        Variable("bytes_sent", lambda request: b"%d" % (request.head_size + request.sent)),
        Variable("request_length", _request_length),
        Variable("request_time", _elapsed),
        Variable("request_id", once("request_id", _request_id)),
        Variable("request_completion", once("request_completion", _completion)),
        Variable("time_local", lambda request: log_time(int(time.time()))),
        Variable("time_iso8601", lambda request: iso_time(int(time.time()))),
        Variable("msec", lambda request: b"%.3f" % time.time()),
        VariableFamily("http_", _header, HEAD),
        VariableFamily("arg_", _argument, HEAD),
        VariableFamily("cookie_", _cookie, HEAD),
        VariableFamily("sent_http_", _sent_header),
        VariableFamily("sent_trailer_", _sent_trailer),
    ),
)
