"""Location and Refresh of proxied answers."""

from __future__ import annotations

import pytest

from .exchange import Exchange, get
from .pair import Pair
from .upstream import answer

CONFIG = """
    server {
        listen 127.0.0.1:@main@;
        location /default/ {
            proxy_pass http://@upstream@/app/;
        }
        location / {
            proxy_pass http://@upstream@;
        }
        location /off/ {
            proxy_pass http://@upstream@/app/;
            proxy_redirect off;
        }
        location /explicit/ {
            proxy_pass http://@upstream@;
            proxy_redirect http://internal.example:9000/one/ /explicit/;
            proxy_redirect http://other.example/ http://$host:$server_port/other/;
            proxy_redirect / /prefixed/;
        }
        location /regex/ {
            proxy_pass http://@upstream@;
            proxy_redirect ~^http://([^:/]+)(:\\d+)?/(.+)$ http://$host/$1/$3;
            proxy_redirect ~*^HTTP://UP\\.example$ /up/;
        }
        location /both/ {
            proxy_pass http://@upstream@/app/;
            proxy_redirect default;
            proxy_redirect http://internal.example/ /inner/;
        }
        location /outer/ {
            proxy_pass http://@upstream@/app/;
            location /outer/inner/ {
                proxy_pass http://@upstream@/deep/;
            }
        }
        location /named/ {
            proxy_pass http://@upstream@;
            proxy_redirect ~^http://named\\.example/(?<first>[a-z]+)/(.*)$ /$2/$first;
            add_header X-Captured "$first $2 $1";
        }
    }
"""


OWN = "http://localhost:@main@"
"""A relative address that proxy_redirect wrote becomes absolute (absolute_redirect)."""


REASONS = {
    200: "OK",
    201: "Created",
    301: "Moved Permanently",
    302: "Moved Temporarily",
    303: "See Other",
    307: "Temporary Redirect",
}


def redirect(name: str, target: str, location: str, seen: str, status: int = 302) -> Exchange:
    reply = answer(f"Location: {location}", status=f"{status} {REASONS[status]}", body=b"")
    return Exchange(name, get(target), status, upstream=reply, contains=f"  Location: {seen}\n")


def refresh(name: str, target: str, value: str, seen: str) -> Exchange:
    return Exchange(name, get(target), upstream=answer(f"Refresh: {value}"), contains=f"  Refresh: {seen}\n")


# the default needs the upstream's own address, which only the test knows: see test_default
EXCHANGES = [
    redirect("relative", "/", "/login?next=%2F", "/login?next=%2F"),
    redirect("relative without slash", "/", "login", "login"),
    redirect("another site", "/", "http://elsewhere.example/a", "http://elsewhere.example/a"),
    redirect("permanent", "/", "/a", "/a", status=301),
    redirect("see other", "/", "/a", "/a", status=303),
    redirect("temporary", "/", "/a", "/a", status=307),
    redirect("created", "/", "/a", "/a", status=201),
    redirect("success", "/", "/a", "/a", status=200),
    redirect("default leaves a relative one", "/default/", "/app/x", "/app/x"),
    redirect("explicit", "/explicit/", "http://internal.example:9000/one/x?y", OWN + "/explicit/x?y"),
    redirect(
        "explicit, another path",
        "/explicit/",
        "http://internal.example:9000/two/x",
        "http://internal.example:9000/two/x",
    ),
    redirect("explicit with variables", "/explicit/", "http://other.example/x", "http://localhost:@main@/other/x"),
    redirect("explicit for relative ones", "/explicit/", "/x", OWN + "/prefixed/x"),
    redirect("regex", "/regex/", "http://a.example:81/x/y", "http://localhost/a.example/x/y"),
    redirect("regex in any case", "/regex/", "http://up.EXAMPLE", OWN + "/up/"),
    redirect("regex without a match", "/regex/", "ftp://a.example/x", "ftp://a.example/x"),
    redirect("several rules", "/both/", "http://internal.example/x", OWN + "/inner/x"),
    redirect("regex with names, asked for later", "/named/", "http://named.example/one/two", OWN + "/two/one"),
    redirect("regex with names, without a match", "/named/", "http://a.example/one/two", "http://a.example/one/two"),
    refresh("refresh", "/explicit/", "5; url=http://internal.example:9000/one/x", "5; url=/explicit/x"),
    refresh("refresh in capitals", "/explicit/", "0;URL=http://internal.example:9000/one/x", "0;URL=/explicit/x"),
    refresh("refresh without address", "/explicit/", "5", "5"),
]


@pytest.mark.parametrize("exchange", EXCHANGES, ids=str)
def test_proxy_redirect(pair: Pair, exchange: Exchange) -> None:
    pair.compare(exchange)


DEFAULT = [
    ("/default/", "/app/x?y", "/default/x?y"),
    ("/default/", "/app/", "/default/"),
    ("/default/", "/other", None),
    ("/", "/a", "/a"),
    ("/off/", "/app/x", None),
    ("/both/", "/app/x", "/both/x"),
    ("/outer/inner/", "/app/x", "/outer/x"),
    ("/outer/inner/", "/deep/x", None),
]


@pytest.mark.parametrize(("target", "path", "seen"), DEFAULT)
def test_default(pair: Pair, target: str, path: str, seen: str | None) -> None:
    """The upstream redirects to its own address."""
    location = f"http://127.0.0.1:{pair.upstream.port}{path}"
    expected = f"http://127.0.0.1:@upstream@{path}" if seen is None else OWN + seen
    pair.compare(redirect(f"{target} {path}", target, location, expected))
