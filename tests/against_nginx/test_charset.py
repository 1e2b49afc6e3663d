"""charset: what is said, and what is recoded."""

from __future__ import annotations

import pytest

from .exchange import Deviation, Exchange, get, head
from .pair import Pair
from .upstream import answer

CONFIG = """
    charset_map koi8-r utf-8 { C1 D0B0; C2 D0B1; 80 E282AC; }
    charset_map one two { 80 C0; 81 C1; }
    server {
        listen 127.0.0.1:@main@;
        root @root@;
        charset utf-8;
        location /off/ { alias @root@/; charset off; }
        location /css/ { alias @root@/; default_type text/css; }
        location /types/ { alias @root@/; charset_types text/css; default_type text/css; }
        location /plain/ { alias @root@/; charset_types text/css; }
        location /any/ { alias @root@/; charset_types *; }
        location /variable/ { alias @root@/; charset $arg_c; }
        location /recode/ { alias @root@/; source_charset koi8-r; }
        location /back/ { alias @root@/; source_charset utf-8; charset koi8-r; }
        location /bytes/ { alias @root@/; source_charset one; charset two; }
        location /same/ { alias @root@/; source_charset utf-8; }
        location /source/ { alias @root@/; source_charset $arg_s; charset $arg_c; }
        location /redirect/ { return 301 /; }
        location /see/ { return 303 /; }
        location /text/ { return 200 text; }
        location /proxy/ { proxy_pass http://@upstream@/; }
        location /asked/ { proxy_pass http://@upstream@/; charset off; source_charset koi8-r; }
        location /ignored/ { proxy_pass http://@upstream@/; charset off; proxy_ignore_headers X-Accel-Charset; }
        location /override/ { proxy_pass http://@upstream@/; override_charset on; source_charset koi8-r; }
        location /gzip/ { alias @root@/; source_charset koi8-r; gzip on; gzip_types *; gzip_min_length 1; }
    }
"""

EXCHANGES = [
    Exchange("said", get("/about.html"), contains="text/html; charset=utf-8"),
    Exchange("said of another type", get("/css/style.css"), lacks="charset"),
    Exchange("off", get("/off/about.html"), lacks="charset"),
    Exchange("an empty variable", get("/variable/about.html?c="), lacks="charset"),
    Exchange(
        "a variable without a value",
        get("/variable/about.html"),
        (),
        deviates=Deviation(200, "a variable without a value is as good as an empty one", lacks="charset"),
    ),
    Exchange("types", get("/types/style.css"), contains="charset"),
    Exchange("html is always one of them", get("/types/about.html"), contains="charset"),
    Exchange("other defaults are not", get("/plain/ten.txt"), lacks="charset"),
    Exchange("any type", get("/any/image.png"), contains="charset"),
    Exchange("head", head("/about.html"), contains="charset"),
    Exchange("206", get("/about.html", "Range: bytes=1-2"), 206, contains="charset"),
    Exchange("several parts", get("/ten.txt", "Range: bytes=1-2,4-5"), 206, contains="charset"),
    Exchange("304", get("/about.html", "If-None-Match: *"), 304, lacks="charset"),
    Exchange("404", get("/none"), 404, contains="charset"),
    Exchange("301", get("/redirect/"), 301, lacks="charset"),
    Exchange("303", get("/see/"), 303, contains="charset"),
    Exchange("a text", get("/text/"), contains="charset"),
    Exchange("a variable", get("/variable/about.html?c=xyz"), contains="charset=xyz"),
    Exchange("a variable, known", get("/variable/about.html?c=koi8-r"), contains="charset=koi8-r"),
    Exchange("to utf-8", get("/recode/koi.txt"), contains="\\xd0\\xb0"),
    Exchange("to utf-8, HTTP/1.0", get("/recode/koi.txt", version="1.0")),
    Exchange("to utf-8, head", head("/recode/koi.txt")),
    Exchange("to utf-8, a range", get("/recode/koi.txt", "Range: bytes=1-2"), 200),
    Exchange("to utf-8, a large file", get("/recode/bigkoi.txt")),
    Exchange("from utf-8", get("/back/utf8.txt"), contains="&#"),
    Exchange("from utf-8, what is none", get("/back/koi.txt")),
    Exchange("from utf-8, a large file", get("/back/big.txt")),
    Exchange("bytes", get("/bytes/koi.txt")),
    Exchange("bytes, a range", get("/bytes/koi.txt", "Range: bytes=1-2"), 206),
    Exchange("the same", get("/same/utf8.txt"), contains="charset=utf-8"),
    Exchange("the same, a range", get("/same/utf8.txt", "Range: bytes=1-2"), 206),
    Exchange("of variables", get("/source/koi.txt?s=koi8-r&c=utf-8"), contains="\\xd0\\xb0"),
    Exchange("of variables, no map", get("/source/koi.txt?s=one&c=utf-8"), lacks="charset"),
    Exchange("of variables, not known", get("/source/koi.txt?s=abc&c=def"), lacks="charset"),
    Exchange("of variables, not known but equal", get("/source/koi.txt?s=abc&c=ABC")),
    Exchange("gzip", get("/gzip/koi.txt", "Accept-Encoding: gzip"), contains="\\xd0\\xb0"),
    *(
        Exchange(
            f"{where}, {kind}",
            get(f"/{where}/"),
            upstream=answer(f"Content-Type: {kind}", body=b"\xc1\xc2 \x80\xd0\xb0"),
        )
        for where in ("proxy", "override")
        for kind in (
            "text/html",
            "text/html; charset=utf-8",
            "text/html;charset=koi8-r",
            "text/html; charset=two",
            "image/png",
            "text/html; charset=abc",
            'TEXT/HTML; Charset="UTF-8"',
            "text/html; a=b",
            "text/html; a=b; charset=utf-8",
        )
    ),
    *(
        Exchange(
            f"X-Accel-Charset: {charset}, {where}, {kind}",
            get(f"/{where}/"),
            upstream=answer(f"X-Accel-Charset: {charset}", f"Content-Type: {kind}", body=b"\xc1\xc2"),
        )
        for charset in ("utf-8", "koi8-r", "unknown", "")
        for where in ("asked", "ignored")
        for kind in ("text/html", "image/png", "text/html; charset=koi8-r")
    ),
    Exchange("no type", get("/proxy/"), lacks="charset"),
    Exchange(
        "not recoded in gzip",
        get("/override/"),
        upstream=answer("Content-Type: text/html; charset=koi8-r", "Content-Encoding: gzip", body=b"abc"),
        contains="charset=koi8-r",
    ),
]


@pytest.mark.parametrize("exchange", EXCHANGES, ids=str)
def test_charset(pair: Pair, exchange: Exchange) -> None:
    pair.compare(exchange)
