"""``-s``: one process tells another, found by its pid file, what to do."""

from __future__ import annotations

import os
import signal

from pyproxy.compile import Sources, load_schema
from pyproxy.config.tree import ConfigError
from pyproxy.core.log import Logs
from pyproxy.core.logfile import LogFile
from pyproxy.process.pidfile import PidFile

SIGNALS = {
    "stop": signal.SIGTERM,
    "quit": signal.SIGQUIT,
    "reload": signal.SIGHUP,
    "reopen": signal.SIGUSR1,
}


class _Unopened(Logs):
    """The logs of a configuration that is only read: whoever sends a signal must create no log file, in his name."""

    def open(self, path: str) -> LogFile:
        return LogFile(self, None)


def send(sources: Sources, name: str) -> None:
    """Send the signal. Raises ConfigError.

    The configuration says where the pid file is. One that is wrong is refused here, where somebody reads it.
    """
    schema = load_schema()
    site = sources.compile(sources.load(schema), schema, _Unopened())
    pid = PidFile(site.pid_file).running()
    if pid is None:
        raise ConfigError(f"no pyproxy runs this configuration: {site.pid_file} names no process that runs")
    try:
        os.kill(pid, SIGNALS[name])
    except OSError as error:
        raise ConfigError(f"cannot send `{name}` to process {pid}: {error.strerror}") from error
