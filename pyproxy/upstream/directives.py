"""The directives that every module which speaks to upstreams has under its own prefix (``proxy_``, ``tunnel_``, ...),
and what they say to an exchange."""

from __future__ import annotations

import socket
from typing import Any

from pyproxy.config import values
from pyproxy.config.folders import temporary_folder
from pyproxy.config.schema import (
    ANYWHERE,
    NO_EFFECT,
    Spec,
    buffers,
    flag,
    number,
    seconds,
    size,
    size_template,
    words,
)
from pyproxy.config.scope import Scope
from pyproxy.config.tree import ConfigError, Directive
from pyproxy.core.files.temporary import TemporaryFolder
from pyproxy.upstream.bind import Bind
from pyproxy.upstream.options import Options
from pyproxy.upstream.relay_variants import relay_class
from pyproxy.upstream.store import Store, access_mode

IGNORABLE = (
    *("X-Accel-Redirect", "X-Accel-Expires", "X-Accel-Limit-Rate", "X-Accel-Buffering", "X-Accel-Charset"),
    *("Expires", "Cache-Control", "Set-Cookie", "Vary"),
)


def connecting(prefix: str, failures: tuple[str, ...]) -> tuple[Spec, ...]:
    """How servers are connected to, and when the next one is asked; ``failures`` are those of ``next_upstream``."""
    return (
        Spec(f"{prefix}bind", ANYWHERE, _bind, (1, 2), summary="The local address of connections; off: any."),
        flag(f"{prefix}socket_keepalive", ANYWHERE, False, "Connections are probed while nothing is said (TCP)."),
        size(f"{prefix}socket_rcvbuf", ANYWHERE, 0, "The socket's receive buffer; 0: the system's."),
        size(f"{prefix}socket_sndbuf", ANYWHERE, 0, "The socket's send buffer; 0: the system's."),
        seconds(f"{prefix}connect_timeout", ANYWHERE, 60.0, "How long connecting may take."),
        seconds(f"{prefix}send_timeout", ANYWHERE, 60.0, "The longest pause between two writes."),
        seconds(f"{prefix}read_timeout", ANYWHERE, 60.0, "The longest pause between two reads."),
        size(f"{prefix}send_lowat", ANYWHERE, 0, NO_EFFECT),
        size(f"{prefix}buffer_size", ANYWHERE, 4096, "The largest head of an answer."),
        words(
            f"{prefix}next_upstream",
            ANYWHERE,
            failures,
            frozenset({"error", "timeout"}),
            "After which failures the next server is asked.",
        ),
        number(f"{prefix}next_upstream_tries", ANYWHERE, 0, "How many servers are asked at most; 0: all."),
        seconds(f"{prefix}next_upstream_timeout", ANYWHERE, 0.0, "For how long they are asked; 0: for ever."),
    )


def answering(prefix: str) -> tuple[Spec, ...]:
    """What becomes of requests and answers on their way."""
    return (
        Spec(f"{prefix}hide_header", ANYWHERE, _name, repeat=True, default=(), summary="A field that is left out."),
        Spec(f"{prefix}pass_header", ANYWHERE, _name, repeat=True, default=(), summary="One that would be left out."),
        words(
            f"{prefix}ignore_headers",
            ANYWHERE,
            IGNORABLE,
            frozenset(),
            "Fields of an answer that have no effect on it (X-Accel-...).",
        ),
        flag(f"{prefix}pass_request_headers", ANYWHERE, True, "The client's fields go through."),
        flag(f"{prefix}pass_request_body", ANYWHERE, True, "The client's body goes through."),
        flag(
            f"{prefix}buffering", ANYWHERE, True, "Slow clients do not hold the server: answers are put aside for them."
        ),
        buffers(f"{prefix}buffers", ANYWHERE, (8, 4096), "What is put aside in memory."),
        size(f"{prefix}busy_buffers_size", ANYWHERE, None, NO_EFFECT),
        size(f"{prefix}max_temp_file_size", ANYWHERE, 1 << 30, "What is put aside in a file; 0: nothing."),
        size(f"{prefix}temp_file_write_size", ANYWHERE, None, NO_EFFECT),
        Spec(
            f"{prefix}temp_path",
            ANYWHERE,
            temporary_folder,
            (1, 4),
            summary="The folder of such files (default: the system's); levels of subfolders have no effect.",
        ),
        flag(f"{prefix}request_buffering", ANYWHERE, True, "Uploads are read whole before the server is asked."),
        flag(f"{prefix}ignore_client_abort", ANYWHERE, False, "Go on when the client has left."),
        flag(f"{prefix}intercept_errors", ANYWHERE, False, "`error_page` for the server's errors, too."),
        flag(f"{prefix}force_ranges", ANYWHERE, False, "Ranges of answers, whatever the server says about them."),
        size_template(f"{prefix}limit_rate", ANYWHERE, "Bytes per second that are read from the server; 0: any."),
        Spec(f"{prefix}store", ANYWHERE, _store, summary="Where whole answers are kept as files: on, off or a path."),
        Spec(
            f"{prefix}store_access",
            ANYWHERE,
            lambda directive, scope: access_mode(directive.args),
            (1, 3),
            default=0o600,
            summary="Who may read and write them: user:rw group:r all:r.",
        ),
    )


def connecting_options(scope: Scope, prefix: str) -> Options:
    """What the directives of ``connecting`` say at this level."""
    options = Options()
    options.bind = scope.get(f"{prefix}bind") or None
    wanted = (
        (socket.SO_KEEPALIVE, int(scope.get(f"{prefix}socket_keepalive"))),
        (socket.SO_RCVBUF, scope.get(f"{prefix}socket_rcvbuf")),
        (socket.SO_SNDBUF, scope.get(f"{prefix}socket_sndbuf")),
    )
    options.socket_options = tuple((socket.SOL_SOCKET, name, value) for name, value in wanted if value)
    options.connect_timeout = scope.get(f"{prefix}connect_timeout")
    options.send_timeout = scope.get(f"{prefix}send_timeout")
    options.read_timeout = scope.get(f"{prefix}read_timeout")
    failures = scope.get(f"{prefix}next_upstream")
    options.next_upstream = frozenset() if "off" in failures else failures
    options.next_upstream_tries = scope.get(f"{prefix}next_upstream_tries")
    options.next_upstream_timeout = scope.get(f"{prefix}next_upstream_timeout")
    return options


def answering_options(scope: Scope, prefix: str) -> Options:
    """What the directives of both kinds say at this level. Raises ConfigError where they contradict each other."""
    options = connecting_options(scope, prefix)
    options.buffering = scope.get(f"{prefix}buffering")
    count, length = scope.get(f"{prefix}buffers")
    options.buffers = count * length
    options.max_temp_file_size = scope.get(f"{prefix}max_temp_file_size")
    folder: TemporaryFolder | None = scope.get(f"{prefix}temp_path")
    # its files have no name there, so that levels have nothing to spread
    options.temp_path = folder.path if folder is not None else None
    options.request_buffering = scope.get(f"{prefix}request_buffering")
    options.ignore_client_abort = scope.get(f"{prefix}ignore_client_abort")
    options.intercept_errors = scope.get(f"{prefix}intercept_errors")
    options.force_ranges = scope.get(f"{prefix}force_ranges")
    options.limit_rate = scope.get(f"{prefix}limit_rate")
    store = scope.get(f"{prefix}store")
    if store:
        path = None if store is True else store
        options.store = Store(path, scope.site.prefix, scope.get(f"{prefix}store_access"), options.temp_path)
        # as in nginx: the file is wanted, whoever has asked for it
        options.ignore_client_abort = True
    options.relay = relay_class(options)
    return options


def check_buffers(scope: Scope, prefix: str) -> None:
    """nginx's own checks, of every level: a configuration that it refuses must not seem to work here."""
    count, length = scope.get(f"{prefix}buffers")
    largest = max(length, scope.get(f"{prefix}buffer_size"))
    busy = scope.get(f"{prefix}busy_buffers_size")
    busy = 2 * largest if busy is None else busy
    written, in_file = scope.get(f"{prefix}temp_file_write_size"), scope.get(f"{prefix}max_temp_file_size")
    source = scope.directive.source
    if count < 2:
        raise ConfigError(f"there must be at least 2 `{prefix}buffers`", source)
    at_least = f"at least as large as `{prefix}buffer_size` and one of the `{prefix}buffers`"
    if busy < largest:
        raise ConfigError(f"`{prefix}busy_buffers_size` must be {at_least}", source)
    if busy > (count - 1) * length:
        raise ConfigError(
            f"`{prefix}busy_buffers_size` ({busy}) must be no more than all `{prefix}buffers` but one", source
        )
    if written is not None and written < largest:
        raise ConfigError(f"`{prefix}temp_file_write_size` must be {at_least}", source)
    if in_file and in_file < largest:
        raise ConfigError(f"`{prefix}max_temp_file_size` must be 0, or {at_least}", source)


def _name(directive: Directive, scope: Scope) -> bytes:
    return directive.args[0].lower().encode()


def _bind(directive: Directive, scope: Scope) -> Bind | bool:
    address, *rest = directive.args
    if rest:
        if rest != ["transparent"]:
            raise ValueError(f'invalid parameter "{rest[0]}", expected "transparent"')
        raise ValueError('parameter "transparent" is known to nginx, but not supported by pyproxy yet')
    return False if address == "off" else Bind(scope.template(address))


def _store(directive: Directive, scope: Scope) -> Any:
    path = directive.args[0]
    if not path:
        raise ValueError("empty path")
    return values.flag(path) if path in ("on", "off") else scope.template(path)
