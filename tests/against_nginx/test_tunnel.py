"""CONNECT, where tunnel_pass makes tunnels and where it does not."""

from __future__ import annotations

import pytest

from .exchange import ANSWER, Exchange, Step, get, raw
from .pair import Pair
from .upstream import CLOSE, Reply, answer

CONFIG = """
    log_format tunnel "$status $request_method $uri $host $request_port $is_request_port $upstream_status";
    access_log @prefix@/access.log tunnel if=$upstream_status;
    server {
        listen 127.0.0.1:@main@;
        add_header X-Added a;
        tunnel_pass @upstream@;
    }
    server {
        listen 127.0.0.1:@named@;
        root @folder@/www;
        location / {
            if ($request_method = CONNECT) {
                tunnel_pass;
                error_page 502 /errors/50x.html;
                break;
            }
        }
    }
    server {
        listen 127.0.0.1:@none@;
        root @folder@/www;
    }
    server {
        listen 127.0.0.1:@locked@;
        auth_basic "closed";
        auth_basic_user_file @folder@/passwords;
        tunnel_pass @upstream@;
    }
    server {
        listen 127.0.0.1:@none@;
        server_name tunnels;
        tunnel_pass @upstream@;
    }
"""


def connect(target: str, *fields: str, version: str = "1.1") -> bytes:
    lines = (f"CONNECT {target} HTTP/{version}", "Host: field:1", *fields)
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


def refused(name: str, target: str, status: int = 400, at: str = "main") -> Exchange:
    return Exchange(name, connect(target), status, at=at, methods=("GET",))


def through(name: str, *steps: Step) -> Exchange:
    """The server at the other end answers, and closes: so does the tunnel."""
    reply = Reply(*answer().steps, CLOSE)
    return Exchange(name, steps, (200, 200), upstream=reply, methods=("HEAD", "GET"), contains="GET /x", logs=1)


EXCHANGES = [
    through("through it", connect("a:80"), ANSWER, get("/x")),
    through("all at once", connect("a:80") + get("/x")),
    Exchange("get", get("/"), 405),
    Exchange("get where tunnels are one way", get("/ten.txt"), 200, at="named"),
    Exchange("nobody there", connect("127.0.0.1:1"), 502, at="named", logs=1, methods=("GET",)),
    refused("no tunnels here", "127.0.0.1:80", 405, at="none"),
    Exchange("HTTP/1.0", connect("a:80", version="1.0"), 405, methods=("GET",)),
    Exchange("with a body", connect("a:80", "Content-Length: 3") + b"abc", 400, methods=("GET",)),
    Exchange("no Host", raw("CONNECT a:80 HTTP/1.1\n\n"), 400, methods=("GET",)),
    refused("no credentials", "a:80", 407, at="locked"),
    refused("a path", "a:80/"),
    refused("a query", "a:80?"),
    refused("a fragment", "a:80#"),
    refused("a user", "user:pass@a:80"),
    refused("a scheme", "http://a:80"),
    refused("no port", "a"),
    refused("an empty port", "a:"),
    refused("no host", ":80"),
    refused("neither", ":"),
    refused("a port too many", "a:65536"),
    refused("a port that is none", "a:http"),
]


@pytest.mark.parametrize("exchange", EXCHANGES, ids=str)
def test_tunnel(pair: Pair, exchange: Exchange) -> None:
    pair.compare(exchange)
