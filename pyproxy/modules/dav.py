"""ngx_http_dav_module: PUT, DELETE, MKCOL, COPY and MOVE."""

from __future__ import annotations

import asyncio
import os
import re
import stat
from errno import ENOTDIR

from pyproxy.config.schema import ANYWHERE, Module, Spec, flag, number, words
from pyproxy.config.scope import Scope
from pyproxy.config.tree import Directive
from pyproxy.core import phases
from pyproxy.core.conditional import NO_DATE, parse_http_date
from pyproxy.core.files import webdav
from pyproxy.core.files.webdav import Fault
from pyproxy.core.location import Location, Phase
from pyproxy.core.logs.log import ERROR
from pyproxy.core.outcome import DONE, Outcome
from pyproxy.core.redirect import location_field
from pyproxy.core.request import Request
from pyproxy.core.uri import BadURI, escape, split_unsafe
from pyproxy.core.whole_body import read_whole
from pyproxy.upstream.store import access_mode

METHODS = ("off", "put", "delete", "mkcol", "copy", "move")
INFINITY = b"infinity"

_SLASHES = re.compile(rb"//+")


class _Dav:
    """What clients may do to the files of one location."""

    def __init__(self, location: Location, methods: frozenset[str], full_path: bool, depth: int, mode: int) -> None:
        self._location = location
        self._methods = {method.upper().encode() for method in methods}
        self._full_path = full_path
        self._least_depth = depth
        self._mode = mode

    def handle(self, request: Request) -> Outcome:
        return self._do(request) if request.method in self._methods else None

    async def _do(self, request: Request) -> Outcome:
        try:
            match request.method:
                case b"PUT":
                    return await self._put(request)
                case b"DELETE":
                    return await self._delete(request)
                case b"MKCOL":
                    return await self._make(request)
                case _:
                    return await self._copy_or_move(request)
        except Fault as found:
            if not request.finished:
                request.complain(found.level, found.message)
            return found.status

    def _path(self, request: Request) -> bytes:
        path = self._location.root.path(request)
        if path is None:
            raise Fault(403, "the URI does not lead to a path below root or alias")
        return path

    async def _put(self, request: Request) -> Outcome:
        if request.uri.endswith(b"/"):
            raise Fault(409, "cannot PUT to a collection")
        if request.head.fields.get(b"content-range") is not None:
            raise Fault(501, "PUT with range is unsupported")
        path = self._path(request)
        if request.body is None:
            await read_whole(request)
        assert request.body is not None
        date = request.head.fields.get(b"date")
        modified = NO_DATE if date is None else parse_http_date(date)
        new = await asyncio.to_thread(
            webdav.put, request.body, path, self._mode, self._full_path, None if modified == NO_DATE else modified
        )
        return self._created(request) if new else 204

    def _created(self, request: Request) -> Outcome:
        phases.finalize(request, 201, (location_field(request, 201, escape(request.uri)),))
        return DONE

    async def _delete(self, request: Request) -> Outcome:
        _refuse_body(request)
        uri = request.uri
        if uri[:-1].count(b"/") < self._least_depth:
            raise Fault(409, f"insufficient URI depth:{uri.count(b'/')} to DELETE")
        path = self._path(request)
        try:
            status = await asyncio.to_thread(os.lstat, path)
        except OSError as error:
            raise webdav.fault(error, "lstat", path, 409 if error.errno == ENOTDIR else 404) from error
        folder = stat.S_ISDIR(status.st_mode)
        if folder:
            if not uri.endswith(b"/"):
                raise Fault(409, f'DELETE "{path.decode(errors="replace")}" failed (21: Is a directory)')
            if _depth(request, INFINITY) != INFINITY:
                raise Fault(400, '"Depth" header must be infinity')
        elif _depth(request, b"0") not in (b"0", INFINITY):
            raise Fault(400, '"Depth" header must be 0 or infinity')
        await asyncio.to_thread(webdav.delete, path.rstrip(b"/") if folder else path, folder, request.complain)
        return 204

    async def _make(self, request: Request) -> Outcome:
        _refuse_body(request)
        if not request.uri.endswith(b"/"):
            raise Fault(409, "MKCOL can create a collection only")
        await asyncio.to_thread(webdav.make_folder, self._path(request).rstrip(b"/"), self._mode)
        return self._created(request)

    async def _copy_or_move(self, request: Request) -> Outcome:
        _refuse_body(request)
        source, destination = self._paths(request)
        depth = _depth(request, INFINITY)
        if depth != INFINITY and (request.method == b"MOVE" or depth != b"0"):
            raise Fault(400, '"Depth" header must be 0 or infinity')
        overwrite = request.head.fields.get(b"overwrite") or b"T"
        if overwrite not in (b"T", b"t", b"F", b"f"):
            raise Fault(400, f'client sent invalid "Overwrite" header: "{overwrite.decode(errors="replace")}"')
        to_folder = destination.endswith(b"/")
        return await asyncio.to_thread(
            self._transfer,
            request,
            _SLASHES.sub(b"/", source),
            _SLASHES.sub(b"/", destination).rstrip(b"/"),
            to_folder,
            overwrite in (b"T", b"t"),
        )

    def _paths(self, request: Request) -> tuple[bytes, bytes]:
        """The files' paths that the URI and Destination stand for."""
        fields = request.head.fields
        value = fields.get(b"destination")
        if value is None:
            raise Fault(400, 'client sent no "Destination" header')
        invalid = Fault(400, f'client sent invalid "Destination" header: "{value.decode(errors="replace")}"')
        target = value
        if not value.startswith(b"/"):
            host = request.head.host
            if not host:
                raise Fault(400, 'client sent no "Host" header')
            prefix = request.stream.scheme + b"://"
            if not value.startswith(prefix):
                raise invalid
            if not value.startswith(prefix + host):
                shown = value.decode(errors="replace")
                raise Fault(400, f'"Destination" URI "{shown}" is handled by different repository than the source URI')
            at = value.find(b"/", len(prefix + host))
            if at < 0:
                raise invalid
            target = value[at:]
        try:
            uri, _ = split_unsafe(target)
        except BadURI:
            raise invalid from None
        if request.uri.endswith(b"/") != target.endswith(b"/"):
            raise Fault(409, "both URI and Destination should be either collections or non-collections")
        source = self._path(request)
        own, request.uri = request.uri, uri
        try:
            destination = self._location.root.path(request)
        finally:
            request.uri = own
        if destination is None:
            raise invalid
        return source, destination

    def _transfer(self, request: Request, source: bytes, destination: bytes, to_folder: bool, overwrite: bool) -> int:
        from_path = source.rstrip(b"/")
        if from_path == destination:
            raise Fault(403, "both URI and Destination point to the same location")
        if to_folder and (_within(destination, from_path) or _within(from_path, destination)):
            raise Fault(403, "a collection cannot be put into itself, nor in the place of what it is in")
        there = _look(destination)
        if there is not None:
            if stat.S_ISDIR(there.st_mode) and not to_folder:
                raise Fault(409, "a file cannot take the place of a collection")
            if not overwrite:
                raise Fault(412, f'"{destination.decode(errors="replace")}" could not be created (17: File exists)')
        try:
            status = os.lstat(source)
        except OSError as error:
            raise webdav.fault(error, "lstat", source, 404) from error
        moving = request.method == b"MOVE"
        if not stat.S_ISDIR(status.st_mode):
            if moving:
                webdav.move_file(source, destination, self._mode)
            else:
                webdav.copy_file(source, destination)
            return 204
        if not request.uri.endswith(b"/"):
            raise Fault(400, "the URI is a collection")
        if there is not None:
            webdav.delete(destination, stat.S_ISDIR(there.st_mode), request.complain)
        (webdav.move_folder if moving else webdav.copy_folder)(from_path, destination, request.complain)
        return 201


def _within(inner: bytes, outer: bytes) -> bool:
    return inner.startswith(outer + b"/")


def _look(path: bytes) -> os.stat_result | None:
    try:
        return os.lstat(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise webdav.fault(error, "lstat", path, 404) from error


def _refuse_body(request: Request) -> None:
    if request.head.content_length or request.head.chunked:
        raise Fault(415, f"{request.method.decode()} with body is unsupported", ERROR)


def _depth(request: Request, default: bytes) -> bytes:
    """0, 1 or infinity; empty for anything else."""
    depth = request.head.fields.get(b"depth")
    if depth is None:
        return default
    return depth if depth in (b"0", b"1", INFINITY) else b""


def _access(directive: Directive, scope: Scope) -> int:
    return access_mode(directive.args)


def _compile(scope: Scope, location: Location) -> None:
    if methods := scope.get("dav_methods") - {"off"}:
        dav = _Dav(
            location, methods, scope.get("create_full_put_path"), scope.get("min_delete_depth"), scope.get("dav_access")
        )
        location.add_handler(Phase.CONTENT, dav.handle)


MODULE = Module(
    name="dav",
    directives=(
        words(
            "dav_methods",
            ANYWHERE,
            METHODS,
            frozenset(),
            "What clients may do to files: PUT, DELETE, MKCOL, COPY, MOVE, or off.",
        ),
        flag("create_full_put_path", ANYWHERE, False, "PUT makes the folders that are missing."),
        number("min_delete_depth", ANYWHERE, 0, "The fewest elements of a path that may be deleted."),
        Spec("dav_access", ANYWHERE, _access, (1, 3), default=0o600, summary="The rights of new files and folders."),
    ),
    location=_compile,
    order=83,
)
