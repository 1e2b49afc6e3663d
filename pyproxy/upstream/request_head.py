"""The head of a request to an HTTP upstream: written anew, never passed on as found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from pyproxy.core.message import MOST_NAMES, PLANS
from pyproxy.core.uri import escape_line_ends, escape_spaces
from pyproxy.core.variables import Depends

if TYPE_CHECKING:
    from pyproxy.core.message import Fields, Names
    from pyproxy.core.request import Request
    from pyproxy.core.variables import Template
    from pyproxy.upstream.target import Target

NOT_PASSED = frozenset(
    {
        b"host",
        b"connection",
        b"proxy-connection",
        b"content-length",
        b"transfer-encoding",
        b"te",
        b"trailer",
        b"keep-alive",
        b"expect",
        b"upgrade",
        b"http2-settings",
    }
)
"""Fields that belong to one connection (RFC 9110, 7.6.1), or that we write ourselves."""
FRAMING = frozenset({b"content-length", b"transfer-encoding"})
"""Fields that say where the message ends: no configuration may set them."""
UPGRADE = b"Upgrade: websocket\r\nConnection: upgrade\r\n"


@dataclass(frozen=True, slots=True)
class _Plan:
    """How the values of fields with certain names are written: what only depends on the names."""

    frame: bytes
    pick: Callable[[tuple[bytes, ...]], Any]


class RequestHeadWriter:
    """Writes request heads for one location."""

    def __init__(
        self,
        version: int,
        method: Template | None,
        fields: list[tuple[bytes, Template]],
        pass_fields: bool,
    ) -> None:
        """``version`` is 10 or 11; ``fields`` are those of ``proxy_set_header``, which replace the client's."""
        self._version = b" HTTP/1.0\r\n" if version == 10 else b" HTTP/1.1\r\n"
        self._method = method
        self._host: Template | None = None
        self._fields: list[tuple[bytes, bytes, Template]] = []
        for name, value in fields:
            lower = name.lower()
            if lower == b"host":
                self._host = value
            elif lower not in FRAMING:
                self._fields.append((lower, name + b": ", value))
        names = {lower for lower, _, _ in self._fields}
        self._own_upgrade = b"upgrade" in names
        self._replaced = NOT_PASSED | names
        self._pass_fields = pass_fields
        self._plans: dict[tuple[Names, frozenset[bytes]], _Plan] = {}
        self.repeats = all(
            template.depends <= Depends.HEAD
            for template in (method, self._host, *(value for _, _, value in self._fields))
            if template is not None
        )
        """Whether the same request head on the same connection gives the same bytes."""

    def method(self, request: Request) -> bytes:
        """The method to send."""
        return escape_spaces(self._method.render(request)) if self._method is not None else request.method

    def write(self, request: Request, method: bytes, target: Target, uri: bytes, framing: bytes) -> bytes:
        """The whole block; ``framing`` is the field that says how long the body is, or empty."""
        head = request.route.head
        host = target.host_field
        if self._host is not None and (value := self._host.render(request)):
            host = b"Host: %b\r\n" % escape_line_ends(value)
        lines = [method, b" ", uri, self._version, host]
        for lower, start, template in self._fields:
            if (value := template.render(request)) and not (lower == b"upgrade" and b"h2c" in value.lower()):
                lines += (start, escape_line_ends(value), b"\r\n")
        if head.upgrade is not None and not self._own_upgrade:
            lines.append(UPGRADE)
        fields = b""
        if self._pass_fields:
            given = head.fields
            plan = self._plans.get((given.names, given.controls.connection)) or self._make_plan(given)
            fields = plan.frame % plan.pick(given.values)
        lines += (framing, fields, b"\r\n")
        return b"".join(lines)

    def _make_plan(self, fields: Fields) -> _Plan:
        names = fields.names
        replaced = self._replaced | fields.controls.connection
        kept = [place for place, lower in enumerate(names.lower) if lower not in replaced]
        frame = b"".join(b"%b: %%b\r\n" % names.sent[place].replace(b"%", b"%%") for place in kept)
        plan = _Plan(frame, itemgetter(*kept) if kept else lambda values: ())
        if len(self._plans) >= PLANS:
            self._plans.clear()
        if len(names.sent) <= MOST_NAMES:
            self._plans[names, fields.controls.connection] = plan
        return plan

    def upgrades(self, request: Request) -> bool:
        """Whether ``write`` asks this upstream for another protocol, so that 101 is a good answer."""
        fields = request.route.head.fields
        if self._own_upgrade:
            return (upgrade := fields.controls.upgrade) is not None and b"h2c" not in upgrade
        return request.route.head.upgrade is not None
