"""ngx_core_module: the process as a whole, and where its errors go."""

from __future__ import annotations

import grp
import os
import pwd
import re
import socket
from dataclasses import dataclass
from pathlib import Path

from pyproxy.config import values
from pyproxy.config.schema import (
    ANYWHERE,
    MANY,
    NO_EFFECT,
    Context,
    Module,
    Spec,
    choice,
    flag,
    number,
    seconds,
    size,
    text,
)
from pyproxy.config.scope import Scope
from pyproxy.config.tree import ConfigError, Directive, Source
from pyproxy.core.addresses.networks import parse_network
from pyproxy.core.location import Location
from pyproxy.core.logs.log import DEBUG, ERROR, LEVELS, ErrorLog, LogFile, Target
from pyproxy.core.logs.syslog import PREFIX, SyslogParameters
from pyproxy.core.site import Processes, Site, User

MAIN, EVENTS = Context.MAIN, Context.EVENTS

_MEMORY = "memory:"
_DEBUG_LEVELS = frozenset(f"debug_{part}" for part in ("core", "alloc", "mutex", "event", "http", "mail", "stream"))


@dataclass(frozen=True, slots=True)
class _ErrorLog:
    path: str
    level: int
    source: Source
    syslog: SyslogParameters | None


def _error_log(directive: Directive, scope: Scope) -> _ErrorLog:
    path, *names = directive.args
    level: int | None = None
    for name in names:
        if name in LEVELS and level is None:
            level = LEVELS[name]
        elif name not in _DEBUG_LEVELS:
            what = "duplicate" if name in LEVELS else "invalid"
            raise ValueError(f'{what} log level "{name}", expected one of {", ".join(LEVELS)}')
    if path.startswith(_MEMORY):
        values.size(path.removeprefix(_MEMORY))
        scope.site.warnings.append(f"`error_log {path}` is ignored, a debugger would be needed to read it")
    syslog = SyslogParameters(path) if path.startswith(PREFIX) else None
    return _ErrorLog(path, level or (DEBUG if names else ERROR), directive.source, syslog)


def _open(scope: Scope) -> ErrorLog:
    configured: list[_ErrorLog] = scope.get("error_log") or []
    targets = [(_target(log, scope), log.level) for log in configured if not log.path.startswith(_MEMORY)]
    if not any(isinstance(target, LogFile) for target, _ in targets) and not _set_below_main(scope):
        # as in nginx: where all that there is may be out of reach, the default is there besides
        targets.append((scope.site.logs.open_error_log("stderr"), ERROR))
    return ErrorLog(targets)


def _target(log: _ErrorLog, scope: Scope) -> Target:
    logs = scope.site.logs
    try:
        return logs.open_error_log(log.path) if log.syslog is None else log.syslog.open(logs)
    except OSError as error:
        raise ConfigError(f'`error_log`: open() "{log.path}" failed: {error.strerror}', log.source) from error


def _set_below_main(scope: Scope) -> bool:
    while scope.parent is not None:
        if scope.own("error_log") is not None:
            return True
        scope = scope.parent
    return False


def _site(scope: Scope, site: Site) -> None:
    main = scope.parent or scope
    site.error_log = _open(main)
    site.processes = Processes(
        directives=main.directive.children or (),
        workers=scope.get("worker_processes"),
        master=scope.get("master_process"),
        user=scope.get("user"),
        connections=_events(main).get("worker_connections"),
        descriptors=main.get("worker_rlimit_nofile"),
    )
    site.pid_file = str(Path(site.prefix, scope.get("pid")))
    site.shutdown_timeout = scope.get("worker_shutdown_timeout")


def _events(main: Scope) -> Scope:
    return next((child for child in main.children if child.directive.name == "events"), main)


def _location(scope: Scope, location: Location) -> None:
    location.error_log = _open(scope)


def _nothing(directive: Directive, scope: Scope) -> None:
    return None


_EVENT_METHODS = ("epoll", "poll", "select", "kqueue", "eventport", "/dev/poll")


def _event_method(directive: Directive, scope: Scope) -> str:
    if (method := directive.args[0]) not in _EVENT_METHODS:
        raise ValueError(f'invalid event type "{method}", expected one of {", ".join(_EVENT_METHODS)}')
    return method


def _worker_priority(directive: Directive, scope: Scope) -> int:
    text = directive.args[0]
    return -values.number(text[1:]) if text.startswith("-") else values.number(text)


def _worker_cpu_affinity(directive: Directive, scope: Scope) -> tuple[str, ...]:
    masks = directive.args[1:] if directive.args[0] == "auto" else directive.args
    for mask in masks:
        if not re.fullmatch("[01 ]*", mask):
            raise ValueError(f'invalid mask "{mask}", expected one such as 0101')
    return masks


def _thread_pool(directive: Directive, scope: Scope) -> None:
    # nginx looks at no other
    given = dict(option.partition("=")[::2] for option in directive.args[1:])
    values.number(given.get("max_queue", "0"))
    if not values.number(given.get("threads", "0")):
        raise ValueError("it must have the parameter threads, write for example threads=32")


def _debug_connection(directive: Directive, scope: Scope) -> None:
    text = directive.args[0]
    try:
        if text != "unix:":
            parse_network(text)
    except ValueError:
        if "/" in text or not _is_host(text):
            raise


def _is_host(name: str) -> bool:
    try:
        return bool(socket.getaddrinfo(name, None))
    except (OSError, UnicodeError):
        return False


def _worker_processes(directive: Directive, scope: Scope) -> int:
    (value,) = directive.args
    if value == "auto":
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if not (value.isascii() and value.isdigit()) or not (count := values.number(value)):
        raise ValueError(f'invalid value "{value}", expected a number of processes or "auto"')
    return count


def _user(directive: Directive, scope: Scope) -> User | None:
    name, group = (*directive.args, directive.args[0])[:2]
    if os.geteuid() != 0:
        scope.site.warnings.append(f"`user` is ignored, only root can become {name} in {directive.source}")
        return None
    try:
        uid = pwd.getpwnam(name).pw_uid
    except KeyError:
        raise ValueError(f'there is no user "{name}" on this machine') from None
    try:
        return User(name, uid, grp.getgrnam(group).gr_gid)
    except KeyError:
        raise ValueError(f'there is no group "{group}" on this machine; name one: user {name} GROUP;') from None


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
            (1, MANY),
            repeat=True,
            summary="Where errors go, and from which level on (default: stderr error).",
        ),
        text("pid", MAIN, "logs/pyproxy.pid", "The file that holds the process id while pyproxy runs (for -s)."),
        Spec(
            "worker_processes",
            MAIN,
            _worker_processes,
            default=1,
            summary="How many processes serve; auto: one for each processor (default: 1).",
        ),
        seconds("worker_shutdown_timeout", MAIN, None, "How long QUIT waits for requests (default: for ever)."),
        flag("daemon", MAIN, False, "Accepted; pyproxy stays in the foreground."),
        flag("master_process", MAIN, True, "Off: one process does everything, for a debugger."),
        Spec("user", MAIN, _user, (1, 2), summary="Whom the workers become if pyproxy is started by root."),
        number("worker_rlimit_nofile", MAIN, None, "How many files a worker may have open (default: the hard limit)."),
        size("worker_rlimit_core", MAIN, None, NO_EFFECT),
        choice("debug_points", MAIN, ("stop", "abort"), "stop", NO_EFFECT),
        text("lock_file", MAIN, None, NO_EFFECT),
        text("ssl_engine", MAIN, None, NO_EFFECT),
        flag("ssl_object_cache_inheritable", MAIN, True, NO_EFFECT),
        Spec("env", MAIN, _nothing, repeat=True, summary="Accepted; the workers have the whole environment."),
        Spec("load_module", MAIN, _nothing, repeat=True, summary="Accepted; what pyproxy has is always there."),
        Spec("thread_pool", MAIN, _thread_pool, (2, 3), repeat=True, summary=NO_EFFECT),
        number("worker_aio_requests", EVENTS, None, NO_EFFECT),
        Spec("worker_priority", MAIN, _worker_priority, summary=NO_EFFECT),
        Spec("worker_cpu_affinity", MAIN, _worker_cpu_affinity, (1, MANY), summary=NO_EFFECT),
        flag("pcre_jit", MAIN, False, NO_EFFECT),
        seconds("timer_resolution", MAIN, None, NO_EFFECT),
        text("working_directory", MAIN, None, NO_EFFECT),
        number(
            "worker_connections",
            EVENTS,
            None,
            "The connections of one worker, those to upstreams too (default: as many as it may open files).",
        ),
        flag("multi_accept", EVENTS, False, NO_EFFECT),
        flag("accept_mutex", EVENTS, False, NO_EFFECT),
        seconds("accept_mutex_delay", EVENTS, None, NO_EFFECT),
        Spec("use", EVENTS, _event_method, summary=NO_EFFECT),
        Spec("debug_connection", EVENTS, _debug_connection, repeat=True, summary=NO_EFFECT),
        Spec("program", MAIN, _nothing, (1, 1), repeat=True, free=True, summary="A Supervisor program."),
        Spec("group", MAIN, _nothing, (1, 1), repeat=True, free=True, summary="A Supervisor group of programs."),
    ),
    site=_site,
    location=_location,
)
