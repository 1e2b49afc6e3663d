"""Header fields on their way to the upstream and back."""

from __future__ import annotations

import pytest

from .exchange import Deviation, Exchange, get, post
from .pair import Pair
from .upstream import answer

CONFIG = """
    server {
        listen 127.0.0.1:@main@;
        server_name site.example;
        location / {
            proxy_pass http://@upstream@;
        }
        location /unix/ {
            proxy_pass http://@unix@;
        }
        location /set/ {
            proxy_pass http://@upstream@;
            proxy_set_header Host $host;
            proxy_set_header X-Real-IP $remote_addr;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_set_header X-Mixed "$request_method $http_x_one-$arg_a/$server_port";
            location /set/inner/ {
                proxy_pass http://@upstream@;
            }
            location /set/replaced/ {
                proxy_pass http://@upstream@;
                proxy_set_header X-Only this;
            }
        }
        location /http_host/ {
            proxy_pass http://@upstream@;
            proxy_set_header Host $http_host;
        }
        location /proxy_host/ {
            proxy_pass http://@upstream@;
            proxy_set_header X-Host "$proxy_host $proxy_port";
        }
        location /remove/ {
            proxy_pass http://@upstream@;
            proxy_set_header Accept "";
            proxy_set_header Accept-Encoding "";
            proxy_set_header User-Agent $http_none;
        }
        location /nohost/ {
            proxy_pass http://@upstream@;
            proxy_set_header Host "";
        }
        location /connection/ {
            proxy_pass http://@upstream@;
            proxy_set_header Connection "keep-alive";
        }
        location /same/ {
            proxy_pass http://@upstream@;
            proxy_set_header X-One again;
        }
        location /nobody/ {
            proxy_pass http://@upstream@;
            proxy_pass_request_body off;
            proxy_set_header Content-Length "";
        }
        location /noheaders/ {
            proxy_pass http://@upstream@;
            proxy_pass_request_headers off;
        }
        location /http10/ {
            proxy_pass http://@upstream@;
            proxy_http_version 1.0;
        }
        location /hide/ {
            proxy_pass http://@upstream@;
            proxy_hide_header X-Hidden;
            proxy_hide_header x-two;
        }
        location /pass/ {
            proxy_pass http://@upstream@;
            proxy_pass_header Server;
            proxy_pass_header Date;
            proxy_pass_header X-Accel-Expires;
        }
        location /internal/ {
            internal;
            return 200 "from inside";
        }
    }
    server {
        listen 127.0.0.1:@under@;
        underscores_in_headers on;
        location / {
            proxy_pass http://@upstream@;
        }
    }
    server {
        listen 127.0.0.1:@odd@;
        ignore_invalid_headers off;
        location / {
            proxy_pass http://@upstream@;
        }
    }
"""

BROWSER = (
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64)",
    "Accept: text/html,application/xhtml+xml;q=0.9",
    "Accept-Language: zh-CN,zh;q=0.8,en;q=0.5",
    "Accept-Encoding: gzip, deflate, br",
    "Referer: http://localhost/",
    "Cookie: a=b; c=d",
    "DNT: 1",
)

# every name that nginx itself writes or keeps for itself
UPSTREAMS_OWN = answer(
    "Server: gunicorn",
    "Date: Sun, 06 Nov 1994 08:49:37 GMT",
    "X-Powered-By: flask",
    "X-Accel-Expires: 0",
    "X-Accel-Limit-Rate: 0",
    "X-Accel-Buffering: no",
    "X-Pad: avoid browser bug",
)


NAMED = "fields named in Connection do not pass (RFC 9110, 7.6.1)"

HOST = Deviation(200, "an HTTP/1.1 request has a Host (RFC 9112, 3.2)", contains="  Host: 127.0.0.1:@upstream@\n")

EXCHANGES = [
    Exchange("a browser's fields", get("/", *BROWSER), contains="Host: 127.0.0.1"),
    Exchange("unix socket", get("/unix/", *BROWSER), contains="Host: localhost"),
    Exchange("name as written", get("/", "x-lower: a", "X-UPPER: b"), contains="X-UPPER: b"),
    Exchange("repeated field", get("/", "X-One: a", "x-one: b", "X-One: c")),
    Exchange("repeated cookie", get("/", "Cookie: a=b", "Cookie: c=d")),
    Exchange("empty value", get("/", "X-Empty:", "X-Space: "), contains="X-Empty: "),
    Exchange("space around a value", get("/", "X-Padded:   a  b   ", "X-Next: c"), contains="X-Padded: a  b\n"),
    Exchange(
        "tab around a value",
        get("/", "X-Padded:\ta\tb\t"),
        contains="X-Padded: \\ta\\tb\\t\n",
        deviates=Deviation(
            200, "a tab is white space around a value too (RFC 9110, 5.5)", contains="X-Padded: a\\tb\n"
        ),
    ),
    Exchange("tab in a value", get("/", "X-Tab: a\tb")),
    Exchange("bytes beyond ASCII", get("/", b"X-Name: gr\xc3\xbc\xc3\x9f")),
    Exchange("colon in a value", get("/", "X-Time: 12:34:56")),
    Exchange("Connection: close", get("/", "Connection: close"), contains="connection: closed"),
    Exchange("Connection: keep-alive", get("/", "Connection: keep-alive", "Keep-Alive: timeout=5")),
    Exchange(
        "Connection names fields",
        get("/", "Connection: X-One, x-two", "X-One: 1", "X-Two: 2", "X-Three: 3"),
        contains="X-One: 1",
        deviates=Deviation(200, NAMED, contains="  Host: 127.0.0.1:@upstream@\n  X-Three: 3\n"),
    ),
    Exchange("Connection names fields that are not there", get("/", "Connection: X-One, x-two")),
    Exchange("hop-by-hop fields", get("/", "TE: trailers", "Proxy-Connection: close", "Upgrade: foo", "Keep-Alive: a")),
    Exchange(
        "trailer",
        get("/", "Trailer: X-End"),
        contains="Trailer: X-End",
        deviates=Deviation(200, "trailers do not pass, so they are not announced either", lacks="Trailer"),
    ),
    Exchange("proxy authorization", get("/", "Proxy-Authorization: Basic YTpi", "Authorization: Basic YTpi")),
    Exchange("upgrade to something else", get("/", "Connection: Upgrade", "Upgrade: foo"), lacks="Upgrade"),
    Exchange(
        "upgrade to h2c",
        get("/", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA"),
        contains="HTTP2-Settings",
        deviates=Deviation(200, NAMED, lacks="HTTP2-Settings"),
    ),
    Exchange("range and conditions go on", get("/", "Range: bytes=0-1", 'If-None-Match: "a"', "If-Modified-Since: x")),
    Exchange("underscore", get("/", "X_Under: a", "X-Fine: b"), lacks="X_Under"),
    Exchange("underscores_in_headers on", get("/", "X_Under: a"), at="under", contains="X_Under: a"),
    Exchange("dot in a name", get("/", "X.Dot: a", "X-Fine: b"), lacks="X.Dot"),
    Exchange("ignore_invalid_headers off", get("/", "X.Dot: a", "X!: b"), at="odd", contains="X.Dot: a"),
    Exchange("proxy_set_header", get("/set/?a=1", "X-One: one", *BROWSER), contains="X-Mixed: GET one-1/"),
    Exchange(
        "forwarded already", get("/set/", "X-Forwarded-For: 10.1.2.3"), contains="X-Forwarded-For: 10.1.2.3, 127.0.0.1"
    ),
    Exchange("forwarded twice already", get("/set/", "X-Forwarded-For: 10.1.2.3", "X-Forwarded-For: 10.4.5.6")),
    Exchange(
        "fields that are set replace the client's", get("/set/", "x-real-ip: 1.2.3.4", "X-Forwarded-Proto: https")
    ),
    Exchange("Host with a port: $host has none", get("/set/", host="localhost:1234"), contains="Host: localhost\n"),
    Exchange("Host in capitals: $host is small", get("/set/", host="LocalHost"), contains="Host: localhost\n"),
    Exchange(
        "no Host: $host is the server's name", get("/set/", host=None, version="1.0"), contains="Host: site.example"
    ),
    Exchange("$http_host", get("/http_host/", host="LocalHost:1234"), contains="Host: LocalHost:1234"),
    Exchange("no $http_host", get("/http_host/", host=None, version="1.0"), lacks="Host: ", deviates=HOST),
    Exchange("Host set empty", get("/nohost/"), lacks="Host: ", deviates=HOST),
    Exchange("$proxy_host and $proxy_port", get("/proxy_host/")),
    Exchange("fields set outside are inherited", get("/set/inner/"), contains="X-Real-IP"),
    Exchange("fields set inside replace all", get("/set/replaced/"), lacks="X-Real-IP"),
    Exchange("fields set empty are removed", get("/remove/", *BROWSER), lacks="User-Agent"),
    Exchange("Connection set", get("/connection/")),
    Exchange("a field set replaces all of its name", get("/same/", "X-One: a", "x-one: b"), contains="X-One: again"),
    Exchange("proxy_pass_request_body off", post("/nobody/", b"body"), lacks="Content-Length: 4"),
    Exchange("proxy_pass_request_headers off", post("/noheaders/", b"body", "X-One: 1"), lacks="X-One"),
    Exchange("proxy_http_version 1.0", get("/http10/", "X-One: 1"), contains="GET /http10/ HTTP/1.0"),
    Exchange("HTTP/1.0 client", get("/", "X-One: 1", version="1.0"), contains="GET / HTTP/1.1"),
    Exchange(
        "answer: fields pass", get("/"), upstream=answer("X-One: 1", "x-two: 2", 'ETag: "a"', "Cache-Control: no-cache")
    ),
    Exchange(
        "answer: repeated fields", get("/"), upstream=answer("Set-Cookie: a=b", "Set-Cookie: c=d", "Link: a", "Link: b")
    ),
    Exchange("answer: empty value", get("/"), upstream=answer("X-Empty:", "X-Space:  ")),
    Exchange("answer: Server and Date are the proxy's", get("/"), upstream=UPSTREAMS_OWN, lacks="gunicorn"),
    Exchange("answer: proxy_pass_header", get("/pass/"), upstream=UPSTREAMS_OWN, contains="Server: gunicorn"),
    Exchange("answer: proxy_pass_header, nothing to pass", get("/pass/"), lacks="Date:"),
    Exchange("answer: an empty type", get("/"), upstream=answer("Content-Type:"), lacks="Content-Type"),
    Exchange(
        "answer: proxy_hide_header",
        get("/hide/"),
        upstream=answer("x-hidden: 1", "X-Two: 2", "X-Three: 3"),
        lacks="x-hidden",
    ),
    Exchange(
        "answer: hop-by-hop fields",
        get("/"),
        upstream=answer("Connection: keep-alive, X-Hop", "Keep-Alive: timeout=5", "X-Hop: 1", "X-Fine: 1"),
        lacks="timeout=5",
        deviates=Deviation(200, NAMED, lacks="X-Hop"),
    ),
    Exchange(
        "answer: upgrade field",
        get("/"),
        upstream=answer("Upgrade: h2c", "Connection: upgrade"),
        contains="Upgrade: h2c",
        deviates=Deviation(200, NAMED, lacks="Upgrade"),
    ),
    Exchange("answer: content type", get("/"), upstream=answer("Content-Type: text/html; charset=utf-8")),
    Exchange("answer: no content type", get("/"), upstream=answer(), lacks="Content-Type"),
    Exchange("answer: last modified", get("/"), upstream=answer("Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT")),
    Exchange("answer: accept ranges", get("/"), upstream=answer("Accept-Ranges: bytes")),
    Exchange("answer: underscore", get("/"), upstream=answer("X_Under: 1"), contains="X_Under: 1"),
    Exchange(
        "answer: www-authenticate",
        get("/"),
        401,
        upstream=answer('WWW-Authenticate: Basic realm="a"', status="401 Unauthorized"),
    ),
    Exchange("internal from outside", get("/internal/file"), 404),
]


@pytest.mark.parametrize("exchange", EXCHANGES, ids=str)
def test_proxy_headers(pair: Pair, exchange: Exchange) -> None:
    pair.compare(exchange)
