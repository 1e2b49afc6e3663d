"""What ``-t`` says of upstreams and filters: what nginx refuses is refused, what it accepts is not."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest

from pyproxy.compile import Sources, load_schema
from pyproxy.config.tree import ConfigError
from pyproxy.core.logs.log import Logs

from .servers import find_nginx

SCHEMA = load_schema()

HTTP = "events {{ }} pid {prefix}/pid; error_log stderr; http {{ access_log off; %s }}"
SERVER = HTTP % "upstream up {{ server 127.0.0.1:1; }} server {{ listen unix:{prefix}/s; %s }}"
LOCATION = SERVER % "location /a/ {{ %s }}"
PROXY = LOCATION % "proxy_pass http://up/; %s"
UPSTREAM = HTTP % "upstream up {{ server 127.0.0.1:1; %s }}"

Judge = Callable[[str], bool]


@pytest.fixture(scope="module")
def nginx(tmp_path_factory: pytest.TempPathFactory) -> Judge:
    """Whether nginx accepts a configuration."""
    folder = tmp_path_factory.mktemp("nginx")

    def judge(text: str) -> bool:
        file = folder / "nginx.conf"
        file.write_text(text.format(prefix=folder), encoding="utf-8")
        command = [find_nginx(), "-t", "-q", "-p", str(folder), "-c", str(file)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30)
        assert "unknown directive" not in done.stderr
        return done.returncode == 0

    return judge


@pytest.fixture(scope="module")
def pyproxy(tmp_path_factory: pytest.TempPathFactory) -> Judge:
    """Whether pyproxy does."""
    folder = tmp_path_factory.mktemp("pyproxy")

    def judge(text: str) -> bool:
        file = folder / "nginx.conf"
        file.write_text(text.format(prefix=folder), encoding="utf-8")
        sources = Sources(str(file), str(folder))
        try:
            sources.compile(sources.load(SCHEMA), SCHEMA, Logs())
        except ConfigError:
            return False
        return True

    return judge


REFUSED = [
    *(
        (place, f"{directive};")
        for place in (SERVER, LOCATION)
        for directive in (
            "proxy_buffer_size 64k",
            "proxy_buffers 2 4k",
            "proxy_buffers 1 32k",
            "proxy_buffers 0 4k",
            "proxy_busy_buffers_size 1k",
            "proxy_busy_buffers_size 64k",
            "proxy_temp_file_write_size 1k",
            "proxy_max_temp_file_size 1k",
        )
    ),
    (LOCATION, "proxy_max_temp_file_size 1g;"),
    (LOCATION, "proxy_limit_rate 1g;"),
    (LOCATION, "proxy_limit_rate -1;"),
    (LOCATION, "proxy_bind 127.0.0.1:0;"),
    (LOCATION, "proxy_bind [::1;"),
    (LOCATION, "proxy_temp_path {prefix}/t a;"),
    (LOCATION, "proxy_temp_path {prefix}/t 4 4 3;"),
    (LOCATION, "client_body_temp_path {prefix}/t 1 '';"),
    (LOCATION, "proxy_redirect default;"),
    (LOCATION, "proxy_redirect default; proxy_pass http://up/;"),
    (LOCATION, "proxy_pass http://$arg_a; proxy_redirect default;"),
    (PROXY, "proxy_redirect on;"),
    (LOCATION, "proxy_cookie_flags off; proxy_cookie_flags a secure;"),
    (LOCATION, "proxy_cookie_flags a secure httponly samesite=lax nosecure;"),
    *(
        (PROXY, f"{name} {first}; {name} {second};")
        for name in ("proxy_redirect", "proxy_cookie_path", "proxy_cookie_domain")
        for first, second in (("off", "off"), ("off", "a b"), ("a b", "off"))
    ),
    (LOCATION, "proxy_pass http://up:80;"),
    (LOCATION, "proxy_pass http://UP:8080/;"),
    (LOCATION, "gzip_buffers 4k 8;"),
    (LOCATION, "gzip_buffers 0 4k;"),
    (LOCATION, "gzip_disable (;"),
    (LOCATION, "ssi_min_file_chunk 1g;"),
    (LOCATION, "ssi_ignore_recycled_buffers 1;"),
    (LOCATION, "directio on;"),
    (LOCATION, "charset $;"),
    (LOCATION, "charset ${{arg_a}};"),
    (HTTP, "charset_map utf-8 a {{ 80 81; }}"),
    (HTTP, "charset_map a b {{ 0x80 81; }}"),
    (HTTP, "charset_map a utf-8 {{ 80 00; }}"),
    (UPSTREAM, "keepalive 16 single;"),
    (UPSTREAM, "server 127.0.0.1:2 fail_timeout=1ms;"),
    (UPSTREAM, "zone z;"),
    (UPSTREAM, "zone z 8k;"),
    (UPSTREAM, "zone z a;"),
    (UPSTREAM, "zone '' 64k;"),
    (UPSTREAM, "zone z 64k; zone z 128k;"),
    (HTTP, "upstream a {{ server 127.0.0.1:1; }} upstream A {{ server 127.0.0.1:1; }}"),
]

ACCEPTED = [
    (LOCATION, "proxy_buffers 2 8k; proxy_busy_buffers_size 8k;"),
    (LOCATION, "proxy_limit_rate $arg_a;"),
    (LOCATION, "proxy_read_timeout 9223372036854775s;"),
    (LOCATION, "proxy_bind [::1]:80;"),
    (LOCATION, "proxy_temp_path {prefix}/t 3 3 4;"),
    (PROXY, "proxy_redirect default; proxy_redirect default; proxy_redirect a b;"),
    (PROXY, "proxy_redirect ~^(?<rest>.*)$ /$rest;"),
    (PROXY, "proxy_cookie_path ~(?<p>.) /$p; proxy_cookie_domain ~(?<d>.) $d; add_header X $p$d;"),
    (PROXY, "proxy_cookie_flags off;"),
    (LOCATION, "proxy_pass http://UP;"),
    (LOCATION, "directio 4m;"),
    (LOCATION, "charset a$; source_charset a$;"),
    (LOCATION, "charset $arg_a;"),
    (LOCATION, "proxy_next_upstream error; proxy_next_upstream timeout off;"),
    (LOCATION, "proxy_ignore_headers Vary; proxy_ignore_headers Expires vary;"),
    (LOCATION, "gzip_proxied expired; gzip_proxied any;"),
    (UPSTREAM, "server 127.0.0.1:2 fail_timeout=1y;"),
    (UPSTREAM, "zone z 64k; zone z;"),
    (UPSTREAM, "keepalive 16 local;"),
]


@pytest.mark.parametrize(("place", "directives"), REFUSED)
def test_refused(nginx: Judge, pyproxy: Judge, place: str, directives: str) -> None:
    text = place % directives
    assert (nginx(text), pyproxy(text)) == (False, False)


@pytest.mark.parametrize(("place", "directives"), ACCEPTED)
def test_accepted(nginx: Judge, pyproxy: Judge, place: str, directives: str) -> None:
    text = place % directives
    assert (nginx(text), pyproxy(text)) == (True, True)
