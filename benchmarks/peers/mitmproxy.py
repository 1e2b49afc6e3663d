"""mitmproxy in reverse mode, from .venv-peers (`make bench-peers`): it wants older libraries than pyproxy's tests."""

from __future__ import annotations

from collections.abc import Sequence

from .peer import PEERS_ENVIRONMENT, Peer, Role, Site, installed


class Mitmproxy(Peer):
    """Made to look into traffic, not to be fast; its flows go to its log as the others' requests do."""

    name = "mitmproxy"
    install = "make bench-peers (or: pipx install mitmproxy)"
    roles = frozenset({Role.PROXY, Role.WEBSOCKET})
    version_option = "--version"

    def program(self) -> Sequence[str] | None:
        found = installed(str(PEERS_ENVIRONMENT / "bin" / "mitmdump"), "mitmdump")
        return [found] if found else None

    def command(self, site: Site) -> Sequence[str]:
        options = {"confdir": str(site.folder), "stream_large_bodies": "1m"}
        settings = [word for name, value in options.items() for word in ("--set", f"{name}={value}")]
        mode = ["--mode", f"reverse:http://{site.upstream}", "--listen-host", "127.0.0.1"]
        return [*(self.program() or ()), *mode, "--listen-port", str(site.port), *settings]
