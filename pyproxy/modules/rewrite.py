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


def _return(directive: Directive, scope: Scope) -> Handler:
    code, *text = directive.args
    if not text and code.startswith(("http://", "https://", "$scheme")):
        code, text = "302", [code]
    # below 200 there is no answer; nginx sends one nevertheless, after which the client waits for another
    if not (code.isascii() and code.isdigit() and 200 <= int(code) <= 999):
        raise ValueError(f'invalid return code "{code}", expected 200 to 999')
    return _handler(int(code), scope.template("".join(text)))


def _handler(status: int, text: Template) -> Handler:
    if status >= 400 and text.constant == b"":
        return lambda request: status

    if status in phases.REDIRECTS:

        def redirect(request: Request) -> Outcome:
            target = absolute(request, escape_controls(text.render(request)))
            phases.finalize(request, status, ((b"Location", target),))
            return DONE

        return redirect

    def answer(request: Request) -> Outcome:
        body = text.render(request)
        fields = [(b"Content-Type", request.location.content_type(request.uri))]
        if (request.error_status or status) == 204:
            body, fields = b"", []
        request.respond(Response(status, fields, len(body)), body)
        return DONE

    return answer


def _compile_server(scope: Scope, server: Server) -> None:
    if handlers := scope.own("return"):
        server.handlers = (*server.handlers, handlers[0])


def _compile_location(scope: Scope, location: Location) -> None:
    if scope.context is Context.LOCATION and (handlers := scope.own("return")):
        location.add_handler(Phase.REWRITE, handlers[0])


MODULE = Module(
    name="rewrite",
    directives=(
        Spec(
            "return",
            Context.SERVER | Context.LOCATION,
            _return,
            (1, 2),
            repeat=True,
            summary="Answer with a status, text or URL; the first one counts.",
        ),
    ),
    server=_compile_server,
    location=_compile_location,
)
