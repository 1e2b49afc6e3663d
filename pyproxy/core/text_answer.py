"""Answers whose text the configuration says: ``return``."""

from __future__ import annotations

from pyproxy.core import phases
from pyproxy.core.filters.chain import share
from pyproxy.core.location import Location
from pyproxy.core.outcome import DONE, Handler, Outcome
from pyproxy.core.redirect import location_field
from pyproxy.core.request import Request
from pyproxy.core.response import Response
from pyproxy.core.uri import escape_line_ends
from pyproxy.core.variables import Template


def answer_with(status: int, text: Template) -> Handler:
    """A handler that answers so: an error without text with its page, a redirect to ``text``, else ``text`` itself."""
    if status >= 400 and text.constant == b"":
        return lambda request: status

    if status in phases.REDIRECTS:

        def redirect(request: Request) -> Outcome:
            target = escape_line_ends(text.render(request))
            phases.finalize(request, status, (location_field(request, status, target),))
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
        plain = not request.head.fields.names.conditional and not request.error_status and request.carried is None
        if response is not None and plain:
            request.stream.start(request, response, self._constant or b"", True)
        elif (request.error_status or self._status) == 204:
            request.respond(Response(self._status, [], 0))
        else:
            # the text may speak of $status
            request.response = Response(request.error_status or self._status, [])
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
