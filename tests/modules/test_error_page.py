"""error_page in all its forms, and errors of errors; nginx is asked in tests/against_nginx/test_error_pages.py."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .conftest import Ask

Errors = Callable[[], str]

PAGES = """
    location /fail { return 404; }
    location /page { return 200 "page $uri $args $request_method"; }
    location /head { add_header X always always; return 200 page; }
    location /empty { return 204; }
    location /again { return 403; }
    location /away { return 301 /x; }
    location @named { return 200 "named $uri $request_method"; }
    location @fails { return 403; }
"""


@pytest.mark.parametrize(
    ("error_page", "status", "body"),
    [
        ("error_page 404 /page;", 404, b"page /page  GET"),
        ("error_page 404 /page?a=b;", 404, b"page /page a=b GET"),
        ("error_page 404 = /page;", 200, b"page /page  GET"),
        ("error_page 404 =201 /page;", 201, b"page /page  GET"),
        ("error_page 404 /page$uri?$arg_q;", 404, b"page /page/fail/a x GET"),
        ("error_page 403 404 405 /page;", 404, b"page /page  GET"),
        ("error_page 404 /page; error_page 404 /head;", 404, b"page /page  GET"),
        ("error_page 404 @named;", 404, b"named /fail/a POST"),
        ("error_page 404 =200 @named;", 200, b"named /fail/a POST"),
        ("error_page 404 /empty;", 404, b""),
        ("error_page 404 = /empty;", 204, b""),
    ],
)
def test_page(stream: Ask, error_page: str, status: int, body: bytes) -> None:
    client = stream(error_page + PAGES)
    client.ask("/fail/a?q=x", method="POST")
    assert (client.status, client.body) == (status, body)


@pytest.mark.parametrize(
    ("error_page", "status", "location"),
    [
        ("error_page 404 http://x/y;", 302, "http://x/y"),
        ("error_page 404 =301 http://x/y;", 301, "http://x/y"),
        ("error_page 404 =200 http://x/y;", 302, "http://x/y"),
        ("error_page 404 =307 http://x$uri;", 307, "http://x/fail/%0D%0ASet-Cookie: a"),
        ("error_page 404 /away;", 301, "http://localhost/x"),
        ("error_page 404 = /away;", 301, "http://localhost/x"),
    ],
)
def test_redirect(stream: Ask, error_page: str, status: int, location: str) -> None:
    client = stream(error_page + PAGES)
    client.ask("/fail/%0d%0aSet-Cookie:%20a")
    assert (client.status, client.field("Location")) == (status, location)


def test_head_stays_head(stream: Ask) -> None:
    client = stream("error_page 404 /page;" + PAGES)
    client.ask("/fail", method="HEAD")
    assert (client.status, client.body, client.response.length) == (404, b"", len("page /page  HEAD"))


@pytest.mark.parametrize(
    ("error_page", "status", "body"),
    [
        ("error_page 404 /again; error_page 403 /page;", 403, b"403 Forbidden"),
        ("recursive_error_pages on; error_page 404 /again; error_page 403 /page;", 403, b"page /page  GET"),
        ("recursive_error_pages on; error_page 404 @fails; error_page 403 =404 @named;", 404, b"named /fail GET"),
        ("recursive_error_pages on; error_page 403 404 /again;", 500, b"500 Internal Server Error"),
        ("recursive_error_pages on; error_page 403 404 @fails; error_page 500 /page;", 500, b"500 Internal Server"),
        ("error_page 404 @none;", 500, b"500 Internal Server Error"),
        ("error_page 404 @none; error_page 500 /page;", 500, b"500 Internal Server Error"),
        ("error_page 404 /../x;", 500, b"500 Internal Server Error"),
    ],
)
def test_errors_of_errors(stream: Ask, error_page: str, status: int, body: bytes) -> None:
    client = stream(error_page + PAGES)
    client.ask("/fail")
    assert client.status == status
    assert body in client.body


@pytest.mark.parametrize(
    ("error_page", "line"),
    [
        (
            "recursive_error_pages on; error_page 403 404 /again;",
            'rewrite or internal redirection cycle while internally redirecting to "/again"',
        ),
        (
            "recursive_error_pages on; error_page 403 404 @fails;",
            'rewrite or internal redirection cycle while redirect to named location "@fails"',
        ),
        ("error_page 404 @none;", 'could not find named location "@none"'),
    ],
)
def test_errors_of_errors_are_logged(stream: Ask, errors: Errors, error_page: str, line: str) -> None:
    stream(error_page + PAGES).ask("/fail")
    assert f'*1 {line}, client: 192.0.2.1, server: , request: "GET /fail HTTP/1.1", host: "localhost"\n' in errors()


def test_the_server_phase_runs_again(stream: Ask) -> None:
    """As in nginx, a server that answers 503 to everything does so to its own page for 503, too."""
    client = stream("error_page 503 /page; return 503;" + PAGES)
    client.ask("/a")
    assert (client.status, client.response.length) == (503, len(client.body))
    assert b"503 Service Temporarily Unavailable" in client.body


@pytest.mark.parametrize(
    ("server", "keep_alive"),
    [
        ("return 500;", False),
        ("return 404;", True),
        ("return 500 text;", True),
        ("location / { error_page 500 /page; return 500; }", False),
        ("location / { error_page 500 http://x; return 500; }", False),
    ],
)
def test_errors_that_close_the_connection(stream: Ask, server: str, keep_alive: bool) -> None:
    client = stream(server + PAGES)
    client.ask("/")
    assert client.keep_alive is keep_alive


@pytest.mark.parametrize("status", [494, 495, 496, 497])
def test_nginx_s_own_statuses_are_sent_as_400(stream: Ask, status: int) -> None:
    client = stream(
        f"location / {{ return {status}; }} location /p {{ error_page {status} /page; return {status}; }}" + PAGES
    )
    client.ask("/")
    assert client.status == 400
    client.ask("/p")
    assert (client.status, client.body) == (400, b"page /page  GET")


@pytest.mark.parametrize("status", [408, 444, 499])
def test_statuses_without_an_answer(stream: Ask, status: int) -> None:
    client = stream(f"error_page 408 /page; return {status};" + PAGES)
    request = client.ask("/")
    assert client.aborted
    assert (client.response, request.error_status) == (None, status)


def test_fields_of_the_error_stay_with_its_page(stream: Ask) -> None:
    client = stream("root .; error_page 416 /page;" + PAGES)
    (client.site.prefix_path / "f").write_text("0123456789")
    client.ask("/f", "Range: bytes=20-")
    assert (client.status, client.field("Content-Range")) == (416, "bytes */10")
    assert client.body == b"page /page  GET"


def test_the_location_of_the_page_counts(stream: Ask) -> None:
    client = stream("error_page 404 /head;" + PAGES)
    client.ask("/fail")
    assert (client.status, client.field("X")) == (404, "always")


@pytest.mark.parametrize(("tokens", "signature"), [("on", "pyproxy/"), ("off", "<center>pyproxy</center>")])
def test_server_tokens(stream: Ask, tokens: str, signature: str) -> None:
    client = stream(f"server_tokens {tokens}; return 404;")
    client.ask("/")
    assert signature in client.body.decode()


@pytest.mark.parametrize(
    ("directives", "location"),
    [
        ("", "http://localhost/x"),
        ("absolute_redirect off;", "/x"),
        ("server_name_in_redirect on; server_name Example.org b;", "http://example.org/x"),
    ],
)
def test_redirects_of_our_own(stream: Ask, directives: str, location: str) -> None:
    client = stream(f"{directives} return 301 /x;")
    client.ask("/")
    assert client.field("Location") == location


@pytest.mark.parametrize(("flag", "location"), [("on", "http://localhost:8080/x"), ("off", "http://localhost/x")])
def test_port_in_redirect(stream: Ask, flag: str, location: str) -> None:
    client = stream(f"port_in_redirect {flag}; return 301 /x;")
    client.local_port = 8080
    client.ask("/")
    assert client.field("Location") == location
