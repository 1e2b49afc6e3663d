"""The way of a request through its location: rewrite, access, content; errors and internal redirects."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING

from pyproxy.core.errorpages import CLOSING, special_page
from pyproxy.core.log import ERROR
from pyproxy.core.redirect import absolute
from pyproxy.core.request import Field, Request, Response
from pyproxy.core.site import DONE, Handler, Outcome
from pyproxy.core.uri import BadURI, escape, resolve

if TYPE_CHECKING:
    from pyproxy.core.regex import Captures
    from pyproxy.core.site import Location

MAX_REDIRECTS = 10
"""Internal redirects before nginx gives up with 500 (NGX_HTTP_MAX_URI_CHANGES)."""

REDIRECTS = (301, 302, 303, 307, 308)


def run(request: Request) -> None:
    """Begin: the server's own phase, then its location's."""
    server_handlers = request.server.handlers
    if server_handlers:
        _run(request, (*server_handlers, _enter), 0)
    else:
        enter_location(request)


def _enter(request: Request) -> Outcome:
    enter_location(request)
    return DONE


def enter_location(request: Request) -> None:
    """Run the location's handlers, unless it is not for this request."""
    location = request.location
    length = request.route.head.content_length
    if location.internal and not request.internal:
        finalize(request, 404)
    elif length and 0 < location.limits.max_body_size < length and not request.internal:
        request.complain(ERROR, f"client intended to send too large body: {length} bytes")
        finalize(request, 413)
    elif location.redirects_to_slash and request.uri + b"/" == location.path:
        redirect_to_directory(request)
    else:
        _run(request, location.handlers, 0)


def _run(request: Request, handlers: tuple[Handler, ...], index: int) -> None:
    for position in range(index, len(handlers)):
        outcome = handlers[position](request)
        if outcome is not None:
            _conclude(request, outcome, handlers, position + 1)
            return
    finalize(request, 404)


def _conclude(request: Request, outcome: Outcome, handlers: tuple[Handler, ...], index: int) -> None:
    if outcome is True:
        return
    if isinstance(outcome, int):
        finalize(request, outcome)
    else:
        assert isinstance(outcome, Awaitable)
        request.stream.worker.spawn(_wait(request, outcome, handlers, index))


async def _wait(request: Request, outcome: Awaitable[Outcome], handlers: tuple[Handler, ...], index: int) -> None:
    result = await outcome
    if request.finished:
        return
    if result is None:
        _run(request, handlers, index)
    else:
        _conclude(request, result, handlers, index)


def finalize(request: Request, status: int, fields: tuple[Field, ...] = ()) -> None:
    """Answer with a status of our own: through ``error_page`` if the location has one for it, else a page made up."""
    request.error_status = status
    page = None if request.error_page_used else request.location.error_pages.get(status)
    if page is None:
        _send_special(request, status, fields)
        return
    request.error_page_used = not request.location.recursive_error_pages
    if page.overwrite >= 0:
        request.error_status = page.overwrite
    uri = page.uri.render(request)
    if uri.startswith(b"/"):
        if request.method != b"HEAD":
            request.method = b"GET"
        uri, _, args = uri.partition(b"?")
        internal_redirect(request, uri, args)
    elif uri.startswith(b"@"):
        named_location(request, uri[1:].decode())
    else:
        if page.overwrite not in REDIRECTS:
            request.error_status = 302
        _send_special(request, request.error_status, ((b"Location", uri),))


def _send_special(request: Request, status: int, fields: tuple[Field, ...]) -> None:
    body = special_page(status, request.location.server_tokens)
    if status == 494:
        request.error_status = 400
    if status in CLOSING:
        request.stream.keep_alive = False
    response = Response(request.error_status, [*fields], len(body))
    if body:
        response.fields.append((b"Content-Type", b"text/html"))
    request.respond(response, body)


def internal_redirect(request: Request, uri: bytes, args: bytes) -> None:
    """Start over inside the same server with another URI."""
    request.redirects += 1
    if request.redirects > MAX_REDIRECTS:
        request.complain(
            ERROR, f'rewrite or internal redirection cycle while internally redirecting to "{uri.decode("latin-1")}"'
        )
        request.error_page_used = True
        finalize(request, 500)
        return
    try:
        request.uri, request.args, request.internal = resolve(uri, request.server.merge_slashes), args, True
    except BadURI:
        finalize(request, 500)
        return
    location, captures = request.server.locations.find(request.uri)
    _move(request, location or request.server.default_location, captures)


def named_location(request: Request, name: str) -> None:
    """Go on in ``@name`` with the URI as it is."""
    request.redirects += 1
    location = request.server.locations.named.get(name)
    if location is None or request.redirects > MAX_REDIRECTS:
        request.complain(ERROR, f'could not find named location "@{name}"')
        request.error_page_used = True
        finalize(request, 500)
        return
    request.internal = True
    _move(request, location, None)


def _move(request: Request, location: Location, captures: Captures | None) -> None:
    request.location = location
    if captures is not None:
        request.captures = captures
    enter_location(request)


def redirect_to_directory(request: Request) -> None:
    """Answer 301 to the same path with a slash, as nginx does for directories and proxied prefixes."""
    target = escape(request.uri) + b"/" + (b"?" + request.args if request.args else b"")
    finalize(request, 301, ((b"Location", absolute(request, target)),))
