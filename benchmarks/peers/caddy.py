"""Caddy. Go takes the one core it is pinned to for the number of its threads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .peer import Peer, Role, Site, installed

FRAME = """\
{
    auto_https off
    admin off
}

http://:%(port)d {
    bind 127.0.0.1
    log {
        output file %(folder)s/access.log
    }
    %(handler)s
}
"""
PROXY = """reverse_proxy %s {
        transport http {
            keepalive_idle_conns_per_host 2048
        }
    }"""
FILES = """root * %s
    file_server"""


class Caddy(Peer):
    name = "caddy"
    install = "sudo apt install caddy"
    roles = frozenset(Role)
    version_option = "version"
    environment: Mapping[str, str] = {"GOMAXPROCS": "1", "HOME": "/nonexistent"}

    def program(self) -> Sequence[str] | None:
        found = installed("caddy")
        return [found] if found else None

    def command(self, site: Site) -> Sequence[str]:
        program = self.program()
        assert program
        file = site.folder / "Caddyfile"
        handler = FILES % site.root if site.role is Role.FILES else PROXY % site.upstream
        file.write_text(FRAME % {"port": site.port, "folder": site.folder, "handler": handler})
        return [*program, "run", "--config", str(file), "--adapter", "caddyfile"]
