"""ngx_http_headers_module: add_header."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pyproxy.config.schema import ANYWHERE, Module, Scope, Spec
from pyproxy.config.tree import Directive
from pyproxy.core.request import Request, Response
from pyproxy.core.site import Location
from pyproxy.core.uri import escape_controls
from pyproxy.core.variables import Depends, Template

STATUSES = frozenset({200, 201, 204, 206, 301, 302, 303, 304, 307, 308})
"""The answers that get added fields without ``always``."""
REPLACED = frozenset({b"last-modified", b"etag"})
"""Fields of which there is one: an added one takes the place of what is there, or removes it if it is empty."""

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Added:
    name: bytes
    value: Template
    always: bool


def _add_header(directive: Directive, scope: Scope) -> _Added:
    name, value, *rest = directive.args
    if rest not in ([], ["always"]):
        raise ValueError(f'invalid parameter "{rest[0]}", expected "always"')
    if not _TOKEN.fullmatch(name):
        raise ValueError(f'"{name}" cannot be the name of a field')
    if name.lower() in ("content-length", "transfer-encoding"):
        raise ValueError(f"{name} says where an answer ends, which is not the configuration's to say")
    return _Added(name.encode(), scope.template(value), bool(rest))


def _compile(scope: Scope, location: Location) -> None:
    added: list[_Added] = scope.get("add_header")
    if not added:
        return

    def add(request: Request, response: Response) -> None:
        if not request.is_main:
            return
        usual = response.status in STATUSES
        for header in added:
            if not usual and not header.always:
                continue
            value = escape_controls(header.value.render(request))
            if header.name.lower() in REPLACED:
                response.remove(header.name.lower())
            if value:
                response.fields.append((header.name, value))

    fixed = all(header.value.depends is Depends.CONSTANT for header in added)
    location.add_filter(add, None if fixed else lambda response: True)


MODULE = Module(
    name="headers",
    directives=(
        Spec("add_header", ANYWHERE, _add_header, (2, 3), repeat=True, default=(), summary="A field added to answers."),
    ),
    location=_compile,
)
