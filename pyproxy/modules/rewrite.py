"""ngx_http_rewrite_module; so far ``return``."""

from __future__ import annotations

from pyproxy.config.schema import Context, Module, Scope, Spec
from pyproxy.config.tree import Directive
from pyproxy.core import phases
from pyproxy.core.redirect import absolute
from pyproxy.core.request import Request, Response
from pyproxy.core.site import DONE, Handler, Location, Outcome, Phase, Server
from pyproxy.core.uri import escape_controls
from pyproxy.core.variables import Template

CLOSE_WITHOUT_ANSWER = 444


def _return(directive: Directive, scope: Scope) -> Handler:
    code, *text = directive.args
    if not text and code.startswith(("http://", "https://", "$scheme")):
        code, text = "302", [code]
    if not (code.isascii() and code.isdigit() and int(code) <= 999):
        raise ValueError(f'invalid return code "{code}"')
    return _handler(int(code), scope.template(text[0]) if text else None)


def _handler(status: int, text: Template | None) -> Handler:
    if status == CLOSE_WITHOUT_ANSWER:

        def close(request: Request) -> Outcome:
            request.error_status = status
            request.stream.abort()
            return DONE

        return close

    if status in phases.REDIRECTS and text is not None:

        def redirect(request: Request) -> Outcome:
            target = absolute(request, escape_controls(text.render(request)))
            phases.finalize(request, status, ((b"Location", target),))
            return DONE

        return redirect

    if text is None and status >= 400:
        return lambda request: status

    def answer(request: Request) -> Outcome:
        if status == 204:
            return status
        body = text.render(request) if text is not None else b""
        fields = [(b"Content-Type", request.location.content_type(request.uri))]
        request.respond(Response(status, fields, len(body)), body)
        return DONE

    return answer


def _compile_server(scope: Scope, server: Server) -> None:
    if handler := scope.own("return"):
        server.handlers = (*server.handlers, handler)


def _compile_location(scope: Scope, location: Location) -> None:
    if scope.context is Context.LOCATION and (handler := scope.own("return")):
        location.add_handler(Phase.REWRITE, handler)


MODULE = Module(
    name="rewrite",
    directives=(
        Spec(
            "return", Context.SERVER | Context.LOCATION, _return, (1, 2), summary="Answer with a status, text or URL."
        ),
    ),
    server=_compile_server,
    location=_compile_location,
)
