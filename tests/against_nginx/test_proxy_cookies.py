"""Set-Cookie of proxied answers: domain, path and flags."""

from __future__ import annotations

import pytest

from .exchange import Exchange, get
from .pair import Pair
from .upstream import answer

CONFIG = """
    proxy_cookie_path /inherited/ /taken/;
    server {
        listen 127.0.0.1:@main@;
        location / {
            proxy_pass http://@upstream@;
        }
        location /off/ {
            proxy_pass http://@upstream@;
            proxy_cookie_path off;
        }
        location /domain/ {
            proxy_pass http://@upstream@;
            proxy_cookie_domain internal.example $host;
            proxy_cookie_domain .dotted.example other.example;
            proxy_cookie_domain ~\\.([a-z]+)\\.test$ $1.example;
        }
        location /path/ {
            proxy_pass http://@upstream@;
            proxy_cookie_path /app/ /;
            proxy_cookie_path $uri/sub /below;
            proxy_cookie_path ~^/user/(.+)$ /u/$1;
            proxy_cookie_path ~*^/CASE /any;
        }
        location /flags/ {
            proxy_pass http://@upstream@;
            proxy_cookie_flags lax samesite=lax;
            proxy_cookie_flags strict secure httponly samesite=strict;
            proxy_cookie_flags plain nosecure nohttponly nosamesite;
            proxy_cookie_flags ~^re secure;
            proxy_cookie_flags $arg_name httponly $arg_flag;
            proxy_cookie_flags both nosecure secure samesite=strict;
        }
        location /all/ {
            proxy_pass http://@upstream@;
            proxy_cookie_domain internal.example $host;
            proxy_cookie_path /app/ /;
            proxy_cookie_flags ~ secure;
        }
    }
"""


def cookie(name: str, target: str, value: str, seen: str) -> Exchange:
    return Exchange(name, get(target), upstream=answer(f"Set-Cookie: {value}"), contains=f"  Set-Cookie: {seen}\n")


EXCHANGES = [
    cookie("inherited", "/", "a=b; Path=/inherited/x", "a=b; Path=/taken/x"),
    cookie("off", "/off/", "a=b; Path=/inherited/x", "a=b; Path=/inherited/x"),
    cookie("untouched keeps its spaces", "/", "a = b ;  Path = /x", "a = b ;  Path = /x"),
    cookie("rewritten loses them", "/", "a = b ;  Path = /inherited/x ;HttpOnly", "a=b; Path=/taken/x; HttpOnly"),
    cookie("no value", "/", "a; Path=/inherited/x", "a; Path=/inherited/x"),
    cookie("an empty value", "/", "a=; Path=/inherited/x", "a=; Path=/taken/x"),
    cookie("a path without a value", "/", "a=b; Path", "a=b; Path"),
    cookie("an empty path", "/", "a=b; Path=", "a=b; Path="),
    cookie("the first pair is no attribute", "/", "path=/inherited/; a=b", "path=/inherited/; a=b"),
    cookie("two paths", "/", "a=b; Path=/inherited/x; path=/inherited/y", "a=b; Path=/taken/x; path=/taken/y"),
    cookie("a semicolon at the end", "/", "a=b; Path=/inherited/x;", "a=b; Path=/taken/x; "),
    cookie("domain", "/domain/", "a=b; Domain=internal.example", "a=b; Domain=localhost"),
    cookie("domain in any case", "/domain/", "a=b; DOMAIN=Internal.Example; x", "a=b; DOMAIN=localhost; x"),
    cookie("domain with a dot", "/domain/", "a=b; Domain=.internal.example", "a=b; Domain=.localhost"),
    cookie("domain configured with a dot", "/domain/", "a=b; Domain=dotted.example", "a=b; Domain=other.example"),
    cookie("another domain", "/domain/", "a=b; Domain=x.internal.example", "a=b; Domain=x.internal.example"),
    cookie("domain by a regular expression", "/domain/", "a=b; Domain=www.shop.TEST", "a=b; Domain=shop.example"),
    cookie("path", "/path/", "a=b; Path=/app/x", "a=b; Path=/x"),
    cookie("path in another case", "/path/", "a=b; Path=/App/x", "a=b; Path=/App/x"),
    cookie("path with a variable", "/path/v", "a=b; Path=/path/v/sub/x", "a=b; Path=/below/x"),
    cookie("path by a regular expression", "/path/", "a=b; Path=/user/me", "a=b; Path=/u/me"),
    cookie("path by one that ignores case", "/path/", "a=b; Path=/cAse/x", "a=b; Path=/any"),
    cookie("lax", "/flags/", "lax=1", "lax=1; SameSite=Lax"),
    cookie("lax in another case", "/flags/", "LAX=1; Path=/", "LAX=1; Path=/; SameSite=Lax"),
    cookie("lax already", "/flags/", "lax=1; samesite=lax; Path=/", "lax=1; samesite=lax; Path=/"),
    cookie("lax, not strict", "/flags/", "lax=1; samesite=strict; Path=/", "lax=1; SameSite=Lax; Path=/"),
    cookie("lax twice", "/flags/", "lax=1; samesite=x; samesite=y", "lax=1; SameSite=Lax; samesite=y"),
    cookie("three flags", "/flags/", "strict=1", "strict=1; Secure; HttpOnly; SameSite=Strict"),
    cookie("three flags, one there", "/flags/", "strict=1; httponly", "strict=1; httponly; Secure; SameSite=Strict"),
    cookie("none", "/flags/", "plain=1; Secure; HttpOnly; SameSite=None; Path=/", "plain=1; Path=/"),
    cookie("none to remove", "/flags/", "plain=1 ;Path=/", "plain=1; Path=/"),
    cookie("by a regular expression", "/flags/", "REx=1", "REx=1; Secure"),
    cookie("by variables", "/flags/?name=v&flag=samesite=none", "v=1", "v=1; HttpOnly; SameSite=None"),
    cookie("a flag that is none", "/flags/?name=v&flag=nonsense", "v=1", "v=1; HttpOnly"),
    cookie("contradictions", "/flags/", "both=1", "both=1; Secure; SameSite=Strict"),
    cookie("another cookie", "/flags/", "other=1 ;x", "other=1 ;x"),
    cookie(
        "all of it",
        "/all/",
        "a=b; Domain=internal.example; Path=/app/; Max-Age=1",
        "a=b; Domain=localhost; Path=/; Max-Age=1; Secure",
    ),
    Exchange(
        "several cookies",
        get("/all/"),
        upstream=answer("Set-Cookie: a=1; Path=/app/a", "X-Between: x", "Set-Cookie: b=2; Path=/app/b"),
        contains="  Set-Cookie: a=1; Path=/a; Secure\n  Set-Cookie: b=2; Path=/b; Secure\n",
    ),
]


@pytest.mark.parametrize("exchange", EXCHANGES, ids=str)
def test_proxy_cookies(pair: Pair, exchange: Exchange) -> None:
    pair.compare(exchange)
