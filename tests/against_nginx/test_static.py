"""Files: types, names, methods."""

from __future__ import annotations

import pytest

from .exchange import Exchange, chunked, get, head, post, request
from .pair import Pair

CONFIG = """
    types {
        text/html html htm;
        text/css css;
        application/javascript js;
        application/json json;
        image/png png;
        image/svg+xml svg;
        text/plain txt;
        application/gzip gz;
    }
    default_type application/octet-stream;
    server {
        listen 127.0.0.1:@main@;
        root @root@;
        location /typed/ {
            alias @root@/;
            types {
                text/x-ten txt;
            }
            default_type text/x-rest;
        }
        location /untyped/ {
            alias @root@/;
            types { }
            default_type "";
        }
    }
"""

EXCHANGES = [
    Exchange("html", get("/about.html"), contains="text/html"),
    Exchange("css", get("/style.css"), contains="text/css"),
    Exchange("javascript", get("/script.js"), contains="application/javascript"),
    Exchange("json", get("/data.json"), contains="application/json"),
    Exchange("png", get("/image.png"), contains="image/png"),
    Exchange("svg", get("/photo.svg"), contains="image/svg+xml"),
    Exchange("extension in capitals", get("/upper.HTML"), contains="text/html"),
    Exchange("only the last extension counts", get("/two.tar.gz"), contains="application/gzip"),
    Exchange("no extension", get("/noextension"), contains="application/octet-stream"),
    Exchange("unknown extension", get("/page.xyz"), contains="application/octet-stream"),
    Exchange("a dot at the end", get("/trailing."), contains="application/octet-stream"),
    Exchange("a dot at the beginning", get("/.hidden")),
    Exchange("types of a location replace the others", get("/typed/ten.txt"), contains="text/x-ten"),
    Exchange("default_type of a location", get("/typed/about.html"), contains="text/x-rest"),
    Exchange("no type at all", get("/untyped/about.html"), lacks="Content-Type: "),
    Exchange("empty file", get("/empty.txt"), contains="Content-Length: 0"),
    Exchange("big file", get("/big.bin")),
    Exchange("query is ignored", get("/ten.txt?a=b/../c")),
    Exchange("head", head("/ten.txt"), contains="Content-Length: 10"),
    Exchange("head of an empty file", head("/empty.txt")),
    Exchange("head of what is not there", head("/none.txt"), 404),
    Exchange("not there", get("/none.txt"), 404),
    Exchange("file as a folder", get("/ten.txt/"), 404),
    Exchange("file as a folder of a file", get("/ten.txt/more"), 404),
    Exchange("not there, HTTP/1.0", get("/none.txt", version="1.0"), 404),
    Exchange("name too long for the file system", get("/" + "n" * 300), 404),
    Exchange("post", post("/ten.txt", b"a=b"), 405),
    Exchange("post to what is not there", post("/none.txt", b"a=b"), 404),
    Exchange("chunked post", chunked("/ten.txt", b"3\r\na=b\r\n0\r\n\r\n"), 405),
    Exchange("put", request("PUT", "/ten.txt", "Content-Length: 0"), 405),
    Exchange("delete", request("DELETE", "/ten.txt"), 405),
    Exchange("options", request("OPTIONS", "/ten.txt"), 405),
    Exchange("patch", request("PATCH", "/ten.txt", "Content-Length: 0"), 405),
    Exchange("unknown method", request("BREW", "/ten.txt"), 405),
    Exchange("get with a body", request("GET", "/ten.txt", "Content-Length: 3", body=b"abc")),
    Exchange(
        "post, then the next request", post("/ten.txt", b"a=b") + get("/ten.txt"), (405, 200), methods=("POST", "GET")
    ),
    Exchange("HTTP/1.0", get("/ten.txt", version="1.0")),
    Exchange("HTTP/1.0 keep-alive", get("/ten.txt", "Connection: keep-alive", version="1.0"), contains="kept open"),
]


@pytest.mark.parametrize("exchange", EXCHANGES, ids=str)
def test_static(pair: Pair, exchange: Exchange) -> None:
    pair.compare(exchange)
