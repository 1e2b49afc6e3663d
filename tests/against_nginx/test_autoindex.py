"""Listings of folders, and the empty picture."""

from __future__ import annotations

import pytest

from .exchange import Deviation, Exchange, get, head, post
from .pair import Pair

CONFIG = """
    server {
        listen 127.0.0.1:@main@;
        root @root@;
        autoindex on;
        location /utf8/ { alias @root@/; charset utf-8; index none; }
        location /rounded/ { alias @root@/; autoindex_exact_size off; autoindex_localtime on; index none; }
        location /json/ { alias @root@/; autoindex_format json; index none; }
        location /jsonp/ { alias @root@/; autoindex_format jsonp; index none; }
        location /xml/ { alias @root@/; autoindex_format xml; index none; }
        location /off/ { alias @root@/; autoindex off; index none; }
        location /gzip/ { alias @root@/; gzip on; index none; }
        location /ten { alias @root@/ten.txt; }
        location /gif { empty_gif; }
        location /gif-etag { empty_gif; add_header ETag '"a"'; }
    }
"""

EXCHANGES = [
    Exchange("a listing", get("/listed/")),
    Exchange("not where there is an index", get("/folder/"), contains="<h1>folder</h1>"),
    Exchange("head", head("/listed/")),
    Exchange("post", post("/listed/", b""), 403),
    Exchange("HTTP/1.0", get("/listed/", version="1.0")),
    Exchange("of the root", get("/utf8/")),
    Exchange("UTF-8", get("/utf8/listed/"), contains="charset=utf-8"),
    Exchange("a folder that is not there", get("/none/"), 404),
    Exchange("a file instead of a folder", get("/ten.txt/"), 404),
    Exchange("off", get("/off/listed/"), 403),
    Exchange("rounded", get("/rounded/listed/")),
    Exchange("json", get("/json/listed/"), contains="application/json"),
    Exchange("json, empty", get("/json/listed/empty%20folder/")),
    Exchange("xml", get("/xml/listed/"), contains="text/xml; charset=utf-8"),
    Exchange("xml, empty", get("/xml/listed/empty%20folder/")),
    Exchange("jsonp", get("/jsonp/listed/?a=b&callback=f.x_1")),
    Exchange("jsonp, no callback", get("/jsonp/listed/"), contains="application/json"),
    Exchange("jsonp, an empty callback", get("/jsonp/listed/?callback="), contains="application/json"),
    Exchange("jsonp, a bad callback", get("/jsonp/listed/?callback=a(b)"), 400),
    Exchange("jsonp, a long callback", get(f"/jsonp/listed/?callback={'a' * 129}"), 400),
    Exchange("gzip", get("/gzip/listed/", "Accept-Encoding: gzip"), contains="Content-Encoding: gzip"),
    Exchange("a name to escape", get("/listed/a%3Cb%3E%26%22c/"), contains="&lt;b&gt;&amp;&quot;c"),
    Exchange("a range", get("/listed/", "Range: bytes=1-2"), 200),
    Exchange("empty gif", get("/gif"), contains="image/gif"),
    Exchange("empty gif, head", head("/gif")),
    Exchange("empty gif, post", post("/gif", b""), 405),
    Exchange("empty gif, not modified", get("/gif", "If-Modified-Since: Mon, 28 Sep 1970 06:00:00 GMT"), 304),
    Exchange("empty gif, a range", get("/gif", "Range: bytes=1-2"), 200),
    Exchange(
        "empty gif, if match",
        get("/gif", 'If-Match: "a"'),
        412,
        deviates=Deviation(412, "412 keeps the connection open, as its head says"),
    ),
]


@pytest.mark.parametrize("exchange", EXCHANGES, ids=str)
def test_autoindex(pair: Pair, exchange: Exchange) -> None:
    pair.compare(exchange)
