"""The head of an HTTP upstream's answer, made into the client's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pyproxy.core.redirect import absolute
from pyproxy.core.request import Request
from pyproxy.core.response import Field, Response
from pyproxy.core.uri import escape_line_ends
from pyproxy.upstream.cookies import CookieRewriter
from pyproxy.upstream.rewrites import Rewrite, first_match

if TYPE_CHECKING:
    from pyproxy.core.message import Pair, ResponseHead

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


class ResponseHeadReader:
    """Makes client response heads for one location."""

    def __init__(
        self,
        hidden: frozenset[bytes],
        passed: frozenset[bytes],
        redirects: Sequence[Rewrite] = (),
        cookies: CookieRewriter | None = None,
        without: frozenset[bytes] = frozenset(),
    ) -> None:
        """``hidden`` and ``passed`` are the lower-case names of ``proxy_hide_header`` and ``proxy_pass_header``;
        ``without`` are more names that never go through."""
        self._hidden = NOT_PASSED | without | ((HIDDEN | hidden) - passed)
        self._passes_server = b"server" not in self._hidden
        self._passes_date = b"date" not in self._hidden
        self._redirects = redirects
        self._cookies = cookies or None

    def response(self, request: Request, head: ResponseHead) -> tuple[Response, bool]:
        """The response, and whether it would be the same for every request that is answered with these bytes."""
        hidden = self._hidden
        if head.status == 101:
            hidden = hidden - {b"upgrade"}
        elif named := head.fields.controls.connection:
            hidden = hidden | named
        fields = []
        repeats = True
        # where the upstream's own may pass, there is none unless it has one
        server = b"" if self._passes_server else None
        date = b"" if self._passes_date else None
        for lower, name, value in head.fields.pairs:
            if lower.startswith(b"x-accel-"):
                # it may steer this one answer
                repeats = False
            if lower in hidden or (lower == b"content-type" and not value):
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
                    value = self._cookie(request, value)
                fields.append((name, value))
        length = None if head.chunked or head.status == 101 else head.content_length
        response = Response(head.status, fields, length, head.reason)
        response.server, response.date = server, date
        response.disable_not_modified = True
        return response, repeats

    def only(self, request: Request, head: ResponseHead, names: frozenset[bytes]) -> list[Field]:
        """The fields of these lower-case names, hidden or not."""
        return [
            (name, self._cookie(request, value) if lower == b"set-cookie" else value)
            for lower, name, value in head.fields.pairs
            if lower in names
        ]

    def passed(self, pairs: Sequence[Pair]) -> list[Field]:
        """What of other field sections goes through: early hints, trailers."""
        return [(name, value) for lower, name, value in pairs if lower not in self._hidden]

    def _cookie(self, request: Request, value: bytes) -> bytes:
        return value if self._cookies is None else self._cookies.rewrite(request, value)

    def _redirect(self, request: Request, lower: bytes, value: bytes) -> bytes:
        before = b""
        if lower == b"refresh":
            at = value.lower().find(b"url=")
            if at < 0:
                return value
            before, value = value[: at + 4], value[at + 4 :]
        changed = first_match(self._redirects, request, value)
        if changed is None:
            return before + value
        changed = escape_line_ends(changed)
        return absolute(request, changed) if lower == b"location" else before + changed
