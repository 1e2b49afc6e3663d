"""Folders: index files and the redirect to the name with a slash."""

from __future__ import annotations

import pytest

from .exchange import Exchange, get, head, post
from .pair import Pair

CONFIG = """
    server {
        listen 127.0.0.1:@main@;
        server_name one.example;
        root @root@;
        location /second/ {
            index none.html other.htm;
        }
        location /away/ {
            alias @root@/second/;
            index none.html /about.html;
        }
        location /aliased/ {
            alias @folder@/alias/;
        }
        location /relative/ {
            alias @root@/;
            absolute_redirect off;
        }
        location /portless/ {
            alias @root@/;
            port_in_redirect off;
        }
        location /named/ {
            alias @root@/;
            server_name_in_redirect on;
        }
        location = /folder/index.html {
            add_header X-Index exact;
        }
    }
"""

EXCHANGES = [
    Exchange("index of the root", get("/"), contains="<h1>index</h1>"),
    Exchange("index of a folder goes to the location of its name", get("/folder/"), contains="X-Index: exact"),
    Exchange("the second index", get("/second/"), contains="<h1>other index</h1>"),
    Exchange("an index elsewhere", get("/away/"), contains="<h1>about</h1>"),
    Exchange("index under an alias", get("/aliased/"), contains="<h1>alias index</h1>"),
    Exchange("index with a query", get("/folder/?a=b")),
    Exchange("head of an index", head("/")),
    Exchange("no index", get("/bare/"), 403),
    Exchange("no index, head", head("/bare/"), 403),
    Exchange("no folder", get("/none/"), 404),
    Exchange("an index that is a folder", get("/indexfolder/"), 301),
    Exchange("post to a folder", post("/folder/", b""), 405),
    Exchange("post to a folder without index", post("/bare/", b""), 403),
    Exchange("folder without slash", get("/folder"), 301, contains="Location: http://localhost:@main@/folder/"),
    Exchange("head of a folder without slash", head("/folder"), 301),
    Exchange("post to a folder without slash", post("/folder", b""), 301),
    Exchange(
        "Host with a port", get("/folder", host="localhost:1234"), 301, contains="http://localhost:@main@/folder/"
    ),
    Exchange("Host in capitals", get("/folder", host="LocalHost"), 301, contains="http://localhost:@main@/folder/"),
    Exchange("Host with a dot at the end", get("/folder", host="localhost."), 301),
    Exchange("Host is an address", get("/folder", host="127.0.0.1"), 301),
    Exchange("Host is an IPv6 address", get("/folder", host="[::1]:80"), 301, contains="http://[::1]:@main@/folder/"),
    Exchange("no Host", get("/folder", host=None, version="1.0"), 301),
    Exchange("redirect with a query", get("/folder?a=b&c=%20"), 301, contains="/folder/?a=b&c=%20"),
    Exchange("redirect with a space in the name", get("/with%20space"), 301, contains="/with%20space/"),
    Exchange("redirect after merging slashes", get("//folder"), 301),
    Exchange("redirect of a nested folder", get("/folder/deep"), 301, contains="/folder/deep/"),
    Exchange("absolute_redirect off", get("/relative/folder"), 301, contains="Location: /relative/folder/"),
    Exchange(
        "port_in_redirect off", get("/portless/folder"), 301, contains="Location: http://localhost/portless/folder/"
    ),
    Exchange(
        "server_name_in_redirect on", get("/named/folder"), 301, contains="http://one.example:@main@/named/folder/"
    ),
    Exchange("redirect to the name of the location itself", get("/aliased"), 404),
]


@pytest.mark.parametrize("exchange", EXCHANGES, ids=str)
def test_folders(pair: Pair, exchange: Exchange) -> None:
    pair.compare(exchange)
