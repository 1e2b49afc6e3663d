"""Files that are kept in memory: when they are answered from there, and what makes another of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pyproxy.core.location import Phase

from .conftest import Ask, MakeSite
from .fake_stream import FakeStream

pytestmark = pytest.mark.usefixtures("www")


@pytest.fixture
def client(stream: Ask) -> FakeStream:
    return stream("")


def test_a_repeated_head_is_answered_without_the_file_system(client: FakeStream, www: Path) -> None:
    client.ask("/ten.txt")
    first = client.response
    assert first.shared
    (www / "ten.txt").unlink()
    client.ask("", again=True)
    assert client.response is first
    client.ask("/ten.txt")
    assert client.response is first
    client.now += 1
    client.ask("", again=True)
    assert client.status == 404


def test_changes_show_within_a_second(client: FakeStream, www: Path) -> None:
    client.ask("/ten.txt")
    (www / "ten.txt").write_bytes(b"new")
    client.now += 1
    for _ in range(2):
        client.ask("", again=True)
        assert client.body == b"new"


def test_another_client_s_look_counts(client: FakeStream, www: Path) -> None:
    client.ask("/ten.txt")
    (www / "ten.txt").write_bytes(b"new")
    other = FakeStream(client.site)
    other.now = client.now + 1
    other.ask("/ten.txt")
    client.now += 0.9
    client.ask("", again=True)
    assert client.body == b"new"


def test_a_memory_is_of_one_location(stream: Ask) -> None:
    client = stream("location /a/ { alias html/; default_type x/a; } location /b/ { alias html/; default_type x/b; }")
    for kind in "abab":
        client.ask(f"/{kind}/ten.txt")
        assert client.field("Content-Type") == f"x/{kind}"


def test_a_memory_is_of_one_server(make_site: MakeSite) -> None:
    site = make_site("default_type x/b;", "server { default_type x/a; }")
    clients = {"a": FakeStream(site, 0), "b": FakeStream(site, 1)}
    for kind in "abab":
        clients[kind].ask("/empty")
        assert clients[kind].field("Content-Type") == f"x/{kind}"


def test_a_memory_is_of_the_path_that_was_asked_for(stream: Ask) -> None:
    """Whoever refuses the request sends it to an error page, with the same head."""
    client = stream("error_page 503 /gone.html;")
    refuse = False
    location = client.server.default_location
    location.add_handler(Phase.ACCESS, lambda request: 503 if refuse and not request.internal else None)
    location.seal()
    client.ask("/ten.txt")
    refuse = True
    client.ask("", again=True)
    assert (client.status, client.body) == (503, b"gone")


def test_a_root_that_changes_between_equal_heads(stream: Ask, www: Path) -> None:
    for folder in "12":
        (www / folder).mkdir()
        (www / folder / "file").write_text(folder)
    client = stream("root html/$connection_requests;")
    for number in (1, 2, 1):
        client.requests = number
        client.ask("/file", again=True)
        assert client.body == b"%d" % number


def test_one_file_under_two_names(stream: Ask) -> None:
    client = stream("location ~ \\.(a|b)$ { alias html/ten.txt; types { x/a a; x/b b; } }")
    for kind in "abab":
        client.ask(f"/one.{kind}")
        assert client.field("Content-Type") == f"x/{kind}"


def test_root_with_a_variable(stream: Ask, www: Path) -> None:
    (www / "folder" / "ten.txt").write_bytes(b"other")
    client = stream("root html/$arg_x;")
    for _ in range(2):
        client.ask("/ten.txt?x=folder")
        assert client.body == b"other"
        client.ask("/ten.txt")
        assert client.body == b"0123456789"
        client.ask("/ten.txt?x=../..")
        assert client.status == 404


def test_fields_that_never_change_are_kept(stream: Ask) -> None:
    client = stream("add_header X-A b;")
    for _ in range(3):
        client.ask("/ten.txt", again=True)
        assert [value for name, value in client.response.fields if name == b"X-A"] == [b"b"]
    assert client.response.shared


def test_fields_that_change_are_not_kept(stream: Ask) -> None:
    client = stream("add_header X-A $arg_a;")
    for value in "1212":
        client.ask(f"/ten.txt?a={value}")
        assert (client.field("X-A"), client.body) == (value, b"0123456789")
        assert not client.response.shared


def test_open_file_cache_off(stream: Ask, www: Path) -> None:
    client = stream("open_file_cache off;")
    client.ask("/ten.txt")
    (www / "ten.txt").write_bytes(b"new")
    client.ask("", again=True)
    assert client.body == b"new"


@pytest.mark.parametrize(
    ("directives", "seconds"),
    [
        ("", 1),
        ("open_file_cache_valid 5s;", 5),
        ("open_file_cache max=10 inactive=20s;", 60),
        ("open_file_cache max=10; open_file_cache_valid 30s;", 30),
        ("open_file_cache_valid 0;", 0),
    ],
)
def test_open_file_cache_valid(stream: Ask, www: Path, directives: str, seconds: int) -> None:
    client = stream(directives)
    client.ask("/ten.txt")
    (www / "ten.txt").write_bytes(b"new")
    if seconds:
        client.now += seconds - 0.1
        client.ask("", again=True)
        assert client.body == b"0123456789"
        client.now += 0.2
    client.ask("", again=True)
    assert client.body == b"new"
