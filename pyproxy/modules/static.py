"""ngx_http_static_module: answers with files. The last of the content handlers: it declines nothing."""

from __future__ import annotations

from errno import EACCES, ELOOP, EMLINK, ENAMETOOLONG, ENOENT, ENOTDIR

from pyproxy.config.schema import Module, Scope
from pyproxy.core import conditional, phases
from pyproxy.core.dates import http_date
from pyproxy.core.log import CRIT, ERROR
from pyproxy.core.multipart import Multipart, MultipartSender
from pyproxy.core.openfiles import IrregularFile, OpenFile, OpenFiles, open_file
from pyproxy.core.ranges import NotSatisfiable, Range, requested_ranges
from pyproxy.core.request import Field, Request, Response
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
        self._if_modified_since: str = scope.get("if_modified_since")
        self._max_ranges: int = scope.get("max_ranges")
        self._accept_ranges: list[Field] = [(b"Accept-Ranges", b"bytes")] if self._max_ranges else []
        self._log_not_found: bool = scope.get("log_not_found")

    def handle(self, request: Request) -> Outcome:
        """The content handler. A kept file costs the same connection no look-up when it repeats its head."""
        route = request.route
        file: OpenFile | None
        if (
            # the memo is the route's location's: another one that shows a page for its error must not read it
            not request.internal
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
                file.response = self._shared_response(request, file)
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

    def _shared_response(self, request: Request, file: OpenFile) -> Response | None:
        """A head that all answers with this file can share, or None where the filters add what changes."""
        if not self._location.pure_filters:
            return None
        response = Response(200, self._fields(request, file) + self._accept_ranges, file.size)
        for header_filter in self._location.header_filters:
            header_filter(request, response)
        response.shared = True
        return response

    def _fields(self, request: Request, file: OpenFile) -> list[Field]:
        fields = self._validators(file)
        if content_type := self._location.content_type(request.uri):
            fields.insert(0, (b"Content-Type", content_type))
        return fields

    def _validators(self, file: OpenFile) -> list[Field]:
        fields = [(b"Last-Modified", http_date(file.modified))]
        if self._etag:
            fields.append((b"ETag", file.etag))
        return fields

    def _answer(self, request: Request, file: OpenFile) -> Outcome:
        if request.method == b"POST":
            return 405
        fields = request.head.fields
        plain = not conditional.has_conditions(fields)
        if plain and not request.error_status and file.response is not None and file.body is not None:
            route = request.route
            if request.uri is route.uri and request.location is route.location and self._root.depends <= Depends.HEAD:
                route.memo = file
            request.stream.start(request, file.response, file.body, True)
            return DONE
        if request.error_status not in (0, 200):
            # a page for an error: no conditions, no ranges, and not as old as its file
            sent = [field for field in self._fields(request, file) if field[0] != b"Last-Modified"]
            return self._send(request, Response(200, sent, file.size), file)
        etag = file.etag if self._etag else None
        if not plain:
            status = conditional.evaluate(fields, etag, file.modified, self._if_modified_since)
            if status == conditional.NOT_MODIFIED:
                request.error_status = 0
                request.respond(Response(status, self._validators(file)))
                return DONE
            if status == conditional.PRECONDITION_FAILED:
                return status
        try:
            ranges = requested_ranges(fields, file.size, etag, file.modified, self._max_ranges)
        except NotSatisfiable:
            phases.finalize(request, 416, ((b"Content-Range", b"bytes */%d" % file.size),))
            return DONE
        if ranges is None:
            response = Response(200, self._fields(request, file) + self._accept_ranges, file.size)
            return self._send(request, response, file)
        request.error_status = 0
        if len(ranges) > 1:
            return self._send_parts(request, file, ranges)
        start, end = ranges[0]
        content_range = (b"Content-Range", b"bytes %d-%d/%d" % (start, end - 1, file.size))
        response = Response(206, [*self._fields(request, file), content_range], end - start)
        return self._send(request, response, file, start)

    def _send(self, request: Request, response: Response, file: OpenFile, start: int = 0) -> Outcome:
        """Answer with the bytes from ``start`` on, as many as the response says."""
        count = response.length or 0
        if file.body is not None:
            request.respond(response, file.body[start : start + count])
        elif request.head_only:
            request.respond(response)
        else:
            request.start(response)
            request.stream.send_file(file.take_fd(), start, count)
        return DONE

    def _send_parts(self, request: Request, file: OpenFile, ranges: list[Range]) -> Outcome:
        parts = Multipart(ranges, file.size, self._location.content_type(request.uri))
        response = Response(206, [(b"Content-Type", parts.content_type), *self._validators(file)], parts.length)
        if file.body is not None:
            request.respond(response, parts.body(file.body))
        elif request.head_only:
            request.respond(response)
        else:
            request.start(response)
            MultipartSender(request, file.take_fd(), parts).start()
        return DONE


def _compile(scope: Scope, location: Location) -> None:
    location.add_handler(Phase.CONTENT, _Static(scope, location).handle)


MODULE = Module(name="static", location=_compile, order=90)
