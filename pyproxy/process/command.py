"""One process tells another, found by its pid file, what to do: ``-s``, and ``pyproxy status`` and its like."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from pyproxy.compile import Sources, load_schema
from pyproxy.config.tree import ConfigError
from pyproxy.core.logs.log import Logs
from pyproxy.core.logs.logfile import Gathering, LogFile
from pyproxy.core.logs.logsink import FileSink, Sink
from pyproxy.process.pidfile import PidFile
from pyproxy.process.status import Status
from pyproxy.programs.folder import Folder, link_of

SIGNALS = {
    "stop": signal.SIGTERM,
    "quit": signal.SIGQUIT,
    "reload": signal.SIGHUP,
    "reopen": signal.SIGUSR1,
}
PATIENCE = 120.0
"""Seconds that a reload may take."""
LOOK = 0.02
"""Seconds between two looks at what has become of it."""


class _Unopened(Logs):
    """The logs of a configuration that is only read: whoever sends a signal must create no log file, in his name."""

    def share(self, name: str, gathering: Gathering, make: Callable[[], Sink]) -> LogFile:
        return LogFile(self, FileSink(None))


def _pid_file(sources: Sources, strict: bool) -> str:
    """Where the configuration puts it. One that is wrong still says where, unless ``strict``: it must be stoppable."""
    schema = load_schema()
    loaded = sources.load(schema)
    try:
        return sources.compile(loaded, schema, _Unopened()).pid_file
    except ConfigError:
        if strict:
            raise
        named = [directive.args[0] for directive in loaded.directives if directive.name == "pid" and directive.args]
        return str(Path(sources.prefix, named[0] if named else schema.specs["pid"][0].default).absolute())


def control(sources: Sources, words: list[str]) -> int:
    """Do to the programs of this configuration what the words say to supervisorctl; its exit status.

    Raises ConfigError if none of them is under Supervisor, and for ``shutdown`` while pyproxy runs.
    """
    pid_file = _pid_file(sources, strict=False)
    pid = PidFile(pid_file).running()
    link = link_of(pid_file)
    folder = Folder.find(link)
    if folder is None:
        if link.exists():
            raise ConfigError(f"the programs of this configuration are another user's, see {link}")
        if pid is None:
            raise ConfigError(f"no pyproxy runs this configuration: {pid_file} names no process that runs")
        raise ConfigError(f"the pyproxy of this configuration, process {pid}, runs no programs")
    if pid is not None and words[:1] == ["shutdown"]:
        raise ConfigError(f"pyproxy runs, process {pid}: end it first, with `-s quit` or `-s stop`")
    from pyproxy.programs.control import control

    return control(folder, words)


def send(sources: Sources, name: str) -> None:
    """Send the signal. Raises ConfigError.

    The configuration says where the pid file is. One that is wrong is refused here, where somebody reads it; so is one
    of which only the process that runs can tell that it is.
    """
    pid_file = _pid_file(sources, strict=name == "reload")
    pid = PidFile(pid_file).running()
    if pid is None:
        raise ConfigError(f"no pyproxy runs this configuration: {pid_file} names no process that runs")
    before = Status.read(Path(pid_file))
    try:
        os.kill(pid, SIGNALS[name])
    except OSError as error:
        raise ConfigError(f"cannot send `{name}` to process {pid}: {error.strerror}") from error
    if name == "reload":
        _wait_for_reload(Path(pid_file), pid, before)


def _wait_for_reload(pid_file: Path, pid: int, before: Status) -> None:
    """Any reload that begins after ``before`` reads the configuration as it is now."""
    deadline = time.monotonic() + PATIENCE
    while (status := Status.read(pid_file)).name == before.name or not status.over:
        if PidFile(str(pid_file)).running() != pid:
            raise ConfigError(f"process {pid} has ended before it had read the configuration")
        if time.monotonic() > deadline:
            raise ConfigError(f"process {pid} has not read the configuration in {PATIENCE:g} s, see its error log")
        time.sleep(LOOK)
    if status.problem:
        raise ConfigError(f"process {pid} goes on with the old configuration: {status.problem}")
