"""ngx_http_core_module, the client's side: body sizes, timeouts, keep-alive, lingering close."""

from __future__ import annotations

from collections.abc import Callable

from pyproxy.config import values
from pyproxy.config.folders import temporary_folder
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
    offset,
    seconds,
    size,
)
from pyproxy.config.scope import Scope
from pyproxy.config.tree import Directive
from pyproxy.core import phases
from pyproxy.core.browsers import old_msie, safari
from pyproxy.core.filters.chain import Refused
from pyproxy.core.location import Location, Phase
from pyproxy.core.logs.log import ERROR
from pyproxy.core.message import RequestHead
from pyproxy.core.outcome import Outcome
from pyproxy.core.request import Request
from pyproxy.core.response import Response
from pyproxy.core.site import Server
from pyproxy.core.variables import Template
from pyproxy.core.whole_body import read_whole

HTTP, SERVER = Context.HTTP, Context.SERVER


_DISABLED = {"msie6": old_msie, "safari": safari}


def _keepalive(directive: Directive, scope: Scope) -> tuple[float, int]:
    timeout = values.time(directive.args[0])
    if timeout:
        scope.site.watch(timeout)
    return timeout, values.seconds(directive.args[1]) if len(directive.args) > 1 else 0


def _keepalive_disable(directive: Directive, scope: Scope) -> tuple[Callable[[RequestHead], bool], ...]:
    names = [values.choice(name, ("none", *_DISABLED)) for name in directive.args]
    return tuple(_DISABLED[name] for name in names if name != "none")


def _early_read(directive: Directive, scope: Scope) -> list[Template]:
    return [scope.template(text) for text in directive.args]


class _EarlyRead:
    """Reads the body before any phase of the server, if one of the values is neither empty nor 0."""

    def __init__(self, conditions: list[Template]) -> None:
        self._conditions = conditions

    def handle(self, request: Request) -> Outcome:
        """Reads it before anything else is done."""
        if not request.stream.body_pending:
            return None
        if all(condition.render(request) in (b"", b"0") for condition in self._conditions):
            return None
        limit = request.location.limits.max_body_size
        if 0 < limit < request.head.content_length:
            request.body_refused = True
            request.complain(ERROR, f"client intended to send too large body: {request.head.content_length} bytes")
            return 413
        return self._read(request)

    async def _read(self, request: Request) -> Outcome:
        await read_whole(request)
        return None


def _server(scope: Scope, server: Server) -> None:
    if conditions := scope.get("client_body_early_read"):
        server.add_handler(Phase.POST_READ, _EarlyRead(conditions).handle)


def _discard_body(request: Request, response: Response) -> None:
    """Who answers without the body has not looked at it: what has come of it must make sense all the same."""
    stream = request.stream
    if not stream.body_pending:
        return
    if not request.error_status:
        stream.tell_to_continue()
    if stream.body_sound:
        return
    if request.error_status:
        stream.keep_alive = False
        return
    request.give_up()
    request.complain(ERROR, "client sent invalid chunked body")
    phases.finalize(request, 400)
    raise Refused


def _compile(scope: Scope, location: Location) -> None:
    location.add_filter(_discard_body, conditional=True)
    limits = location.limits
    limits.body_buffer_size = scope.get("client_body_buffer_size")
    limits.body_timeout = scope.get("client_body_timeout")
    limits.max_body_size = scope.get("client_max_body_size")
    limits.body_temp_path = scope.get("client_body_temp_path")
    limits.body_in_file_only = scope.get("client_body_in_file_only")
    limits.keepalive_disable = scope.get("keepalive_disable")
    limits.keepalive_min_timeout = min(scope.get("keepalive_min_timeout"), scope.get("keepalive_timeout")[0])
    limits.keepalive_timeout, limits.keepalive_timeout_header = scope.get("keepalive_timeout")
    limits.keepalive_requests = scope.get("keepalive_requests")
    limits.keepalive_time = scope.get("keepalive_time")
    limits.lingering_close = scope.get("lingering_close")
    limits.lingering_time = scope.get("lingering_time")
    limits.lingering_timeout = scope.get("lingering_timeout")
    limits.send_timeout = scope.get("send_timeout")
    limits.subrequest_output_buffer_size = scope.get("subrequest_output_buffer_size")


MODULE = Module(
    name="client",
    order=5,
    directives=(
        offset("client_max_body_size", ANYWHERE, 1 << 20, "The largest request body; 0: any."),
        size("client_body_buffer_size", ANYWHERE, 16384, "Bytes of a body kept in memory, the rest in a file."),
        seconds("client_body_timeout", ANYWHERE, 60.0, "The longest pause between two reads of a body."),
        Spec(
            "client_body_temp_path",
            ANYWHERE,
            temporary_folder,
            (1, 4),
            summary="The folder of such files (default: the system's); levels of subfolders for files with names.",
        ),
        choice(
            "client_body_in_file_only",
            ANYWHERE,
            ("off", "on", "clean"),
            "off",
            "Bodies that are read whole go to files with names; on: these stay, clean: they do not.",
        ),
        flag("client_body_in_single_buffer", ANYWHERE, False, NO_EFFECT),
        Spec(
            "client_body_early_read",
            HTTP | SERVER,
            _early_read,
            (1, MANY),
            summary="A body is read before anything else if one of the values is neither empty nor 0 (default: never).",
        ),
        size("subrequest_output_buffer_size", ANYWHERE, 4096, "Bytes of an answer that becomes a variable."),
        seconds("send_timeout", ANYWHERE, 60.0, "The longest pause between two reads of the client."),
        Spec("keepalive_timeout", ANYWHERE, _keepalive, (1, 2), default=(75.0, 0), summary="How long to stay idle."),
        number("keepalive_requests", ANYWHERE, 1000, "The most requests on one connection."),
        seconds("keepalive_min_timeout", ANYWHERE, 0.0, "An idle connection is not closed before, by a reload or so."),
        Spec(
            "keepalive_disable",
            ANYWHERE,
            _keepalive_disable,
            (1, 3),
            default=(old_msie,),
            summary="Browsers that are not kept connected: msie6 (default), safari, none.",
        ),
        seconds("keepalive_time", ANYWHERE, 3600.0, "The longest life of a connection."),
        choice("lingering_close", ANYWHERE, ("off", "on", "always"), "on", "Read on before closing: on, off, always."),
        seconds("lingering_time", ANYWHERE, 30.0, "How long to read on at most."),
        seconds("lingering_timeout", ANYWHERE, 5.0, "The longest pause while reading on."),
        flag("reset_timedout_connection", ANYWHERE, False, "Accepted; timed-out connections are closed at once."),
    ),
    server=_server,
    location=_compile,
)
