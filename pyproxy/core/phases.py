"""The way of a request through its server and location, in nginx's phases; errors and internal redirects."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING

from pyproxy.core.errorpages import CLOSING, SENT_AS_400, WITHOUT_ANSWER, ErrorPage, refresh_page, special_page
from pyproxy.core.logs.log import CRIT, ERROR
from pyproxy.core.outcome import DONE, Handler, Outcome, Refusal
from pyproxy.core.redirect import location_field, refreshes
from pyproxy.core.request import REWRITTEN, Request
from pyproxy.core.response import Field, Response
from pyproxy.core.uri import BadURI, escape, escape_line_ends, resolve

if TYPE_CHECKING:
    from pyproxy.core.location import Location

MAX_REDIRECTS = 10
"""Internal redirects before nginx gives up with 500 (NGX_HTTP_MAX_URI_CHANGES)."""

REDIRECTS = (301, 302, 303, 307, 308)


def run(request: Request) -> None:
    """Begin: with the server's own phases, if it has any, then its location's."""
    only_handler = request.location.only_handler
    if only_handler is not None and not request.route.head.content_length:
        # the usual location, and the usual request: nothing but its handler could have a say
        outcome = only_handler(request)
        if outcome is not DONE:
            _conclude(request, outcome, (), 0)
    elif request.server.handlers:
        _run_server(request, request.server.handlers)
    else:
        enter_location(request)


def _run_server(request: Request, handlers: tuple[Handler, ...]) -> None:
    # until its location is looked up, a request lives by what the server says
    request.location = request.server.default_location
    if not request.server.steady:
        request.moved = True
    _run(request, (*handlers, find_location), 0)


def find_location(request: Request) -> Outcome:
    """FIND_CONFIG: look up the location of what is now the URI, and go through it."""
    server, before = request.server, request.captures
    location, request.captures = server.locations.find(request.uri, before)
    if request.captures is not None and request.captures is not before:
        request.captures.keep_names(request)
    request.location = location or server.default_location
    enter_location(request)
    return DONE


def enter_location(request: Request) -> None:
    """Run the location's handlers, unless it is not for this request."""
    location = request.location
    length = request.route.head.content_length
    if location.internal and not request.internal:
        finalize(request, 404)
    elif length and 0 < location.limits.max_body_size < length and not request.body_refused:
        request.body_refused = True
        request.complain(ERROR, f"client intended to send too large body: {length} bytes")
        finalize(request, 413)
    elif location.redirects_to_slash and request.uri + b"/" == location.path:
        redirect_to_directory(request)
    else:
        _run(request, location.handlers, 0)


def go_through(request: Request, location: Location) -> Outcome:
    """Go on by a configuration that was not looked up: a named location's, or that of an ``if`` of the location."""
    request.location = location
    _run(request, location.handlers, 0)
    return DONE


def rewritten(request: Request) -> Outcome:
    """POST_REWRITE: the location's ``rewrite`` has changed the URI, which may belong to another location now."""
    if _may_redirect(request, "processing", request.uri.decode("utf-8", "backslashreplace")):
        find_location(request)
    return DONE


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
    elif isinstance(outcome, Refusal):
        finalize(request, outcome.status, outcome.fields)
    else:
        assert isinstance(outcome, Awaitable)
        request.stream.worker.spawn(_wait(request, outcome, handlers, index))


async def _wait(request: Request, outcome: Awaitable[Outcome], handlers: tuple[Handler, ...], index: int) -> None:
    try:
        result = await outcome
        if request.finished:
            return
        if result is None:
            _run(request, handlers, index)
        else:
            _conclude(request, result, handlers, index)
        request.stream.client_may_be_gone(request)
    except Exception as error:
        fail(request, error)
        raise


def fail(request: Request, error: Exception) -> None:
    """A fault of ours in the middle of a request costs that request, no more."""
    if request.finished:
        return
    request.complain(CRIT, f"{type(error).__name__}: {error}")
    if request.response is None:
        finalize(request, 500)
    else:
        request.stream.abort()


def finalize(request: Request, status: int, fields: tuple[Field, ...] = ()) -> None:
    """Answer with a status of our own: through ``error_page`` if the location has one for it, else a page made up.

    ``fields`` belong to the status, whoever makes its page.
    """
    request.error_status = status
    if status in WITHOUT_ANSWER:
        request.stream.abort()
        return
    if status in CLOSING:
        request.stream.keep_alive = False
    page = None if request.error_page_used else request.location.error_pages.get(status)
    if page is None:
        if fields:
            request.error_fields = ()
        _send_special(request, status, fields)
    else:
        request.error_page_used = not request.location.recursive_error_pages
        request.error_fields = fields
        _send_error_page(request, page)


def _send_error_page(request: Request, page: ErrorPage) -> None:
    if page.overwrite >= 0:
        request.error_status = page.overwrite
    uri = page.uri.render(request)
    if uri.startswith(b"/"):
        if request.method != b"HEAD":
            request.method = b"GET"
        uri, _, args = uri.partition(b"?")
        internal_redirect(request, uri, args)
    elif uri.startswith(b"@"):
        named_location(request, uri[1:].decode("utf-8", "surrogateescape"))
    else:
        if page.overwrite not in REDIRECTS:
            request.error_status = 302
        request.error_fields = tuple(field for field in request.error_fields if field[0].lower() != b"location")
        _send_special(request, request.error_status, ((b"Location", escape_line_ends(uri)),))


def _send_special(request: Request, status: int, fields: tuple[Field, ...]) -> None:
    body = special_page(status, request.location.server_tokens)
    if refreshes(request, status):
        # the redirect's other fields stay with the page
        body = refresh_page(dict(fields).get(b"Location", b""))
        fields = tuple(field for field in fields if field[0] != b"Location")
        request.error_status = 200
    elif status in SENT_AS_400:
        request.error_status = 400
    response = Response(request.error_status, [*fields], len(body))
    if body:
        response.fields.append((b"Content-Type", b"text/html"))
    request.respond(response, body)


def internal_redirect(request: Request, uri: bytes, args: bytes) -> None:
    """Start over inside the same server with another URI."""
    if not _may_redirect(request, "internally redirecting to", uri.decode("utf-8", "backslashreplace")):
        return
    try:
        # one that a configuration forgot the slash of is looked up like any other, and found nowhere
        request.uri = resolve(uri, merge_slashes=False) if uri.startswith(b"/") else uri
        request.args = args
    except BadURI:
        finalize(request, 500)
        return
    request.internal = request.moved = True
    request.rewritten = REWRITTEN
    start_over(request)


def start_over(request: Request) -> None:
    """Run the server's phases again, but for POST_READ."""
    if request.server.rewrite_handlers:
        _run_server(request, request.server.rewrite_handlers)
    else:
        find_location(request)


def named_location(request: Request, name: str) -> None:
    """Go on in ``@name`` with the URI as it is."""
    if not _may_redirect(request, "redirect to named location", f"@{name}"):
        return
    location = request.server.locations.named.get(name)
    if location is None:
        request.complain(ERROR, f'could not find named location "@{name}"')
        finalize(request, 500)
        return
    request.internal = request.moved = True
    go_through(request, location)


def _may_redirect(request: Request, doing: str, where: str) -> bool:
    request.redirects += 1
    if request.redirects <= MAX_REDIRECTS:
        return True
    request.complain(ERROR, f'rewrite or internal redirection cycle while {doing} "{where}"')
    request.error_page_used = True
    finalize(request, 500)
    return False


def redirect_to_directory(request: Request) -> None:
    """Answer 301 to the same path with a slash, as nginx does for directories and proxied prefixes."""
    target = escape(request.uri) + b"/" + (b"?" + request.args if request.args else b"")
    finalize(request, 301, (location_field(request, 301, target),))
