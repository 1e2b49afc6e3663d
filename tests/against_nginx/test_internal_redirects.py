"""error_page in all its forms, named and internal locations, post_action: ways inside the server."""

from __future__ import annotations

import pytest

from .exchange import ANSWER, PAUSE, UPSTREAM_ASKED, Exchange, get, head, post
from .pair import Pair
from .upstream import answer

CONFIG = """
    upstream kept { server @upstream@; keepalive 1; }
    server {
        listen 127.0.0.1:@main@;
        root @root@;
        error_page 404 /errors/404.html;

        location /plain/ { }
        location /status/ { error_page 404 =200 /ten.txt; }
        location /whatever/ { error_page 404 = /shown; }
        location /another/ { error_page 404 =410 /shown; }
        location /redirect/ { error_page 404 http://other.example/$uri; }
        location /redirect301/ { error_page 404 =301 http://other.example/; }
        location /relative/ { error_page 404 other.html; }
        location /variable/ { error_page 404 /$arg_page; }
        location /args/ { error_page 404 /shown?a=b&uri=$uri; }
        location /fixedargs/ { error_page 404 /shown?a=b; }
        location /named/ { error_page 404 @named; }
        location /namedvariable/ { error_page 404 $arg_page; }
        location /nowhere/ { error_page 404 @nowhere; }
        location /several/ { error_page 403 404 410 /shown; return 410; }
        location /two/ { error_page 404 /shown; error_page 404 /ten.txt; }
        location /proxied/ { proxy_pass http://kept; proxy_intercept_errors on; error_page 500 502 /shown; }
        location /fallback/ { proxy_pass http://127.0.0.1:1; error_page 502 = @upstream; }
        location @upstream { proxy_pass http://kept; }
        location /chain/ { recursive_error_pages on; error_page 404 /chain2/; }
        location /chain2/ { recursive_error_pages on; error_page 403 = @named; return 403; }
        location /nochain/ { error_page 404 /chain2/; }
        location /loop/ { recursive_error_pages on; error_page 404 /loop/again; }
        location /shown { return 200 "shown $uri args=$args request=$request_uri status=$status"; }
        location /refused { return 403; }
        location @named { return 201 "named $uri $args"; }
        location /inner/ { internal; root @root@; rewrite ^ /ten.txt break; }
        location /toinner/ { error_page 404 = /inner/; }
        location /methods/ { error_page 405 = @method; return 405; }
        location @method { return 200 "$request_method"; }
        location /inherits/ {
            error_page 410 /shown;
            location /inherits/none/ { return 404; }
            location /inherits/own/ { error_page 403 /shown; return 410; }
        }
        location /returned/ { error_page 402 /shown; return 402; }
        location /text/ { error_page 402 /shown; return 402 "own text"; }
        location /redirects/ { error_page 302 /shown; return 302 /x; }
        location /ok/ { error_page 404 =200 ""; }
        location /zero/ { error_page 404 =0 /shown; }
        location /auth/ { error_page 401 /shown; auth_request /unauthorized; }
        location /unauthorized { return 401; }
        location /deep/ {
            location /deep/a/ {
                location ~ \\.x$ { return 200 "a regex"; }
                location /deep/a/b/ { return 200 "a b"; }
                return 200 "a";
            }
            location ~ \\.x$ { return 200 "deep regex"; }
            location = /deep/exact { return 200 "exact"; }
            location ^~ /deep/firm/ { return 200 "firm"; }
            return 200 "deep";
        }
        location ~ ^/regex/ {
            location ~ ^/regex/(.*)\\.y$ { return 200 "inner $1"; }
            location ~ ^/regex/(?<n>.*)\\.z$ { return 200 "inner $n"; }
            return 200 "regex";
        }
    }
    server {
        listen 127.0.0.1:@action@;
        root @root@;
        access_log off;
        location /then/ { alias @root@/; post_action /after; }
        location /thennamed/ { alias @root@/; post_action @after; }
        location = /after { proxy_pass http://kept; proxy_set_header X-Was "$status $request_uri"; }
        location @after { proxy_pass http://kept; proxy_set_header X-Was "$uri $request_completion"; }
    }
"""


def shown(name: str, target: str, text: str, status: int = 404) -> Exchange:
    return Exchange(name, get(target), status, contains=text)


AFTER = (ANSWER, UPSTREAM_ASKED, PAUSE)
"""What comes after the answer must not be cut off by its end."""

EXCHANGES = [
    shown("a page", "/plain/none", "our own 404"),
    Exchange("a page for HEAD", head("/plain/none"), 404),
    Exchange("a page for POST", post("/plain/none", b"body"), 404),
    shown("another status", "/status/none", "0123456789", 200),
    shown("the page's status", "/whatever/none", "shown /shown", 200),
    shown("a status of choice", "/another/none", "shown /shown", 410),
    shown("a redirect", "/redirect/none", "Location: http://other.example//redirect/none", 302),
    shown("a redirect of another kind", "/redirect301/none", "Location: http://other.example/\n", 301),
    shown("a relative redirect", "/relative/none", "Location: other.html", 302),
    shown("a variable", "/variable/none?page=ten.txt", "0123456789"),
    shown("a variable with arguments", "/variable/none?page=shown?x=1", "args=x=1"),
    shown("arguments", "/args/none?c=d", "shown /shown args=a=b&uri=/args/none request=/args/none?c=d"),
    shown("fixed arguments", "/fixedargs/none?c=d", "args=a=b request"),
    shown("named", "/named/none?a=b", "named /named/none a=b"),
    shown("named by a variable", "/namedvariable/none?page=@named", "named /namedvariable/none"),
    shown("named, but there is none", "/nowhere/none", "500 Internal", 500),
    shown("several statuses", "/several/", "shown /shown", 410),
    shown("two for one status: the first", "/two/none", "shown /shown"),
    Exchange("an upstream's error", get("/proxied/"), 500, upstream=answer(status="500 Oh"), contains="shown"),
    Exchange("an upstream that is not there", get("/fallback/x?a"), 200, contains="GET /fallback/x?a HTTP/1.1"),
    Exchange("the same, POST", post("/fallback/x", b"body"), 200, contains="POST /fallback/x HTTP/1.1"),
    shown("an error page's error page", "/chain/none", "named /chain2/", 201),
    shown("not without recursive_error_pages", "/nochain/none", "403 Forbidden", 403),
    shown("for ever", "/loop/none", "500 Internal", 500),
    shown("to an internal location", "/toinner/none", "0123456789", 200),
    shown("the method becomes GET", "/methods/", "'GET'", 200),
    Exchange("but not in a named location", post("/methods/", b"body"), 200, contains="'POST'"),
    shown("not inherited where there are others", "/inherits/none/", "404 Not Found"),
    shown("inherited by none", "/inherits/own/", "410 Gone", 410),
    shown("of return", "/returned/", "shown /shown", 402),
    shown("not of return with text", "/text/", "own text", 402),
    shown("of a redirect", "/redirects/", "shown /shown", 302),
    shown("status 0", "/zero/none", "shown", 200),
    shown("of a refusal", "/auth/x", "shown /shown", 401),
    shown("a prefix in a prefix", "/deep/a/b/c", "'a b'", 200),
    shown("the innermost regex", "/deep/a/c.x", "'a regex'", 200),
    shown("a regex of the level above", "/deep/c.x", "'deep regex'", 200),
    shown("an exact one inside", "/deep/exact", "'exact'", 200),
    shown("a firm one inside", "/deep/firm/c.x", "'firm'", 200),
    shown("none inside", "/deep/other", "'deep'", 200),
    shown("a regex in a regex", "/regex/a.y", "'inner a'", 200),
    shown("a named group in a regex in a regex", "/regex/a.z", "'inner a'", 200),
    shown("no regex in a regex", "/regex/a", "'regex'", 200),
    Exchange(
        "post_action",
        [get("/then/ten.txt"), *AFTER],
        at="action",
        contains="X-Was: 200 /then/ten.txt",
    ),
    Exchange(
        "post_action to a named location",
        [get("/thennamed/ten.txt"), *AFTER],
        at="action",
        contains="X-Was: /thennamed/ten.txt OK",
    ),
    Exchange(
        "post_action after an error",
        [get("/then/none"), *AFTER],
        404,
        at="action",
        contains="X-Was: 404 /then/none",
    ),
]


@pytest.mark.parametrize("exchange", EXCHANGES, ids=str)
def test_internal_redirects(pair: Pair, exchange: Exchange) -> None:
    pair.compare(exchange)
