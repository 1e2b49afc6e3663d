"""ngx_http_proxy_module: requests passed to HTTP servers."""

from __future__ import annotations

from pyproxy.config import values
from pyproxy.config.schema import ANYWHERE, MANY, Context, Module, Scope, Spec, flag, number, seconds, size
from pyproxy.config.tree import ConfigError, Directive
from pyproxy.core.log import ERROR
from pyproxy.core.regex import compile_regex
from pyproxy.core.request import Request, Response
from pyproxy.core.site import DONE, Location, Outcome
from pyproxy.core.spool import Spool
from pyproxy.core.variables import Depends, Template, Variable
from pyproxy.http1.head import ResponseHead, ResponseParser
from pyproxy.http1.memory import Memory
from pyproxy.upstream.exchange import Exchange, Options
from pyproxy.upstream.request_body import BodySpooler, SpooledBody, StreamedBody
from pyproxy.upstream.request_head import RequestHeadWriter
from pyproxy.upstream.response_head import Redirect, ResponseHeadReader
from pyproxy.upstream.target import FixedTarget, Target, Targets, VariableTarget

LOCATION = Context.LOCATION


class ProxyHandler:
    """The content handler of a location with ``proxy_pass``."""

    def __init__(
        self,
        location: Location,
        target: FixedTarget | VariableTarget,
        options: Options,
        writer: RequestHeadWriter,
        reader: ResponseHeadReader,
        version: int,
        pass_body: bool,
        buffer_size: int,
    ) -> None:
        self.options = options
        self.parser = ResponseParser(buffer_size, memory=Memory(0, 0, 0))
        self.remembered: Memory[tuple[ResponseHead, Response]] = Memory()
        self._location = location
        self.target = target
        self._writer = writer
        self._reader = reader
        self._version = version
        self._pass_body = pass_body
        self._repeats = writer.repeats and not target.varies

    def __call__(self, request: Request) -> Outcome:
        if request.stream.body_pending and self._pass_body:
            return self._with_body(request)
        route = request.route
        repeats = self._repeats and not request.internal
        if repeats and route.memo is not None:
            target, block, method = route.memo
        else:
            try:
                target = self.target.find(request)
            except ValueError as error:
                request.complain(ERROR, str(error))
                return 500
            length = request.head.fields.content_length if self._pass_body and not request.internal else None
            framing = b"" if length is None else b"Content-Length: %d\r\n" % length
            block = self._writer.write(request, target, self.target.uri(request, target), framing)
            method = self._writer.method(request)
            if repeats:
                route.memo = (target, block, method)
        exchange = Exchange(request, self, target.group, block, method, target.url)
        if request.head.fields.upgrade is not None:
            exchange.upgrading = self._writer.upgrades(request)
        exchange.start()
        return DONE

    def _with_body(self, request: Request) -> Outcome:
        try:
            target = self.target.find(request)
        except ValueError as error:
            request.complain(ERROR, str(error))
            return 500
        chunked = request.head.chunked
        if self.options.request_buffering or (chunked and self._version == 10):
            request.stream.read_body(BodySpooler(request, lambda spool: self._send_spooled(request, target, spool)))
            return DONE
        framing = (
            b"Transfer-Encoding: chunked\r\n" if chunked else b"Content-Length: %d\r\n" % request.head.content_length
        )
        exchange = self._exchange(request, target, framing)
        exchange.body = StreamedBody(exchange, chunked)
        exchange.start()
        return DONE

    def _send_spooled(self, request: Request, target: Target, spool: Spool) -> None:
        exchange = self._exchange(request, target, b"Content-Length: %d\r\n" % spool.size)
        exchange.body = SpooledBody(spool)
        exchange.start()

    def _exchange(self, request: Request, target: Target, framing: bytes) -> Exchange:
        block = self._writer.write(request, target, self.target.uri(request, target), framing)
        return Exchange(request, self, target.group, block, self._writer.method(request), target.url)

    def response(self, request: Request, exchange: Exchange, block: bytes, head: ResponseHead) -> Response:
        """The client's response head; remembered where the same bytes will always make the same one."""
        response, repeats = self._reader.response(request, head)
        if repeats and self._location.pure_filters and not request.error_status and head.status >= 200:
            for header_filter in self._location.header_filters:
                header_filter(request, response)
            response.shared = True
            self.remembered.put(block, (head, response))
        return response


# What the directives mean


def _pass(directive: Directive, scope: Scope) -> Directive:
    if "$" not in directive.args[0]:
        values.upstream_url(directive.args[0])
    return directive


def _set_header(directive: Directive, scope: Scope) -> tuple[bytes, Template]:
    name, value = directive.args
    return name.encode(), scope.template(value)


def _name(directive: Directive, scope: Scope) -> bytes:
    return directive.args[0].lower().encode()


def _redirect(directive: Directive, scope: Scope) -> tuple[str, ...]:
    if len(directive.args) == 1 and directive.args[0] not in ("off", "default"):
        raise ValueError(f'invalid parameter "{directive.args[0]}", expected "off", "default" or two values')
    return directive.args


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
    return frozenset(values.choice(failure, _FAILURES) for failure in directive.args) - {"off"}


def _template(directive: Directive, scope: Scope) -> Template:
    return scope.template(directive.args[0])


def _buffers(directive: Directive, scope: Scope) -> int:
    return values.number(directive.args[0]) * values.size(directive.args[1])


def _temp_path(directive: Directive, scope: Scope) -> str:
    return directive.args[0]


def _compile(scope: Scope, location: Location) -> None:
    directive: Directive | None = scope.own("proxy_pass")
    if directive is None:
        return
    target = _compile_target(scope, location, directive)
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
        _compile_redirects(scope, location, directive),
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
    location.redirects_to_slash = location.regex is None and location.path.endswith(b"/") and location.path != b"/"


def _compile_target(scope: Scope, location: Location, directive: Directive) -> FixedTarget | VariableTarget:
    url = directive.args[0]
    targets = Targets(scope.site, directive.source)
    template = scope.template(url)
    if template.constant is None:
        return VariableTarget(template, targets)
    try:
        target = targets.find(url)
    except ValueError as error:
        raise ConfigError(f"`proxy_pass`: {error}", directive.source) from error
    if target.uri is not None and (location.regex is not None or location.name.startswith("@")):
        raise ConfigError(
            "`proxy_pass` cannot have a URI part in a location given by a regular expression or in a named location",
            directive.source,
        )
    return FixedTarget(target, location.path)


def _compile_redirects(scope: Scope, location: Location, proxy_pass: Directive) -> list[Redirect]:
    redirects = []
    for args in scope.get("proxy_redirect"):
        if args == ("off",):
            return []
        if args == ("default",):
            default = _default_redirect(scope, location, proxy_pass)
            redirects += [default] if default else []
            continue
        pattern, replacement = args
        if pattern.startswith("~"):
            regex = compile_regex(pattern.lstrip("~*"), pattern.startswith("~*"))
            redirects.append(Redirect(regex, scope.template(replacement)))
        else:
            redirects.append(Redirect(scope.template(pattern), scope.template(replacement)))
    return redirects


def _default_redirect(scope: Scope, location: Location, proxy_pass: Directive) -> Redirect | None:
    """What the upstream calls by ``proxy_pass``'s URL, the client calls by the location's path."""
    url = proxy_pass.args[0]
    if "$" in url:
        return None
    if values.upstream_url(url)[2] is None:
        return Redirect(scope.template(url + "/"), scope.template("/"))
    return Redirect(scope.template(url), scope.template(location.name))


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


def _proxy_host(request: Request) -> bytes | None:
    handler = request.location.content
    return handler.target.find(request).host if isinstance(handler, ProxyHandler) else None


def _proxy_port(request: Request) -> bytes | None:
    handler = request.location.content
    return handler.target.find(request).port if isinstance(handler, ProxyHandler) else None


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
            default=(("default",),),
            summary="How its Location and Refresh are rewritten.",
        ),
        Spec("proxy_http_version", ANYWHERE, _http_version, default=11, summary="1.0 or 1.1."),
        Spec("proxy_method", ANYWHERE, _template, summary="The method to use instead of the client's."),
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
