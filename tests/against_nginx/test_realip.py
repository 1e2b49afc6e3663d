"""ngx_http_realip_module: whose word is taken for the client's address."""

from __future__ import annotations

import pytest

from .exchange import Exchange, get
from .pair import Pair

SHOWN = "$remote_addr:$remote_port $realip_remote_addr"

CONFIG = f"""
    log_format who "$remote_addr [$realip_remote_addr]";
    server {{
        listen 127.0.0.1:@main@;
        access_log off;
        set_real_ip_from 127.0.0.1;
        location / {{ return 200 "{SHOWN}"; }}
        location /proxied {{ proxy_pass http://@upstream@; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Real-IP $remote_addr; }}
        location /short {{ return 200 $remote_addr; }}
        location /denied {{ alias @root@/ten.txt; deny 192.0.2.0/24; }}
    }}
    server {{
        listen 127.0.0.1:@logged@;
        access_log @prefix@/access.log who;
        set_real_ip_from 127.0.0.1;
        location / {{ return 200 ok; }}
    }}
    server {{
        access_log off;
        listen 127.0.0.1:@list@;
        set_real_ip_from 127.0.0.0/8; set_real_ip_from 10.0.0.0/8; set_real_ip_from 2001:db8::/32;
        real_ip_header X-Forwarded-For;
        location / {{ return 200 "{SHOWN}"; }}
    }}
    server {{
        listen 127.0.0.1:@recursive@; access_log off;
        set_real_ip_from 127.0.0.1; set_real_ip_from 10.0.0.0/8; set_real_ip_from 2001:db8::/32;
        real_ip_header X-Forwarded-For; real_ip_recursive on;
        location /short {{ return 200 $remote_addr; }}
        location / {{ return 200 "{SHOWN}"; }}
    }}
    server {{
        listen 127.0.0.1:@other@; access_log off;
        set_real_ip_from 127.0.0.1; real_ip_header CF-Connecting-IP;
        location / {{ return 200 "{SHOWN}"; }}
    }}
    server {{
        listen 127.0.0.1:@stranger@; access_log off;
        set_real_ip_from 192.0.2.1;
        location / {{ return 200 "$remote_addr"; }}
    }}
    server {{
        listen 127.0.0.1:@late@; access_log off;
        location / {{ set_real_ip_from 127.0.0.1; proxy_pass http://@upstream@; proxy_set_header X-Who $remote_addr; }}
    }}
    server {{
        listen 127.0.0.1:@proxied@ proxy_protocol; access_log off;
        set_real_ip_from 127.0.0.1; real_ip_header proxy_protocol;
        location / {{ return 200 "$remote_addr:$remote_port"; }}
    }}
"""


def seen(name: str, at: str, shown: str, *headers: str) -> Exchange:
    return Exchange(name, get("/", *headers), at=at, contains=shown)


EXCHANGES = [
    seen("X-Real-IP", "main", "192.0.2.7: 127.0.0.1", "X-Real-IP: 192.0.2.7"),
    seen("with a port", "main", "192.0.2.7:123 127.0.0.1", "X-Real-IP: 192.0.2.7:123"),
    seen("IPv6", "main", "2001:db8::7: 127.0.0.1", "X-Real-IP: 2001:db8::7"),
    seen("IPv6 with a port", "main", "2001:db8::7:80 127.0.0.1", "X-Real-IP: [2001:db8::7]:80"),
    seen("the last of several", "main", "192.0.2.2: 127.0.0.1", "X-Real-IP: 192.0.2.1, 192.0.2.2"),
    Exchange(
        "a second request has its own",
        [get("/", "X-Real-IP: 192.0.2.7") + get("/other", "X-Real-IP: 192.0.2.8")],
        (200, 200),
        contains="192.0.2.8: 127.0.0.1",
    ),
    Exchange(
        "and none", [get("/", "X-Real-IP: 192.0.2.7") + get("/short")], (200, 200), contains="192.0.2.7: 127.0.0.1"
    ),
    Exchange("no address", get("/", "X-Real-IP: nonsense"), at="logged", logs=1, contains="127.0.0.1 [127.0.0.1]"),
    Exchange("empty", get("/", "X-Real-IP:"), at="logged", logs=1, contains="127.0.0.1 [127.0.0.1]"),
    Exchange("a bad port", get("/", "X-Real-IP: 192.0.2.7:x"), at="logged", logs=1, contains="127.0.0.1 [127.0.0.1]"),
    Exchange("logged", get("/", "X-Real-IP: 192.0.2.7"), at="logged", logs=1, contains="192.0.2.7 [127.0.0.1]"),
    Exchange("access rules see it", get("/denied", "X-Real-IP: 192.0.2.7"), 403),
    Exchange("the upstream sees it", get("/proxied", "X-Real-IP: 192.0.2.7"), contains="X-Forwarded-For: 192.0.2.7"),
    seen("a list", "list", "192.0.2.2: 127.0.0.1", "X-Forwarded-For: 192.0.2.1, 192.0.2.2"),
    seen("a list, a proxy last", "list", "10.0.0.1: 127.0.0.1", "X-Forwarded-For: 192.0.2.1, 10.0.0.1"),
    seen(
        "two lists",
        "list",
        "192.0.2.3: 127.0.0.1",
        "X-Forwarded-For: 192.0.2.1",
        "X-Forwarded-For: 192.0.2.2,192.0.2.3",
    ),
    seen("recursive", "recursive", "192.0.2.1: 127.0.0.1", "X-Forwarded-For: 192.0.2.9, 192.0.2.1, 10.0.0.1"),
    seen(
        "recursive, two lists",
        "recursive",
        "192.0.2.1: 127.0.0.1",
        "X-Forwarded-For: 192.0.2.1",
        "X-Forwarded-For: 10.0.0.2, 10.0.0.1",
    ),
    seen("recursive, all trusted", "recursive", "10.0.0.2: 127.0.0.1", "X-Forwarded-For: 10.0.0.2, 10.0.0.1"),
    seen("recursive, nonsense before", "recursive", "10.0.0.1: 127.0.0.1", "X-Forwarded-For: nonsense, 10.0.0.1"),
    Exchange(
        "recursive, nonsense last",
        get("/short", "X-Forwarded-For: 192.0.2.1, nonsense"),
        at="recursive",
        contains="127.0.0.1",
    ),
    seen("recursive, commas", "recursive", "192.0.2.1: 127.0.0.1", "X-Forwarded-For: 192.0.2.1,,  10.0.0.1 , "),
    seen("recursive, IPv6", "recursive", "192.0.2.1: 127.0.0.1", "X-Forwarded-For: 192.0.2.1, 2001:db8::1"),
    seen("another field", "other", "192.0.2.7: 127.0.0.1", "CF-Connecting-IP: 192.0.2.7"),
    seen(
        "another field twice",
        "other",
        "192.0.2.7: 127.0.0.1",
        "CF-Connecting-IP: 192.0.2.7",
        "CF-Connecting-IP: 192.0.2.8",
    ),
    Exchange(
        "a stranger's word", get("/", "X-Real-IP: 192.0.2.7"), at="stranger", contains="127.0.0.1", lacks="192.0.2.7"
    ),
    Exchange("in a location", get("/", "X-Real-IP: 192.0.2.7"), at="late", contains="X-Who: 192.0.2.7"),
    Exchange(
        "PROXY protocol",
        b"PROXY TCP4 192.0.2.7 192.0.2.8 1234 80\r\n" + get("/"),
        at="proxied",
        contains="192.0.2.7:1234",
    ),
]


@pytest.mark.parametrize("exchange", EXCHANGES, ids=str)
def test_realip(pair: Pair, exchange: Exchange) -> None:
    pair.compare(exchange)
