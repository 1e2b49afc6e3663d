"""nginx's own variables, as they show in answers, upstream heads and access lines."""

from __future__ import annotations

import pytest

from .exchange import Exchange, get, head, post
from .pair import Pair
from .upstream import answer

CONFIG = """
    log_format late "$uri|$args|$status|$request_method|$sent_http_content_type|$sent_http_x_one|$sent_http_none|"
        "$sent_http_transfer_encoding|$sent_http_connection|$sent_http_keep_alive|"
        "$sent_http_location|$request_body|$request_completion|$sent_http_last_modified";
    server {
        access_log off;
        listen 127.0.0.1:@main@;
        server_name first.example second.example;
        root @root@;
        location /uri { return 200 "$uri|$document_uri|$request_uri|$args|$query_string|$is_args|$request"; }
        location /arg { return 200 "$arg_a|$arg_B|$arg_a_b|$arg_|$arg_empty|$arg_none"; }
        location /cookie { return 200 "$cookie_a|$cookie_B|$cookie_a_b|$cookie_|$http_cookie"; }
        location /header { return 200 "$http_x_one|$http_X_Two|$http_none|$http_accept|$http_x_forwarded_for|$http_"; }
        location /known { return 200 "$http_host|$http_user_agent|$http_referer|$http_via"; }
        location /host {
            return 200 "$host|$server_name|$request_port|$is_request_port|$host$is_request_port$request_port";
        }
        location /connection { return 200 "$remote_addr|$server_addr|$server_port|$scheme|[$https]|$server_protocol"; }
        location /body { return 200 "$content_length|$content_type|$request_method"; }
        location /user { return 200 "$remote_user"; }
        location /files/ { return 200 "$document_root$uri|$request_filename|$realpath_root"; }
        location /alias/ { alias @folder@/alias/; add_header X-Path "$document_root|$request_filename"; }
        location /length { add_header X-Length $sent_http_content_length; return 200 "sent"; }
        location /passed { proxy_pass http://kept; proxy_set_header X-All "$uri $args $arg_a $cookie_a $http_x_one"; }
        location /status { return 403; add_header X-Status $status always; }
        location /braces { return 200 "${arg_a}b $arg_a-b ${uri}$args {$args}"; }
    }
    server {
        access_log access.log late;
        listen 127.0.0.1:@logged@;
        root @root@;
        location /sent { add_header X-One "one $sent_http_content_type"; add_header X-One two; return 200 "sent"; }
        location /read {
            proxy_pass http://kept;
            proxy_set_header X-Body "[$request_body][$request_body_file]";
            proxy_set_header X-Length "$content_length";
        }
        location /passed { proxy_pass http://kept; }
    }
    upstream kept { server @upstream@; keepalive 1; }
"""


def said(name: str, target: str, text: str, *fields: str, host: str = "localhost") -> Exchange:
    return Exchange(name, get(target, *fields, host=host), contains=f"'{text}'")


EXCHANGES = [
    said(
        "uri",
        "/uri/a%20b/../c?x=%20y",
        "/uri/c|/uri/c|/uri/a%20b/../c?x=%20y|x=%20y|x=%20y|?|GET /uri/a%20b/../c?x=%20y HTTP/1.1",
    ),
    said("uri without arguments", "/uri", "/uri|/uri|/uri||||GET /uri HTTP/1.1"),
    said("uri with a bare ?", "/uri?", "/uri|/uri|/uri?||||GET /uri? HTTP/1.1"),
    said(
        "uri in absolute form",
        "http://other.example/uri?a",
        "/uri|/uri|/uri?a|a|a|?|GET http://other.example/uri?a HTTP/1.1",
    ),
    said("arg", "/arg?a=1&b=2&a_b=3&empty=&a=4", "1|2|3|||"),
    said("arg in capitals", "/arg?A=1&B=2", "1|2||||"),
    said("arg without a value", "/arg?a&b=2", "|2||||"),
    said("arg at the end of another", "/arg?xa=1&a=2", "2|||||"),
    said("arg, encoded", "/arg?a=%20+", "%20+|||||"),
    said("cookie", "/cookie", "1|2|3||a=1; b=2; a_b=3", "Cookie: a=1; b=2; a_b=3"),
    said("cookie with spaces", "/cookie", "1 |2|||a = 1 ;b=  2", "Cookie: a = 1 ;b=  2"),
    said("cookie in capitals", "/cookie", "1||||A=1", "Cookie: A=1"),
    said("cookie among commas", "/cookie", "1, b=2||||a=1, b=2", "Cookie: a=1, b=2"),
    said("cookie without a value", "/cookie", "|2|||a; b=2", "Cookie: a; b=2"),
    said("cookie, twice", "/cookie", "1|2|||a=1; b=2", "Cookie: a=1", "Cookie: b=2"),
    said("cookie, quoted", "/cookie", '"x"||||a="x"', 'Cookie: a="x"'),
    said(
        "header",
        "/header",
        "1, 2|b|||c, d|",
        "X-One: 1",
        "x-one: 2",
        "X-TWO: b",
        "X-Forwarded-For: c",
        "X-Forwarded-For: d",
    ),
    said("known headers", "/known", "localhost|me|there|", "User-Agent: me", "Referer: there"),
    said("host", "/host", "localhost|first.example||:|localhost".replace("|:|", "||"), host="LocalHost"),
    said(
        "host with a port",
        "/host",
        "second.example|first.example|8080|:|second.example:8080",
        host="second.example:8080",
    ),
    said("host with port 0", "/host", "a|first.example|||a", host="a:0"),
    said("host with an empty port", "/host", "a|first.example|||a", host="a:"),
    Exchange(
        "no host", get("/host", host=None, version="1.0"), contains="'first.example|first.example|||first.example'"
    ),
    said("connection", "/connection", "127.0.0.1|127.0.0.1|@main@|http|[]|HTTP/1.1"),
    Exchange("body", post("/body", b"x=1", "Content-Type: text/x"), contains="'3|text/x|POST'"),
    said("user", "/user", "bob", "Authorization: Basic Ym9iOnNlY3JldA=="),
    said("user of another scheme", "/user", "", "Authorization: Bearer Ym9iOnNlY3JldA=="),
    Exchange("files", get("/files/a")),
    Exchange("alias", get("/alias/cat.txt"), contains="/alias/|"),
    Exchange("sent", get("/sent"), logs=1, at="logged", contains="/sent|-|200|GET|text/plain|one text/plain, two|-|"),
    Exchange("sent length", get("/length"), contains="X-Length: 4"),
    Exchange("passed", get("/passed?a=1", "Cookie: a=2", "X-One: 3"), contains="X-All: /passed a=1 1 2 3"),
    Exchange("read", post("/read", b"the body"), logs=1, at="logged", contains="X-Body: [the body][]"),
    Exchange("nothing read", get("/read"), logs=1, at="logged", contains="X-Body: [][]"),
    Exchange("a chunked answer", get("/passed"), logs=1, at="logged", upstream=answer("X-One: up", body=b"abc")),
    Exchange("HEAD", head("/sent"), logs=1, at="logged"),
    Exchange("a redirect", get("/folder"), 301, logs=1, at="logged", contains="/folder|-|301|GET|text/html|"),
    Exchange("a file", get("/ten.txt"), logs=1, at="logged", contains="Tue, 14 Nov 2023"),
    Exchange("a path above the root", get("/../x"), 400, logs=1, at="logged", contains="log: |-|400|"),
    Exchange("a line that is none", b"\r\x01\r\n\r\n", 400, logs=1, at="logged"),
    Exchange("status", get("/status"), 403, contains="X-Status: 403"),
    said("braces", "/braces?a=1", "1b 1-b /bracesa=1 {a=1}"),
]


@pytest.mark.parametrize("exchange", EXCHANGES, ids=str)
def test_variables(pair: Pair, exchange: Exchange) -> None:
    pair.compare(exchange)
