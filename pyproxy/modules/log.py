"""ngx_http_log_module: access_log, log_format, open_log_file_cache."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from pyproxy.config import values
from pyproxy.config.schema import ANYWHERE, MANY, Context, Module, Spec, flag
from pyproxy.config.scope import Scope
from pyproxy.config.tree import ConfigError, Directive, Source
from pyproxy.core.location import Location
from pyproxy.core.logs.logfile import Gathering
from pyproxy.core.logs.logline import ESCAPINGS, LogLine
from pyproxy.core.logs.lognames import LogNames, NamedLog
from pyproxy.core.logs.syslog import PREFIX, SyslogParameters
from pyproxy.core.request import Request
from pyproxy.core.variables import Template

COMBINED = (
    '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"'
)

_NUMBERED = re.compile(r"\$(?:[1-9]|\{[1-9]\})")

LogHandler = Callable[[Request], None]


def _format(directive: Directive, scope: Scope) -> tuple[str, LogLine]:
    name, *texts = directive.args
    escaping = ESCAPINGS["default"]
    if texts[0].startswith("escape="):
        kind = texts.pop(0).partition("=")[2]
        if kind not in ESCAPINGS:
            raise ValueError(f'unknown log format escaping "{kind}", expected {", ".join(ESCAPINGS)}')
        escaping = ESCAPINGS[kind]
    if numbered := _NUMBERED.search("".join(texts)):
        raise ValueError(f"{numbered[0]} cannot be logged, name the group: (?<name>...) and $name")
    if name == "combined":
        raise ValueError('the format "combined" exists already, choose another name')
    if any(name == other for other, _ in scope.get("log_format")):
        raise ValueError(f'duplicate name "{name}"')
    return name, LogLine(scope.template("".join(texts)), escaping)


@dataclass(frozen=True, slots=True)
class _AccessLog:
    path: str
    format: str
    condition: Template | None
    source: Source
    name: Template | None = None
    """The path, where it has variables in it."""
    syslog: SyslogParameters | None = None


def _access_log(directive: Directive, scope: Scope) -> _AccessLog:
    path, *options = directive.args
    if path == "off" and options:
        raise ValueError(f'invalid parameter "{options[0]}" after off')
    condition: Template | None = None
    syslog: SyslogParameters | None = None
    name: Template | None = None
    if path.startswith(PREFIX):
        syslog = SyslogParameters(path)
    elif (template := scope.template(path)).constant is None:
        name = template
    kind = options[0] if options else "combined"
    if kind.lower() not in _formats(scope):
        raise ValueError(f'unknown log format "{kind}", a `log_format` of that name has to stand before')
    size, flush, gzip = 0, 0.0, 0
    for option in options[1:]:
        parameter, equals, value = option.partition("=")
        if parameter == "if" and equals:
            condition = scope.template(value)
        elif parameter == "buffer" and equals:
            size = values.size(value)
            if not size:
                raise ValueError(f'invalid buffer size "{value}"')
        elif parameter == "flush" and equals:
            flush = values.time(value)
            if not flush:
                raise ValueError(f'invalid flush time "{value}"')
        elif parameter == "gzip":
            gzip = values.number(value) if equals else 1
            if not 1 <= gzip <= 9:
                raise ValueError(f'invalid compression level "{value}", expected 1 to 9')
            size = size or 64 << 10
        else:
            raise values.unknown_parameter(option, ("buffer=", "flush=", "gzip=", "gzip", "if="))
    if flush and not size:
        raise ValueError(f'no buffer is defined for access_log "{path}", write for example buffer=32k')
    if size and name is not None:
        raise ValueError("buffered logs cannot have variables in name")
    if size and syslog is not None:
        raise ValueError("logs to syslog cannot be buffered")
    if size:
        scope.site.logs.gather(path, Gathering(size, flush or None, gzip))
    return _AccessLog(path, kind, condition, directive.source, name, syslog)


def _open_log_file_cache(directive: Directive, scope: Scope) -> LogNames:
    if directive.args == ("off",):
        return LogNames()
    given = {"max": "0", "inactive": "10s", "min_uses": "1", "valid": "60s"}
    for option in directive.args:
        name, equals, value = option.partition("=")
        if name not in given or not equals:
            raise values.unknown_parameter(option, [f"{each}=" for each in given])
        given[name] = value
    limit = values.number(given["max"])
    if not limit:
        raise ValueError("it must have the parameter max, write for example max=1000")
    inactive, valid = values.seconds(given["inactive"]), values.seconds(given["valid"])
    names = LogNames(limit, inactive, values.number(given["min_uses"]), valid)
    scope.site.closers.append(names.close)
    return names


def _writer(log: _AccessLog, scope: Scope) -> Callable[[LogLine], LogHandler]:
    """Opens the log; what is returned makes the handler that writes a format's lines to it. Raises OSError."""
    logs = scope.site.logs
    if log.name is not None:
        names: LogNames = scope.get("open_log_file_cache")
        named = NamedLog(log.name, scope.site.prefix, names)
        return lambda line: lambda request: named.write(request, line(request))
    write = (log.syslog.open(logs) if log.syslog is not None else logs.open_access_log(log.path)).write
    return lambda line: lambda request: write(line(request))


def _conditional(condition: Template, log: LogHandler) -> LogHandler:
    applies = condition.render

    def handler(request: Request) -> None:
        if applies(request) not in (b"", b"0"):
            log(request)

    return handler


def _compile(scope: Scope, location: Location) -> None:
    location.log_subrequest = scope.get("log_subrequest")
    configured: list[_AccessLog] = scope.get("access_log") or [_AccessLog("stdout", "combined", None, location.source)]
    if any(log.path == "off" for log in configured):
        return
    formats = _formats(scope)
    handlers = []
    for log in configured:
        try:
            handler = _writer(log, scope)(formats[log.format.lower()])
        except OSError as error:
            raise ConfigError(f'`access_log`: open() "{log.path}" failed: {error.strerror}', log.source) from error
        handlers.append(handler if log.condition is None else _conditional(log.condition, handler))
    location.log_handlers = tuple(handlers)


def _formats(scope: Scope) -> dict[str, LogLine]:
    """By name in lower case: nginx looks names up without regard to case, and takes the first that fits."""
    formats = {"combined": LogLine(scope.template(COMBINED), ESCAPINGS["default"])}
    for name, line in scope.get("log_format"):
        formats.setdefault(name.lower(), line)
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
        flag("log_subrequest", ANYWHERE, False, "Subrequests have access lines of their own."),
        Spec(
            "open_log_file_cache",
            ANYWHERE,
            _open_log_file_cache,
            (1, 4),
            default=LogNames(),
            summary="How many logs with variables in their path stay open (default: off).",
        ),
    ),
    location=_compile,
)
