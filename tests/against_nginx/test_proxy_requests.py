"""What proxied requests are made of: method, body, fields; and where they come from."""

from __future__ import annotations

import pytest

from .exchange import ANSWER, UPSTREAM_ASKED, Exchange, chunked, get, head, post
from .pair import Pair
from .upstream import CLOSE, Reply, answer

CONFIG = """
    log_format upstream "$status $upstream_addr $upstream_status $upstream_response_length $upstream_bytes_received "
                        "$upstream_bytes_sent $upstream_cookie_session $upstream_http_x_one $upstream_trailer_x_sum "
                        "$proxy_host $proxy_port";
    access_log @prefix@/access.log upstream;
    upstream two {
        server @refused@;
        server @upstream@;
    }
    upstream down {
        server @upstream@ down;
        server @refused@ down;
    }
    server {
        listen 127.0.0.1:@main@;
        location / {
            proxy_pass http://@upstream@;
        }
        location /length/ {
            proxy_pass http://@upstream@;
            proxy_set_header X-Length $content_length;
            access_log off;
        }
        location /body/ {
            proxy_pass http://@upstream@;
            proxy_set_body "<$request_method $arg_a>";
        }
        location /nobody/ {
            proxy_pass http://@upstream@;
            proxy_set_body "";
        }
        location /method/ {
            proxy_pass http://@upstream@;
            proxy_method PUT;
            access_log off;
        }
        location /variable/ {
            proxy_pass http://@upstream@;
            proxy_method $arg_method;
        }
        location /without/ {
            proxy_pass http://@upstream@;
            proxy_pass_request_headers off;
            proxy_pass_request_body off;
            proxy_set_header X-Kept $http_x_kept;
            proxy_set_header Content-Length "";
        }
        location /bound/ {
            proxy_pass http://@upstream@;
            proxy_bind 127.0.0.1;
            proxy_socket_keepalive on;
            proxy_socket_rcvbuf 32k;
            proxy_socket_sndbuf 32k;
        }
        location /badly-bound/ {
            proxy_pass http://@upstream@;
            proxy_bind 192.0.2.1;
            access_log off;
        }
        location /bound-by-variable/ {
            proxy_pass http://@upstream@;
            proxy_bind $arg_from;
        }
        location /two/ {
            proxy_pass http://two;
        }
        location /down/ {
            proxy_pass http://down;
        }
        location /page/ {
            proxy_pass http://@refused@;
            error_page 502 /fallback;
        }
        location = /fallback {
            proxy_pass http://@upstream@;
        }
        location /intercept/ {
            proxy_pass http://@upstream@;
            proxy_intercept_errors on;
            error_page 401 403 404 429 500 /error$request_uri;
        }
        location /error/ {
            return 200 "ours\\n";
        }
        location /hints/ {
            proxy_pass http://@upstream@;
            early_hints $http_x_hints;
            access_log off;  # nginx takes 103 for $upstream_status
            proxy_hide_header X-Hidden;
            proxy_buffer_size 1k;
        }
        location /internal/ {
            proxy_pass http://@upstream@;
            proxy_set_header X-Length "$proxy_internal_body_length";
            proxy_set_header X-Chunked "$proxy_internal_chunked";
            proxy_request_buffering off;
        }
        location /trailers/ {
            proxy_pass http://@upstream@;
            proxy_pass_trailers on;
            proxy_hide_header X-Hidden;
        }
        location /ranges/ {
            proxy_pass http://@upstream@;
            proxy_force_ranges on;
            access_log off;
        }
        location /limited/ {
            limit_rate 1000000;
            limit_rate_after 100;
            proxy_limit_rate 1000000;
            proxy_pass http://@upstream@;
        }
    }
"""

EARLY = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nX-Hidden: x\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
HINTS = "X-Hints: 1"

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n"
TRAILERS = Reply(CHUNKED + b"X-Sum: 7\r\nX-Hidden: h\r\n\r\n")
TEN = answer("Accept-Ranges: none", body=b"0123456789")


def intercepted(status: int, *fields: str) -> Exchange:
    return Exchange(
        f"intercepted {status}", get("/intercept/"), status, upstream=answer(*fields, status=f"{status} X"), logs=1
    )


EXCHANGES = [
    Exchange("plain", get("/"), upstream=answer("X-One: 1", "X-One: 2", "Set-Cookie: session=abc; Path=/"), logs=1),
    Exchange("a cookie of another name", get("/"), upstream=answer("Set-Cookie: sessions=abc"), logs=1),
    Exchange(
        "a cookie in capitals", get("/"), upstream=answer("Set-Cookie: a=b", "Set-Cookie: SESSION = x y ; z"), logs=1
    ),
    Exchange("a bad length", get("/"), 502, upstream=answer("Content-Length: x"), logs=1),
    Exchange("half a head", get("/"), 502, upstream=Reply(b"HTTP/1.1 200 OK\r\nX-One", CLOSE), logs=1),
    Exchange("length of chunks", chunked("/length/", b"5\r\nhello\r\n0\r\n\r\n"), contains="X-Length: 5"),
    Exchange("set_body", get("/body/?a=1"), contains="<GET 1>", logs=1),
    Exchange("set_body for a post", post("/body/?a=1", b"hello"), contains="<POST 1>", lacks="hello", logs=1),
    Exchange("set_body for head", head("/body/?a=1"), upstream=answer(body=b""), contains="<HEAD 1>", logs=1),
    Exchange("set_body for chunks", chunked("/body/", b"5\r\nhello\r\n0\r\n\r\n"), lacks="hello", logs=1),
    Exchange("set_body empty", post("/nobody/", b"hello"), lacks="hello", logs=1),
    Exchange("method", post("/method/", b"hello"), contains="PUT /method/"),
    Exchange("method for head", head("/method/"), contains="PUT /method/"),
    Exchange("method by a variable", get("/variable/?method=DELETE"), contains="DELETE /variable/", logs=1),
    Exchange("method to head", get("/variable/?method=HEAD"), upstream=answer(body=b""), logs=1),
    Exchange("method to head in small letters", get("/variable/?method=head"), upstream=answer(body=b""), logs=1),
    Exchange("nothing passed", post("/without/", b"hello", "X-Kept: k", "X-Lost: l"), lacks="hello", logs=1),
    Exchange("bound", get("/bound/"), logs=1),
    Exchange("bound to a foreign address", get("/badly-bound/"), 500),
    Exchange("bound by a variable", get("/bound-by-variable/?from=127.0.0.1"), logs=1),
    Exchange("bound by a variable that is empty", get("/bound-by-variable/"), logs=1),
    Exchange("bound by a variable that is none", get("/bound-by-variable/?from=nonsense"), logs=1),
    Exchange("the second answers", get("/two/"), logs=1, contains=" 502, 200 "),
    Exchange("nobody is there", get("/down/"), 502, logs=1, contains="502 down 502 0"),
    Exchange("another upstream for an error", get("/page/"), 502, logs=1, contains=" : "),
    intercepted(401, "WWW-Authenticate: Basic", "WWW-Authenticate: Digest"),
    intercepted(403, "WWW-Authenticate: Basic"),
    intercepted(404),
    intercepted(429),
    intercepted(500),
    Exchange("not intercepted", get("/intercept/"), 503, upstream=answer(status="503 X"), logs=1),
    Exchange("hints not wanted", get("/hints/"), upstream=Reply(EARLY + OK), lacks="103"),
    Exchange("hints wanted", [get("/hints/", HINTS), ANSWER], upstream=Reply(EARLY + OK), contains="103"),
    Exchange("hints of no use", get("/hints/", "X-Hints: 0"), upstream=Reply(EARLY + OK), lacks="103"),
    Exchange("hints to an old client", get("/hints/", HINTS, version="1.0"), upstream=Reply(EARLY + OK), lacks="103"),
    Exchange("hints twice", get("/hints/", HINTS), upstream=Reply(EARLY + EARLY + OK), contains="103"),
    Exchange(
        "hints all hidden",
        get("/hints/", HINTS),
        upstream=Reply(b"HTTP/1.1 103 Early Hints\r\nX-Hidden: x\r\n\r\n" + OK),
        lacks="103",
    ),
    Exchange("hints of HTTP/1.0", get("/hints/", HINTS), 502, upstream=Reply(EARLY.replace(b"1.1", b"1.0") + OK)),
    Exchange("length of a body", post("/internal/", b"hello"), contains="X-Length: 5", logs=1),
    Exchange("no body", get("/internal/"), lacks="X-Length", logs=1),
    Exchange(
        "chunks",
        [chunked("/internal/", b"5\r\nhel"), UPSTREAM_ASKED, b"lo\r\n0\r\n\r\n"],
        contains="X-Chunked: chunked",
        logs=1,
    ),
    Exchange(
        "trailers not wanted",
        get("/"),
        upstream=Reply(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 7\r\n\r\n"),
        logs=1,
        lacks=" 7 ",
    ),
    Exchange("trailers", get("/trailers/"), upstream=TRAILERS, contains="X-Sum: 7", lacks="X-Hidden", logs=1),
    Exchange("trailers for TE", get("/trailers/", "TE: trailers", "Connection: TE"), upstream=TRAILERS, logs=1),
    Exchange("trailers for HTTP/1.0", get("/trailers/", version="1.0"), upstream=TRAILERS, lacks="X-Sum", logs=1),
    Exchange("trailers, none there", get("/trailers/"), upstream=Reply(CHUNKED + b"\r\n"), logs=1),
    Exchange("ranges", get("/ranges/", "Range: bytes=2-4"), 206, upstream=TEN, contains="b'234'"),
    Exchange("ranges, two", get("/ranges/", "Range: bytes=0-1,3-4"), upstream=TEN),
    Exchange("ranges, too far", get("/ranges/", "Range: bytes=20-"), 416, upstream=TEN),
    Exchange("ranges, none wanted", get("/ranges/"), upstream=TEN, contains="Accept-Ranges: bytes"),
    Exchange("ranges of the upstream", get("/", "Range: bytes=2-4"), upstream=TEN, contains="b'0123456789'", logs=1),
    Exchange("limited", get("/limited/"), upstream=answer(body=b"x" * 5000), logs=1),
    Exchange("limited, empty", get("/limited/"), upstream=answer(body=b""), logs=1),
    Exchange("limited, head", head("/limited/"), upstream=answer(body=b""), logs=1),
]


@pytest.mark.parametrize("exchange", EXCHANGES, ids=str)
def test_proxy_requests(pair: Pair, exchange: Exchange) -> None:
    pair.compare(exchange)
