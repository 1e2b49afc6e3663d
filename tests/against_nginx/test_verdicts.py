"""What ``-t`` says: what nginx accepts is accepted, and what it refuses is refused."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from pyproxy.compile import Sources, load_schema
from pyproxy.config.tree import ConfigError
from pyproxy.core.logs.log import Logs

from .servers import find_nginx

FRAME = """
error_log error.log;
pid pid;
%(main)s
events { %(events)s }
http {
    access_log off;
    %(http)s
    server {
        listen 127.0.0.1:18980;
        %(server)s
        location / { %(location)s }
    }
}
"""

ACCEPTED = [
    ("main", "worker_priority -5;"),
    ("main", "worker_cpu_affinity auto 0101;"),
    ("main", "worker_cpu_affinity 0101 1010;"),
    ("main", "worker_rlimit_core 500m;"),
    ("main", "thread_pool pool threads=16 max_queue=100;"),
    ("main", "timer_resolution 100ms;"),
    ("main", "debug_points abort;"),
    ("events", "use epoll;"),
    ("events", "accept_mutex_delay 500ms;"),
    ("events", "debug_connection 10.0.0.0/8; debug_connection unix:;"),
    ("http", "log_format one $uri; access_log one.log one;"),
    ("http", "secure_link_secret word;"),
    ("http", "userid_flags secure; userid_flags httponly;"),
    ("http", "log_format one a; log_format One b;"),
    ("http", "geo $a { proxy 127.0.0.1; ranges; default one; 127.0.0.1-127.0.0.2 two; }"),
    ("http", "client_body_temp_path temp 1 2 3;"),
    ("http", "connection_pool_size 512;"),
    ("http", "directio 4m; directio_alignment 1g;"),
    ("server", "secure_link_secret word;"),
    ("server", 'location ~ "(a)\\g{-1}" { }'),
    ("server", "location ~ ^/a { location ~ b { } location ~ ^/c { } }"),
    ("server", "location ^~ /a { location = /a { } location /a/b { } location ~ c { } }"),
    ("location", "valid_referers /path;"),
    ("location", "valid_referers none blocked server_names;"),
    ("location", "valid_referers none blocked *.example.com ~google;"),
    ("location", "disable_symlinks if_not_owner from=$document_root;"),
]

REFUSED = [
    ("main", "worker_processes 9223372036854775808;"),
    ("main", "worker_priority high;"),
    ("main", "worker_cpu_affinity 0102;"),
    ("main", "worker_rlimit_core on;"),
    ("main", "thread_pool pool;"),
    ("main", "thread_pool pool max_queue=100;"),
    ("main", "thread_pool pool threads=0;"),
    ("main", "pcre_jit 1;"),
    ("main", "timer_resolution on;"),
    ("main", "debug_points on;"),
    ("main", "lock_file a b;"),
    ("events", "use uring;"),
    ("events", "use EPOLL;"),
    ("events", "accept_mutex 1;"),
    ("events", "accept_mutex_delay on;"),
    ("events", "multi_accept on off;"),
    ("events", "worker_aio_requests many;"),
    ("events", "debug_connection 10.0.0.0/33;"),
    ("http", "access_log one.log one; log_format one $uri;"),
    ("http", "access_log one.log one; access_log off;"),
    ("http", "client_body_temp_path temp a;"),
    ("http", "client_body_temp_path temp 0;"),
    ("http", "client_body_temp_path temp 9 9;"),
    ("http", "connection_pool_size 100;"),
    ("http", "request_pool_size 4095;"),
    ("http", "directio on;"),
    ("http", "large_client_header_buffers 4 256;"),
    ("http", "connection_pool_size 16k;"),
    ("http", "log_format one $1;"),
    ("http", "log_format one a; log_format one b;"),
    ("http", "geo $a { 127.0.0.1 one; ranges; }"),
    ("http", "geo $a { default one; ranges; }"),
    ("http", "log_format one ${1}a;"),
    ("server", "location ~ ^/a { location /a { } }"),
    ("server", "location ~ \\.php$ { location = /a.php { } }"),
    ("server", "location = /a { location /a/b { } }"),
    ("server", 'location ~ "a\\g{-1}" { }'),
    ("server", "referer_hash_bucket_size on;"),
    ("location", "valid_referers none;"),
    ("location", "valid_referers blocked ~google;"),
    ("location", "disable_symlinks ON;"),
]


def _configuration(place: str, text: str) -> str:
    return FRAME % {**dict.fromkeys(("main", "events", "http", "server", "location"), ""), place: text}


def _by_nginx(file: Path) -> bool:
    command = [find_nginx(), "-t", "-p", str(file.parent), "-c", str(file)]
    return subprocess.run(command, capture_output=True, check=False, timeout=30).returncode == 0


def _by_pyproxy(file: Path) -> bool:
    sources, schema, logs = Sources(str(file), str(file.parent)), load_schema(), Logs()
    try:
        sources.compile(sources.load(schema), schema, logs)
    except ConfigError:
        return False
    finally:
        logs.close()
    return True


@pytest.mark.parametrize(
    ("place", "text", "verdict"), [(*each, True) for each in ACCEPTED] + [(*each, False) for each in REFUSED]
)
def test_verdict(place: str, text: str, verdict: bool, tmp_path: Path) -> None:
    file = tmp_path / "nginx.conf"
    file.write_text(_configuration(place, text), encoding="utf-8")
    assert _by_nginx(file) is verdict, "nginx"
    assert _by_pyproxy(file) is verdict, "pyproxy"
