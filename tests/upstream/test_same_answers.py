"""Whatever is remembered, a request gets the answer and the access line that it would get by itself."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from tests.support.client import Answer
from tests.support.proxy import Proxy, serve
from tests.support.upstream import Visit, answer, upstream

SEQUENCES = 20
LENGTH = 14
"""So many walks, of so many requests each."""

HTTP = r"""
    log_format full '$status $request_method $uri $args [$one] [$two] $host "$http_x" $mapped $counted $counter $half '
                    '$where $remote_addr $proxy_host $sent_http_x_set $uid_got $x $request_body $upstream_status '
                    '$letter';
    access_log {folder}/access.log full;
    map - $one {{ volatile; default "$1"; }}
    map - $two {{ volatile; default "$2"; }}
    map $http_x $mapped {{ default d; ~^(?<letter>[a-f])(.*)$ "m-$letter-$2"; exact e; }}
    map $counter $counted {{ default none; ~^(.)(.)$ "$2"; }}
    geo $arg_ip $where {{ default nowhere; 127.0.0.0/8 home; 10.0.0.0/8 ten; proxy 127.0.0.1; }}
    split_clients $counter $half {{ 50% 127.0.0.1:{port}; * localhost:{port}; }}
    limit_req_zone $binary_remote_addr zone=rate:1m rate=100000r/s;
    limit_conn_zone $binary_remote_addr zone=many:1m;
    gzip_types text/plain; gzip_min_length 1; gzip_vary on;
"""

SERVER = r"""
    root {folder}/www;
    index index.html;
    set $x server;
    set $counter -;
    location /count {{ internal; proxy_pass http://127.0.0.1:{port}; proxy_pass_request_body off; }}
    location /auth/ {{
        auth_request /count; auth_request_set $counter $upstream_http_x_count;
        proxy_set_header X-Counter $counter; proxy_set_header X-Half $half; proxy_set_header X-Mapped $mapped;
        proxy_pass http://127.0.0.1:{port};
    }}
    location /captured/ {{
        auth_request /count; auth_request_set $counter $upstream_http_x_count;
        add_header X-Set $counted always;
        proxy_set_header X-Counted $counted; proxy_set_header X-One "$1";
        proxy_pass http://127.0.0.1:{port};
    }}
    location /mapped/ {{ proxy_set_header X-Mapped $mapped; proxy_pass http://127.0.0.1:{port}; }}
    location /split/ {{
        auth_request /count; auth_request_set $counter $upstream_http_x_count;
        proxy_pass http://$half;
    }}
    location /set/ {{
        set $x $request_method;
        if ($arg_q = 1) {{ set $x q; add_header X-Set "if $x"; }}
        if ($http_x ~ ^(.)(.)) {{ set $x "two $2"; }}
        proxy_set_header X-Var "$x $1";
        proxy_pass http://127.0.0.1:{port};
    }}
    location /accel/ {{ proxy_pass http://127.0.0.1:{port}; charset utf-8; }}
    location /files/ {{
        gzip on; charset utf-8; sub_filter word sword; sub_filter_types *; add_header X-Set "$mapped";
    }}
    location /plain/ {{ alias {folder}/www/files/; expires max; add_header X-Set constant; }}
    location /real/ {{
        set_real_ip_from 127.0.0.1; proxy_set_header X-Real $remote_addr; proxy_pass http://127.0.0.1:{port};
    }}
    location /uid/ {{ userid log; userid_name id; return 200 "uid $uid_got\n"; }}
    location /error/ {{
        error_page 404 /files/a.txt; error_page 500 =200 @named; error_page 403 =418 /plain/b.txt;
        proxy_intercept_errors on; proxy_pass http://127.0.0.1:{port};
    }}
    location @named {{ proxy_set_header X-Var named; proxy_pass http://127.0.0.1:{port}; }}
    location /try/ {{ try_files $uri /files$arg_file @named; }}
    location /rewrite/ {{ rewrite ^/rewrite/(.)(.*)$ /set/$2?q=$1&rest last; }}
    location /limit/ {{
        limit_req zone=rate burst=100 nodelay; limit_conn many 50; proxy_pass http://127.0.0.1:{port};
        if ($request_method = POST) {{ return 405; }}
    }}
    location /cookie/ {{
        proxy_cookie_flags ~ secure; proxy_cookie_domain a $host; proxy_pass http://127.0.0.1:{port};
    }}
    location /flag/ {{ if (!-f $document_root/files$arg_file) {{ return 404; }} proxy_pass http://127.0.0.1:{port}; }}
    location /basic/ {{ auth_basic hello; auth_basic_user_file {folder}/users; proxy_pass http://127.0.0.1:{port}; }}
    location ~ ^/regex/(.)(?<rest>.*)$ {{ proxy_set_header X-Var "$1 $rest"; proxy_pass http://127.0.0.1:{port}; }}
    location /redirect/ {{ return 302 /elsewhere?$args; }}
    location /text/ {{ return 200 constant; add_header X-Set always; }}
    location /referer/ {{ valid_referers server_names; if ($invalid_referer) {{ return 403; }} return 200 ok; }}
"""
PLACES = re.findall(r"location (?:~ \^)?(/\w+/)", SERVER)
REST = ["", "a.txt", "b.txt", "none", "index.html", "xyz"]
QUERIES = ["", "?q=1", "?ip=10.1.1.1", "?file=/a.txt", "?file=/none&ip=127.0.0.9"]
FIELDS = [
    "X: ab",
    "X: fz",
    "X: exact",
    "X-Real-IP: 10.0.0.1",
    "X-Forwarded-For: 10.0.0.2, 127.0.0.1",
    "Accept-Encoding: gzip",
    "Range: bytes=1-3",
    "If-None-Match: *",
    "Cookie: id=fwAAAWVxwX4AAAAAAwMDAgA=; a=b",
    "Authorization: Basic bmFtZTp3b3Jk",
    "Referer: http://a/",
]


def requests(chance: random.Random) -> list[tuple[str, bytes]]:
    """A walk that often does again what it has done before."""
    known: list[tuple[str, bytes]] = []
    made = []
    for _ in range(LENGTH):
        if not known or chance.random() < 0.35:
            method = chance.choice(["GET", "GET", "GET", "HEAD", "POST"])
            target = chance.choice(PLACES) + chance.choice(REST) + chance.choice(QUERIES)
            fields = ["Host: a", *chance.sample(FIELDS, chance.randrange(3))]
            body = chance.choice(["one", "six"]) if method == "POST" else ""
            if body:
                fields.append(f"Content-Length: {len(body)}")
            known.append((method, "\r\n".join([f"{method} {target} HTTP/1.1", *fields, "", body]).encode()))
        made.append(chance.choice(known[-3:]))
    return made


class Counting:
    """An upstream that never answers twice in the same way: by the count of what was asked of it."""

    def __init__(self) -> None:
        self.count = 10

    async def __call__(self, visit: Visit) -> None:
        while True:
            head, body = await visit.request()
            count = self.count = (self.count + 7) % 90 + 10
            fields = [f"X-Count: {count}"] if count % 3 else []
            status = ("200 OK", "404 Not Found", "500 Oh", "403 No")[count % 4 if b" /error/" in head else 0]
            if b" /accel/" in head and count % 2:
                fields.append(f"X-Accel-Redirect: /plain/{'ab'[count % 5 // 3]}.txt")
            if b" /cookie/" in head and count % 2:
                fields.append(f"Set-Cookie: n={count}; domain=a")
            if b" /count" in head:
                fields = [f"X-Count: {count}"]
            text = b"" if head.startswith(b"HEAD") else b"\n".join([head, body, b"word"])
            reply = answer(text, "Content-Type: text/plain", *fields, status=status)
            await visit.say(reply if text else reply.replace(b"Content-Length: 0", b"Content-Length: 77"))


async def walk(proxy: Proxy, made: list[tuple[str, bytes]], fresh: bool) -> list[tuple[Answer, str]]:
    """The answers, each with its access line."""
    results = []
    client = await proxy.client()
    for method, request in made:
        lines = len(proxy.access)
        answered = await client.ask(request, method)
        del answered.fields["date"]
        await proxy.logged(lines + 1)
        results.append((answered, proxy.access[-1]))
        if fresh or answered.fields["connection"] == "close":
            client.close()
            client = await proxy.client()
    return results


@pytest.mark.parametrize("seed", range(SEQUENCES // 10))
async def test_one_connection_and_many_give_the_same(tmp_path: Path, seed: int) -> None:
    folder = tmp_path / "www" / "files"
    folder.mkdir(parents=True)
    for name in ("a.txt", "b.txt", "index.html"):
        (folder / name).write_text(f"{name}: a word and another\n" * 3)
    (tmp_path / "users").write_text("name:{PLAIN}word\n")
    script = Counting()
    async with upstream(script) as server:
        values = {"folder": tmp_path, "port": server.port}
        # some behind a proxy
        extra = "set_real_ip_from 127.0.0.1;" if seed % 2 else ""
        async with serve(tmp_path, extra + SERVER.format(**values), HTTP.format(**values)) as proxy:
            for sequence in range(10):
                made = requests(random.Random(f"{seed} {sequence}"))
                walks = []
                for fresh in (True, False, False):
                    script.count = 10
                    walks.append(await walk(proxy, made, fresh))
                for number, results in enumerate(zip(*walks, strict=True)):
                    assert results[0] == results[1] == results[2], (sequence, number, made[: number + 1])
            assert "Error:" not in proxy.errors
