"""limit_req: what passes, what is rejected, what must wait."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pyproxy.config.tree import ConfigError
from pyproxy.modules.limit_req import UNLIMITED, _pour
from tests.support.proxy import serve, until

from .conftest import Ask, MakeSite

ZONES = """
    root .;
    limit_req_zone $remote_addr zone=one:1m rate=1r/m;
    limit_req_zone $arg_a zone=two:1m rate=1r/m;
    limit_req_zone $remote_addr zone=fast:1m rate=20r/s;
"""
ASK = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.mark.parametrize(
    ("record", "now", "expected"),
    [
        (None, 1000, ((0, 1000), 0)),
        ((0, 1000), 1000, ((1000, 1000), 1000)),
        ((0, 1000), 1500, ((500, 1500), 500)),
        ((0, 1000), 3000, ((0, 3000), 0)),
        ((3000, 1000), 2000, ((3000, 2000), 3000)),
        ((4000, 1000), 1000, ((5000, 1000), 5000)),
        ((5000, 1000), 1000, ((5000, 1000), 6000)),
        # the clock of another worker is ahead of ours; or another one than ours
        ((1000, 1001), 1000, ((2000, 1001), 2000)),
        ((1000, 70000), 1000, ((1999, 1000), 1999)),
    ],
)
def test_the_bucket(record: tuple[int, int] | None, now: int, expected: object) -> None:
    assert _pour(record, now, 1000, 5000, 1) == expected


def test_a_look_changes_nothing() -> None:
    assert _pour((3000, 1000), 2000, 1000, 5000, 0) == ((3000, 1000), 3000)
    assert _pour(None, 2000, 1000, 5000, 0) == (None, 0)
    assert _pour((9000, 1000), 1000, 1000, UNLIMITED, 1) == ((10000, 1000), 10000)


@pytest.fixture
def ten(tmp_path: Path) -> Path:
    """A file, because ``return`` answers before any limit is asked."""
    (tmp_path / "ten").write_text("0123456789")
    return tmp_path


def statuses(client: object, *targets: str) -> list[int]:
    return [client.ask(target) and client.status for target in targets]  # type: ignore[attr-defined]


def test_one_passes_and_the_next_is_rejected(stream: Ask, ten: Path, errors: Callable[[], str]) -> None:
    client = stream("location / { limit_req zone=one; add_header X $limit_req_status always; }", ZONES)
    assert statuses(client, "/ten") == [200]
    assert client.field("X") == "PASSED"
    assert statuses(client, "/ten") == [503]
    assert client.field("X") == "REJECTED"
    said = errors()
    assert "[error] " in said
    assert "limiting requests, excess: " in said
    assert ' by zone "one", client: ' in said


def test_a_burst_without_delay(stream: Ask, ten: Path) -> None:
    client = stream("location / { limit_req zone=one burst=2 nodelay; limit_req_status 429; }", ZONES)
    assert statuses(client, *["/ten"] * 4) == [200, 200, 200, 429]


def test_the_keys_are_counted_each_and_an_empty_one_not_at_all(stream: Ask, ten: Path) -> None:
    client = stream("location / { limit_req zone=two; }", ZONES)
    assert statuses(client, "/ten?a=1", "/ten?a=2", "/ten?a=1", "/ten", "/ten") == [200, 200, 503, 200, 200]


def test_a_key_that_is_too_long_is_not_counted(stream: Ask, ten: Path, errors: Callable[[], str]) -> None:
    zones = f"root .; limit_req_zone {'$arg_a' * 20} zone=two:1m rate=1r/m;"
    client = stream("location / { limit_req zone=two; }", zones)
    assert statuses(client, *["/ten?a=" + "x" * 4000] * 2) == [200, 200]
    assert "is more than 65535 bytes" in errors()


def test_what_one_zone_rejects_counts_in_none(stream: Ask, ten: Path) -> None:
    client = stream("location / { limit_req zone=one burst=1 nodelay; limit_req zone=two; }", ZONES)
    # the second and third are rejected by `two`, so that `one` still has its burst
    assert statuses(client, *["/ten?a=1"] * 3, "/ten?a=2", "/ten?a=3") == [200, 503, 503, 200, 503]


def test_a_trial_only_tells(stream: Ask, ten: Path, errors: Callable[[], str]) -> None:
    client = stream(
        "limit_req_dry_run on; limit_req_log_level warn; add_header X $limit_req_status;"
        "location / { limit_req zone=one burst=1; }",
        ZONES,
    )
    shown = [(client.ask("/ten"), client.field("X"))[1] for _ in range(3)]
    assert shown == ["PASSED", "DELAYED_DRY_RUN", "REJECTED_DRY_RUN"]
    said = errors()
    assert "[notice] " in said
    assert "delaying request, dry run, excess: " in said
    assert "[warn] " in said
    assert "limiting requests, dry run, excess: " in said


def test_an_internal_redirect_is_no_second_request(stream: Ask, ten: Path) -> None:
    client = stream("location / { limit_req zone=one; error_page 404 /ten; }", ZONES)
    assert statuses(client, "/none") == [404]
    assert client.body == b"0123456789"


def test_inheritance(stream: Ask, ten: Path) -> None:
    client = stream(
        "limit_req zone=one; limit_req_status 420; location / { } location /ten { limit_req zone=two; }", ZONES
    )
    assert statuses(client, "/none", "/none", "/ten", "/ten", "/ten?a=1", "/ten?a=1") == [404, 420, 200, 200, 200, 420]


async def test_a_delay_comes_before_the_answer(tmp_path: Path) -> None:
    async with serve(tmp_path, "location / { limit_req zone=fast burst=5; }", ZONES) as proxy:
        client = await proxy.client()
        began = proxy.worker.now()
        for _ in range(4):
            assert (await client.ask(ASK)).status in (403, 404)
        assert 0.1 < proxy.worker.now() - began < 2
        assert "delaying request, excess: " in proxy.errors


async def test_a_client_that_leaves_while_it_waits(tmp_path: Path) -> None:
    async with serve(tmp_path, "location / { limit_req zone=one burst=5; }", ZONES) as proxy:
        client = await proxy.client()
        await client.ask(ASK)
        await client.send(ASK)
        await until(lambda: "delaying request" in proxy.errors)
        client.close()
        assert (await proxy.logged(2))[1].startswith("499 ")
        await until(lambda: not proxy.worker.tasks)


@pytest.mark.parametrize(
    ("http", "server", "message"),
    [
        ("limit_req_zone $a zone=one:1m rate=1r/s;", "", 'unknown variable "$a"'),
        ("limit_req_zone $uri zone=one rate=1r/s;", "", "expected its name and size such as one:10m"),
        ("limit_req_zone $uri zone=one:1k rate=1r/s;", "", "it needs 32k at least"),
        ("limit_req_zone $uri zone=one:1m rate=0r/s;", "", 'invalid rate "0r/s"'),
        ("limit_req_zone $uri rate=1r/s rate=1r/s;", "", 'it must have a "zone" parameter'),
        ("limit_req_zone $uri zone=one:1m burst=1;", "", 'invalid parameter "burst=1"'),
        (ZONES + "limit_conn_zone $uri zone=one:1m;", "", 'the zone "one" is declared in '),
        ("", "limit_req zone=none;", 'there is no zone "none", declare it with `limit_req_zone` in http'),
        ("limit_conn_zone $uri zone=c:1m;", "limit_req zone=c;", 'the zone "c" is a `limit_conn_zone`'),
        (ZONES, "limit_req zone=one; limit_req zone=one;", 'the zone "one" is used twice'),
        (ZONES, "limit_req zone=one burst=0;", 'invalid number "0", expected 1 or more'),
        (ZONES, "limit_req zone=one delay=x;", 'invalid number "x"'),
        (ZONES, "limit_req burst=1;", 'it must have a "zone" parameter'),
        (ZONES, "limit_req zone=one later;", 'invalid parameter "later"'),
        (ZONES, "limit_req_status 399;", "expected 400 to 599"),
        (ZONES, "limit_req_log_level crit;", "expected one of info, notice, warn, error"),
    ],
)
def test_faults(make_site: MakeSite, http: str, server: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        make_site(server, http)
    assert message in str(caught.value)
    assert "nginx.conf:" in str(caught.value)
