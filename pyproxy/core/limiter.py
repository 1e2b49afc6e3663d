"""What ``limit_req`` and ``limit_conn`` have in common: zones with a record for each key, and how they refuse."""

from __future__ import annotations

from typing import ClassVar, Final

from pyproxy.config.tree import Source
from pyproxy.core.logs.log import ERROR, LEVELS
from pyproxy.core.outcome import Outcome
from pyproxy.core.request import Request
from pyproxy.core.variables import Template
from pyproxy.zones.steps import Steps, take
from pyproxy.zones.zone import Zone

LOG_LEVELS: Final = ("info", "notice", "warn", "error")


class KeyedZone(Zone):
    """A zone with a record for each value of a template."""

    longest_key: ClassVar[int]
    """In bytes."""

    def __init__(self, name: str, size: int, template: Template, source: Source) -> None:
        """``size`` in bytes."""
        super().__init__(name, size, template.text, source)
        self._template = template

    def key_of(self, request: Request) -> bytes:
        """What a request counts as; empty where it does not count."""
        key = self._template.render(request)
        if len(key) <= self.longest_key:
            return key
        request.complain(ERROR, f'the value of the "{self.key}" key is more than {self.longest_key} bytes')
        return b""


class Limiter:
    """The limits of a location."""

    variable: ClassVar[str]
    """Its value is what was decided about a request."""

    def __init__(self, log_level: str, status: int, dry_run: bool) -> None:
        """``log_level`` and ``status`` are those of a rejection; ``dry_run``: only log it."""
        self._level = LEVELS[log_level]
        self._status = status
        self._dry_run = dry_run

    def __call__(self, request: Request) -> Outcome:
        """Count a request; an internal redirect is no second one."""
        if request.values is not None and self.variable in request.values:
            return None
        return take(self._count(request))

    def _count(self, request: Request) -> Steps[Outcome]:
        raise NotImplementedError

    def _reject(self, request: Request, message: str) -> Outcome:
        request.complain(self._level, message)
        self._note(request, b"REJECTED")
        return None if self._dry_run else self._status

    def _note(self, request: Request, decision: bytes) -> None:
        request.set_variable(self.variable, decision + b"_DRY_RUN" if self._dry_run else decision)
