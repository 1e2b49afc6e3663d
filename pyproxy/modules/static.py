"""ngx_http_static_module: answers with files. The last of the content handlers: it declines nothing."""

from __future__ import annotations

from pyproxy.config.schema import Module
from pyproxy.config.scope import Scope
from pyproxy.core import phases
from pyproxy.core.files.failures import failed, level_and_status, shown
from pyproxy.core.files.openfiles import IrregularFile, OpenFile
from pyproxy.core.location import Location, Phase
from pyproxy.core.logs.log import CRIT, ERROR
from pyproxy.core.outcome import DONE, Outcome
from pyproxy.core.request import Request
from pyproxy.core.variables import Depends

_METHODS = frozenset({b"GET", b"HEAD", b"POST"})


class _Static:
    """The files of one location."""

    def __init__(self, location: Location) -> None:
        self._root = location.root
        self._files = location.files

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
            return self._root.refuse(request)
        if request.uri.endswith(b"/"):
            request.complain(ERROR, f'directory index of "{shown(path)}" is forbidden')
            return 403
        try:
            file = self._files.open(request, path)
        except IsADirectoryError:
            phases.redirect_to_directory(request)
            return DONE
        except IrregularFile:
            request.complain(CRIT, f'"{shown(path)}" is not a regular file')
            return 404
        except OSError as error:
            return self._failed(request, path, error)
        try:
            if request.method == b"POST":
                return 405
            whole = self._files.answer(request, file)
            route = request.route
            if (
                whole
                and request.uri is route.uri
                and request.location is route.location
                and self._root.depends <= Depends.HEAD
            ):
                route.memo = file
            return DONE
        finally:
            file.close()

    def _failed(self, request: Request, path: bytes, error: OSError) -> int:
        level, status = level_and_status(error)
        if status != 404 or self._files.log_not_found:
            request.complain(level, failed("open", path, error))
        return status


def _compile(scope: Scope, location: Location) -> None:
    location.add_handler(Phase.CONTENT, _Static(location).handle)


MODULE = Module(name="static", location=_compile, order=90)
