"""ngx_http_index_module: the file that stands for a folder."""

from __future__ import annotations

import stat
from errno import EACCES, ELOOP, EMLINK, ENAMETOOLONG, ENOENT, ENOTDIR

from pyproxy.config.schema import ANYWHERE, MANY, Module, Spec
from pyproxy.config.scope import Scope
from pyproxy.config.tree import Directive
from pyproxy.core import phases
from pyproxy.core.files.failures import failed, shown
from pyproxy.core.files.openfiles import look
from pyproxy.core.location import Location, Phase
from pyproxy.core.logs.log import ALERT, CRIT, ERROR
from pyproxy.core.outcome import DONE, Outcome
from pyproxy.core.request import Request
from pyproxy.core.variables import Template

_METHODS = frozenset({b"GET", b"HEAD", b"POST"})


def _index(directive: Directive, scope: Scope) -> list[Template]:
    if "" in directive.args:
        raise ValueError("an index needs a name")
    return [scope.template(name) for name in directive.args]


class _Index:
    """The ``index`` of one location."""

    def __init__(self, scope: Scope, location: Location) -> None:
        levels: list[list[Template]] = scope.get("index") or [[scope.template("index.html")]]
        self._names = [name for level in levels for name in level]
        self._files = location.files

    def handle(self, request: Request) -> Outcome:
        if not request.uri.endswith(b"/") or request.method not in _METHODS:
            return None
        folder_tested = False
        for template in self._names:
            name = template.render(request)
            if name.startswith(b"/"):
                phases.internal_redirect(request, name, request.args)
                return DONE
            folder = request.location.root.path(request)
            if folder is None:
                return None
            path = folder + name
            try:
                self._files.kept.check(path, request.started, self._files.valid)
            except OSError as error:
                status = self._failed(request, path, error)
                if status is None and not folder_tested:
                    status = self._test_folder(request, folder, path)
                    folder_tested = True
                if status is not None:
                    return status
                continue
            phases.internal_redirect(request, request.uri + name, request.args)
            return DONE
        return None

    def _failed(self, request: Request, path: bytes, error: OSError) -> int | None:
        """The answer to an index that cannot be looked at; None if it is just not there."""
        if error.errno == ENOENT:
            return None
        if error.errno in (ELOOP, EMLINK):
            return 403
        if error.errno in (ENOTDIR, ENAMETOOLONG, EACCES):
            return self._missing(request, path, error)
        request.complain(CRIT, failed("stat", path, error))
        return 500

    def _test_folder(self, request: Request, folder: bytes, path: bytes) -> int | None:
        folder = folder.rstrip(b"/") or b"/"
        try:
            status = look(folder)
        except PermissionError:
            return None
        except OSError as error:
            if error.errno == ENOENT:
                return self._missing(request, path, error)
            request.complain(CRIT, failed("stat", folder, error))
            return 500
        if stat.S_ISDIR(status.st_mode):
            return None
        request.complain(ALERT, f'"{shown(folder)}" is not a directory')
        return 500

    def _missing(self, request: Request, path: bytes, error: OSError) -> int:
        if error.errno == EACCES:
            request.complain(ERROR, f'"{shown(path)}" is forbidden ({error.errno}: {error.strerror})')
            return 403
        if self._files.log_not_found:
            request.complain(ERROR, f'"{shown(path)}" is not found ({error.errno}: {error.strerror})')
        return 404


def _compile(scope: Scope, location: Location) -> None:
    location.add_handler(Phase.CONTENT, _Index(scope, location).handle)


MODULE = Module(
    name="index",
    directives=(
        Spec(
            "index",
            ANYWHERE,
            _index,
            (1, MANY),
            repeat=True,
            summary="The files to look for in a folder, or a path to go to (default: index.html).",
        ),
    ),
    location=_compile,
    order=81,
)
