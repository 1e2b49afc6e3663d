"""Which server and which location answers."""

from __future__ import annotations

import pytest

from .exchange import Exchange, get
from .pair import Pair

# `return` shows the location chosen without asking for a file
CONFIG = """
    server {
        listen 127.0.0.1:@main@;
        location / { return 200 "root"; }
        location = / { return 200 "exact root"; }
        location /a { return 200 "prefix a"; }
        location /a/ { return 200 "prefix a slash"; }
        location /a/long/ { return 200 "prefix a long"; }
        location = /a/exact { return 200 "exact"; }
        location ^~ /a/firm/ { return 200 "firm"; }
        location ^~ /half/ { return 200 "half firm"; }
        location /half/more/ { return 200 "half more"; }
        location ~ \\.txt$ { return 200 "regex txt"; }
        location ~ ^/a/.*\\.txt$ { return 200 "regex second"; }
        location ~* \\.(gif|PNG)$ { return 200 "regex any case: $1"; }
        location ~ ^/named/(?<who>[a-z]+)/(.*)$ { return 200 "who=$who first=$1 second=$2"; }
        location /exactly/ { return 200 "prefix exactly"; }
        location = /exactly { return 200 "no slash"; }
        location "/with space/" { return 200 "space"; }
        location /Case/ { return 200 "case"; }
        location /outer/ {
            location /outer/inner/ { return 200 "inner"; }
            location ~ \\.css$ { return 200 "inner regex"; }
            return 200 "outer";
        }
        location @none { return 200 "named locations have no address"; }
    }
    server {
        listen 127.0.0.1:@main@;
        server_name one.example;
        location / { return 200 "one $server_name $host"; }
    }
    server {
        listen 127.0.0.1:@main@;
        server_name *.wild.example .dotted.example prefix.*;
        location / { return 200 "wild $server_name $host"; }
    }
    server {
        listen 127.0.0.1:@main@;
        server_name exact.wild.example;
        location / { return 200 "exact beats wild"; }
    }
    server {
        listen 127.0.0.1:@main@;
        server_name ~^(?<sub>[a-z]+)\\.regex\\.example$;
        location / { return 200 "regex $sub $1"; }
    }
    server {
        listen 127.0.0.1:@second@;
        server_name first;
        location / { return 200 "first"; }
    }
    server {
        listen 127.0.0.1:@second@ default_server;
        server_name chosen;
        location / { return 200 "default"; }
    }
    server {
        listen 127.0.0.1:@files@;
        root @root@;
        location /images/ { root @folder@/secondroot; }
        location /cats/ { alias @folder@/alias/; }
        location = /one { alias @folder@/alias/cat.txt; }
        location ~ ^/pick/(.+)\\.txt$ { alias @folder@/regex/$1.txt; }
        location /page.txt { root @folder@/secondroot; }
        location /empty/ { }
    }
"""


def chosen(name: str, target: str, answer: str) -> Exchange:
    return Exchange(name, get(target), contains=f"'{answer}'")


def server(name: str, host: str, answer: str) -> Exchange:
    return Exchange(name, get("/", host=host), contains=f"'{answer}'")


EXCHANGES = [
    chosen("exact root", "/", "exact root"),
    chosen("exact root with a query", "/?a", "exact root"),
    chosen("prefix of everything", "/other", "root"),
    chosen("prefix", "/abc", "prefix a"),
    chosen("longer prefix", "/a/b", "prefix a slash"),
    chosen("longest prefix", "/a/long/b", "prefix a long"),
    chosen("exact", "/a/exact", "exact"),
    chosen("exact but longer", "/a/exact/", "prefix a slash"),
    chosen("regex beats prefix", "/a/b.txt", "regex txt"),
    chosen("first regex wins", "/a/long/b.txt", "regex txt"),
    chosen("firm prefix beats regex", "/a/firm/b.txt", "firm"),
    chosen("a shorter firm prefix does not count", "/half/more/b.txt", "regex txt"),
    chosen("firm prefix", "/half/b.txt", "half firm"),
    chosen("regex sees the case", "/b.TXT", "root"),
    chosen("regex in any case", "/b.GIF", "regex any case: GIF"),
    chosen("regex in any case, written in capitals", "/b.png", "regex any case: png"),
    chosen("regex sees the decoded path", "/b%2Etxt", "regex txt"),
    chosen("regex does not see the query", "/b?.txt", "root"),
    chosen("named and numbered captures", "/named/bob/rest/of/it", "who=bob first=bob second=rest/of/it"),
    chosen("captures are decoded", "/named/bob/a%20b", "who=bob first=bob second=a b"),
    chosen("exact without slash", "/exactly", "no slash"),
    chosen("quoted location", "/with%20space/x", "space"),
    chosen("prefixes see the case", "/case/", "root"),
    chosen("inner prefix", "/outer/inner/x", "inner"),
    chosen("inner regex", "/outer/x.css", "inner regex"),
    chosen("outer", "/outer/x", "outer"),
    chosen("inner regex only inside", "/x.css", "root"),
    chosen("path after dots", "/a/long/../exact", "exact"),
    chosen("path after merging", "//a///exact", "exact"),
    server("no such server: the first", "other.example", "exact root"),
    server("server by name", "one.example", "one one.example one.example"),
    server("name in capitals", "ONE.Example", "one one.example one.example"),
    server("name with port", "one.example:99", "one one.example one.example"),
    server("name with a dot at the end", "one.example.", "one one.example one.example"),
    server("wildcard", "a.b.wild.example", "wild *.wild.example a.b.wild.example"),
    server("wildcard needs a part", "wild.example", "exact root"),
    server("dotted wildcard needs none", "dotted.example", "wild *.wild.example dotted.example"),
    server("dotted wildcard with a part", "x.dotted.example", "wild *.wild.example x.dotted.example"),
    server("wildcard at the end", "prefix.com", "wild *.wild.example prefix.com"),
    server("exact name beats wildcard", "exact.wild.example", "exact beats wild"),
    server("regex name", "abc.regex.example", "regex abc abc"),
    server("regex name that does not match", "a1.regex.example", "exact root"),
    Exchange("no Host at all: the first", get("/", host=None, version="1.0"), contains="'exact root'"),
    Exchange("empty Host", get("/", host=""), 400),
    Exchange("default server", get("/", host="other"), at="second", contains="'default'"),
    Exchange("not the default server", get("/", host="first"), at="second", contains="'first'"),
    Exchange(
        "host of the absolute form", get("http://one.example/", host="other"), contains="'one one.example one.example'"
    ),
    Exchange("root of a location", get("/images/cat.txt"), at="files", contains="cat in the second root"),
    Exchange("alias", get("/cats/cat.txt"), at="files", contains="cat in alias"),
    Exchange("alias, deeper", get("/cats/sub/dog.txt"), at="files", contains="dog in alias/sub"),
    Exchange("alias of one file", get("/one"), at="files", contains="cat in alias"),
    Exchange("alias with a capture", get("/pick/one.txt"), at="files", contains="one in regex"),
    Exchange("alias with a capture, not there", get("/pick/two.txt"), 404, at="files"),
    Exchange("root for one prefix", get("/page.txt"), at="files", contains="page in the second root"),
    Exchange("root is inherited", get("/empty/x"), 404, at="files"),
    Exchange("types without a types block: html", get("/about.html"), at="files", contains="text/html"),
    Exchange("types without a types block: css", get("/style.css"), at="files", contains="text/plain"),
]


@pytest.mark.parametrize("exchange", EXCHANGES, ids=str)
def test_locations(pair: Pair, exchange: Exchange) -> None:
    pair.compare(exchange)
