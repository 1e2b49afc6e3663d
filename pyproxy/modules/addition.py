"""ngx_http_addition_module: the answers of other URIs before and after a body."""

from __future__ import annotations

from collections.abc import Iterator

from pyproxy.config.schema import ANYWHERE, Module, media_types, text
from pyproxy.config.scope import Scope
from pyproxy.core.ask import answer_of
from pyproxy.core.filters.chain import BodyFilter, Piece
from pyproxy.core.filters.compression import change_body
from pyproxy.core.filters.media_types import MediaTypes
from pyproxy.core.location import Location
from pyproxy.core.request import Request
from pyproxy.core.response import Response


class _Additions:
    """What is around one body."""

    def __init__(self, request: Request, before: bytes, after: bytes) -> None:
        self._request = request
        self._before = before
        self._after = after

    def _begin(self) -> Iterator[Piece]:
        uri, self._before = self._before, b""
        if uri:
            yield from answer_of(self._request, uri)

    def feed(self, data: bytes) -> Iterator[Piece]:
        yield from self._begin()
        yield data

    def flush(self) -> tuple[()]:
        return ()

    def end(self) -> Iterator[Piece]:
        yield from self._begin()
        if self._after:
            yield from answer_of(self._request, self._after)


class _Addition:
    """The header filter of one location."""

    def __init__(self, before: bytes, after: bytes, types: MediaTypes) -> None:
        self._before = before
        self._after = after
        self._types = types

    def applies(self, response: Response) -> bool:
        return response.status == 200 and self._types.match(response)

    def __call__(self, request: Request, response: Response) -> BodyFilter | None:
        if not request.is_main or not self.applies(response):
            return None
        change_body(response)
        return _Additions(request, self._before, self._after)


def _compile(scope: Scope, location: Location) -> None:
    before, after = (scope.get(name).encode() for name in ("add_before_body", "add_after_body"))
    if before or after:
        addition = _Addition(before, after, MediaTypes(scope.get("addition_types")))
        location.add_filter(addition, addition.applies)


MODULE = Module(
    name="addition",
    directives=(
        text("add_before_body", ANYWHERE, "", "The URI whose answer comes before the body."),
        text("add_after_body", ANYWHERE, "", "The URI whose answer comes after it."),
        media_types("addition_types", "The media types that get these, besides text/html; * for all."),
    ),
    location=_compile,
    order=67,
)
