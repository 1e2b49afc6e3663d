"""gzip the other way, for clients that do not accept it, and from files that lie beside."""

from __future__ import annotations

import pytest

from .exchange import Exchange, get, head, post
from .pair import Pair

NEEDS = ("gunzip", "gzip_static")

GZIP = "Accept-Encoding: gzip"

CONFIG = """
    server {
        listen 127.0.0.1:@main@;
        root @root@;
        max_ranges 0;  # ranges of such files came after Debian's nginx
        location /gunzip/ { proxy_pass http://127.0.0.1:@backend@/; gunzip on; gzip_vary on; gzip_min_length 1; }
        location /gunzip-only/ { proxy_pass http://127.0.0.1:@backend@/; gunzip on; gzip off; }
        location /gunzip-html/ { proxy_pass http://127.0.0.1:@backend@/; gunzip on; gzip on; gzip_types *; }
        location /static/ { alias @root@/; gzip_static on; }
        location /static-vary/ { alias @root@/; gzip_static on; gzip_vary on; }
        location /always/ { alias @root@/; gzip_static always; }
        location /unpacked/ { alias @root@/; gzip_static always; gunzip on; gzip off; }
    }
    server {
        listen 127.0.0.1:@backend@;
        root @root@;
        max_ranges 0;  # ranges of such files came after Debian's nginx
        gzip_static always;
        location /404 { error_page 404 /only.txt; return 404; }
        location /several/ { alias @root@/; add_header Content-Encoding br; }
    }
"""

EXCHANGES = [
    Exchange("gunzip", get("/gunzip/only.txt"), contains="only in gzip", lacks="Content-Encoding"),
    Exchange("gunzip, not needed", get("/gunzip/only.txt", GZIP), contains="Content-Encoding: gzip"),
    Exchange("gunzip of plain text", get("/gunzip/ten.txt")),
    Exchange("gunzip, head", head("/gunzip/only.txt")),
    Exchange("gunzip, 404", get("/gunzip-only/404"), 404),
    Exchange("gunzip, HTTP/1.0", get("/gunzip-only/only.txt", version="1.0"), contains="only in gzip"),
    Exchange("gunzip and gzip", get("/gunzip-html/only.txt"), lacks="Content-Encoding"),
    Exchange("gunzip and gzip, HTTP/1.0", get("/gunzip-html/only.txt", GZIP, version="1.0"), lacks="Content-Encoding"),
    Exchange("gunzip of half a stream", get("/gunzip/broken.txt"), contains="incomplete"),
    Exchange("gzip_static", get("/static/both.txt", GZIP), contains="the file in gzip"),
    Exchange("gzip_static, not asked for", get("/static/both.txt"), contains="the plain file"),
    Exchange("gzip_static, not there", get("/static/ten.txt", GZIP)),
    Exchange("gzip_static, no plain file", get("/static/only.txt", GZIP), contains="only in gzip"),
    Exchange("gzip_static, no plain file, not asked for", get("/static/only.txt"), 404),
    Exchange("gzip_static, head", head("/static/both.txt", GZIP)),
    Exchange("gzip_static, post", post("/static/both.txt", b"", GZIP), 405),
    Exchange("gzip_static, a folder", get("/static/folder", GZIP), 301),
    Exchange("gzip_static, an index", get("/static/folder/", GZIP)),
    Exchange("gzip_static, vary", get("/static-vary/both.txt", GZIP), contains="Vary: Accept-Encoding"),
    Exchange("gzip_static, vary, not asked for", get("/static-vary/both.txt"), contains="Vary: Accept-Encoding"),
    Exchange("gzip_static, vary, not there", get("/static-vary/ten.txt"), lacks="Vary"),
    Exchange("gzip_static always", get("/always/both.txt"), contains="the file in gzip"),
    Exchange("gzip_static always, HTTP/1.0", get("/always/only.txt", version="1.0"), contains="only in gzip"),
    Exchange("gzip_static always and gunzip", get("/unpacked/only.txt"), lacks="Content-Encoding"),
    Exchange("gunzip of two streams", get("/unpacked/twice.txt"), contains="second"),
]


@pytest.mark.parametrize("exchange", EXCHANGES, ids=str)
def test_gunzip(pair: Pair, exchange: Exchange) -> None:
    pair.compare(exchange)
