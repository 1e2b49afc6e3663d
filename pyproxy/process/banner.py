"""What a person at the terminal sees: on standard error, because standard output may be the access log."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterable

from pyproxy import __version__
from pyproxy.config.values import Address
from pyproxy.core.site import Site
from pyproxy.programs.program import ProgramState


class Banner:
    """Says what runs; says nothing if it is quiet, or if nobody is there to read it any more."""

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet

    def say(self, text: str) -> None:
        """One line."""
        if not self._quiet:
            with contextlib.suppress(OSError, ValueError):
                # in one write: others may write to the same terminal or pipe
                print(f"{text}\n", end="", file=sys.stderr, flush=True)

    def begin(self, path: str, site: Site) -> None:
        """The configuration, and where it listens."""
        self.say(f"pyproxy {__version__} runs {path}")
        for listener in site.listeners:
            self.say(f"  listens on  {url(listener.address)}")
        if not site.listeners:
            self.say("  listens nowhere: the configuration has no server")

    def programs(self, states: Iterable[ProgramState], verb: str) -> None:
        """What the programs do, and where their messages are."""
        for state in states:
            logs = dict.fromkeys(str(log) for log in (state.stdout_logfile, state.stderr_logfile) if log)
            where = f", its messages are in {' and '.join(logs)}" if logs else ""
            self.say(f"  {verb:<11} {state.name}{where}")

    def ready(self, missing: Iterable[str]) -> None:
        """Everything is there, but for the programs that do not run."""
        names = [f"`{name}`" for name in missing]
        but = f", but {', '.join(names)} {'does' if len(names) == 1 else 'do'} not run" if names else ""
        self.say(f"Ready{but}. Ctrl-C stops everything.")


def url(address: Address) -> str:
    """What to type into a browser on this machine."""
    if address.path is not None:
        return f"unix:{address.path}"
    host = f"[{address.host}]" if ":" in address.host else address.host
    host = "localhost" if host in ("0.0.0.0", "[::]") else host
    return f"http://{host}{'' if address.port == 80 else f':{address.port}'}/"
