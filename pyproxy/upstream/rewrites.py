"""How a value of an upstream's answer is rewritten for the client: ``proxy_redirect``, ``proxy_cookie_domain`` and
``proxy_cookie_path``. A rewrite answers the new value, or None where it does not match."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from pyproxy.core.captures import matched

if TYPE_CHECKING:
    from pyproxy.core.request import Request
    from pyproxy.core.variables import Template


class Rewrite(Protocol):
    """One pattern and its replacement."""

    def apply(self, request: Request, value: bytes) -> bytes | None:
        """The rewritten value, or None if the pattern does not match."""


@dataclass(frozen=True, slots=True)
class Prefix:
    """The beginning of the value is replaced."""

    pattern: Template
    replacement: Template

    def apply(self, request: Request, value: bytes) -> bytes | None:
        """The rewritten value, or None if it begins in another way."""
        prefix = self.pattern.render(request)
        return self.replacement.render(request) + value[len(prefix) :] if value.startswith(prefix) else None


@dataclass(frozen=True, slots=True)
class Regex:
    """The whole value is replaced if the expression is found in it; its groups are ``$1`` and so on."""

    pattern: re.Pattern[bytes]
    replacement: Template

    def apply(self, request: Request, value: bytes) -> bytes | None:
        """The replacement, or None if the expression is not found."""
        match = self.pattern.search(value)
        if match is None:
            return None
        matched(request, match)
        return self.replacement.render(request)


@dataclass(frozen=True, slots=True)
class Domain:
    """The whole domain is replaced, in any case; a leading dot stays."""

    pattern: Template
    replacement: Template

    def apply(self, request: Request, value: bytes) -> bytes | None:
        """The rewritten domain, or None if it is another one."""
        dot = value[:1] if value.startswith(b".") else b""
        if value[len(dot) :].lower() != self.pattern.render(request).lower():
            return None
        return dot + self.replacement.render(request)


def first_match(rewrites: Sequence[Rewrite], request: Request, value: bytes) -> bytes | None:
    """What the first rewrite that matches makes of ``value``; None if none does."""
    for rewrite in rewrites:
        changed = rewrite.apply(request, value)
        if changed is not None:
            return changed
    return None
