"""limit_req and limit_conn. Zones remember: every exchange has keys of its own."""

from __future__ import annotations

from typing import Any

import pytest

from .exchange import ANSWER, Exchange, Step, get, head, post
from .pair import Pair

CONFIG = """
    limit_req_zone $arg_a zone=one:1m rate=1r/m;
    limit_req_zone $arg_b zone=two:1m rate=1r/m;
    limit_req_zone $arg_f zone=fast:1m rate=1000r/s;
    limit_req_zone $arg_s$arg_a zone=slow:1m rate=20r/s;
    limit_conn_zone $arg_a zone=held:1m;
    limit_conn_zone $arg_b zone=also:1m;
    log_format limits '$status $limit_req_status $limit_conn_status';
    access_log @prefix@/access.log limits;
    add_header X-Req $limit_req_status always;
    add_header X-Conn $limit_conn_status always;

    server {
        listen 127.0.0.1:@main@;
        root @root@;
        location / {
        }
        location = /one {
            limit_req zone=one;
            alias @root@/ten.txt;
        }
        location = /burst {
            limit_req zone=one burst=2 nodelay;
            alias @root@/ten.txt;
        }
        location = /two-in-order {
            limit_req zone=two burst=1 nodelay;
            limit_req zone=one;
            alias @root@/ten.txt;
        }
        location = /slow {
            limit_req zone=slow burst=5;
            alias @root@/ten.txt;
        }
        location = /delay {
            limit_req zone=slow burst=5 delay=3;
            alias @root@/ten.txt;
        }
        location = /status {
            limit_req zone=one;
            limit_req_status 429;
            alias @root@/ten.txt;
        }
        location = /page {
            limit_req zone=one;
            error_page 503 /ten.txt;
            alias @root@/ten.txt;
        }
        location = /named {
            limit_req zone=one;
            error_page 503 = @instead;
            alias @root@/ten.txt;
        }
        location @instead {
            limit_req zone=one;
            return 200 "instead";
        }
        location = /trial {
            limit_req zone=one burst=1;
            limit_req_dry_run on;
            alias @root@/ten.txt;
        }
        location = /return {
            limit_req zone=one;
            return 200 "text";
        }
        location = /proxied {
            limit_req zone=one;
            proxy_pass http://@upstream@;
        }
        location = /inherited/off {
            limit_req zone=two;
            alias @root@/ten.txt;
        }
        location /held {
            limit_conn held 1;
            proxy_pass http://@upstream@;
        }
        location /held/both {
            limit_conn held 1;
            limit_req zone=one;
            alias @root@/ten.txt;
        }
        location /held/two {
            limit_conn held 2;
            limit_conn also 2;
            limit_conn_status 599;
            proxy_pass http://@upstream@;
        }
    }
    server {
        listen 127.0.0.1:@inherited@;
        limit_req zone=one;
        limit_conn held 3;
        limit_req_status 444;
        location / {
            root @root@;
        }
        location /other {
            limit_req_status 420;
            alias @root@/ten.txt;
        }
        location /own {
            limit_req zone=two;
            alias @root@/ten.txt;
        }
    }
"""


def limited(name: str, send: bytes | list[Step], status: int | tuple[int, ...] = 200, **options: Any) -> Exchange:
    """An exchange whose log lines are compared too, one for each request."""
    sent = send if isinstance(send, bytes) else b"".join(step for step in send if isinstance(step, bytes))
    return Exchange(name, send, status, logs=sent.count(b" HTTP/1.1\r\n"), **options)


def times(count: int, target: str, *headers: str) -> bytes:
    return get(target, *headers) * count


EXCHANGES = [
    limited("no limit", get("/ten.txt"), contains="200 - -"),
    limited("one passes", get("/one?a=1"), contains="X-Req: PASSED"),
    limited("two are one too many", times(2, "/one?a=2"), (200, 503), contains="X-Req: REJECTED"),
    limited("keys are counted each", get("/one?a=3") + get("/one?a=4"), (200, 200)),
    limited("an empty key is not counted", times(3, "/one?a="), (200, 200, 200), lacks="X-Req"),
    limited("a key that is not there", times(3, "/one"), (200, 200, 200), lacks="X-Req"),
    limited("a burst", times(5, "/burst?a=5"), (200, 200, 200, 503, 503)),
    limited("one zone in two places", get("/burst?a=6") + times(2, "/one?a=6"), (200, 503, 503)),
    limited("rejections do not count", times(3, "/one?a=7") + times(3, "/burst?a=7"), (200, 503, 503, 200, 200, 503)),
    limited(
        "the second of two zones rejects, the first does not count it",
        times(3, "/two-in-order?a=8&b=8") + get("/two-in-order?a=9&b=8") + get("/two-in-order?a=10&b=8"),
        (200, 503, 503, 200, 503),
    ),
    limited("one of two keys is empty", times(3, "/two-in-order?b=9"), (200, 200, 503)),
    limited("the other of two keys is empty", times(2, "/two-in-order?a=11"), (200, 503)),
    limited("a delay", times(3, "/slow?s=1"), (200, 200, 200), contains="X-Req: DELAYED"),
    limited("a delay that begins later", times(3, "/delay?s=2"), (200, 200, 200), lacks="X-Req: DELAYED"),
    limited("a delay that begins", times(5, "/delay?s=3"), (200,) * 5, contains="X-Req: DELAYED"),
    limited("more than a burst with a delay", [get("/slow?s=4"), ANSWER, get("/slow?s=4")], (200, 200)),
    limited("a status", times(2, "/status?a=12"), (200, 429)),
    limited("an error page", times(2, "/page?a=13"), (200, 503)),
    limited("an error page that is limited too", times(2, "/named?a=14"), (200, 200), contains="instead"),
    limited("a trial", times(4, "/trial?a=15"), (200,) * 4, contains="REJECTED_DRY_RUN"),
    limited("a trial tells of delays", times(2, "/trial?a=16"), (200, 200), contains="DELAYED_DRY_RUN"),
    limited("return comes before limits", times(3, "/return?a=17"), (200, 200, 200), lacks="X-Req"),
    limited("proxied", times(2, "/proxied?a=18"), (200, 503)),
    limited("HEAD counts", head("/one?a=20") + get("/one?a=20"), (200, 503), methods=("HEAD", "GET")),
    limited(
        "POST counts",
        [post("/proxied?a=21", b"abc"), ANSWER, get("/proxied?a=21")],
        (200, 503),
        methods=("POST", "GET"),
    ),
    limited("a long key", times(2, "/one?a=" + "x" * 3000), (200, 503)),
    limited("keys with bytes of any kind", times(2, "/one?a=%00%ff") + get("/one?a=%00"), (200, 503, 200)),
    limited("a server's limit", times(1, "/ten.txt?a=22"), 200, at="inherited", contains="X-Conn: PASSED"),
    limited("a server's limit, rejected without an answer", times(2, "/ten.txt?a=23"), 200, at="inherited"),
    limited("a server's limit, another status", times(2, "/other?a=24"), (200, 420), at="inherited"),
    limited("a limit of its own instead", times(2, "/own?a=25&b=25"), (200,), at="inherited"),
    limited("a limit of its own, the server's does not count", times(3, "/own?a=26"), (200,) * 3, at="inherited"),
    limited("one at a time", get("/held?a=30"), 200, contains="200 - PASSED"),
    limited("one at a time, no key", get("/held"), 200, lacks="X-Conn"),
    limited("both limits", times(2, "/held/both?a=31"), (200, 503), contains="503 REJECTED -"),
    limited("two zones of counts", get("/held/two?a=32&b=32"), 200),
]


@pytest.mark.parametrize("exchange", EXCHANGES, ids=str)
def test_request_limits(pair: Pair, exchange: Exchange) -> None:
    pair.compare(exchange)
