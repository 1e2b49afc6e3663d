from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest

from pyproxy.programs import session

PARENT = "import subprocess, sys; print(subprocess.Popen(['sleep', '60']).pid, flush=True); sys.stdin.read()"


@pytest.mark.parametrize("proc", [True, False], ids=["proc", "ps"])
def test_members_and_kill(proc: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not proc:
        monkeypatch.setattr("os.path.exists", lambda path: False)
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", PARENT], stdin=pipe, stdout=pipe, start_new_session=True) as leader:
        assert leader.stdout is not None
        child = int(leader.stdout.readline())
        try:
            assert sorted(session.members(leader.pid)) == sorted([leader.pid, child])
            leader.kill()
            leader.wait()
            assert session.members(leader.pid) == [child]  # the leader's end does not hide its session
        finally:
            session.kill(session.members(leader.pid), signal.SIGKILL)
        deadline = time.monotonic() + 5
        while session.members(leader.pid):
            assert time.monotonic() < deadline
            time.sleep(0.01)
