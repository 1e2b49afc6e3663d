"""ngx_http_try_files_module: the first of several files that exists."""

from __future__ import annotations

import stat

from pyproxy.config import values
from pyproxy.config.schema import MANY, Context, Module, Spec
from pyproxy.config.scope import Scope
from pyproxy.config.tree import Directive
from pyproxy.core import phases
from pyproxy.core.files.failures import MISSING, failed
from pyproxy.core.location import Location, Phase
from pyproxy.core.logs.log import CRIT
from pyproxy.core.outcome import DONE, Outcome
from pyproxy.core.request import Request
from pyproxy.core.variables import Template


class TryFiles:
    """The names to try in order, and what to do when none is there: a status, or where to go."""

    def __init__(self, names: list[tuple[Template, bool]], last: Template, status: int | None) -> None:
        """Each name with whether it is a folder's."""
        self._names = names
        self._last = last
        self._status = status

    def __call__(self, request: Request) -> Outcome:
        root = request.location.root
        for template, is_folder in self._names:
            name = self._render(request, template)
            path = root.try_path(request, name)
            if path is not None and self._is_there(request, path, is_folder):
                uri = root.take(request, name, is_folder)
                if uri != request.uri:
                    request.uri = uri
                    request.moved = True
                return None
        if self._status is not None:
            return self._status
        target = self._render(request, self._last)
        if target.startswith(b"@"):
            phases.named_location(request, target[1:].decode("utf-8", "surrogateescape"))
        else:
            uri, _, args = target.partition(b"?")
            phases.internal_redirect(request, uri, args)
        return DONE

    def _render(self, request: Request, template: Template) -> bytes:
        if template.constant is not None:
            return template.constant
        return request.location.root.try_name(request, template.render(request))

    def _is_there(self, request: Request, path: bytes, is_folder: bool) -> bool:
        try:
            return stat.S_ISDIR(request.location.files.look(request, path).st_mode) is is_folder
        except OSError as error:
            if error.errno not in MISSING:
                request.complain(CRIT, failed("stat", path, error))
            return False


def _try_files(directive: Directive, scope: Scope) -> TryFiles:
    *names, last = directive.args
    status = None
    if last.startswith("="):
        status = values.number(last[1:])
        if status > 999:
            raise ValueError(f'invalid code "{last[1:]}", expected a status such as =404')
    folders = [(scope.template(name.removesuffix("/")), name.endswith("/")) for name in names]
    return TryFiles(folders, scope.template(last), status)


def _compile(scope: Scope, location: Location) -> None:
    if handler := scope.own("try_files"):
        location.add_handler(Phase.PRECONTENT, handler)


MODULE = Module(
    name="try_files",
    order=40,
    directives=(
        Spec(
            "try_files",
            Context.SERVER | Context.LOCATION,
            _try_files,
            (2, MANY),
            summary="The first of these files or folders that exists, else the last: a path, @name or =status.",
        ),
    ),
    location=_compile,
)
