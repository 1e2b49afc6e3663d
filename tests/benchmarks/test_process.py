"""Processes that the harness starts, and ends."""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.lab import Lab
from benchmarks.machine import Cores
from benchmarks.process import Process, accepts, free_port

ALL = frozenset(os.sched_getaffinity(0))
PARENT = """
import socket, subprocess, sys
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
while True: server.accept()
"""


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab(Cores(ALL, ALL)) as lab:
        yield lab


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def ended(pids: list[int]) -> bool:
    """Whether all of them end soon: the kernel takes its time to carry a SIGKILL out."""
    deadline = time.monotonic() + 5
    while any(map(alive, pids)) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not any(map(alive, pids))


def test_a_tree_is_counted_and_ended_as_a_whole(lab: Lab) -> None:
    port = free_port()
    with lab.process("parent", [sys.executable, "-c", PARENT, str(port)], address=port) as process:
        while len(process.tree()) < 2:
            assert process.running()
        tree = process.tree()
        assert process.cpu_seconds() > 0
        assert process.memory() > 1 << 20
    assert ended(tree)


def test_what_does_not_start_says_why(lab: Lab) -> None:
    with (
        pytest.raises(RuntimeError, match="no such thing"),
        lab.process("wrong", [sys.executable, "-c", "raise SystemExit('no such thing')"], address=free_port()),
    ):
        pytest.fail("it cannot have started")


def test_one_that_fails_inside_the_block_is_ended(lab: Lab) -> None:
    seen: list[Process] = []

    def fail() -> None:
        with lab.process("sleeper", [sys.executable, "-c", "import time; time.sleep(60)"]) as process:
            seen.append(process)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert ended([seen[0].pid])


def test_a_process_runs_on_its_core_and_the_harness_beside_it() -> None:
    if len(ALL) < 2:
        pytest.skip("two cores are needed")
    with Lab() as lab, lab.process("one", [sys.executable, "-c", "import time; time.sleep(60)"], measured=True) as one:
        assert os.sched_getaffinity(one.pid) == lab.cores.server
        assert os.sched_getaffinity(0) == lab.cores.others
    assert os.sched_getaffinity(0) == ALL


def test_folders_are_gone_afterwards() -> None:
    with Lab(Cores(ALL, ALL)) as lab:
        folder = lab.folder("one")
        assert folder.is_dir()
    assert not folder.exists()


def test_a_unix_socket_and_a_port_are_both_found(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    assert not accepts(path)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        assert accepts(path)
    assert not accepts(free_port())
