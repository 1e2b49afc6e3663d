"""ngx_http_log_module: access_log and log_format."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

from pyproxy.config.schema import ANYWHERE, MANY, Context, Module, Scope, Spec
from pyproxy.config.tree import ConfigError, Directive
from pyproxy.core.log import LogFile
from pyproxy.core.request import Request
from pyproxy.core.site import Location
from pyproxy.core.variables import Variable

COMBINED = (
    '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"'
)

Formatter = Callable[[Request], bytes]
Escape = Callable[[bytes | None], bytes]

_UNSAFE = re.compile(rb'["\\\x00-\x1f\x7f-\xff]')
_HARMLESS = frozenset(
    {
        "body_bytes_sent",
        "bytes_sent",
        "connection",
        "connection_requests",
        "msec",
        "pid",
        "remote_addr",
        "remote_port",
        "request_id",
        "request_method",
        "request_time",
        "scheme",
        "server_addr",
        "server_port",
        "server_protocol",
        "status",
        "time_iso8601",
        "time_local",
    }
)
"""Variables whose values never need escaping."""


def _hex(match: re.Match[bytes]) -> bytes:
    return b"\\x%02X" % match[0][0]


def escape_default(value: bytes | None) -> bytes:
    """nginx's default: quotes, backslashes and what is not printable ASCII as ``\\xXX``; ``-`` for nothing."""
    if value is None:
        return b"-"
    return _UNSAFE.sub(_hex, value) if _UNSAFE.search(value) else value


def escape_json(value: bytes | None) -> bytes:
    """The inside of a JSON string; bytes that are not UTF-8 stay as they are, as in nginx."""
    text = (value or b"").decode("utf-8", "surrogateescape")
    return json.dumps(text, ensure_ascii=False)[1:-1].encode("utf-8", "surrogateescape")


def escape_none(value: bytes | None) -> bytes:
    """Nothing is escaped."""
    return value or b""


_ESCAPES: dict[str, Escape] = {"default": escape_default, "json": escape_json, "none": escape_none}


def _format(directive: Directive, scope: Scope) -> tuple[str, Formatter]:
    name, *texts = directive.args
    escape: Escape = escape_default
    if texts and texts[0].startswith("escape="):
        kind = texts.pop(0).partition("=")[2]
        if kind not in _ESCAPES:
            raise ValueError(f'unknown log format escaping "{kind}", expected {", ".join(_ESCAPES)}')
        escape = _ESCAPES[kind]
    if not texts:
        raise ValueError("no format; write for example `log_format short '$remote_addr $status'`")
    if name == "combined":
        raise ValueError('the format "combined" exists already, choose another name')
    return name, _formatter("".join(texts), scope, escape)


def _formatter(text: str, scope: Scope, escape: Escape) -> Formatter:
    getters = [_getter(part, escape) for part in scope.template(text).parts]
    getters.append(lambda request: b"\n")
    return lambda request: b"".join([get(request) for get in getters])


def _getter(part: bytes | Variable, escape: Escape) -> Formatter:
    if isinstance(part, bytes):
        text = part
        return lambda request: text
    get = part.get
    if part.name in _HARMLESS:
        return get  # type: ignore[return-value]  # these always have a value
    return lambda request: escape(get(request))


def _access_log(directive: Directive, scope: Scope) -> Directive:
    path, *options = directive.args
    if path.startswith("syslog:"):
        raise ValueError('"syslog:" is not supported by pyproxy yet, use a file, stdout or stderr')
    for option in options[1:]:
        if not option.startswith(("buffer=", "flush=")):
            raise ValueError(f'parameter "{option}" is not supported by pyproxy yet')
    return directive


def _handler(file: LogFile, formatter: Formatter) -> Callable[[Request], None]:
    write = file.write
    return lambda request: write(formatter(request))


def _compile(scope: Scope, location: Location) -> None:
    logs = scope.site.logs
    directives: list[Directive] = scope.get("access_log")
    if not directives:
        location.log_handlers = (_handler(logs.open("stdout"), _formatter(COMBINED, scope, escape_default)),)
        return
    formats = dict(scope.get("log_format"))
    handlers = []
    for directive in directives:
        path, *options = directive.args
        if path == "off":
            continue
        name = options[0] if options else "combined"
        formatter = formats.get(name)
        if formatter is None:
            if name != "combined":
                raise ConfigError(f'`access_log`: unknown log format "{name}"', directive.source)
            formatter = _formatter(COMBINED, scope, escape_default)
        try:
            file = logs.open(path if path in ("stderr", "stdout") else str(Path(scope.site.prefix, path)))
        except OSError as error:
            raise ConfigError(f'`access_log`: open() "{path}" failed: {error.strerror}', directive.source) from error
        handlers.append(_handler(file, formatter))
    location.log_handlers = tuple(handlers)


MODULE = Module(
    name="log",
    directives=(
        Spec(
            "access_log",
            ANYWHERE,
            _access_log,
            (1, MANY),
            repeat=True,
            summary="Where a line for each request goes, and its format (default: stdout combined); off: nowhere.",
        ),
        Spec("log_format", Context.HTTP, _format, (2, MANY), repeat=True, default=(), summary="A format, by its name."),
    ),
    location=_compile,
)
