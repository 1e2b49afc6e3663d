"""ngx_http_random_index_module: a folder's index is any of its files."""

from __future__ import annotations

import asyncio
import random
from errno import EACCES

from pyproxy.config.schema import Context, Module, flag
from pyproxy.config.scope import Scope
from pyproxy.core import phases
from pyproxy.core.files import listings
from pyproxy.core.files.failures import failed, level_and_status
from pyproxy.core.location import Location, Phase
from pyproxy.core.outcome import DONE, Outcome
from pyproxy.core.request import Request

_METHODS = frozenset({b"GET", b"HEAD", b"POST"})


def _handle(request: Request) -> Outcome:
    if not request.uri.endswith(b"/") or request.method not in _METHODS:
        return None
    root = request.location.root
    path = root.path(request)
    return root.refuse(request) if path is None else _choose(request, path.rstrip(b"/") or b"/")


async def _choose(request: Request, path: bytes) -> Outcome:
    try:
        entries = await asyncio.to_thread(listings.read_folder, path, lambda name, error: None)
    except OSError as error:
        level, status = level_and_status(error, (EACCES,))
        request.complain(level, failed("opendir", path, error))
        return status
    names = [entry.name for entry in entries if entry.kind == "file"]
    if not names:
        return None
    phases.internal_redirect(request, request.uri + random.choice(names), request.args)
    return DONE


def _compile(scope: Scope, location: Location) -> None:
    if scope.context is Context.LOCATION and scope.own("random_index"):
        location.add_handler(Phase.CONTENT, _handle)


MODULE = Module(
    name="random_index",
    directives=(flag("random_index", Context.LOCATION, False, "Answer requests for a folder with any of its files."),),
    location=_compile,
    order=80,
)
