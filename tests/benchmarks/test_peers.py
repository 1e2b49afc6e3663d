"""The servers' configurations are what the servers take."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from benchmarks.peers.caddy import Caddy
from benchmarks.peers.everyone import everyone
from benchmarks.peers.haproxy import Haproxy
from benchmarks.peers.nginx import Nginx, NginxWheel
from benchmarks.peers.peer import Peer, Role, Site
from benchmarks.peers.pyproxy import Pyproxy
from benchmarks.process import free_port

CHECKED: list[tuple[Peer, list[str]]] = [
    (Pyproxy(), ["-t"]),
    (NginxWheel(), ["-t"]),
    (Nginx(), ["-t"]),
    (Haproxy(), ["-c"]),
]


@pytest.mark.parametrize(("peer", "option"), CHECKED, ids=lambda value: getattr(value, "name", ""))
@pytest.mark.parametrize("buffered", [True, False])
@pytest.mark.parametrize("role", Role)
def test_a_configuration_is_accepted(peer: Peer, option: list[str], role: Role, buffered: bool, tmp_path: Path) -> None:
    if not peer.program():
        pytest.skip(f"{peer.name} is not installed")
    if role not in peer.roles:
        pytest.skip(f"{peer.name} {role.value} is not what it does")
    site = Site(role, tmp_path, free_port(), "127.0.0.1:1", root=tmp_path, buffered_uploads=buffered)
    check = subprocess.run([*peer.command(site), *option], cwd=peer.cwd, capture_output=True, text=True, timeout=30)
    assert check.returncode == 0, check.stdout + check.stderr


@pytest.mark.parametrize("role", Role)
def test_caddy_takes_its_configuration(role: Role, tmp_path: Path) -> None:
    caddy = Caddy()
    program = caddy.program()
    if not program:
        pytest.skip("caddy is not installed")
    caddy.command(Site(role, tmp_path, free_port(), "127.0.0.1:1", root=tmp_path))
    command = [*program, "adapt", "--config", str(tmp_path / "Caddyfile"), "--adapter", "caddyfile"]
    check = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert check.returncode == 0, check.stderr


def test_who_is_there_tells_a_version() -> None:
    for peer in everyone():
        assert bool(peer.program()) == bool(peer.version()), peer.name


def test_the_nginx_that_was_named_is_the_yardstick(tmp_path: Path) -> None:
    program = tmp_path / "nginx"
    program.write_text("#!/bin/sh\necho nginx/9.8.7\n")
    program.chmod(0o755)
    assert Nginx(str(program)).version() == "9.8.7"
    assert Nginx(str(tmp_path / "none")).program() is None


def test_names_are_unique_and_missing_ones_can_be_installed() -> None:
    peers = everyone(before=Path("/elsewhere"))
    assert len({peer.name for peer in peers}) == len(peers)
    assert all(peer.install or isinstance(peer, Pyproxy) for peer in peers)
