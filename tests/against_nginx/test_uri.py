"""How a request target becomes a file name: decoding, merging, traversal."""

from __future__ import annotations

import pytest

from .exchange import Deviation, Exchange, get, request
from .pair import Pair

CONFIG = """
    server {
        listen 127.0.0.1:@main@;
        root @root@;
        location /show/ {
            return 200 "uri=$uri args=$args request_uri=$request_uri document_uri=$document_uri\\n";
        }
        location /alias/ {
            alias @folder@/alias/;
        }
        location /half {
            alias @folder@/alias/;
        }
        location /noslash {
            alias @folder@/alias;
        }
    }
    server {
        listen 127.0.0.1:@unmerged@;
        merge_slashes off;
        root @root@;
        location /show/ {
            return 200 "uri=$uri\\n";
        }
    }
"""

FRAGMENT = Deviation(
    200, "a fragment goes no further (RFC 9112, 3.2): an upstream might take it for a part of the path", lacks="b#"
)
SCHEME = Deviation(400, "the scheme of an absolute target is http or https")

EXCHANGES = [
    Exchange("space", get("/with%20space.txt"), contains="a space"),
    Exchange("unicode", get("/%E4%B8%AD%E6%96%87.txt"), contains="chinese"),
    Exchange("unicode, small hexadecimal digits", get("/gr%c3%bc%c3%9f.txt"), contains="unicode"),
    Exchange("unicode, not encoded", get("/grüß.txt".encode()), contains="unicode"),
    Exchange("unicode as latin-1", get("/gr%FC%DF.txt"), 404),
    Exchange("plus is a plus", get("/a+b.txt"), contains="plus"),
    Exchange("encoded plus", get("/a%2Bb.txt"), contains="plus"),
    Exchange("percent is decoded once", get("/a%2541.txt"), contains="percent"),
    Exchange("encoded letter", get("/t%65n.txt"), contains="0123456789"),
    Exchange("semicolon", get("/a;b.txt"), contains="semicolon"),
    Exchange("ampersand and equals sign", get("/a&b=c.txt"), contains="ampersand"),
    Exchange("encoded question mark", get("/question%3F.txt"), contains="question mark"),
    Exchange("encoded hash", get("/hash%23.txt"), contains="hash"),
    Exchange("fragment", get("/ten.txt#fragment"), contains="0123456789"),
    Exchange("fragment after the query", get("/show/?a=b#fragment"), contains="args=a=b ", deviates=FRAGMENT),
    Exchange("quotes", get("/quote%27%22.txt"), contains="quotes"),
    Exchange("quotes, not encoded", get("/quote'\".txt"), contains="quotes"),
    Exchange("encoded slash", get("/folder%2Fpage.html"), contains="<h1>page</h1>"),
    Exchange("two slashes", get("//folder///page.html"), contains="<h1>page</h1>"),
    Exchange("encoded second slash", get("/folder/%2Fpage.html"), contains="<h1>page</h1>"),
    Exchange("a dot", get("/./folder/./page.html"), contains="<h1>page</h1>"),
    Exchange("a dot at the end", get("/folder/."), 200),
    Exchange("two dots", get("/folder/../ten.txt"), contains="0123456789"),
    Exchange("two dots at the end", get("/folder/.."), contains="<h1>index</h1>"),
    Exchange("two dots through what is not there", get("/none/../ten.txt"), contains="0123456789"),
    Exchange("three dots are a name", get("/.../ten.txt"), 404),
    Exchange("above the root", get("/../outside.txt"), 400),
    Exchange("above the root, encoded dots", get("/%2e%2e/outside.txt"), 400),
    Exchange("above the root, encoded slash", get("/..%2Foutside.txt"), 400),
    Exchange("above the root, all encoded", get("/%2e%2e%2foutside.txt"), 400),
    Exchange("above the root, from a folder", get("/folder/../../outside.txt"), 400),
    Exchange("above the root, after slashes", get("//../outside.txt"), 400),
    Exchange("above the root, backslash", get("/..\\outside.txt"), 404),
    Exchange("above the root, encoded twice", get("/%252e%252e/outside.txt"), 404),
    Exchange("above an alias", get("/alias/../ten.txt"), contains="0123456789"),
    Exchange("above an alias, encoded slash", get("/alias/..%2Foutside.txt"), 404),
    Exchange("above an alias written without slash", get("/noslash/../ten.txt"), contains="0123456789"),
    Exchange("beside an alias written without slash", get("/noslash../outside.txt"), 404),
    Exchange(
        "location without slash, alias with one",
        get("/half../outside.txt"),
        contains="not for clients",
        deviates=Deviation(404, "an alias does not lead out of its folder"),
    ),
    Exchange("zero byte", get("/ten.txt%00"), 400),
    Exchange("zero byte before the extension", get("/ten%00.txt"), 400),
    Exchange("zero byte in the query stays encoded", get("/show/?a=%00"), contains="args=a=%00 "),
    Exchange("bad percent", get("/%zz.txt"), 400),
    Exchange("cut percent", get("/ten.txt%2"), 400),
    Exchange("lone percent", get("/ten.txt%"), 400),
    Exchange("bad percent in the query", get("/show/?a=%zz"), contains="args=a=%zz "),
    Exchange("control byte, encoded", get("/show/%01%1F%7F"), 200),
    Exchange("newline, encoded", get("/show/a%0D%0Ab: c"), 400),
    Exchange("newline, encoded, without a space", get("/show/a%0D%0Ab"), 200),
    Exchange("empty query", get("/show/?"), contains="args= "),
    Exchange("two question marks", get("/show/?a?b"), contains="args=a?b "),
    Exchange("slashes in the query stay", get("/show/?a//b/../c"), contains="args=a//b/../c "),
    Exchange("variables of a decoded target", get("/show/%41//b/../c?d=%41"), contains="uri=/show/A/c args=d=%41 "),
    Exchange("merge_slashes off", get("/show//a///b", "X: y"), at="unmerged", contains="uri=/show//a///b"),
    Exchange("merge_slashes off, a file", get("//folder//page.html"), at="unmerged", contains="<h1>page</h1>"),
    Exchange("merge_slashes off, two dots", get("/show//a/../b"), at="unmerged", contains="uri=/show//b"),
    Exchange("absolute form", get("http://other.example/show/a?b", host="localhost"), contains="uri=/show/a args=b "),
    Exchange("absolute form without path", get("http://other.example"), contains="<h1>index</h1>"),
    Exchange("absolute form, query only", get("http://other.example?a=b"), contains="<h1>index</h1>"),
    Exchange("absolute form with port", get("http://other.example:81/ten.txt"), 200),
    Exchange("absolute form, https", get("https://other.example/ten.txt"), 200),
    Exchange("absolute form, scheme in capitals", get("HTTP://other.example/ten.txt"), 200),
    Exchange("absolute form, another scheme", get("ftp://other.example/ten.txt"), 200, deviates=SCHEME),
    Exchange("absolute form with a user", get("http://user@other.example/ten.txt"), 400),
    Exchange("absolute form without host", get("http:///ten.txt"), 400),
    Exchange("no slash", get("ten.txt"), 400),
    Exchange("star", request("OPTIONS", "*"), 400),
]


@pytest.mark.parametrize("exchange", EXCHANGES, ids=str)
def test_uri(pair: Pair, exchange: Exchange) -> None:
    pair.compare(exchange)
