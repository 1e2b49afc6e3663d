from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from supervisor.options import ServerOptions

from pyproxy.programs.configuration import configuration, options
from pyproxy.programs.program import Program

PREFIX = Path("/srv/my site")


@pytest.mark.parametrize(
    ("option", "written", "resolved"),
    [
        ("command", "gunicorn index:app", "gunicorn index:app"),
        ("command", "/usr/bin/env x", "/usr/bin/env x"),
        ("command", " .venv/bin/gunicorn index:app", "'/srv/my site/'.venv/bin/gunicorn index:app"),
        ("command", "'./run me' now", "'/srv/my site/''./run me' now"),
        ("command", "%(ENV_HOME)s/run", "%(ENV_HOME)s/run"),
        ("command", "'open", "'open"),
        ("command", "", ""),
        ("directory", "golink/www", "/srv/my site/golink/www"),
        ("directory", "/srv", "/srv"),
        ("stdout_logfile", "log/x.log", "/srv/my site/log/x.log"),
        ("stdout_logfile", "%(program_name)s.log", "/srv/my site/%(program_name)s.log"),
        ("stdout_logfile", "~/x.log", "~/x.log"),
        ("stdout_logfile", "/dev/stdout", "/dev/stdout"),
        ("stderr_logfile", "NONE", "NONE"),
        ("environment", 'A="b/c"', 'A="b/c"'),
    ],
)
def test_relative_paths_count_from_the_prefix(
    program: Callable[..., Program], option: str, written: str, resolved: str
) -> None:
    assert options(program(**{option: written}), PREFIX) == {option: resolved}


def test_here_is_the_folder_of_the_file(program: Callable[..., Program], tmp_path: Path) -> None:
    written = program(command="%(here)s/run %%(here)s", directory="%(here)s")
    assert options(written, PREFIX) == {"command": f"{tmp_path}/run %%(here)s", "directory": str(tmp_path)}


def read(text: str) -> ServerOptions:
    """What supervisord itself reads."""
    server = ServerOptions()
    server.configfile = "supervisord.conf"
    server.exists = lambda path: True
    server.open = lambda path, mode: __import__("io").StringIO(text)
    server.here = "/"
    server.read_config("supervisord.conf")
    return server


def test_supervisord_reads_everything_back(program: Callable[..., Program], tmp_path: Path) -> None:
    folder, logs = tmp_path / "50% ; here", tmp_path / "my%logs"
    folder.mkdir()
    logs.mkdir()
    first = program(
        "golink",
        command="gunicorn --bind 127.0.0.1:8000 'index:app' ; true",
        directory=str(folder).replace("%", "%%"),
        startsecs="3",
        redirect_stderr="true",
        stdout_logfile_maxbytes="50MB",
        stdout_logfile_backups="7",
        environment='KEY="a;b # c",OTHER="100%%"',
    )
    second = program("worker", command="x", numprocs="2", process_name="%(program_name)s_%(process_num)02d")
    server = read(configuration([first, second], [], folder, tmp_path, logs))

    (golink,), workers = (group.process_configs for group in server.configroot.supervisord.process_group_configs)
    assert golink.command == "gunicorn --bind 127.0.0.1:8000 'index:app' ; true"
    assert golink.directory == str(folder)
    assert (golink.startsecs, golink.redirect_stderr) == (3, True)
    assert (golink.stdout_logfile_maxbytes, golink.stdout_logfile_backups) == (50 * 1024 * 1024, 7)
    assert golink.environment == {"KEY": "a;b # c", "OTHER": "100%"}
    assert (golink.stdout_logfile, golink.stderr_logfile) == (str(logs / "golink.log"), None)
    assert [worker.stdout_logfile for worker in workers] == [str(logs / f"worker_0{n}.log") for n in (0, 1)]
    assert [worker.stderr_logfile for worker in workers] == [str(logs / f"worker_0{n}-stderr.log") for n in (0, 1)]
    assert server.configroot.supervisord.server_configs[0]["file"] == str(folder / "supervisor.sock")


def test_named_log_files_pass_through(program: Callable[..., Program], tmp_path: Path) -> None:
    written = program(command="x", stdout_logfile="/dev/stdout", stdout_logfile_maxbytes="0", stderr_logfile="NONE")
    server = read(configuration([written], [], tmp_path, tmp_path, tmp_path / "logs"))
    ((config,),) = (group.process_configs for group in server.configroot.supervisord.process_group_configs)
    assert (config.stdout_logfile, config.stdout_logfile_maxbytes, config.stderr_logfile) == ("/dev/stdout", 0, None)
