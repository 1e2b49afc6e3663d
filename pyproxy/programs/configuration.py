"""What supervisord is told: the configuration written for it from the programs."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Sequence
from pathlib import Path

from pyproxy.programs import ini
from pyproxy.programs.folder import LOG, PID, SOCKET
from pyproxy.programs.group import Group
from pyproxy.programs.program import Program
from pyproxy.programs.supervisord.options import names

_HERE = re.compile(r"%%|%\(here\)s")
_ABSOLUTE = ("/", "%(ENV_")
_NO_PATH = ("auto", "none", "off", "syslog")


def configuration(programs: Sequence[Program], groups: Sequence[Group], folder: Path, prefix: Path, logs: Path) -> str:
    """The text of supervisord.conf; its socket, pid file and own log are in `folder`.

    `programs` are in an order in which each comes after those it depends on.
    """
    inside = ini.literal(str(folder))
    supervisord = {
        "nodaemon": "true",
        # its standard output is the owner's, so that a program can log to /dev/stdout; its own log stays out of it
        "silent": "true",
        "logfile": f"{inside}/{LOG}",
        "pidfile": f"{inside}/{PID}",
        "childlogdir": inside,
    }
    if os.getuid() == 0:
        # says that root is meant, without which supervisord warns
        supervisord["user"] = "0"
    return ini.format(
        [
            ("supervisord", supervisord),
            ("unix_http_server", {"file": f"{inside}/{SOCKET}"}),
            ("supervisorctl", {"serverurl": f"unix://{inside}/{SOCKET}"}),
            (
                "rpcinterface:supervisor",
                {"supervisor.rpcinterface_factory": "pyproxy.programs.supervisord.interface:make"},
            ),
            *(
                (f"program:{program.name}", {**default_logs(options(program, prefix), logs), **priority})
                for program, priority in zip(programs, _priorities(programs), strict=True)
            ),
            *(
                (f"group:{group.name}", {"programs": ",".join(group.programs), "priority": str(group.priority)})
                for group in groups
            ),
        ]
    )


def options(program: Program, prefix: Path) -> dict[str, str]:
    """The options of a program with everything resolved that depends on where it was written and is run."""
    return {option: _resolve(option, value, program.here, prefix) for option, value in program.options.items()}


def default_logs(options: dict[str, str], logs: Path) -> dict[str, str]:
    """Options in which messages go to a lasting, rotated NAME.log, NAME-stderr.log where no log file is named.

    Supervisor's own default is a file of random name, deleted at every start.
    """
    folder = ini.literal(ini.literal(str(logs)))
    name = options.get("process_name", "%(program_name)s")
    return {
        "stdout_logfile": f"{folder}/{name}.log",
        "stderr_logfile": f"{folder}/{name}-stderr.log",
        **options,
    }


def _priorities(programs: Sequence[Program]) -> list[dict[str, str]]:
    """``priority`` for those that depend on others: after them in everything that Supervisor does in its order.

    That they wait for each other has another reason, see supervisord/process.py.
    """
    found: dict[str, int] = {}
    changed: list[dict[str, str]] = []
    for program in programs:
        written = program.options.get("priority", "")
        own = int(written) if re.fullmatch(r"-?\d+", written) else 999
        needed = names(program.options.get("depends_on", ""))
        found[program.name] = max([own, *(found[name] + 1 for name in needed)])
        changed.append({"priority": str(found[program.name])} if needed else {})
    return changed


def _resolve(option: str, value: str, here: Path, prefix: Path) -> str:
    here_text, prefix_text = ini.literal(str(here)), ini.literal(str(prefix))
    is_log = option in ("stdout_logfile", "stderr_logfile")
    if is_log:
        # Supervisor expands the names of log files twice
        here_text, prefix_text = ini.literal(here_text), ini.literal(prefix_text)
    value = _HERE.sub(lambda match: match[0] if match[0] == "%%" else here_text, value)
    if option == "command" and "/" in (first := _first_word(value)) and not first.startswith(_ABSOLUTE):
        # supervisord looks for the command before it enters `directory`, and runs it after
        return shlex.quote(f"{prefix_text}/") + value.lstrip()
    if is_log and value.lower() not in _NO_PATH and not value.startswith((*_ABSOLUTE, "~")):
        return f"{prefix_text}/{value}"
    if option == "directory" and not value.startswith(_ABSOLUTE):
        return f"{prefix_text}/{value}"
    return value


def _first_word(command: str) -> str:
    try:
        return next(iter(shlex.split(command)), "")
    except ValueError:  # an open quote: the check of the command says so
        return ""
