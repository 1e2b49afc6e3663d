"""ngx_http_headers_module: fields and trailers added to answers, and how long these stay fresh."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from pyproxy.config.schema import ANYWHERE, Module, Spec, choice
from pyproxy.config.scope import Scope
from pyproxy.config.tree import Directive
from pyproxy.core.filters.chain import BodyFilter
from pyproxy.core.filters.expires import Expires, parse_expires
from pyproxy.core.location import Location
from pyproxy.core.request import Request
from pyproxy.core.response import Response
from pyproxy.core.uri import escape_line_ends
from pyproxy.core.variables import Depends, Template

STATUSES = frozenset({200, 201, 204, 206, 301, 302, 303, 304, 307, 308})
"""The answers that get added fields without ``always``."""
REPLACED = frozenset({b"last-modified", b"etag"})
"""Fields of which there is one: an added one takes the place of what is there, or removes it if it is empty."""

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+", re.ASCII)
_FRAMING = ("content-length", "transfer-encoding")


@dataclass(frozen=True, slots=True)
class _Added:
    name: bytes
    value: Template
    always: bool


def _add(directive: Directive, scope: Scope) -> _Added:
    name, value, *rest = directive.args
    if rest not in ([], ["always"]):
        raise ValueError(f'invalid parameter "{rest[0]}", expected "always"')
    if not _TOKEN.fullmatch(name):
        raise ValueError(f'"{name}" cannot be the name of a field')
    if name.lower() in _FRAMING:
        raise ValueError(f"{name} says where an answer ends, which is not the configuration's to say")
    return _Added(name.encode(), scope.template(value), bool(rest))


@dataclass(frozen=True, slots=True)
class _Expires:
    """``expires``: a value, or one that is read for each request."""

    fixed: Expires | None
    template: Template | None = None
    modified: bool = False

    def get(self, request: Request) -> Expires | None:
        if self.template is None:
            return self.fixed
        try:
            return parse_expires(self.template.render(request).decode("latin-1"), self.modified)
        except ValueError:
            return None


def _expires(directive: Directive, scope: Scope) -> _Expires:
    *first, text = directive.args
    if first not in ([], ["modified"]):
        raise ValueError(f'invalid parameter "{first[0]}", expected "modified"')
    template = scope.template(text)
    if template.constant is None:
        return _Expires(None, template, bool(first))
    return _Expires(parse_expires(text, bool(first)))


def _merged(scope: Scope | None, name: str) -> list[Any]:
    """What stands at this level, and what ``NAME_inherit`` lets it have of the levels above."""
    if scope is None:
        return []
    own = scope.own(name) or []
    mode = scope.get(f"{name}_inherit")
    if mode == "merge":
        return own + _merged(scope.parent, name)
    return own or ([] if mode == "off" else _merged(scope.parent, name))


def _add_headers(headers: list[_Added], request: Request, response: Response) -> None:
    usual = response.status in STATUSES
    for header in headers:
        if not usual and not header.always:
            continue
        value = escape_line_ends(header.value.render(request))
        if header.name.lower() in REPLACED:
            response.remove(header.name.lower())
        if value:
            response.fields.append((header.name, value))


def _expire(expires: _Expires, request: Request, response: Response) -> None:
    value = expires.get(request)
    if value is None or response.status not in STATUSES:
        return
    until, control = value.fields(response.modified)
    response.remove(b"expires")
    response.remove(b"cache-control")
    response.fields += ((b"Expires", until), (b"Cache-Control", control))


class _Trailers:
    """Lets a body pass, and adds the trailers when it has."""

    def __init__(self, trailers: list[_Added], request: Request, response: Response) -> None:
        self._trailers = trailers
        self._request = request
        self._response = response

    def feed(self, data: bytes) -> tuple[bytes]:
        return (data,)

    def flush(self) -> tuple[()]:
        return ()

    def end(self) -> tuple[()]:
        assert self._response.trailers is not None
        for trailer in self._trailers:
            if value := escape_line_ends(trailer.value.render(self._request)):
                self._response.trailers.append((trailer.name, value))
        return ()


def _compile(scope: Scope, location: Location) -> None:
    headers: list[_Added] = _merged(scope, "add_header")
    trailers: list[_Added] = _merged(scope, "add_trailer")
    expires: _Expires | None = scope.get("expires")
    if expires is not None and expires.fixed is None and expires.template is None:
        expires = None
    if not headers and not trailers and expires is None:
        return

    def add(request: Request, response: Response) -> BodyFilter | None:
        if not request.is_main:
            return None
        if expires is not None:
            _expire(expires, request, response)
        _add_headers(headers, request, response)
        expected = [trailer for trailer in trailers if trailer.always or response.status in STATUSES]
        if not expected:
            return None
        response.trailers = []
        return _Trailers(expected, request, response)

    fixed = (
        all(header.value.depends is Depends.CONSTANT for header in headers)
        and (expires is None or (expires.fixed is not None and expires.fixed.fixed is not None))
        and not trailers
    )
    location.add_filter(add, None if fixed else lambda response: True)


_INHERIT = ("on", "off", "merge")

MODULE = Module(
    name="headers",
    directives=(
        Spec("add_header", ANYWHERE, _add, (2, 3), repeat=True, summary="A field added to answers."),
        Spec("add_trailer", ANYWHERE, _add, (2, 3), repeat=True, summary="A field sent after the body."),
        choice("add_header_inherit", ANYWHERE, _INHERIT, "on", "What a level has of those above: on, off, merge."),
        choice("add_trailer_inherit", ANYWHERE, _INHERIT, "on", "The same for trailers."),
        Spec(
            "expires",
            ANYWHERE,
            _expires,
            (1, 2),
            summary="Expires and Cache-Control: a time, `modified` and a time, @ a time of the day, epoch, max or off.",
        ),
    ),
    location=_compile,
    order=60,
)
