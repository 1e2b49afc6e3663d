"""Conditional requests on files."""

from __future__ import annotations

import pytest

from .documents import LAST_MODIFIED, TEN_ETAG
from .exchange import Deviation, Exchange, get, head
from .pair import Pair

CONFIG = """
    server {
        listen 127.0.0.1:@main@;
        root @root@;
        location /before/ {
            alias @root@/;
            if_modified_since before;
        }
        location /off/ {
            alias @root@/;
            if_modified_since off;
        }
        location /noetag/ {
            alias @root@/;
            etag off;
        }
    }
"""

EARLIER = "Tue, 14 Nov 2023 22:13:19 GMT"
LATER = "Tue, 14 Nov 2023 22:13:21 GMT"


def ten(*headers: str) -> bytes:
    return get("/ten.txt", *headers)


def failed(name: str, send: bytes) -> Exchange:
    """A precondition that fails: nginx says keep-alive and closes the connection all the same."""
    return Exchange(name, send, 412, deviates=Deviation(412, "412 keeps the connection open, as its head says"))


EXCHANGES = [
    Exchange("if-modified-since, the same time", ten(f"If-Modified-Since: {LAST_MODIFIED}"), 304),
    Exchange("if-modified-since, earlier", ten(f"If-Modified-Since: {EARLIER}"), 200),
    Exchange("if-modified-since, later: nginx compares exactly", ten(f"If-Modified-Since: {LATER}"), 200),
    Exchange("if-modified-since, RFC 850 date", ten("If-Modified-Since: Tuesday, 14-Nov-23 22:13:20 GMT"), 304),
    Exchange("if-modified-since, asctime date", ten("If-Modified-Since: Tue Nov 14 22:13:20 2023"), 304),
    Exchange("if-modified-since, nonsense", ten("If-Modified-Since: today"), 200),
    Exchange("if-modified-since, empty", ten("If-Modified-Since:"), 200),
    Exchange("if_modified_since before, later", get("/before/ten.txt", f"If-Modified-Since: {LATER}"), 304),
    Exchange("if_modified_since off", get("/off/ten.txt", f"If-Modified-Since: {LAST_MODIFIED}"), 200),
    Exchange("if-none-match, the same", ten(f"If-None-Match: {TEN_ETAG}"), 304),
    Exchange("if-none-match, weak", ten(f"If-None-Match: W/{TEN_ETAG}"), 304),
    Exchange("if-none-match, another", ten('If-None-Match: "other"'), 200),
    Exchange("if-none-match, one of a list", ten(f'If-None-Match: "a", "b", {TEN_ETAG}'), 304),
    Exchange("if-none-match, list without spaces", ten(f'If-None-Match: "a",{TEN_ETAG},"b"'), 304),
    Exchange("if-none-match, star", ten("If-None-Match: *"), 304),
    Exchange("if-none-match, without quotes", ten(f"If-None-Match: {TEN_ETAG.strip(chr(34))}"), 200),
    Exchange("if-none-match, empty", ten("If-None-Match:"), 200),
    Exchange(
        "if-none-match differs, if-modified-since agrees",
        ten('If-None-Match: "other"', f"If-Modified-Since: {LAST_MODIFIED}"),
        200,
    ),
    Exchange(
        "if-none-match agrees, if-modified-since differs",
        ten(f"If-None-Match: {TEN_ETAG}", f"If-Modified-Since: {EARLIER}"),
        200,
    ),
    Exchange("both agree", ten(f"If-None-Match: {TEN_ETAG}", f"If-Modified-Since: {LAST_MODIFIED}"), 304),
    Exchange("if-match, the same", ten(f"If-Match: {TEN_ETAG}"), 200),
    failed("if-match, weak never matches", ten(f"If-Match: W/{TEN_ETAG}")),
    failed("if-match, another", ten('If-Match: "other"')),
    Exchange("if-match, one of a list", ten(f'If-Match: "a", {TEN_ETAG}'), 200),
    Exchange("if-match, star", ten("If-Match: *"), 200),
    Exchange("if-unmodified-since, the same time", ten(f"If-Unmodified-Since: {LAST_MODIFIED}"), 200),
    failed("if-unmodified-since, earlier", ten(f"If-Unmodified-Since: {EARLIER}")),
    Exchange("if-unmodified-since, later", ten(f"If-Unmodified-Since: {LATER}"), 200),
    failed("if-unmodified-since, nonsense", ten("If-Unmodified-Since: today")),
    Exchange("if-match and if-none-match", ten(f"If-Match: {TEN_ETAG}", f"If-None-Match: {TEN_ETAG}"), 304),
    Exchange("head not modified", head("/ten.txt", f"If-None-Match: {TEN_ETAG}"), 304),
    failed("head, precondition failed", head("/ten.txt", 'If-Match: "other"')),
    Exchange("not modified, then the next request", ten(f"If-None-Match: {TEN_ETAG}") + ten(), (304, 200)),
    Exchange("condition on what is not there", get("/none.txt", "If-None-Match: *"), 404),
    Exchange("HTTP/1.0", get("/ten.txt", f"If-None-Match: {TEN_ETAG}", version="1.0"), 304),
    Exchange("etag off", get("/noetag/ten.txt"), 200, lacks="ETag"),
    Exchange("etag off and if-none-match", get("/noetag/ten.txt", f"If-None-Match: {TEN_ETAG}"), 200),
]


@pytest.mark.parametrize("exchange", EXCHANGES, ids=str)
def test_conditional(pair: Pair, exchange: Exchange) -> None:
    pair.compare(exchange)
