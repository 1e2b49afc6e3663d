"""Fields and trailers that are added to answers: when, where, and what they take the place of."""

from __future__ import annotations

import pytest

from .exchange import Exchange, get, head
from .pair import Pair
from .upstream import Reply, answer

CONFIG = """
    add_header X-Http http;
    server {
        listen 127.0.0.1:@main@;
        root @root@;
        add_header X-Server server;
        add_trailer T-Server server;
        location /epoch/ { alias @root@/; expires epoch; }
        location /max/ { alias @root@/; expires max; }
        location /off/ { alias @root@/; expires off; }
        location /minus/ { alias @root@/; expires -1; }
        location /modified/ { alias @root@/; expires modified 1s; }
        location /variable/ { alias @root@/; expires $arg_e; }
        location /always/ { alias @root@/; add_header X-A a always; add_header X-B b; error_page 404 =200 /ten.txt; }
        location /404/ { add_header X-A a always; add_header X-B b; expires max; return 404; }
        location /304 { alias @root@/ten.txt; expires epoch; add_header X-A a; }
        location /inherit/ { alias @root@/; }
        location /none/ { alias @root@/; add_header_inherit off; add_trailer_inherit off; }
        location /merge/ {
            alias @root@/;
            add_header_inherit merge;
            add_trailer_inherit merge;
            add_header X-Own own;
            add_trailer T-Own $arg_a;
            location /merge/deep/ { alias @root@/; add_header X-Deep deep; }
            location /merge/off/ { alias @root@/; add_header_inherit off; }
            location /merge/on/ { alias @root@/; add_header_inherit on; add_header X-On on; }
        }
        location /cache/ { proxy_pass http://@upstream@/; expires epoch; add_header Cache-Control public; }
        location /proxy/ { proxy_pass http://@upstream@/; add_trailer T-Up $upstream_status; }
        location /trailer-404/ { add_trailer T-A a always; add_trailer T-B b; return 404; }
        location /trailer-204/ { add_trailer T-A a; return 204; }
        location /trailer-status/ { add_trailer T-A "$status $sent_http_content_type"; return 200 text; }
        location /unchunked/ { alias @root@/; chunked_transfer_encoding off; gzip on; }
        location /unchunked-proxy/ { proxy_pass http://@upstream@/; chunked_transfer_encoding off; }
        location /trailer-gzip/ { alias @root@/; gzip on; add_trailer T-A a; }
    }
"""

CHUNKED = Reply(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n")

EXCHANGES = [
    Exchange("expires epoch", get("/epoch/ten.txt"), contains="Cache-Control: no-cache"),
    Exchange("expires max", get("/max/ten.txt"), contains="max-age=315360000"),
    Exchange("expires off", get("/off/ten.txt"), lacks="Expires"),
    Exchange("expires max, 404", get("/max/none"), 404, lacks="Expires"),
    Exchange("expires max, 206", get("/max/ten.txt", "Range: bytes=1-2"), 206, contains="Expires"),
    Exchange("expires from a time long ago", get("/modified/ten.txt"), contains="no-cache"),
    *(
        Exchange(f"expires $arg_e, {value!r}", get(f"/variable/ten.txt?e={value}"))
        for value in ("", "max", "epoch", "off", "nonsense", "@99h", "modified")
    ),
    Exchange("304", get("/304", "If-Modified-Since: Tue, 14 Nov 2023 22:13:20 GMT"), 304, contains="Expires"),
    Exchange("always", get("/404/"), 404, contains="X-A: a", lacks="X-B"),
    Exchange("with another status", get("/always/none"), 200),
    Exchange("inherited", get("/inherit/ten.txt"), contains="X-Server: server", lacks="X-Http"),
    Exchange("not inherited", get("/none/ten.txt"), lacks="X-Server"),
    Exchange("merged", get("/merge/ten.txt?a=b"), contains="X-Own"),
    Exchange("merged deeper", get("/merge/deep/ten.txt?a=b"), contains="X-Deep"),
    Exchange("merged, then off", get("/merge/off/ten.txt?a=b")),
    Exchange("merged, then on", get("/merge/on/ten.txt?a=b")),
    Exchange("merged, an empty trailer", get("/merge/ten.txt"), lacks="T-Own"),
    Exchange(
        "what the upstream says of caching",
        get("/cache/"),
        upstream=answer("Cache-Control: private", "Cache-Control: max-age=3", "Expires: Thu, 01 Jan 2037 00:00:01 GMT"),
        contains="Cache-Control: no-cache",
    ),
    Exchange("a trailer", get("/inherit/ten.txt"), contains="T-Server: server"),
    Exchange("a trailer, HTTP/1.0", get("/inherit/ten.txt", version="1.0"), lacks="T-Server"),
    Exchange("a trailer, head", head("/inherit/ten.txt"), lacks="T-Server"),
    Exchange("a trailer, range", get("/inherit/ten.txt", "Range: bytes=1-2"), 206, contains="T-Server"),
    Exchange("a trailer, large file", get("/inherit/big.bin"), contains="T-Server"),
    Exchange("a trailer, empty file", get("/inherit/empty.txt"), contains="T-Server"),
    Exchange("a trailer, 304", get("/inherit/ten.txt", "If-None-Match: *"), 304, lacks="T-Server"),
    Exchange("a trailer, 404", get("/trailer-404/"), 404, contains="T-A", lacks="T-B"),
    Exchange("a trailer, 204", get("/trailer-204/"), 204),
    Exchange("a trailer of a variable", get("/trailer-status/"), contains="T-A: 200 text/plain"),
    Exchange("a trailer and gzip", get("/trailer-gzip/long.html", "Accept-Encoding: gzip"), contains="T-A: a"),
    Exchange("a trailer of an upstream's answer", get("/proxy/"), contains="T-Up: 200"),
    Exchange("not chunked", get("/unchunked/long.html", "Accept-Encoding: gzip"), lacks="Transfer-Encoding"),
    Exchange("not chunked, a trailer", get("/unchunked/ten.txt"), contains="Content-Length", lacks="T-Server"),
    Exchange("not chunked, of an upstream", get("/unchunked-proxy/"), upstream=CHUNKED, lacks="Transfer-Encoding"),
    Exchange("trailers on one connection", get("/inherit/ten.txt") + get("/none/ten.txt"), (200, 200)),
]


@pytest.mark.parametrize("exchange", EXCHANGES, ids=str)
def test_headers(pair: Pair, exchange: Exchange) -> None:
    pair.compare(exchange)
