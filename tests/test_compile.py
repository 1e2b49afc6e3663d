"""What the command line changes of a configuration before it is compiled."""

from __future__ import annotations

from pathlib import Path

import pytest

from pyproxy.compile import Sources, load_schema
from pyproxy.config.load import load
from pyproxy.config.schema import Schema
from pyproxy.config.tree import ConfigError
from pyproxy.core.logs.log import Logs
from pyproxy.core.site import Site


@pytest.fixture(scope="module")
def schema() -> Schema:
    return load_schema()


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def compiled(schema: Schema, text: str, **options: object) -> Site:
    Path("nginx.conf").write_text(text)
    sources = Sources("nginx.conf", **options)  # type: ignore[arg-type]
    return sources.compile(sources.load(schema), schema, Logs())


def http(*servers: str) -> str:
    return f"events {{}} http {{ {' '.join(f'server {{ {server} }}' for server in servers)} }}"


def listening(site: Site) -> dict[str, bytes]:
    """The addresses, and the name of the default server of each."""
    return {str(listener.address): listener.names.default.name for listener in site.listeners}


# --listen


@pytest.mark.parametrize(
    ("servers", "listen", "expected"),
    [
        (["server_name a;"], ["8080"], {"0.0.0.0:8080": b"a"}),
        (["listen 80; server_name a;"], ["8080"], {"0.0.0.0:8080": b"a"}),
        (["listen 80; listen 81; server_name a;"], ["[::1]:1", "unix:/s"], {"[::1]:1": b"a", "unix:/s": b"a"}),
        (["listen 80; server_name a;", "listen 80; server_name b;"], ["8080"], {"0.0.0.0:8080": b"a"}),
        (["server_name a;", "listen 80 default_server; server_name b;"], ["8080"], {"0.0.0.0:8080": b"b"}),
        (["server_name a;", "listen 80 default; server_name b;"], ["1", "2"], {"0.0.0.0:1": b"b", "0.0.0.0:2": b"b"}),
        # each was the default of its own address: now the first one is
        (["listen 1 default; server_name a;", "listen 2 default; server_name b;"], ["3"], {"0.0.0.0:3": b"a"}),
        (["server_name a;"], ["8080", "8080"], {"0.0.0.0:8080": b"a"}),
        ([], ["8080"], {}),
    ],
)  # fmt: skip
def test_listen(schema: Schema, servers: list[str], listen: list[str], expected: dict[str, bytes]) -> None:
    assert listening(compiled(schema, http(*servers), listen=tuple(listen))) == expected


def test_listen_that_cannot_be(schema: Schema) -> None:
    with pytest.raises(ConfigError, match=r"`--listen`: .*command line"):
        compiled(schema, http(""), listen=("80 80",))


def test_listen_where_there_is_no_http(schema: Schema) -> None:
    assert listening(compiled(schema, "events {}", listen=("8080",))) == {}


# -e, -g


@pytest.mark.parametrize(
    ("text", "directives", "expected"),
    [
        ("", "", "e.log"),
        ("error_log file.log;", "", "file.log"),
        ("", "error_log g.log;", "g.log"),
        ("error_log stderr;", "", None),
    ],
)
def test_the_error_log_of_the_command_line(
    schema: Schema, here: Path, text: str, directives: str, expected: str | None
) -> None:
    site = compiled(schema, f"{text} events {{}}", directives=directives, error_log="e.log")
    path = None if expected is None else str(here / expected)
    assert [target.file.path for target, _ in site.error_log.targets] == [path]


def test_global_directives_add_to_the_file(schema: Schema, here: Path) -> None:
    site = compiled(schema, "error_log file.log; events {}", directives="pid g.pid; error_log g.log debug;")
    assert site.pid_file == str(here / "g.pid")
    assert sorted(target.file.path or "" for target, _ in site.error_log.targets) == [
        str(here / "file.log"),
        str(here / "g.log"),
    ]


# Where paths count from


def test_paths_of_the_configuration_count_from_the_prefix(schema: Schema, here: Path) -> None:
    (here / "p").mkdir()
    assert compiled(schema, "pid run.pid; events {}", prefix="p").pid_file == str(here / "p" / "run.pid")


@pytest.mark.parametrize(
    ("existing", "file", "prefix", "path"),
    [
        ((), "a.conf", ".", "a.conf"),
        ((), "a.conf", "p", "p/a.conf"),
        (("a.conf", "p/a.conf"), "a.conf", "p", "p/a.conf"),
        (("a.conf",), "a.conf", "p", "a.conf"),
        (("p/a.conf",), "p/a.conf", "p", "p/a.conf"),
        ((), "/a.conf", "p", "/a.conf"),
    ],
)
def test_the_file_counts_from_the_prefix_or_from_here(
    here: Path, existing: tuple[str, ...], file: str, prefix: str, path: str
) -> None:
    (here / "p").mkdir()
    for name in existing:
        (here / name).touch()
    assert Sources(file, prefix).path == path


# The modules


def test_every_module_is_found(schema: Schema) -> None:
    assert {"http", "server", "location", "proxy_pass", "pid", "error_log"} <= set(schema.specs)


def test_both_configurations_of_the_demo_say_the_same(schema: Schema) -> None:
    """With the directives of the real modules: one tree, whatever the notation."""
    conf = Path(__file__).resolve().parents[1] / "conf"
    toml, nginx = (
        {directive.name: directive for directive in load(conf / file, schema).directives}
        for file in ("app.toml", "nginx.conf")
    )
    assert toml.keys() == {"http", "program"}
    assert toml == nginx
