"""error_page: a status becomes a page, from a file, an upstream or another site."""

from __future__ import annotations

import pytest

from .exchange import Exchange, get, head, post
from .pair import Pair
from .upstream import CLOSE, Reply, answer

CONFIG = """
    server {
        listen 127.0.0.1:@main@;
        root @root@;
        location / {
            error_page 404 /errors/404.html;
        }
        location /plain/ { }
        location /several/ {
            error_page 403 404 405 /errors/404.html;
        }
        location /ok/ {
            error_page 404 =200 /errors/404.html;
        }
        location /other/ {
            error_page 404 =410 /errors/404.html;
        }
        location /target/ {
            error_page 404 = /errors/404.html;
        }
        location /missing/ {
            error_page 404 /errors/none.html;
        }
        location /moved/ {
            error_page 404 http://elsewhere.example/404;
        }
        location /moved301/ {
            error_page 404 =301 http://elsewhere.example$uri;
        }
        location /relative/ {
            error_page 404 =302 /relative/$arg_to;
        }
        location /returned/ {
            error_page 418 /errors/404.html;
            return 418;
        }
        location /named/ {
            error_page 404 = @named;
        }
        location @named {
            return 200 "named: $uri\\n";
        }
        location /variable/ {
            error_page 404 /errors/$arg_page.html;
        }
        location /proxied/ {
            error_page 404 = /upstream/$uri?from=$request_uri;
        }
        location /upstream/ {
            proxy_pass http://@upstream@;
        }
        location /refused/ {
            proxy_pass http://@refused@;
            error_page 502 /errors/50x.html;
        }
        location /refusedok/ {
            proxy_pass http://@refused@;
            error_page 502 504 =503 /errors/50x.html;
        }
        location /passed/ {
            proxy_pass http://@upstream@;
            error_page 404 500 502 /errors/50x.html;
        }
        location /intercepted/ {
            proxy_pass http://@upstream@;
            proxy_intercept_errors on;
            error_page 404 /errors/404.html;
            error_page 500 502 503 /errors/50x.html;
        }
        location /fallback/ {
            proxy_pass http://@refused@;
            error_page 502 = @backup;
        }
        location @backup {
            proxy_pass http://@upstream@;
        }
        location /cleared/ {
            error_page 404 /errors/404.html;
            location /cleared/own/ {
                error_page 403 /errors/50x.html;
            }
        }
        location = /errors/404.html {
            add_header X-Page ours;
        }
        location /hidden/ {
            error_page 404 /secret/404.html;
        }
        location /secret/ {
            internal;
            alias @root@/errors/;
        }
    }
    server {
        listen 127.0.0.1:@bad@;
        root @root@;
        error_page 400 405 414 /errors/50x.html;
    }
"""

EXCHANGES = [
    Exchange("a page of our own", get("/none"), 404, contains="our own 404"),
    Exchange("a page of our own, head", head("/none"), 404),
    Exchange("the page keeps the location's fields", get("/none"), 404, lacks="X-Page"),
    Exchange("without error_page", get("/plain/none"), 404, contains="<center><h1>404 Not Found</h1></center>"),
    Exchange("one page for several", get("/several/"), 404, contains="our own 404"),
    Exchange("a method that is not allowed", post("/several/ten.txt", b"body"), 404),
    Exchange("=200", get("/ok/none"), 200, contains="our own 404"),
    Exchange("=410", get("/other/none"), 410, contains="our own 404"),
    Exchange("= takes the status of the page", get("/target/none"), 200, contains="our own 404"),
    Exchange("the page is missing", get("/missing/none"), 404),
    Exchange("another site", get("/moved/none"), 302, contains="Location: http://elsewhere.example/404"),
    Exchange(
        "another site, =301", get("/moved301/none"), 301, contains="Location: http://elsewhere.example/moved301/none"
    ),
    Exchange("=302 without a site is an internal redirect", get("/relative/none?to=x"), 404),
    Exchange("a page for a returned status", get("/returned/"), 418, contains="our own 404"),
    Exchange("a named location", get("/named/a/b"), 200, contains="named: /named/a/b"),
    Exchange("a named location, post", post("/named/a/b", b"body"), 200),
    Exchange("a page by variable", get("/variable/none?page=404"), 404, contains="our own 404"),
    Exchange("a page by variable that is missing", get("/variable/none?page=none"), 404),
    Exchange("a page from the upstream", get("/proxied/none?a=b"), 200, contains="GET /upstream//proxied/none"),
    Exchange("the upstream refuses", get("/refused/"), 502, contains="our own 50x"),
    Exchange("the upstream refuses, head", head("/refused/"), 502),
    Exchange("the upstream refuses, post", post("/refused/", b"body"), 502, contains="our own 50x"),
    Exchange("the upstream refuses, =503", get("/refusedok/"), 503, contains="our own 50x"),
    Exchange("the upstream closes", get("/passed/"), 502, upstream=Reply(CLOSE), contains="our own 50x"),
    Exchange(
        "the upstream's own error passes",
        get("/passed/"),
        500,
        upstream=answer(status="500 Internal Server Error"),
        contains="'ok'",
    ),
    Exchange(
        "intercepted 404",
        get("/intercepted/"),
        404,
        upstream=answer("X-One: 1", status="404 Not Found"),
        contains="our own 404",
    ),
    Exchange(
        "intercepted 500",
        get("/intercepted/"),
        500,
        upstream=answer(status="500 Internal Server Error"),
        contains="our own 50x",
    ),
    Exchange(
        "intercepted without a page",
        get("/intercepted/"),
        403,
        upstream=answer(status="403 Forbidden"),
        contains="'ok'",
    ),
    Exchange(
        "intercepted 503 with a long body",
        get("/intercepted/"),
        503,
        upstream=answer(status="503 Service Temporarily Unavailable", body=b"x" * 100_000),
    ),
    Exchange("not an error: not intercepted", get("/intercepted/"), 200, contains="'ok'"),
    Exchange("another upstream instead", get("/fallback/a?b"), 200, contains="GET /fallback/a?b"),
    Exchange("another upstream instead, with the body", post("/fallback/a", b"body"), 200, contains="'body'"),
    Exchange("pages are replaced as a whole", get("/cleared/own/none"), 404, lacks="our own"),
    Exchange("a page that is internal", get("/hidden/none"), 404, contains="our own 404"),
    Exchange("the internal page from outside", get("/secret/404.html"), 404),
    Exchange("a bad request", get("/%zz"), 400, at="bad", contains="our own 50x"),
    Exchange("a request line too long", get("/" + "a" * 9000), 414, at="bad", contains="our own 50x"),
    Exchange("a method that is not allowed, with a page", post("/ten.txt", b"body"), 405, at="bad"),
    Exchange("then the next request", get("/none") + get("/ten.txt"), (404, 200)),
]


@pytest.mark.parametrize("exchange", EXCHANGES, ids=str)
def test_error_pages(pair: Pair, exchange: Exchange) -> None:
    pair.compare(exchange)
