"""ngx_http_core_module, types: the media type of a file by the extension of its name."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping

from pyproxy.config.schema import ANYWHERE, Module, Spec, text
from pyproxy.config.scope import Scope
from pyproxy.config.tree import ConfigError, Directive
from pyproxy.core.location import Location

DEFAULT_TYPES = {b"html": b"text/html", b"gif": b"image/gif", b"jpg": b"image/jpeg"}
"""What nginx knows without any ``types``; everything else comes from conf/mime.types."""


def _types(directive: Directive, scope: Scope) -> dict[bytes, bytes]:
    table = {}
    for entry in directive.children or ():
        if entry.children is not None:
            raise ConfigError(f"`{entry.name}` has no block here: write `text/html html htm;`", entry.source)
        for extension in entry.args:
            table[extension.lower().encode()] = entry.name.encode()
    return table


def _compile(scope: Scope, location: Location) -> None:
    tables: list[dict[bytes, bytes]] | None = scope.get("types")
    # several `types` of one level are one table, in which the last word counts
    table: Mapping[bytes, bytes] = DEFAULT_TYPES if tables is None else tables[0]
    if tables is not None and len(tables) > 1:
        table = dict(ChainMap(*reversed(tables)))
    default: bytes = scope.get("default_type").encode()

    def content_type(uri: bytes) -> bytes:
        name = uri[uri.rfind(b"/") + 1 :]
        dot = name.rfind(b".")
        # `.profile` is a name, not an extension
        return table.get(name[dot + 1 :].lower(), default) if dot > 0 else default

    location.content_type = content_type


MODULE = Module(
    name="types",
    directives=(
        Spec(
            "types",
            ANYWHERE,
            _types,
            (0, 0),
            repeat=True,
            free=True,
            summary="Media types and the extensions that have them; replaces the types of the levels above.",
        ),
        text("default_type", ANYWHERE, "text/plain", "The type of everything else; empty for none."),
    ),
    location=_compile,
)
