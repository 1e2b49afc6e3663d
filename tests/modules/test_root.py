"""root, alias and what goes with them: where they may stand, how they are inherited, their variables."""

from __future__ import annotations

from pathlib import Path

import pytest

from pyproxy.config.tree import ConfigError

from .conftest import MakeSite
from .fake_stream import FakeStream


def ask(make_site: MakeSite, server: str, target: str, http: str = "") -> FakeStream:
    client = FakeStream(make_site(f'add_header X-Name "$document_root $request_filename" always; {server}', http))
    client.ask(target)
    return client


@pytest.mark.parametrize(
    ("server", "target", "folder", "file"),
    [
        ("", "/x", "html", "html/x"),
        ("root www;", "/x", "www", "www/x"),
        ("root www/; location /a { }", "/a/x", "www", "www/a/x"),
        ("root www; location /a { root other; }", "/a/x", "other", "other/a/x"),
        ("root www; location /a { alias other; }", "/a/x", "other", "other/x"),
        ("location /a/ { alias other/; location /a/b/ { } }", "/a/b/x", "other/", "other/b/x"),
        ("location /a/ { alias other/; location ~ x { } }", "/a/x", "other/", "other/x"),
        ("location /a/ { alias other/; location /a/b/ { root www; } }", "/a/b/x", "www", "www/a/b/x"),
        ("location = /a { alias other/file; }", "/a", "other/file", "other/file"),
        ("location ~ ^/(.)/(.*)$ { alias data/$2-$1; }", "/a/x", "data/x-a", "data/x-a"),
        ("location ~ ^/(?<v>.)/ { root data/$v; }", "/a/x", "data/a", "data/a/a/x"),
        ("root www-$host;", "/x", "www-localhost", "www-localhost/x"),
    ],
)
def test_paths(make_site: MakeSite, tmp_path: Path, server: str, target: str, folder: str, file: str) -> None:
    client = ask(make_site, server, target)
    assert client.field("X-Name") == f"{tmp_path}/{folder} {tmp_path}/{file}"


def test_root_of_http(make_site: MakeSite) -> None:
    assert ask(make_site, "", "/x", "root /www;").field("X-Name") == "/www /www/x"


def test_a_path_that_leads_out_has_no_name(make_site: MakeSite) -> None:
    assert ask(make_site, "location /a { alias /b/; }", "/a../x").field("X-Name") == "/b/ "


def test_realpath_root(make_site: MakeSite, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    header = "add_header X-Name $realpath_root always;"
    assert ask(make_site, f"location / {{ root link; {header} }}", "/x").field("X-Name") == f"{tmp_path}/real"
    assert ask(make_site, f"location / {{ root none; {header} }}", "/x").field("X-Name") is None


@pytest.mark.parametrize(
    ("server", "message"),
    [
        ("location / { root a; alias b; }", "`alias`: `root` is set in this block already"),
        ("location / { alias a; root b; }", "`root`: `alias` is set in this block already"),
        ("root a; root b;", "`root` is a duplicate"),
        ("alias a;", "`alias` is not allowed in `server`; it belongs in `location`"),
        ("location @a { alias b; }", "`alias`: cannot be used in a named location"),
        ("root $document_root/a;", r"`root`: \$document_root cannot be used here"),
        ("root ${realpath_root}/a;", r"`root`: \$realpath_root cannot be used here"),
        ("root $nonsense;", r'unknown variable "\$nonsense"'),
        ("open_file_cache on;", r'`open_file_cache`: invalid parameter "on", expected max=NUMBER'),
        ("open_file_cache inactive=3s;", "`open_file_cache`: needs max=NUMBER"),
        ("open_file_cache max=x;", 'invalid number "x"'),
        ("if_modified_since never;", 'invalid value "never", expected one of exact, before, off'),
        ("max_ranges many;", 'invalid number "many"'),
    ],
)
def test_mistakes(make_site: MakeSite, server: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as raised:
        make_site(server)
    assert str(raised.value).endswith("nginx.conf:7")
