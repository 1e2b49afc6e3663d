from __future__ import annotations

from typing import Any

import pytest
from supervisor.options import ServerOptions, UnhosedConfigParser

from pyproxy.programs.ready import Ready
from pyproxy.programs.supervisord.options import Options
from pyproxy.programs.supervisord.process import Process


def read(text: str, options: ServerOptions | None = None) -> list[Any]:
    server = options or Options()
    server.poller.close()
    server.here = "/"
    parser = UnhosedConfigParser()
    parser.expansions = server.environ_expansions
    parser.read_string(f"[program:x]\ncommand=x\n{text}")
    found: list[Any] = server.processes_from_section(parser, "program:x", "x")
    return found


OURS = "depends_on=a, b c\nready=tcp://127.0.0.1:8%(process_num)03d\nready_timeout=5\n"
SEVERAL = "numprocs=2\nnumprocs_start=3\nprocess_name=%(program_name)s_%(process_num)d\n"


def test_our_options() -> None:
    one, two = read(OURS + SEVERAL)
    assert (one.name, one.program, one.depends_on, one.ready_timeout) == ("x_3", "x", ("a", "b", "c"), 5)
    assert one.ready == Ready.parse("tcp://127.0.0.1:8003")
    assert two.ready == Ready.parse("tcp://127.0.0.1:8004")
    assert isinstance(one.make_process(), Process)


def test_defaults() -> None:
    (one,) = read("")
    assert (one.depends_on, one.ready, one.ready_timeout) == ((), None, 30)


@pytest.mark.parametrize("change", ["depends_on=a", "ready=unix:/x", "ready_timeout=3"])
def test_supervisor_sees_that_they_change(change: str) -> None:
    assert read("") == read("")
    assert read(change) != read("")


def test_supervisor_itself_passes_over_them() -> None:
    assert len(read(OURS, ServerOptions())) == 1
