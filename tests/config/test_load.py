from __future__ import annotations

from pathlib import Path

import pytest

from pyproxy.config import nginx
from pyproxy.config.load import Loaded, load
from pyproxy.config.toml import Shapes
from pyproxy.config.tree import ConfigError, Source

CONF = Path(__file__).parents[2] / "conf"


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)


def read(folder: Path, main: str, shapes: Shapes, extra: str = "") -> Loaded:
    return load(folder / main, shapes, extra)


def test_both_ready_configurations_are_the_same_site(shapes: Shapes) -> None:
    as_toml, as_nginx = load(CONF / "app.toml", shapes), load(CONF / "nginx.conf", shapes)
    assert as_toml.directives == as_nginx.directives
    assert [directive.name for directive in as_toml.directives] == ["http", "program"]
    assert as_nginx.notes == ()


def test_includes_count_from_the_main_file_and_are_sorted(tmp_path: Path, shapes: Shapes) -> None:
    write(
        tmp_path,
        main_conf="a; include sub/*.conf; z;",
        sub__b_conf="include sub/extra;",
        sub__B_conf="B;",
        sub__a_conf="server { include empty/*; }",
        sub__extra="extra;",
    )
    loaded = read(tmp_path, "main.conf", shapes, extra="user x;")
    assert loaded.directives == nginx.parse("user x; a; B; server {} extra; z;", "f")
    assert list(loaded.files) == [
        f"{tmp_path}/{name}" for name in ("main.conf", "sub/B.conf", "sub/a.conf", "sub/b.conf", "sub/extra")
    ]
    assert loaded.directives[0].source == Source("command line", 1)
    assert loaded.directives[4].source == Source(f"{tmp_path}/sub/extra", 1)


def test_each_file_has_its_notation(tmp_path: Path, shapes: Shapes) -> None:
    write(
        tmp_path,
        main_toml='include = ["one.conf"]\n[[server]]\ninclude = [["two.toml"], ["three.conf"]]\n',
        one_conf="[program:x]\ncommand=y\n[supervisord]\n",
        two_toml="root = 'a'",
        three_conf="listen 80;",
    )
    loaded = read(tmp_path, "main.toml", shapes)
    assert loaded.directives == nginx.parse("program x { command y; } http { server { root a; listen 80; } }", "f")
    assert loaded.notes == (f"[supervisord] in {tmp_path}/one.conf is ignored, it does not concern pyproxy",)


def test_http_is_left_out_only_in_toml(tmp_path: Path, shapes: Shapes) -> None:
    write(tmp_path, main_conf="server { }")
    assert [directive.name for directive in read(tmp_path, "main.conf", shapes).directives] == ["server"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a;\ninclude none;", "cannot read `{0}/none`: No such file or directory in {0}/main.conf:2"),
        ("include .;", "cannot read `{0}/.`: Is a directory in {0}/main.conf:1"),
        ("include main.conf;", "include goes round in a circle: {0}/main.conf -> {0}/main.conf in {0}/main.conf:1"),
        ("include a b;", "`include` takes 1 argument, not 2 in {0}/main.conf:1"),
        ("include bad;", "not UTF-8 text, save the file as UTF-8 in {0}/bad:2"),
        ('include "a\0b";', "cannot read `{0}/a\0b`: embedded null byte in {0}/main.conf:1"),
    ],
)
def test_errors_name_the_place(tmp_path: Path, shapes: Shapes, text: str, message: str) -> None:
    write(tmp_path, main_conf=text)
    (tmp_path / "bad").write_bytes(b"# caf\xe9\nb { c caf\xe9; }\n")
    with pytest.raises(ConfigError) as refusal:
        read(tmp_path, "main.conf", shapes)
    assert str(refusal.value) == message.format(tmp_path)


def test_comments_in_another_encoding(tmp_path: Path, shapes: Shapes) -> None:
    """nginx reads bytes: what nobody uses may be of any encoding."""
    (tmp_path / "main.conf").write_bytes(b"# caf\xe9\na caf\xc3\xa9; # \xff\n")
    loaded = read(tmp_path, "main.conf", shapes)
    assert [directive.args for directive in loaded.directives] == [("caf\xe9",)]
    assert list(loaded.files.values()) == ["# caf\ufffd\na caf\xe9; # \ufffd\n"]


def test_a_missing_main_file(tmp_path: Path, shapes: Shapes) -> None:
    with pytest.raises(ConfigError, match=r"cannot read `.*/none.conf`: No such file or directory$"):
        read(tmp_path, "none.conf", shapes)


def test_a_circle_through_links_is_found(tmp_path: Path, shapes: Shapes) -> None:
    write(tmp_path, main_conf="include a;", a="include link;")
    (tmp_path / "link").symlink_to("main.conf")
    with pytest.raises(ConfigError, match=r"main\.conf -> .*/a -> .*/link in .*/a:1"):
        read(tmp_path, "main.conf", shapes)
