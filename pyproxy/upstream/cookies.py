"""``Set-Cookie`` of an upstream, rewritten for the client: domain, path and flags."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyproxy.core.uri import escape_line_ends
from pyproxy.upstream.rewrites import Rewrite, first_match

if TYPE_CHECKING:
    from pyproxy.core.request import Request
    from pyproxy.core.variables import Template

Attribute = tuple[bytes, bytes | None]
"""A name, and a value where there is an equals sign."""

FLAGS: dict[bytes, tuple[bytes, Attribute | None]] = {
    b"secure": (b"secure", (b"Secure", None)),
    b"nosecure": (b"secure", None),
    b"httponly": (b"httponly", (b"HttpOnly", None)),
    b"nohttponly": (b"httponly", None),
    b"samesite=strict": (b"samesite", (b"SameSite", b"Strict")),
    b"samesite=lax": (b"samesite", (b"SameSite", b"Lax")),
    b"samesite=none": (b"samesite", (b"SameSite", b"None")),
    b"nosamesite": (b"samesite", None),
}
"""The flags of ``proxy_cookie_flags``: the attribute that each is about, and what it becomes (None: it goes)."""
_SAMESITE_FIRST = (b"samesite=strict", b"samesite=lax", b"samesite=none", b"nosamesite")


@dataclass(frozen=True, slots=True)
class CookieFlags:
    """One ``proxy_cookie_flags``: the cookies that it is for, and flags that may hold variables."""

    cookie: Template | re.Pattern[bytes]
    flags: Sequence[Template]

    def matches(self, request: Request, name: bytes) -> bool:
        """Whether the cookie of that name is meant."""
        if isinstance(self.cookie, re.Pattern):
            return self.cookie.search(name) is not None
        return self.cookie.render(request).lower() == name.lower()

    def wanted(self, request: Request) -> dict[bytes, Attribute | None]:
        """What the attributes named become. Where flags contradict each other, to have one wins, as in nginx."""
        asked = {flag.render(request).lower() for flag in self.flags}
        order = (b"nosecure", b"secure", b"nohttponly", b"httponly", *reversed(_SAMESITE_FIRST))
        return dict(FLAGS[flag] for flag in order if flag in asked)


class CookieRewriter:
    """Rewrites the cookies of one location."""

    def __init__(self, domains: Sequence[Rewrite], paths: Sequence[Rewrite], flags: Sequence[CookieFlags]) -> None:
        self._rewrites = {name: rewrites for name, rewrites in ((b"domain", domains), (b"path", paths)) if rewrites}
        self._flags = flags

    def __bool__(self) -> bool:
        return bool(self._rewrites or self._flags)

    def rewrite(self, request: Request, value: bytes) -> bytes:
        """The field's new value; the very same bytes where nothing is to be changed."""
        attributes = [_attribute(part) for part in value.split(b";")]
        if attributes[0][1] is None:
            return value
        rewritten = False
        for place, (name, text) in enumerate(attributes):
            rewrites = self._rewrites.get(name.lower()) if place else None
            if rewrites and text is not None and (changed := first_match(rewrites, request, text)) is not None:
                attributes[place] = (name, escape_line_ends(changed))
                rewritten = True
        flags = next((flags for flags in self._flags if flags.matches(request, attributes[0][0])), None)
        wanted = flags.wanted(request) if flags is not None else {}
        if not wanted and not rewritten:
            return value
        return b"; ".join(name if text is None else name + b"=" + text for name, text in _apply(attributes, wanted))


def _attribute(part: bytes) -> Attribute:
    name, equals, value = part.partition(b"=")
    return name.strip(b" "), value.strip(b" ") if equals else None


def _apply(attributes: list[Attribute], wanted: dict[bytes, Attribute | None]) -> list[Attribute]:
    result = attributes[:1]
    missing = dict(wanted)
    for name, value in attributes[1:]:
        lower = name.lower()
        there = wanted.get(lower)
        if lower not in wanted or (there is not None and lower not in missing):
            result.append((name, value))
        elif there is not None:
            del missing[lower]
            same = there[1] is None or (value is not None and value.lower() == there[1].lower())
            result.append((name, value) if same else there)
    return result + [attribute for attribute in missing.values() if attribute is not None]
