"""Directives of several modules in one location, and what they make of each other."""

from __future__ import annotations

import pytest

from .exchange import Exchange, get, head, post
from .pair import Pair

CONFIG = """
    log_format seen '"$request" $status $uri "$sent_http_location" "$sent_http_x" "$http_x" "$unset"';
    server {
        listen 127.0.0.1:@main@;
        root @root@;
        access_log @prefix@/access.log seen;
        auth_basic_user_file @folder@/users;
        if ($arg_never) { set $unset never; }

        location /forgotten { try_files /nosuch index.html; }
        location /forgottenpage { error_page 404 index.html; }
        location /kept { set $unset ""; error_page 302 = /show; return 302 /elsewhere; }
        location /keptrealm { set $unset ""; error_page 401 = /show; auth_basic realm; }
        location /show { return 200 "$uri [$args]"; }
        location /part { set $unset ""; error_page 404 =200 /ten.txt; }
        location /empty { set $unset ""; return 308; }
        location /unset { return 204; }
        location /early { set $unset "[$sent_http_x|$status]"; add_header X later; return 200 "$sent_http_x"; }
        location /field { set $unset ""; return 200 "[$http_x]"; }

        location = /alias { rewrite ^ /alias break; alias @root@/ten.txt; }
        location = /aliaslast { rewrite ^ /ten.txt last; alias @root@/about.html; }
        location /aliasfile/ { rewrite ^ /aliasfile/ten.txt break; alias @root@/; }
        location /aliasindex/ { rewrite ^ /aliasindex/ break; alias @root@/; }
        location /aliaslist/ { rewrite ^ /aliaslist/ break; autoindex on; index none; alias @root@/bare/; }

        location /large { client_max_body_size 1; error_page 413 =200 /upstream; }
        location /largeown { client_max_body_size 1; error_page 413 = @upstream; }
        location /largetwice { error_page 404 /small; }
        location /small { client_max_body_size 1; proxy_pass http://@upstream@; }
        location /upstream { proxy_pass http://@upstream@; }
        location @upstream { proxy_pass http://@upstream@; }
        location /header { set $unset ""; return 494; }
        location /visitor { set $unset ""; userid log; return 200 "$uid_got"; }

        location /rate { set $unset ""; limit_rate $arg_rate; return 200 "abc"; }
        location /rateafter { set $unset ""; limit_rate_after $arg_rate; return 200 "abc"; }
    }
"""


def logged(name: str, send: bytes, status: int = 200, **others: object) -> Exchange:
    return Exchange(name, send, status, logs=1, **others)  # type: ignore[arg-type]


EXCHANGES = [
    logged("a last name without a slash", post("/forgotten", b"a"), 404),
    logged("an error page without a slash", get("/forgottenpage"), 302, contains="Location: index.html"),
    logged("a redirect's Location stays with its page", get("/kept"), 200, contains="Location: http://"),
    logged("a realm stays with its page", get("/keptrealm"), 200, contains="WWW-Authenticate: Basic"),
    logged("a part of an error's page", get("/part", "Range: bytes=0-1"), 206, contains='HTTP/1.1" 200 /ten'),
    logged("an error's page that is known", get("/part", "If-None-Match: *"), 304, contains='1.1" 200 /ten'),
    logged("an empty Location", get("/empty"), 308, contains='308 /empty ""'),
    logged("an empty field", get("/field", "X:"), 200, contains='/field "-" "-" ""'),
    logged("unset while logging", get("/unset"), 204, errors=1, contains="variable while logging request"),
    logged("asked before it was there", get("/early"), 200, contains='/early "-" "-" "-" "[|000]"'),
    logged(
        "an alias after break", get("/alias"), 500, errors=1, contains='"alias" cannot be used in location "/alias"'
    ),
    logged("HEAD of an alias after break", head("/alias"), 500),
    logged("an alias before last", get("/aliaslast"), contains="0123456789"),
    logged("an alias after break, a file", get("/aliasfile/x"), 500),
    logged("an alias after break, an index", get("/aliasindex/x"), 500),
    logged("an alias after break, a list", get("/aliaslist/x"), 500),
    logged("a body too large, another page", post("/large", b"body"), contains="Content-Length: 0"),
    logged("a body too large, another page of its own", post("/largeown", b"body"), contains="Content-Length: 0"),
    logged("a body too large for an error's page", post("/largetwice", b"body"), 413),
    logged("a visitor who is none", get("/visitor", "Cookie: a=1; uid=short"), errors=1, contains='"a=1; uid=short"'),
    logged("nginx's own status, asked for", get("/header"), 400, contains="Connection: keep-alive"),
    logged("no rate", get("/rate"), errors=1, contains='invalid size "",'),
    logged("a rate that is none", get("/rate?rate=x"), errors=1, contains='invalid size "x",'),
    logged("nothing to come after", get("/rateafter?rate=-1"), lacks="invalid size"),
]


@pytest.mark.parametrize("exchange", EXCHANGES, ids=str)
def test_compositions(pair: Pair, exchange: Exchange) -> None:
    pair.compare(exchange)
