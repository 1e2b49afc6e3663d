"""limit_except: rules for some methods."""

from __future__ import annotations

import pytest

from .exchange import Exchange, get, head, post, request
from .pair import Pair

CONFIG = """
    upstream kept { server @upstream@; keepalive 1; }
    server {
        listen 127.0.0.1:@main@;
        root @root@;
        location /read/ { limit_except GET { deny all; } alias @root@/; }
        location /write/ { limit_except GET POST { deny all; } proxy_pass http://kept; add_header X-Y z; }
        location /rewritten/ { limit_except GET { deny all; } rewrite ^ /ten.txt last; }
        location /returned/ { limit_except GET { deny all; } return 200 "returned"; }
        location /else/ { limit_except GET { proxy_pass http://kept; } alias @root@/; }
        location /allowed/ { limit_except GET { allow all; } proxy_pass http://kept; }
        location /denied/ { deny all; limit_except POST { allow all; } proxy_pass http://kept; }
        location /page/ { error_page 403 /ten.txt; limit_except GET { deny all; } alias @root@/; }
    }
"""

EXCHANGES = [
    Exchange("GET", get("/read/ten.txt"), contains="0123456789"),
    Exchange("HEAD goes with GET", head("/read/ten.txt")),
    Exchange("POST", post("/read/ten.txt", b"x"), 403),
    Exchange("an unknown method", request("BREW", "/read/ten.txt"), 403),
    Exchange("two methods", post("/write/", b"x"), contains="POST /write/ HTTP/1.1"),
    Exchange("neither of two", request("PUT", "/write/", "Content-Length: 1", body=b"x"), 403),
    Exchange("rewrite is for the others", post("/rewritten/", b"x"), 403),
    Exchange("rewrite", get("/rewritten/"), contains="0123456789"),
    Exchange("return is for the others", post("/returned/", b"x"), 403),
    Exchange("another handler", post("/else/x", b"x"), contains="POST /else/x HTTP/1.1"),
    Exchange("the handler is inherited", post("/allowed/", b"x"), contains="POST /allowed/ HTTP/1.1"),
    Exchange("rules of its own", get("/denied/"), contains="GET /denied/ HTTP/1.1"),
    Exchange("the rules outside", post("/denied/", b"x"), 403),
    Exchange("error_page is inherited", post("/page/x", b"x"), 403, contains="0123456789"),
]


@pytest.mark.parametrize("exchange", EXCHANGES, ids=str)
def test_limit_except(pair: Pair, exchange: Exchange) -> None:
    pair.compare(exchange)
