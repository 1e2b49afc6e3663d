"""ngx_http_rewrite_module; so far ``return``."""

from __future__ import annotations

from pyproxy.config.schema import Context, Module, Scope, Spec
from pyproxy.config.tree import Directive
from pyproxy.core import phases
from pyproxy.core.filters import share
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

    return _Answer(status, text)


class _Answer:
    """``return`` with a text. The response to one that never varies is made once, and shared."""

    def __init__(self, status: int, text: Template) -> None:
        self._status = status
        self._text = text
        self._constant = text.constant
        self._shared: dict[tuple[Location, bytes], Response] = {}

    def __call__(self, request: Request) -> Outcome:
        location = request.location
        content_type = location.content_type(request.uri)
        response = self._shared.get((location, content_type))
        if response is not None and not request.error_status and not request.head.fields.names.conditional:
            request.stream.start(request, response, self._constant or b"", True)
        elif (request.error_status or self._status) == 204:
            request.respond(Response(self._status, [], 0))
        else:
            body = self._text.render(request)
            response = self._response(content_type, body)
            if self._constant is not None and share(request, response):
                self._shared[location, content_type] = response
                request.stream.start(request, response, body, True)
            else:
                request.respond(response, body)
        return DONE

    def _response(self, content_type: bytes, body: bytes) -> Response:
        return Response(self._status, [(b"Content-Type", content_type)], len(body))


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
