"""ngx_http_log_module: access_log and log_format."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pyproxy.config import values
from pyproxy.config.schema import ANYWHERE, MANY, Context, Module, Scope, Spec
from pyproxy.config.tree import ConfigError, Directive, Source
from pyproxy.core.log import STREAMS
from pyproxy.core.logfile import LogFile
from pyproxy.core.request import Request
from pyproxy.core.site import Location
from pyproxy.core.variables import Depends, Getter, Template, Variable

COMBINED = (
    '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"'
)

Formatter = Callable[[Request], bytes]
Escape = Callable[[bytes | None], bytes]

_UNSAFE = re.compile(rb'["\\\x00-\x1f\x7f-\xff]')
_UNSAFE_IN_JSON = re.compile(rb'["\\\x00-\x1f]')
_IN_JSON = {bytes([code]): b"\\u%04X" % code for code in range(0x20)} | {
    b'"': b'\\"',
    b"\\": b"\\\\",
    b"\b": b"\\b",
    b"\t": b"\\t",
    b"\n": b"\\n",
    b"\f": b"\\f",
    b"\r": b"\\r",
}
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
        "request_time",
        "scheme",
        "server_addr",
        "server_port",
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
    return _UNSAFE_IN_JSON.sub(lambda match: _IN_JSON[match[0]], value) if value else b""


def escape_none(value: bytes | None) -> bytes:
    """Nothing is escaped."""
    return value or b""


_ESCAPES: dict[str, Escape] = {"default": escape_default, "json": escape_json, "none": escape_none}


def _format(directive: Directive, scope: Scope) -> tuple[str, Formatter, Source]:
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
    return name, _Line(scope.template("".join(texts)).parts, escape), directive.source


class _Line:
    """A log format, compiled. What the request head fixes is put together once while a connection repeats the head.

    ``_frame`` is formatted twice: with the fixed values, which leaves a ``%b`` for each that varies, and with those.
    """

    __slots__ = ("_escape", "_fixed", "_frame", "_nothing", "_varying")

    def __init__(self, parts: list[bytes | Variable], escape: Escape) -> None:
        self._escape = escape
        self._nothing = escape(None)
        self._fixed: list[Getter] = []
        self._varying: list[Formatter] = []
        self._frame = b""
        for part in (*parts, b"\n"):
            if isinstance(part, bytes):
                self._frame += part.replace(b"%", b"%%%%")
            elif part.depends is Depends.REQUEST:
                self._frame += b"%%b"
                self._varying.append(_escaped(part, escape))
            else:
                self._frame += b"%b"
                self._fixed.append(part.get)

    def __call__(self, request: Request) -> bytes:
        route = request.route
        remembered = route.log_memo
        if request.internal:
            line = self._frame % tuple(self._fixed_values(request))
        elif remembered is not None and remembered[0] is self:
            line = remembered[1]
        else:
            line = self._frame % tuple(self._fixed_values(request))
            route.log_memo = (self, line)
        return line % tuple([get(request) for get in self._varying])

    def _fixed_values(self, request: Request) -> list[bytes]:
        nothing = self._nothing
        values = [nothing if (value := get(request)) is None else value for get in self._fixed]
        # most values need no escaping: one look at all of them is cheaper than one at each
        together = b"".join(values)
        if _UNSAFE.search(together) or b"%" in together:
            return [self._escape(value).replace(b"%", b"%%") for value in values]
        return values


def _escaped(variable: Variable, escape: Escape) -> Formatter:
    get = variable.get
    if variable.name in _HARMLESS:
        return get  # type: ignore[return-value]  # these always have a value
    return lambda request: escape(get(request))


@dataclass(frozen=True, slots=True)
class _AccessLog:
    path: str
    format: str
    condition: Template | None
    source: Source


def _access_log(directive: Directive, scope: Scope) -> _AccessLog:
    path, *options = directive.args
    if path == "off" and options:
        raise ValueError(f'invalid parameter "{options[0]}" after off')
    if path.startswith("syslog:"):
        raise ValueError('"syslog:" is not supported by pyproxy yet, use a file, stdout or stderr')
    if "$" in path:
        raise ValueError("variables in the path are not supported by pyproxy yet")
    condition = None
    for option in options[1:]:
        name, equals, value = option.partition("=")
        if name == "if" and equals:
            condition = scope.template(value)
        elif name == "buffer" and equals:
            values.size(value)
        elif name == "flush" and equals:
            values.time(value)
        elif name == "gzip":
            raise ValueError('parameter "gzip" is known to nginx, but not supported by pyproxy yet')
        else:
            raise ValueError(f'invalid parameter "{option}"')
    return _AccessLog(path, options[0] if options else "combined", condition, directive.source)


def _handler(file: LogFile, formatter: Formatter, condition: Template | None) -> Callable[[Request], None]:
    write = file.write
    if condition is None:
        return lambda request: write(formatter(request))
    applies = condition.render

    def log(request: Request) -> None:
        if applies(request) not in (b"", b"0"):
            write(formatter(request))

    return log


def _compile(scope: Scope, location: Location) -> None:
    site = scope.site
    configured: list[_AccessLog] = scope.get("access_log") or [_AccessLog("stdout", "combined", None, location.source)]
    if any(log.path == "off" for log in configured):
        return
    formats: dict[str, Formatter] = {
        "combined": _Line(scope.template(COMBINED).parts, escape_default),
        **_formats(scope),
    }
    handlers = []
    for log in configured:
        if log.format not in formats:
            raise ConfigError(f'`access_log`: unknown log format "{log.format}"', log.source)
        try:
            file = site.logs.open(log.path if log.path in STREAMS else str(Path(site.prefix, log.path)))
        except OSError as error:
            raise ConfigError(f'`access_log`: open() "{log.path}" failed: {error.strerror}', log.source) from error
        handlers.append(_handler(file, formats[log.format], log.condition))
    location.log_handlers = tuple(handlers)


def _formats(scope: Scope) -> dict[str, Formatter]:
    formats: dict[str, Formatter] = {}
    for name, formatter, source in scope.get("log_format"):
        if name in formats:
            raise ConfigError(f'duplicate `log_format` name "{name}"', source)
        formats[name] = formatter
    return formats


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
