"""ngx_http_autoindex_module: what is in a folder that has no index."""

from __future__ import annotations

import asyncio
import re
from errno import EACCES

from pyproxy.config.schema import ANYWHERE, Module, choice, flag
from pyproxy.config.scope import Scope
from pyproxy.core.files import listings
from pyproxy.core.files.failures import failed, level_and_status, shown
from pyproxy.core.filters.media_types import split_charset
from pyproxy.core.location import Location, Phase
from pyproxy.core.logs.log import CRIT, INFO
from pyproxy.core.outcome import DONE, Outcome
from pyproxy.core.request import Request
from pyproxy.core.response import Response

HTML, XML, JSON, JSONP = FORMATS = ("html", "xml", "json", "jsonp")
TYPES = {
    HTML: b"text/html",
    XML: b"text/xml; charset=utf-8",
    JSON: b"application/json",
    JSONP: b"application/javascript",
}
LONGEST_CALLBACK = 128

_METHODS = frozenset({b"GET", b"HEAD"})
_CALLBACK = re.compile(rb"[A-Za-z0-9_.]*")


class _Autoindex:
    """The folders of one location."""

    def __init__(self, location: Location, form: str, exact_size: bool, localtime: bool) -> None:
        self._root = location.root
        self._form = form
        self._exact_size = exact_size
        self._localtime = localtime

    def handle(self, request: Request) -> Outcome:
        if not request.uri.endswith(b"/") or request.method not in _METHODS:
            return None
        path = self._root.path(request)
        if path is None:
            return self._root.refuse(request)
        form, callback = self._form, b""
        if form == JSONP:
            callback = _argument(request)
            if len(callback) > LONGEST_CALLBACK or not _CALLBACK.fullmatch(callback):
                request.complain(INFO, f'client sent invalid callback name: "{shown(callback)}"')
                return 400
            form = JSONP if callback else JSON
        return self._list(request, path.rstrip(b"/") or b"/", form, callback)

    async def _list(self, request: Request, path: bytes, form: str, callback: bytes) -> Outcome:
        complaints: list[tuple[bytes, OSError]] = []
        try:
            # a folder may be long, or on another machine
            entries = await asyncio.to_thread(listings.read_folder, path, lambda *found: complaints.append(found))
        except OSError as error:
            level, status = level_and_status(error, (EACCES,))
            request.complain(level, failed("opendir", path, error))
            return status
        for complaint in complaints:
            request.complain(CRIT, failed("stat", *complaint))
        response = Response(200, [(b"Content-Type", TYPES[form])])
        request.start(response)
        if request.response is response:
            utf8 = split_charset(response.get(b"content-type") or b"")[1].lower() == b"utf-8"
            request.send(self._page(request, entries, form, callback, utf8))
            request.finish()
        return DONE

    def _page(self, request: Request, entries: list[listings.Entry], form: str, callback: bytes, utf8: bool) -> bytes:
        if form == HTML:
            return listings.html(entries, request.uri, self._exact_size, self._localtime, utf8)
        return listings.xml(entries) if form == XML else listings.json(entries, callback)


def _argument(request: Request) -> bytes:
    for pair in request.args.split(b"&"):
        name, equals, value = pair.partition(b"=")
        if equals and name.lower() == b"callback":
            return value
    return b""


def _compile(scope: Scope, location: Location) -> None:
    if scope.get("autoindex"):
        autoindex = _Autoindex(
            location,
            scope.get("autoindex_format"),
            scope.get("autoindex_exact_size"),
            scope.get("autoindex_localtime"),
        )
        location.add_handler(Phase.CONTENT, autoindex.handle)


MODULE = Module(
    name="autoindex",
    directives=(
        flag("autoindex", ANYWHERE, False, "List what is in a folder that has no index."),
        choice("autoindex_format", ANYWHERE, FORMATS, HTML, "html, xml, json or jsonp."),
        flag("autoindex_localtime", ANYWHERE, False, "Show times of this machine, not of UTC (html)."),
        flag("autoindex_exact_size", ANYWHERE, True, "Show sizes in bytes, not rounded (html)."),
    ),
    location=_compile,
    order=82,
)
