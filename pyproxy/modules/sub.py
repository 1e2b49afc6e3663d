"""ngx_http_sub_module: strings in answers replaced by others."""

from __future__ import annotations

from dataclasses import dataclass

from pyproxy.config.schema import ANYWHERE, Module, Spec, flag, media_types
from pyproxy.config.scope import Scope
from pyproxy.config.tree import Directive
from pyproxy.core.filters.chain import BodyFilter
from pyproxy.core.filters.compression import weaken_etag
from pyproxy.core.filters.media_types import MediaTypes
from pyproxy.core.filters.substitution import Substitution
from pyproxy.core.location import Location
from pyproxy.core.request import Request
from pyproxy.core.response import Response
from pyproxy.core.variables import Template

MOST = 255
"""Patterns of one level."""


@dataclass(frozen=True, slots=True)
class _Pair:
    pattern: Template
    replacement: Template


def _sub_filter(directive: Directive, scope: Scope) -> _Pair:
    pattern, replacement = directive.args
    if not pattern:
        raise ValueError("empty search pattern")
    if len(scope.own("sub_filter") or ()) == MOST:
        raise ValueError(f"number of search patterns exceeds {MOST}")
    return _Pair(scope.template(pattern), scope.template(replacement))


class _Substitute:
    """The header filter of one location."""

    def __init__(self, pairs: list[_Pair], types: MediaTypes, once: bool, last_modified: bool) -> None:
        self._pairs = pairs
        self._types = types
        self._once = once
        self._last_modified = last_modified

    def applies(self, response: Response) -> bool:
        return response.length != 0 and self._types.match(response)

    def __call__(self, request: Request, response: Response) -> BodyFilter | None:
        if not self.applies(response):
            return None
        patterns = [(pair.pattern.render(request).lower(), pair.replacement) for pair in self._pairs]
        patterns = [pair for pair in patterns if pair[0]]
        if not patterns:
            return None
        response.length = None
        if self._last_modified:
            weaken_etag(response)
        else:
            response.remove(b"last-modified")
            response.remove(b"etag")
        return Substitution(
            [pattern for pattern, _ in patterns], lambda index: patterns[index][1].render(request), self._once
        )


def _compile(scope: Scope, location: Location) -> None:
    pairs: list[_Pair] | None = scope.get("sub_filter")
    if not pairs:
        return
    types = MediaTypes(scope.get("sub_filter_types"))
    substitute = _Substitute(pairs, types, scope.get("sub_filter_once"), scope.get("sub_filter_last_modified"))
    location.add_filter(substitute, substitute.applies)


MODULE = Module(
    name="sub",
    directives=(
        Spec("sub_filter", ANYWHERE, _sub_filter, (2, 2), repeat=True, summary="A string to replace, and by what."),
        flag("sub_filter_once", ANYWHERE, True, "Replace each string once only."),
        flag("sub_filter_last_modified", ANYWHERE, False, "Leave Last-Modified as it is."),
        media_types("sub_filter_types", "The media types to look through, besides text/html; * for all."),
    ),
    location=_compile,
    order=64,
)
