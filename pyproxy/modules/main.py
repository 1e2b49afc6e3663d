"""ngx_core_module: the process as a whole, and where its errors go."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pyproxy.config.schema import ANYWHERE, MANY, Context, Module, Scope, Spec, flag, number, seconds, text
from pyproxy.config.tree import ConfigError, Directive
from pyproxy.core.log import ERROR, LEVELS, STREAMS, ErrorLog
from pyproxy.core.site import Location, Site

MAIN, EVENTS = Context.MAIN, Context.EVENTS


def _error_log(directive: Directive, scope: Scope) -> tuple[str, int, Directive]:
    path, level = (*directive.args, "error")[:2]
    if path.startswith(("syslog:", "memory:")):
        raise ValueError(f'"{path.partition(":")[0]}:" is not supported by pyproxy yet, use a file or stderr')
    if level not in LEVELS:
        raise ValueError(f'invalid log level "{level}", expected one of {", ".join(LEVELS)}')
    return path, LEVELS[level], directive


def _open(scope: Scope) -> ErrorLog:
    site = scope.site
    configured: list[tuple[str, int, Directive]] = scope.get("error_log") or []
    targets = []
    for path, level, directive in configured:
        try:
            file = site.logs.open(path if path in STREAMS else str(Path(site.prefix, path)))
        except OSError as error:
            raise ConfigError(f'`error_log`: open() "{path}" failed: {error.strerror}', directive.source) from error
        targets.append((file, level))
    return ErrorLog(targets or [(site.logs.open("stderr"), ERROR)])


def _site(scope: Scope, site: Site) -> None:
    site.error_log = _open(scope.parent or scope)
    site.pid_file = str(Path(site.prefix, scope.get("pid")))
    site.shutdown_timeout = scope.get("worker_shutdown_timeout")


def _location(scope: Scope, location: Location) -> None:
    location.error_log = _open(scope)


def _nothing(directive: Directive, scope: Scope) -> None:
    return None


def _accepted(name: str, contexts: Context, args: tuple[int, int] = (1, MANY)) -> Spec:
    return Spec(name, contexts, lambda directive, scope: directive.args, args, summary="Accepted; has no effect here.")


def _cpu(name: str) -> Callable[[Directive, Scope], int | str]:
    def parse(directive: Directive, scope: Scope) -> int | str:
        value = directive.args[0]
        if value != "auto" and not (value.isdigit() and int(value) > 0):
            raise ValueError(f'invalid value "{value}", expected a number of processes or "auto"')
        return value if value == "auto" else int(value)

    return parse


MODULE = Module(
    name="main",
    order=0,
    directives=(
        Spec("events", MAIN, _nothing, (0, 0), block=EVENTS, summary="Accepted; the event loop needs no settings."),
        Spec("http", MAIN, _nothing, (0, 0), block=Context.HTTP, summary="Everything about HTTP."),
        Spec(
            "error_log",
            MAIN | ANYWHERE,
            _error_log,
            (1, 2),
            repeat=True,
            summary="Where errors go, and from which level on (default: stderr error).",
        ),
        text("pid", MAIN, "logs/pyproxy.pid", "The file that holds the process id while pyproxy runs (for -s)."),
        Spec("worker_processes", MAIN, _cpu("worker_processes"), default=1, summary="One process serves, so far."),
        seconds("worker_shutdown_timeout", MAIN, None, "How long QUIT waits for requests (default: for ever)."),
        flag("daemon", MAIN, False, "Accepted; pyproxy stays in the foreground."),
        flag("master_process", MAIN, True, "Accepted; one process serves, so far."),
        _accepted("user", MAIN, (1, 2)),
        _accepted("worker_rlimit_nofile", MAIN),
        _accepted("worker_priority", MAIN),
        _accepted("worker_cpu_affinity", MAIN),
        _accepted("pcre_jit", MAIN),
        _accepted("timer_resolution", MAIN),
        _accepted("working_directory", MAIN),
        number("worker_connections", EVENTS, 512, "Accepted; connections are limited by the system."),
        _accepted("multi_accept", EVENTS),
        _accepted("accept_mutex", EVENTS),
        _accepted("accept_mutex_delay", EVENTS),
        _accepted("use", EVENTS),
        Spec("debug_connection", EVENTS, _nothing, repeat=True, summary="Accepted; has no effect here."),
        Spec("program", MAIN, _nothing, (1, 1), free=True, summary="A Supervisor program."),
        Spec("group", MAIN, _nothing, (1, 1), free=True, summary="A Supervisor group of programs."),
    ),
    site=_site,
    location=_location,
)
