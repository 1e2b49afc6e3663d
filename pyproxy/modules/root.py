"""ngx_http_core_module, files: where they are, how they are validated, what is kept of them in memory."""

from __future__ import annotations

import os
from typing import cast

from pyproxy.config import values
from pyproxy.config.schema import ANYWHERE, NO_EFFECT, Context, Module, Spec, flag, number
from pyproxy.config.scope import Scope
from pyproxy.config.tree import Directive
from pyproxy.core.files.links import MODES, OFF, Links
from pyproxy.core.files.openfiles import OpenFiles
from pyproxy.core.files.root import Root
from pyproxy.core.files.served import Files
from pyproxy.core.location import Location
from pyproxy.core.ranges import MAX_RANGES
from pyproxy.core.request import Request
from pyproxy.core.site import Site
from pyproxy.core.variables import Template, Variable

VALID_WHEN_ASKED_FOR = 60.0
"""nginx's default of open_file_cache_valid, in seconds: for caches that the configuration asks for."""


def _root(directive: Directive, scope: Scope) -> Root:
    if scope.own("alias") is not None:
        raise ValueError("`alias` is set in this block already, one of the two has to go")
    return Root(_template(directive, scope), os.fsencode(scope.site.prefix))


def _alias(directive: Directive, scope: Scope) -> Root:
    if scope.own("root") is not None:
        raise ValueError("`root` is set in this block already, one of the two has to go")
    match = scope.match
    if match.kind == "@":
        raise ValueError("cannot be used in a named location, which has no path to replace; use `root`")
    name: bytes = match.text.encode("utf-8", "surrogateescape")
    return Root(_template(directive, scope), os.fsencode(scope.site.prefix), name, match.kind in ("~", "~*"))


def _template(directive: Directive, scope: Scope) -> Template:
    text = directive.args[0]
    for name in ("document_root", "realpath_root"):
        if f"${name}" in text or f"${{{name}}}" in text:
            raise ValueError(f"${name} cannot be used here: it is what this directive says")
    return scope.template(text)


def _open_file_cache(directive: Directive, scope: Scope) -> OpenFiles:
    if directive.args == ("off",):
        return OpenFiles(0)
    entries, inactive = 0, 60.0
    for arg in directive.args:
        name, _, value = arg.partition("=")
        if name == "max":
            entries = values.number(value)
        elif name == "inactive":
            inactive = values.seconds(value)
        else:
            raise ValueError(f'invalid parameter "{arg}", expected max=NUMBER, inactive=TIME or off')
    if not entries:
        raise ValueError("needs max=NUMBER, such as max=1000")
    return OpenFiles(entries, inactive=inactive, valid=VALID_WHEN_ASKED_FOR)


def _disable_symlinks(directive: Directive, scope: Scope) -> Links | None:
    if (mode := directive.args[0]) not in MODES:
        raise ValueError(f'invalid value "{mode}", expected one of {", ".join(MODES)}')
    trusted: Template | None = None
    for arg in directive.args[1:]:
        name, _, value = arg.partition("=")
        if name != "from" or not value or mode == OFF:
            raise ValueError(f'invalid parameter "{arg}", expected from=PATH')
        trusted = scope.template(value)
    return None if mode == OFF else Links(mode, trusted)


def _site(scope: Scope, site: Site) -> None:
    scope.values.setdefault("open_file_cache", OpenFiles())


def _compile(scope: Scope, location: Location) -> None:
    location.root = _nearest(scope)
    location.max_ranges = scope.get("max_ranges")
    kept: OpenFiles = scope.get("open_file_cache")
    valid: float | None = scope.get("open_file_cache_valid")
    location.files = Files(
        location,
        kept,
        kept.valid if valid is None else valid,
        scope.get("etag"),
        scope.get("log_not_found"),
        scope.get("disable_symlinks"),
    )


def _nearest(scope: Scope) -> Root:
    level: Scope | None = scope
    while level is not None:
        if root := level.own("root") or level.own("alias"):
            return cast(Root, root)
        level = level.parent
    return Root(scope.template("html"), os.fsencode(scope.site.prefix))


def _document_root(request: Request) -> bytes:
    return request.location.root.folder(request)


def _realpath_root(request: Request) -> bytes | None:
    try:
        return os.path.realpath(request.location.root.folder(request), strict=True)
    except (OSError, ValueError):
        return None


def _request_filename(request: Request) -> bytes | None:
    return request.location.root.path(request)


MODULE = Module(
    name="root",
    directives=(
        Spec("root", ANYWHERE, _root, summary="The folder below which a request's path is looked up (default: html)."),
        Spec("alias", Context.LOCATION, _alias, summary="The folder or file that stands for the location's own path."),
        flag("etag", ANYWHERE, True, "Answers from files carry an ETag of the file's time and size."),
        number("max_ranges", ANYWHERE, MAX_RANGES, "The most ranges that are answered as such; 0: none."),
        Spec(
            "disable_symlinks",
            ANYWHERE,
            _disable_symlinks,
            (1, 2),
            summary="Do not follow symbolic links: on, or if_not_owner; from=PATH, only behind that.",
        ),
        flag("log_not_found", ANYWHERE, True, "Write to the error log about files that do not exist."),
        Spec(
            "open_file_cache",
            ANYWHERE,
            _open_file_cache,
            (1, 2),
            summary="Small files kept in memory: max=NUMBER, inactive=TIME, or off. Unlike nginx, on by default.",
        ),
        Spec(
            "open_file_cache_valid",
            ANYWHERE,
            lambda directive, scope: float(values.seconds(directive.args[0])),
            summary="How long a kept file is believed to be unchanged (default: 1s, or 60s with open_file_cache).",
        ),
        number("open_file_cache_min_uses", ANYWHERE, 1, "Accepted; small files are kept from their first use."),
        flag("open_file_cache_errors", ANYWHERE, False, "Accepted; that a file is missing is not remembered."),
        flag("open_file_cache_events", ANYWHERE, False, NO_EFFECT),
    ),
    variables=(
        Variable("document_root", _document_root),
        Variable("realpath_root", _realpath_root),
        Variable("request_filename", _request_filename),
    ),
    site=_site,
    location=_compile,
)
