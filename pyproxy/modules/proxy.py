"""ngx_http_proxy_module: requests passed to HTTP servers."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pyproxy.config import values
from pyproxy.config.schema import ANYWHERE, MANY, Context, Module, Scope, Spec, flag, number, seconds, size, template
from pyproxy.config.tree import Directive, Source
from pyproxy.core.regex import compile_regex
from pyproxy.core.request import Request
from pyproxy.core.site import Location
from pyproxy.core.variables import Depends, Template, Variable, literal
from pyproxy.upstream.options import Options
from pyproxy.upstream.proxy_handler import ProxyHandler
from pyproxy.upstream.request_head import RequestHeadWriter
from pyproxy.upstream.response_head import Redirect, ResponseHeadReader
from pyproxy.upstream.target import FixedTarget, Target, Targets, VariableTarget

LOCATION = Context.LOCATION


@dataclass(frozen=True, slots=True)
class _Pass:
    """A ``proxy_pass``: ``uri`` is None where the URL has none, or has variables."""

    url: str
    template: Template
    uri: str | None
    source: Source


def _pass(directive: Directive, scope: Scope) -> _Pass:
    url = directive.args[0]
    compiled = scope.template(url)
    if compiled.constant is None:
        return _Pass(url, compiled, None, directive.source)
    scheme, _, uri = values.upstream_url(url)
    if scheme != "http":
        raise ValueError(f'"{scheme}://" to an upstream is not supported by pyproxy yet')
    if uri is not None and (scope.match.kind in ("~", "~*", "@")):
        raise ValueError(
            "cannot have a URI part in a location given by a regular expression or in a named location, "
            f"remove `{uri}` after the address"
        )
    return _Pass(url, compiled, uri, directive.source)


_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+", re.ASCII)


def _set_header(directive: Directive, scope: Scope) -> tuple[bytes, Template]:
    name, value = directive.args
    if not _TOKEN.fullmatch(name):
        raise ValueError(f'"{name}" cannot be the name of a field')
    return name.encode(), scope.template(value)


def _name(directive: Directive, scope: Scope) -> bytes:
    return directive.args[0].lower().encode()


def _redirect(directive: Directive, scope: Scope) -> Redirect | str:
    if len(directive.args) == 1:
        if directive.args[0] not in ("off", "default"):
            raise ValueError(f'invalid parameter "{directive.args[0]}", expected "off", "default" or two values')
        return directive.args[0]
    pattern, replacement = directive.args
    if pattern.startswith("~*"):
        return Redirect(compile_regex(pattern[2:], ignore_case=True), scope.template(replacement))
    if pattern.startswith("~"):
        return Redirect(compile_regex(pattern[1:]), scope.template(replacement))
    return Redirect(scope.template(pattern), scope.template(replacement))


def _http_version(directive: Directive, scope: Scope) -> int:
    versions = {"1.0": 10, "1.1": 11}
    if directive.args[0] == "2":
        raise ValueError("HTTP/2 to an upstream is not supported by pyproxy yet")
    if directive.args[0] not in versions:
        raise ValueError(f'invalid version "{directive.args[0]}", expected 1.0 or 1.1')
    return versions[directive.args[0]]


_FAILURES = (
    *("error", "timeout", "denied", "invalid_header", "non_idempotent", "off"),
    *(f"http_{status}" for status in (500, 502, 503, 504, 403, 404, 429)),
)


def _next_upstream(directive: Directive, scope: Scope) -> frozenset[str]:
    failures = frozenset(values.choice(failure, _FAILURES) for failure in directive.args)
    return frozenset() if "off" in failures else failures


def _buffers(directive: Directive, scope: Scope) -> int:
    return values.number(directive.args[0]) * values.size(directive.args[1])


def _temp_path(directive: Directive, scope: Scope) -> str:
    return directive.args[0]


def _compile(scope: Scope, location: Location) -> None:
    to: _Pass | None = scope.own("proxy_pass")
    if to is None:
        return
    target = _compile_target(scope, location, to)
    version: int = scope.get("proxy_http_version")
    writer = RequestHeadWriter(
        version,
        scope.get("proxy_method"),
        scope.get("proxy_set_header"),
        scope.get("proxy_pass_request_headers"),
    )
    reader = ResponseHeadReader(
        frozenset(scope.get("proxy_hide_header")),
        frozenset(scope.get("proxy_pass_header")),
        _compile_redirects(scope, location, to),
    )
    location.content = ProxyHandler(
        location,
        target,
        _compile_options(scope),
        writer,
        reader,
        version,
        scope.get("proxy_pass_request_body"),
        scope.get("proxy_buffer_size"),
    )
    location.redirects_to_slash = location.path.endswith(b"/") and location.path != b"/"


def _compile_target(scope: Scope, location: Location, to: _Pass) -> FixedTarget | VariableTarget:
    targets = Targets(scope.site, to.source)
    if to.template.constant is None:
        return VariableTarget(to.template, targets)
    return FixedTarget(targets.find(to.url), location.path)


def _compile_redirects(scope: Scope, location: Location, to: _Pass) -> list[Redirect]:
    configured: list[Redirect | str] = scope.get("proxy_redirect")
    if "off" in configured:
        return []
    redirects = [_default_redirect(location, to) if redirect == "default" else redirect for redirect in configured]
    return [redirect for redirect in redirects if isinstance(redirect, Redirect)]


def _default_redirect(location: Location, to: _Pass) -> Redirect | None:
    """What the upstream calls by ``proxy_pass``'s URL, the client calls by the location's path."""
    if to.template.constant is None:
        return None
    if to.uri is None:
        return Redirect(literal(to.url + "/"), literal("/"))
    return Redirect(literal(to.url), literal(location.name))


def _compile_options(scope: Scope) -> Options:
    options = Options()
    options.connect_timeout = scope.get("proxy_connect_timeout")
    options.send_timeout = scope.get("proxy_send_timeout")
    options.read_timeout = scope.get("proxy_read_timeout")
    options.buffering = scope.get("proxy_buffering")
    options.buffers = scope.get("proxy_buffers")
    options.max_temp_file_size = scope.get("proxy_max_temp_file_size")
    options.temp_path = None
    options.request_buffering = scope.get("proxy_request_buffering")
    options.ignore_client_abort = scope.get("proxy_ignore_client_abort")
    options.intercept_errors = scope.get("proxy_intercept_errors")
    options.next_upstream = scope.get("proxy_next_upstream")
    options.next_upstream_tries = scope.get("proxy_next_upstream_tries")
    options.next_upstream_timeout = scope.get("proxy_next_upstream_timeout")
    return options


def _add_x_forwarded_for(request: Request) -> bytes:
    came = request.head.fields.get_all(b"x-forwarded-for")
    return b", ".join([*came, request.stream.remote_addr])


def _target(request: Request) -> Target | None:
    handler = request.location.content
    if not isinstance(handler, ProxyHandler):
        return None
    try:
        return handler.target.find(request)
    except ValueError:
        return None


def _proxy_host(request: Request) -> bytes | None:
    target = _target(request)
    return target.host if target is not None else None


def _proxy_port(request: Request) -> bytes | None:
    target = _target(request)
    return target.port if target is not None else None


MODULE = Module(
    name="proxy",
    directives=(
        Spec("proxy_pass", LOCATION, _pass, summary="The server that requests go to."),
        Spec("proxy_set_header", ANYWHERE, _set_header, (2, 2), repeat=True, default=(), summary="A field sent to it."),
        Spec("proxy_hide_header", ANYWHERE, _name, repeat=True, default=(), summary="A field of it that is left out."),
        Spec("proxy_pass_header", ANYWHERE, _name, repeat=True, default=(), summary="One that would be left out."),
        Spec(
            "proxy_redirect",
            ANYWHERE,
            _redirect,
            (1, 2),
            repeat=True,
            default=("default",),
            summary="How its Location and Refresh are rewritten.",
        ),
        Spec("proxy_http_version", ANYWHERE, _http_version, default=11, summary="1.0 or 1.1."),
        template("proxy_method", ANYWHERE, None, "The method to use instead of the client's."),
        flag("proxy_pass_request_headers", ANYWHERE, True, "The client's fields go through."),
        flag("proxy_pass_request_body", ANYWHERE, True, "The client's body goes through."),
        flag("proxy_buffering", ANYWHERE, True, "Slow clients do not hold the server: answers are put aside for them."),
        size("proxy_buffer_size", ANYWHERE, 4096, "The largest head of an answer."),
        Spec("proxy_buffers", ANYWHERE, _buffers, (2, 2), default=8 * 4096, summary="What is put aside in memory."),
        size("proxy_busy_buffers_size", ANYWHERE, None, "Accepted; has no effect here."),
        Spec(
            "proxy_max_temp_file_size",
            ANYWHERE,
            lambda directive, scope: values.offset(directive.args[0]),
            default=1 << 30,
            summary="What is put aside in a file.",
        ),
        size("proxy_temp_file_write_size", ANYWHERE, None, "Accepted; has no effect here."),
        Spec("proxy_temp_path", ANYWHERE, _temp_path, (1, 4), summary="Accepted; the system's folder is used."),
        flag("proxy_request_buffering", ANYWHERE, True, "Uploads are read whole before the server is asked."),
        flag("proxy_ignore_client_abort", ANYWHERE, False, "Go on when the client has left."),
        flag("proxy_intercept_errors", ANYWHERE, False, "`error_page` for the server's errors, too."),
        seconds("proxy_connect_timeout", ANYWHERE, 60.0, "How long connecting may take."),
        seconds("proxy_send_timeout", ANYWHERE, 60.0, "The longest pause between two writes."),
        seconds("proxy_read_timeout", ANYWHERE, 60.0, "The longest pause between two reads."),
        flag("proxy_socket_keepalive", ANYWHERE, False, "Accepted; has no effect here."),
        Spec(
            "proxy_next_upstream",
            ANYWHERE,
            _next_upstream,
            (1, MANY),
            default=frozenset({"error", "timeout"}),
            summary="After which failures the next server is asked.",
        ),
        number("proxy_next_upstream_tries", ANYWHERE, 0, "How many servers are asked at most; 0: all."),
        seconds("proxy_next_upstream_timeout", ANYWHERE, 0.0, "For how long they are asked; 0: for ever."),
    ),
    variables=(
        Variable("proxy_add_x_forwarded_for", _add_x_forwarded_for, Depends.HEAD),
        Variable("proxy_host", _proxy_host, Depends.HEAD),
        Variable("proxy_port", _proxy_port, Depends.HEAD),
    ),
    location=_compile,
)
