"""ngx_http_gzip_static_module: files that lie beside the ones that are asked for, as ``.gz``."""

from __future__ import annotations

from pyproxy.config.schema import ANYWHERE, Module, choice
from pyproxy.config.scope import Scope
from pyproxy.core.files.precompressed import MODES, OFF, precompressed
from pyproxy.core.location import Location


def _compile(scope: Scope, location: Location) -> None:
    precompressed(
        scope.get("gzip_static"),
        location,
        b"gzip",
        b".gz",
        lambda request, response: location.encodings.may_gzip(request, response),
    )


MODULE = Module(
    name="gzip_static",
    directives=(choice("gzip_static", ANYWHERE, MODES, OFF, "Send `file.gz` where there is one: off, on, always."),),
    location=_compile,
    order=84,
)
