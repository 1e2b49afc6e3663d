"""ngx_http_core_module, answers of our own: error pages, redirects, the Server field."""

from __future__ import annotations

from pyproxy.config import values
from pyproxy.config.schema import ANYWHERE, MANY, NO_EFFECT, Module, Spec, flag
from pyproxy.config.scope import Scope
from pyproxy.config.tree import Directive
from pyproxy.core.errorpages import ErrorPage
from pyproxy.core.location import Location


def _error_page(directive: Directive, scope: Scope) -> dict[int, ErrorPage]:
    *codes, uri = directive.args
    overwrite = -1
    if codes[-1].startswith("="):
        response = codes.pop()[1:]
        overwrite = values.number(response) if response else 0
    if not codes:
        raise ValueError("no status codes; write for example `error_page 404 /404.html`")
    page = ErrorPage(scope.template(uri), overwrite)
    pages = {}
    for code in codes:
        status = values.number(code)
        if not 300 <= status <= 599 or status == 499:
            raise ValueError(f'status "{code}" must be between 300 and 599, and not 499')
        pages[status] = page if status not in (494, 495, 496, 497) or overwrite >= 0 else ErrorPage(page.uri, 400)
    return pages


def _server_tokens(directive: Directive, scope: Scope) -> bool:
    return values.choice(directive.args[0], ("on", "off", "build")) != "off"


def _compile(scope: Scope, location: Location) -> None:
    for pages in scope.get("error_page") or ():
        for status, page in pages.items():
            location.error_pages.setdefault(status, page)
    location.recursive_error_pages = scope.get("recursive_error_pages")
    location.server_tokens = scope.get("server_tokens")
    location.msie_refresh = scope.get("msie_refresh")
    location.absolute_redirect = scope.get("absolute_redirect")
    location.port_in_redirect = scope.get("port_in_redirect")
    location.server_name_in_redirect = scope.get("server_name_in_redirect")


MODULE = Module(
    name="error_page",
    directives=(
        Spec(
            "error_page", ANYWHERE, _error_page, (2, MANY), repeat=True, summary="What to answer instead of an error."
        ),
        flag("recursive_error_pages", ANYWHERE, False, "Error pages for errors of error pages."),
        Spec("server_tokens", ANYWHERE, _server_tokens, default=True, summary="Show the version in answers."),
        flag("absolute_redirect", ANYWHERE, True, "Redirects of our own carry scheme and host."),
        flag("port_in_redirect", ANYWHERE, True, "Redirects of our own carry the port."),
        flag("server_name_in_redirect", ANYWHERE, False, "Redirects of our own carry the first server_name."),
        flag("msie_padding", ANYWHERE, True, NO_EFFECT),
        flag("msie_refresh", ANYWHERE, False, "Internet Explorer gets a page that leads on instead of a redirect."),
    ),
    location=_compile,
)
