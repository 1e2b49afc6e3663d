"""mirror: what the request's copies are, and that nobody waits for them."""

from __future__ import annotations

import pytest

from .exchange import LEAVE, UPSTREAM_ASKED, Exchange, get, head, post
from .pair import Pair
from .upstream import HANG, Reply, answer

CONFIG = """
    log_format copied "$uri $status $request_method $request_uri $args";
    server {
        listen 127.0.0.1:@main@;
        root @root@;
        log_subrequest on;

        location /text/ { mirror /copy; return 200 "return is before the copy"; }
        location /file/ { mirror /copy; access_log access.log copied; alias @root@/; }
        location /two/ { mirror /copy; mirror /copy2; alias @root@/; access_log access.log copied; }
        location /off/ { mirror off; alias @root@/; access_log access.log copied; }
        location /rewritten/ { mirror /elsewhere/; alias @root@/; access_log access.log copied; }
        location /body/ { mirror /copybody; proxy_pass http://kept; access_log off; }
        location /nobody/ { mirror /copynobody; mirror_request_body off; proxy_pass http://kept; access_log off; }
        location /deep/ { mirror /once/; alias @root@/; access_log access.log copied; }
        location /once/ { mirror /copy; return 204; access_log access.log copied; }
        location /elsewhere/ { rewrite ^ /copy2 last; access_log access.log copied; }
        location = /copy { access_log access.log copied; return 204; }
        location = /copy2 { access_log access.log copied; return 404; }
        location = /copybody {
            access_log access.log copied;
            if ($request_method = POST) { return 201 "$content_length"; }
            return 202;
        }
        location = /copynobody { access_log access.log copied; return 202; }
        location /down/ { mirror /copydown; alias @root@/; access_log off; }
        location = /copydown { access_log access.log copied; proxy_pass http://127.0.0.1:1; }
        location /left/ { mirror /copyleft; proxy_pass http://@upstream@/same; access_log off; }
        location = /copyleft { access_log off; proxy_pass http://@upstream@/same; }
    }
    upstream kept { server @upstream@; keepalive 1; }
"""

EXCHANGES = [
    Exchange("return goes before", get("/text/"), contains="return is before"),
    Exchange("a copy", get("/file/ten.txt?a=b"), logs=2, contains="/copy 204 GET /file/ten.txt?a=b a=b"),
    Exchange("a copy of HEAD", head("/file/ten.txt"), logs=2, contains="/copy 204 HEAD /file/ten.txt -"),
    Exchange("off", get("/off/ten.txt"), logs=1),
    Exchange("a copy that goes elsewhere", get("/rewritten/ten.txt"), logs=2, contains="/copy2 404 GET"),
    Exchange("a copy is not copied", get("/deep/ten.txt"), logs=2, contains="/once/ 204 GET"),
    Exchange("a copy with a body", post("/body/x", b"body"), logs=1, contains="/copybody 201 POST"),
    Exchange("a copy with a body: the request has it too", post("/body/x", b"the body"), logs=1, contains="'the body'"),
    Exchange("a copy with an empty body", post("/body/x", b""), logs=1, contains="Content-Length: 0"),
    Exchange("a copy without the body", post("/nobody/x", b"body"), logs=1, contains="/copynobody 202 POST"),
    Exchange(
        "a copy ends with its request",
        [get("/left/"), UPSTREAM_ASKED, LEAVE],
        (),
        upstream=(Reply(HANG), Reply(HANG)),
        contains="upstream connection 2: closed by the proxy",
    ),
    Exchange("an upstream for the request alone", get("/body/x"), logs=1, upstream=answer(body=b"for one")),
]


@pytest.mark.parametrize("exchange", EXCHANGES, ids=str)
def test_mirror(pair: Pair, exchange: Exchange) -> None:
    pair.compare(exchange)
