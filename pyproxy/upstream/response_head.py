"""The head of an HTTP upstream's answer, made into the client's."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyproxy.core.redirect import absolute
from pyproxy.core.regex import Captures
from pyproxy.core.request import Request, Response
from pyproxy.core.uri import escape_controls

if TYPE_CHECKING:
    from pyproxy.core.message import ResponseHead
    from pyproxy.core.variables import Template

NOT_PASSED = frozenset(
    {
        b"connection",
        b"proxy-connection",
        b"keep-alive",
        b"content-length",
        b"transfer-encoding",
        b"te",
        b"trailer",
        b"upgrade",
    }
)
"""Fields that belong to one connection (RFC 9110, 7.6.1), or that we write ourselves."""

HIDDEN = frozenset(
    {
        b"date",
        b"server",
        b"x-pad",
        b"x-accel-expires",
        b"x-accel-redirect",
        b"x-accel-limit-rate",
        b"x-accel-buffering",
        b"x-accel-charset",
    }
)
"""Fields that nginx keeps to itself unless ``proxy_pass_header`` names them."""


@dataclass(frozen=True, slots=True)
class Redirect:
    """One ``proxy_redirect``: a prefix or a regular expression, and what to write instead."""

    pattern: Template | re.Pattern[bytes]
    replacement: Template

    def apply(self, request: Request, value: bytes) -> bytes | None:
        """The rewritten value, or None if it does not match."""
        if isinstance(self.pattern, re.Pattern):
            match = self.pattern.search(value)
            if match is None:
                return None
            captures, request.captures = request.captures, Captures(match)
            try:
                return self.replacement.render(request)
            finally:
                request.captures = captures
        prefix = self.pattern.render(request)
        return self.replacement.render(request) + value[len(prefix) :] if value.startswith(prefix) else None


class ResponseHeadReader:
    """Makes client response heads for one location."""

    def __init__(self, hidden: frozenset[bytes], passed: frozenset[bytes], redirects: list[Redirect]) -> None:
        """``hidden`` and ``passed`` are the lower-case names of ``proxy_hide_header`` and ``proxy_pass_header``."""
        self._hidden = NOT_PASSED | ((HIDDEN | hidden) - passed)
        self._redirects = redirects

    def response(self, request: Request, head: ResponseHead) -> tuple[Response, bool]:
        """The response, and whether it would be the same for every request that is answered with these bytes."""
        hidden = self._hidden
        if head.status == 101:
            hidden = hidden - {b"upgrade"}
        elif named := head.fields.connection:
            hidden = hidden | named
        fields = []
        repeats = True
        server = date = None
        for lower, name, value in head.fields.pairs:
            if lower in hidden:
                continue
            if lower == b"server":
                server = value
            elif lower == b"date":
                date = value
            elif self._redirects and lower in (b"location", b"refresh"):
                repeats = False
                fields.append((name, self._redirect(request, lower, value)))
            else:
                if lower == b"set-cookie":
                    # it is one client's, and never comes again
                    repeats = False
                fields.append((name, value))
        length = None if head.chunked or head.status == 101 else head.content_length
        response = Response(head.status, fields, length, head.reason)
        response.server, response.date = server, date
        response.disable_not_modified = True
        return response, repeats

    def _redirect(self, request: Request, lower: bytes, value: bytes) -> bytes:
        before = b""
        if lower == b"refresh":
            at = value.lower().find(b"url=")
            if at < 0:
                return value
            before, value = value[: at + 4], value[at + 4 :]
        for redirect in self._redirects:
            changed = redirect.apply(request, value)
            if changed is not None:
                changed = escape_controls(changed)
                return absolute(request, changed) if lower == b"location" else before + changed
        return before + value
