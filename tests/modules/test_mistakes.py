"""What is said of mistakes in directives, beside those that the modules' own tests make."""

from __future__ import annotations

import pytest

from pyproxy.config.tree import ConfigError

from .conftest import MakeSite

MISTAKES = [
    # http, server, what is said
    ("", "output_buffers 0 8k;", "expected a number of buffers and their size, such as 4 8k"),
    ("", "listen :80;", 'no host in ":80"'),
    ("", "listen [::1]80;", 'invalid host in "[::1]80", expected ":" and a port after "]"'),
    ("", "listen unix:;", 'no path in the unix domain socket "unix:"'),
    ("", f"listen unix:/{'a' * 200};", "at most 107 bytes"),
    ("upstream a { server http://b; }", "", "expected host:port without a scheme or path"),
    ("", "allow 10.0.0.0/255.0.255.0;", 'invalid network "10.0.0.0/255.0.255.0"'),
    ("", "expires modified @10h;", 'a time of the day cannot be used with "modified"'),
    ("", "expires @25h;", 'invalid time of the day "@25h", it must be less than 24 hours'),
    ("charset_map a b { 80 80 80; }", "", "expected two values, such as `80 20AC;`"),
    ("charset_map a a { 80 80; }", "", '"a" is mapped to itself'),
    ("charset_map a b { } charset_map a b { }", "", 'there is a map between "a" and "b" already'),
    ("", "charset a; source_charset b; override_charset on;", 'no "charset_map" between the charsets "b" and "a"'),
    ("", "server_name ~;", "empty regular expression in a server name"),
    ("", "access_log a.log combined buffer=8k flush=0;", 'invalid flush time "0"'),
    ("", "mirror /a; mirror off;", '"off" cannot stand beside another one at the same level'),
    ("", "mirror off; mirror /a;", '"off" cannot stand beside another one at the same level'),
    (
        "",
        "location / { proxy_redirect default; proxy_pass http://127.0.0.1; }",
        "`default` must stand after `proxy_pass`",
    ),
    ("", "proxy_redirect off; proxy_redirect /a /b;", "`off` stands beside others, which it would switch off"),
    (
        "",
        "valid_referers none blocked;",
        '"none" and "blocked" stand beside valid hosts, name one, such as server_names',
    ),
    ("resolver ipv6=off;", "", "no name servers defined"),
    ("resolver 127.0.0.1 ipv4=off ipv6=off;", "", '"ipv4" and "ipv6" cannot both be "off"'),
    ("open_file_cache inactive=1s;", "", "needs max=NUMBER, such as max=1000"),
    ("split_clients $uri $a { 60% a; 50% b; }", "", "percent total is greater than 100%"),
    ("", "sub_filter '' a;", "empty search pattern"),
    ("", "try_files a =x;", 'invalid number "x"'),
    ("", "try_files a =1000;", 'invalid code "1000", expected a status such as =404'),
    ("upstream a { zone; server b; }", "", "`zone` takes 1 to 2 arguments, not 0"),
    ("", "userid_mark ab;", 'expected a letter, a digit, "=" or "off"'),
    ("zone a redis://b;", "", 'no directive such as `limit_req_zone` declares "a"'),
    (
        "limit_req_zone $uri zone=a:1m; zone a redis://b; zone a redis://c;",
        "",
        'the zone "a" has a place already',
    ),
    ("", "proxy_bind a:b;", 'invalid local address "a:b", expected an IP address with or without a port'),
    ("", "proxy_buffers 1 8k;", "there must be at least 2 `proxy_buffers`"),
    ("", "proxy_busy_buffers_size 64k;", "must be no more than all `proxy_buffers` but one"),
    ("", r"location ~ '\p{Greek}' { }", "Python has no"),
    ("", r"location ~ '(*UTF8)a' { }", r"Python has no verbs such as (*UTF8)"),
    ("", "location ~ '[:alpha:]' { }", "[:name:] belongs inside another [ ]"),
]


@pytest.mark.parametrize(("http", "server", "said"), MISTAKES, ids=[http + server for http, server, _ in MISTAKES])
def test_mistake(make_site: MakeSite, http: str, server: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        make_site(server, http)
    assert said in str(caught.value)
    assert "nginx.conf:" in str(caught.value)
