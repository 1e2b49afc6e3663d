"""What the variables say, each asked with ``return``."""

from __future__ import annotations

import socket

import pytest

from .conftest import Ask


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$uri $document_uri", "/a b/ /a b/"),
        ("$request_uri", "/a%20b//?q=1&Q2=%20&q=3"),
        ("$args|$query_string|$is_args", "q=1&Q2=%20&q=3|q=1&Q2=%20&q=3|?"),
        ("$arg_q $arg_q2 $arg_none", "1 %20 "),
        ("$request", "POST /a%20b//?q=1&Q2=%20&q=3 HTTP/1.1"),
        ("$request_method $server_protocol $scheme $https", "POST HTTP/1.1 http "),
        ("$host $http_host $server_name", "localhost localhost me"),
        ("$http_x_two|$http_none", "1, 2|"),
        ("$http_cookie", "a=1; b = 2; c; a=3"),
        ("$cookie_a|$cookie_b|$cookie_c|$cookie_A", "1|2||1"),
        ("$content_length $content_type", "0 t/x"),
        ("$remote_addr $remote_port $server_addr $server_port", "192.0.2.1 1234 127.0.0.1 80"),
        ("$remote_user", "name"),
        ("$connection $connection_requests", "1 1"),
        ("$hostname", socket.gethostname().lower()),
        ("$status $body_bytes_sent $bytes_sent $request_completion", "200 0 0 "),
        ("$upstream_addr$upstream_status$upstream_http_x$proxy_host", ""),
        ("$proxy_add_x_forwarded_for", "1.1.1.1, 2.2.2.2, 192.0.2.1"),
    ],
)
def test_variable(stream: Ask, text: str, value: str) -> None:
    client = stream(f'server_name me; return 200 "{text}";')
    client.ask(
        "/a%20b//?q=1&Q2=%20&q=3",
        "X-Two: 1",
        "x-two: 2",
        "Cookie: a=1; b = 2; c",
        "Cookie: a=3",
        "Content-Length: 0",
        "Content-Type: t/x",
        "Authorization: Basic bmFtZTpzZWNyZXQ=",
        "X-Forwarded-For: 1.1.1.1",
        "X-Forwarded-For: 2.2.2.2",
        method="POST",
    )
    assert client.body.decode() == value


def test_a_unix_socket_has_no_port(stream: Ask) -> None:
    client = stream('return 200 "[$server_port]";')
    client.local_port = 0
    client.ask("/")
    assert client.body == b"[]"


@pytest.mark.parametrize("value", ["Basic", "Basic !!!", "Basic bmFtZQ==", "Bearer bmFtZTpzZWNyZXQ=", "basic"])
def test_no_remote_user(stream: Ask, value: str) -> None:
    client = stream('return 200 "[$remote_user]";')
    client.ask("/", f"Authorization: {value}")
    assert client.body == b"[]"


def test_request_id_is_one_for_a_request_and_another_for_the_next(stream: Ask) -> None:
    client = stream('return 200 "$request_id $request_id";')
    client.ask("/")
    first, second = client.body.split()
    assert first == second
    assert len(first) == 32
    client.ask("/", again=True)
    assert first not in client.body


def test_variables_after_an_error_page(stream: Ask) -> None:
    client = stream(
        "error_page 404 /page?x=y; location / { return 404; } "
        'location /page { return 200 "$uri $args $request_uri $request_method"; }'
    )
    client.ask("/a?b=c", method="POST")
    assert client.body == b"/page x=y /a?b=c GET"


def test_named_captures_of_name_and_location(stream: Ask) -> None:
    client = stream(r'server_name ~^(?<sub>\w+)$; location ~ ^/(?<Page>\w+) { return 200 "[$sub][$page][$1]"; }')
    server = client.site.servers[0]
    _, captures = client.site.listeners[0].names.find(b"abc")
    location, captures = server.locations.find(b"/x", captures)
    assert location is not None
    assert captures is not None
    assert (captures.named("sub"), captures.named("page"), captures[1]) == (b"abc", b"x", b"x")
    client.ask("/x")
    assert client.body == b"[][x][x]"
