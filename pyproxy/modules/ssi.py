"""ngx_http_ssi_filter_module: pages with commands in them."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from pyproxy.config.schema import ANYWHERE, NO_EFFECT, Module, flag, media_types, size
from pyproxy.config.scope import Scope
from pyproxy.core.filters.compression import change_body
from pyproxy.core.filters.media_types import MediaTypes
from pyproxy.core.location import Location
from pyproxy.core.request import Request
from pyproxy.core.response import Response
from pyproxy.core.ssi.echo import TIME_FORMAT, date
from pyproxy.core.ssi.page import Page, Settings
from pyproxy.core.variables import Variable, Variables

REMEMBERED = 512
"""Names of variables in pages whose meaning is remembered."""


class _Pages:
    """The header filter of one location."""

    def __init__(self, settings: Settings, types: MediaTypes, last_modified: bool) -> None:
        self._settings = settings
        self._types = types
        self._last_modified = last_modified

    def applies(self, response: Response) -> bool:
        return response.length != 0 and self._types.match(response)

    def __call__(self, request: Request, response: Response) -> Page | None:
        if not self.applies(response):
            return None
        if not self._last_modified:
            response.remove(b"last-modified")
            response.remove(b"etag")
        change_body(response)
        return Page(request, self._settings)


def _finder(variables: Variables) -> Callable[[bytes], Variable | None]:
    @lru_cache(REMEMBERED)
    def find(name: bytes) -> Variable | None:
        return variables.get(name.decode("latin-1"))

    return find


def _compile(scope: Scope, location: Location) -> None:
    if scope.get("ssi"):
        settings = Settings(scope.get("ssi_silent_errors"), scope.get("ssi_value_length"), _finder(scope.variables))
        pages = _Pages(settings, MediaTypes(scope.get("ssi_types")), scope.get("ssi_last_modified"))
        location.options["ssi"] = pages
        location.add_filter(pages, pages.applies)


MODULE = Module(
    name="ssi",
    directives=(
        flag("ssi", ANYWHERE, False, "Run the commands in pages."),
        flag("ssi_silent_errors", ANYWHERE, False, "Put nothing in the place of a command that fails."),
        flag("ssi_last_modified", ANYWHERE, False, "Leave Last-Modified as it is."),
        size("ssi_value_length", ANYWHERE, 255, "Bytes that a parameter's value may have."),
        media_types("ssi_types", "The media types of pages, besides text/html; * for all."),
        size("ssi_min_file_chunk", ANYWHERE, None, NO_EFFECT),
        flag("ssi_ignore_recycled_buffers", ANYWHERE, False, NO_EFFECT),
    ),
    variables=(
        Variable("date_local", lambda request: date(TIME_FORMAT, gmt=False)),
        Variable("date_gmt", lambda request: date(TIME_FORMAT, gmt=True)),
    ),
    location=_compile,
    order=66,
)
