"""ngx_http_static_module: answers with files. The last of the content handlers: it declines nothing."""

from __future__ import annotations

from errno import EACCES, ELOOP, EMLINK, ENAMETOOLONG, ENOENT, ENOTDIR

from pyproxy.config.schema import Module, Scope
from pyproxy.core import phases
from pyproxy.core.dates import http_date
from pyproxy.core.filters import share
from pyproxy.core.log import CRIT, ERROR
from pyproxy.core.openfiles import IrregularFile, OpenFile, OpenFiles, open_file
from pyproxy.core.request import Request, Response
from pyproxy.core.root import shown
from pyproxy.core.site import DONE, Location, Outcome, Phase
from pyproxy.core.variables import Depends

_METHODS = frozenset({b"GET", b"HEAD", b"POST"})


class _Static:
    """The files of one location."""

    def __init__(self, scope: Scope, location: Location) -> None:
        self._location = location
        self._root = location.root
        self._files: OpenFiles = scope.get("open_file_cache")
        valid: float | None = scope.get("open_file_cache_valid")
        self._valid = self._files.valid if valid is None else valid
        self._etag: bool = scope.get("etag")
        self._log_not_found: bool = scope.get("log_not_found")

    def handle(self, request: Request) -> Outcome:
        """The content handler. A kept file costs the same connection no look-up when it repeats its head."""
        route = request.route
        file: OpenFile | None
        if (
            # the memo is the route's location's: another one that shows a page for its error must not read it
            not request.moved
            and (file := route.memo) is not None
            and file.checked <= request.started < file.until
            and file.response is not None
            and file.body is not None
        ):
            request.stream.start(request, file.response, file.body, True)
            return DONE
        return self._find(request)

    def _find(self, request: Request) -> Outcome:
        if request.method not in _METHODS:
            return 405
        path = self._root.path(request)
        if path is None:
            request.complain(ERROR, f'"{shown(request.uri)}" does not lead to a path below root or alias')
            return 404
        if request.uri.endswith(b"/"):
            request.complain(ERROR, f'directory index of "{shown(path)}" is forbidden')
            return 403
        key = (self._location, request.uri, path)
        file = self._files.find(key, request.started, self._valid)
        if file is None:
            try:
                file = open_file(path)
            except IsADirectoryError:
                phases.redirect_to_directory(request)
                return DONE
            except IrregularFile:
                request.complain(CRIT, f'"{shown(path)}" is not a regular file')
                return 404
            except OSError as error:
                return self._failed(request, path, error)
            if self._files.put(key, file, request.started, self._valid):
                response = self._response(request, file)
                file.response = response if share(request, response) else None
        try:
            return self._answer(request, file)
        finally:
            file.close()

    def _failed(self, request: Request, path: bytes, error: OSError) -> int:
        level, status = CRIT, 500
        if error.errno in (ENOENT, ENOTDIR, ENAMETOOLONG):
            level, status = ERROR, 404
        elif error.errno in (EACCES, ELOOP, EMLINK):
            level, status = ERROR, 403
        if status != 404 or self._log_not_found:
            request.complain(level, f'open() "{shown(path)}" failed ({error.errno}: {error.strerror})')
        return status

    def _response(self, request: Request, file: OpenFile) -> Response:
        fields = [(b"Last-Modified", http_date(file.modified))]
        if content_type := self._location.content_type(request.uri):
            fields.insert(0, (b"Content-Type", content_type))
        if self._etag:
            fields.append((b"ETag", file.etag))
        response = Response(200, fields, file.size)
        response.allow_ranges = bool(self._location.max_ranges)
        return response

    def _answer(self, request: Request, file: OpenFile) -> Outcome:
        if request.method == b"POST":
            return 405
        plain = not request.head.fields.names.conditional and not request.error_status
        if plain and file.response is not None and file.body is not None:
            route = request.route
            if request.uri is route.uri and request.location is route.location and self._root.depends <= Depends.HEAD:
                route.memo = file
            request.stream.start(request, file.response, file.body, True)
            return DONE
        response = self._response(request, file)
        if request.error_status not in (0, 200):
            # a page for an error is not as old as its file
            response.remove(b"last-modified")
        if file.body is not None:
            request.respond(response, file.body)
        else:
            request.respond_with_file(response, file.take_fd(), file.size)
        return DONE


def _compile(scope: Scope, location: Location) -> None:
    location.add_handler(Phase.CONTENT, _Static(scope, location).handle)


MODULE = Module(name="static", location=_compile, order=90)
