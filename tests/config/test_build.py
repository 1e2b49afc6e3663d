"""Each file of sites/ holds a configuration, a line of dashes, and the site that it is compiled to, or the exact error.

A site is shown as a tree of listeners, servers and locations; of their settings those that the text of the file's
first line, a comment, names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from pyproxy.compile import Sources, load_schema
from pyproxy.config.tree import ConfigError
from pyproxy.core.location import Location
from pyproxy.core.logs.log import Logs
from pyproxy.core.routing import Locations
from pyproxy.core.site import Listener, Server, Site

SITES = Path(__file__).parent / "sites"
SCHEMA = load_schema()


def shown(site: Site, settings: list[str]) -> Iterator[str]:
    """The lines of a compiled site."""
    for listener in site.listeners:
        yield from shown_listener(listener)
    for server in site.servers:
        yield f"server {server.source.line}: {server.name.decode()!r}"
        yield from (f"    {line}" for line in shown_server(server, settings))
    yield from (f"upstream {name}: {shown_group(group)}" for name, group in site.upstreams.items())
    yield from (f"warning: {warning}" for warning in site.warnings)


def shown_listener(listener: Listener, indent: str = "") -> Iterator[str]:
    options = "".join(f" {name}={value}" for name, value in listener.options.items())
    yield f"{indent}listen {listener.address}{options}, default server {listener.names.default.source.line}"
    for inner in listener.particular.values():
        yield from shown_listener(inner, indent + "    ")


def shown_server(server: Server, settings: list[str]) -> Iterator[str]:
    yield "otherwise" + shown_settings(server.default_location, settings)
    yield from shown_locations(server.locations, settings)


def shown_locations(table: Locations, settings: list[str], indent: str = "") -> Iterator[str]:
    for location in table:
        exact = location in table.exact.values()
        kind = "= " if exact else "~ " if location.regex else "^~ " if location.no_regex else ""
        yield f"{indent}location {kind}{location.name}{shown_settings(location, settings)}"
        if location.nested is not None:
            yield from shown_locations(location.nested, settings, indent + "    ")


def shown_settings(location: Location, settings: list[str]) -> str:
    return ": " * bool(settings) + ", ".join(f"{name} {setting(location, name)}" for name in settings)


def setting(location: Location, name: str) -> object:
    """What a location has of that name: an attribute of its own, of its limits, or the names of its handlers."""
    if name == "error_pages":
        return {status: (page.uri.text, page.overwrite) for status, page in location.error_pages.items()}
    if name == "handlers":
        return len(location.handlers)
    if name == "content":
        return type(location.content).__name__
    return getattr(location, name) if hasattr(location, name) else getattr(location.limits, name)


def shown_group(group: object) -> str:
    peers = [
        f"{peer.name} {peer.weight}{' backup' * peer.backup}{' down' * peer.down}"
        for peer in group.peers  # type: ignore[attr-defined]
    ]
    return f"{', '.join(peers)}; {group.keepalive}"  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", sorted(SITES.iterdir()), ids=lambda path: path.stem)
def test_site(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text, dashes, expected = path.read_text().partition("----------\n")
    assert dashes
    settings = re.findall(r"\w+", text.partition("\n")[0]) if text.startswith("#") else []
    monkeypatch.chdir(tmp_path)
    Path("nginx.conf").write_text(text)
    sources = Sources("nginx.conf", ".")
    try:
        site = sources.compile(sources.load(SCHEMA), SCHEMA, Logs())
        found = "\n".join(shown(site, settings)) + "\n"
    except ConfigError as error:
        found = f"error: {error}\n"
    assert found == expected


def test_a_name_is_listened_on_by_its_addresses(tmp_path: Path) -> None:
    (tmp_path / "nginx.conf").write_text("http { server { listen localhost:8080; } }")
    sources = Sources(str(tmp_path / "nginx.conf"), str(tmp_path))
    site = sources.compile(sources.load(SCHEMA), SCHEMA, Logs())
    assert {str(listener.address) for listener in site.listeners} & {"127.0.0.1:8080", "[::1]:8080"}
