"""ngx_http_proxy_module: requests passed to HTTP servers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from pyproxy.config import values
from pyproxy.config.schema import ANYWHERE, NO_EFFECT, Context, Module, Spec, flag, number, template
from pyproxy.config.scope import Scope
from pyproxy.config.tree import Directive, Source
from pyproxy.core.captures import NUMBERS, group_variables, has_groups
from pyproxy.core.location import Location
from pyproxy.core.request import Request
from pyproxy.core.variables import Depends, Template, Variable, Varying, literal
from pyproxy.upstream.accel import Accel
from pyproxy.upstream.cookies import FLAGS, CookieFlags, CookieRewriter
from pyproxy.upstream.directives import answering, answering_options, check_buffers, connecting
from pyproxy.upstream.proxy_handler import ProxyHandler
from pyproxy.upstream.request_head import RequestHeadWriter
from pyproxy.upstream.resolving_handler import ResolvingProxyHandler
from pyproxy.upstream.response_head import ResponseHeadReader
from pyproxy.upstream.rewrites import Domain, Prefix, Regex, Rewrite
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
    if uri is not None and (scope.match.kind in ("~", "~*", "@") or scope.context is not LOCATION):
        raise ValueError(
            "cannot have a URI part in a location given by a regular expression, in a named location or in an `if`, "
            f"remove `{uri}` after the address"
        )
    return _Pass(url, compiled, uri, directive.source)


REDIRECTS = ("off", "default")

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+", re.ASCII)


def _varying(directive: Directive) -> Iterator[Varying]:
    if "$" in directive.args[0]:
        yield Varying(("proxy_host", "proxy_port"))


def _set_header(directive: Directive, scope: Scope) -> tuple[bytes, Template]:
    name, value = directive.args
    if not _TOKEN.fullmatch(name):
        raise ValueError(f'"{name}" cannot be the name of a field')
    return name.encode(), scope.template(value)


def _rewrite(directive: Directive, scope: Scope, ignore_case: bool = False) -> Rewrite:
    """A pattern and a replacement: ``~`` begins a regular expression, ``~*`` one that ignores case."""
    pattern, replacement = directive.args
    if pattern.startswith("~"):
        expression = pattern[1:] if ignore_case else pattern[1:].removeprefix("*")
        return Regex(
            scope.regex(expression, ignore_case or pattern.startswith("~*")),
            scope.template(replacement),
        )
    return Prefix(scope.template(pattern), scope.template(replacement))


def _captured(directive: Directive) -> Iterator[Variable | Varying]:
    """What a rewrite's regular expression captures belongs to one answer, and can be asked for from then on."""
    pattern = directive.args[0]
    if pattern.startswith("~"):
        yield from group_variables([pattern], Depends.REQUEST)
        if has_groups(pattern):
            yield Varying(NUMBERS)


def _or_off(parse: Callable[[Directive, Scope], Any]) -> Callable[[Directive, Scope], Any]:
    """What may stand several times, or once as ``off``, whose value is None."""

    def parse_or_off(directive: Directive, scope: Scope) -> Any:
        off = directive.args == ("off",)
        before = scope.own(directive.name)
        if before and (off or None in before):
            raise ValueError("`off` stands beside others, which it would switch off")
        return None if off else parse(directive, scope)

    return parse_or_off


def _redirect(directive: Directive, scope: Scope) -> Rewrite | None:
    if len(directive.args) == 2:
        return _rewrite(directive, scope)
    values.choice(directive.args[0], REDIRECTS)
    to: _Pass | None = scope.own("proxy_pass")
    if to is None:
        raise ValueError("`default` must stand after `proxy_pass`")
    if to.template.constant is None:
        raise ValueError("`default` cannot be used with variables in `proxy_pass`")
    return _default_redirect(scope, to)


def _cookie_path(directive: Directive, scope: Scope) -> Rewrite:
    if len(directive.args) == 1:
        raise ValueError(f'invalid parameter "{directive.args[0]}", expected off or two of them')
    return _rewrite(directive, scope)


def _cookie_domain(directive: Directive, scope: Scope) -> Rewrite:
    if len(directive.args) == 1:
        raise ValueError(f'invalid parameter "{directive.args[0]}", expected off or two of them')
    domain, replacement = directive.args
    if domain.startswith("~"):
        return _rewrite(directive, scope, ignore_case=True)
    return Domain(scope.template(domain.removeprefix(".")), scope.template(replacement.removeprefix(".")))


def _cookie_flags(directive: Directive, scope: Scope) -> CookieFlags:
    if len(directive.args) == 1:
        raise ValueError(f'invalid parameter "{directive.args[0]}", expected off, or a cookie and its flags')
    cookie, *flags = directive.args
    for text in flags:
        if "$" not in text and text.lower().encode() not in FLAGS:
            scope.site.warnings.append(f'"{text}" is no flag of a cookie in {directive.source}')
    pattern = scope.regex(cookie[1:], ignore_case=True) if cookie.startswith("~") else scope.template(cookie)
    return CookieFlags(pattern, [scope.template(flag) for flag in flags])


def _http_version(directive: Directive, scope: Scope) -> int:
    versions = {"1.0": 10, "1.1": 11}
    if directive.args[0] == "2":
        raise ValueError("HTTP/2 to an upstream is not supported by pyproxy yet")
    if directive.args[0] not in versions:
        raise ValueError(f'invalid version "{directive.args[0]}", expected 1.0 or 1.1')
    return versions[directive.args[0]]


_FAILURES = (
    *("error", "timeout", "invalid_header", "non_idempotent", "updating", "off"),
    *(f"http_{status}" for status in (500, 502, 503, 504, 403, 404, 429)),
)


def _compile(scope: Scope, location: Location) -> None:
    check_buffers(scope, "proxy_")
    to: _Pass | None = scope.of_location("proxy_pass")
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
    options = answering_options(scope, "proxy_")
    options.pass_trailers = scope.get("proxy_pass_trailers")
    reader = ResponseHeadReader(
        frozenset(scope.get("proxy_hide_header")),
        frozenset(scope.get("proxy_pass_header")),
        _compile_redirects(scope),
        CookieRewriter(*(_unless_off(scope, f"proxy_cookie_{what}") for what in ("domain", "path", "flags"))),
        frozenset({b"accept-ranges"}) if options.force_ranges else frozenset(),
    )
    handler = ResolvingProxyHandler if target.varies and scope.get("resolver") is not None else ProxyHandler
    location.content = content = handler(
        location,
        target,
        options,
        writer,
        reader,
        Accel(scope.get("proxy_ignore_headers")),
        version,
        scope.get("proxy_pass_request_body"),
        scope.get("proxy_set_body"),
        scope.get("proxy_buffer_size"),
    )
    if isinstance(content, ResolvingProxyHandler):
        content.timeout = scope.get("resolver_timeout")
    location.redirects_to_slash = location.path.endswith(b"/") and location.path != b"/"


def _unless_off(scope: Scope, name: str) -> list[Any]:
    return [rewrite for rewrite in scope.get(name) if rewrite is not None]


def _compile_target(scope: Scope, location: Location, to: _Pass) -> FixedTarget | VariableTarget:
    targets = Targets(scope.site, to.source, scope.get("resolver"))
    if to.template.constant is None:
        return VariableTarget(to.template, targets)
    return FixedTarget(targets.find(to.url), location.path)


def _compile_redirects(scope: Scope) -> list[Rewrite]:
    if scope.get("proxy_redirect"):
        return _unless_off(scope, "proxy_redirect")
    redirects: list[Rewrite] = []
    level: Scope | None = scope
    while level is not None:
        to: _Pass | None = level.own("proxy_pass")
        if to is not None and to.template.constant is not None:
            # as in nginx, locations and blocks inside of this one inherit the default that it has
            redirects = [_default_redirect(level, to)]
        level = level.parent
    return redirects


def _default_redirect(scope: Scope, to: _Pass) -> Prefix:
    """What the upstream calls by ``proxy_pass``'s URL, the client calls by the location's path."""
    if to.uri is None:
        return Prefix(literal(to.url + "/"), literal("/"))
    return Prefix(literal(to.url), literal(str(scope.match)))


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


def _internal_body_length(request: Request) -> bytes | None:
    handler = request.location.content
    length = handler.body_length(request) if isinstance(handler, ProxyHandler) else None
    return None if length is None else b"%d" % length


def _internal_chunked(request: Request) -> bytes | None:
    """Whether the body is passed on as it comes, its length not being known."""
    return b"chunked" if request.head.chunked and request.body is None else None


def _proxy_port(request: Request) -> bytes | None:
    target = _target(request)
    return target.port if target is not None else None


MODULE = Module(
    name="proxy",
    directives=(
        Spec("proxy_pass", LOCATION, _pass, declares=_varying, summary="The server that requests go to."),
        Spec("proxy_set_header", ANYWHERE, _set_header, (2, 2), repeat=True, default=(), summary="A field sent to it."),
        Spec(
            "proxy_redirect",
            ANYWHERE,
            _or_off(_redirect),
            (1, 2),
            repeat=True,
            default=(),
            declares=_captured,
            summary="How its Location and Refresh are rewritten (default: proxy_pass's URL becomes the location).",
        ),
        *(
            Spec(
                f"proxy_cookie_{what}",
                ANYWHERE,
                _or_off(parse),
                (1, 2),
                repeat=True,
                default=(),
                declares=_captured,
                summary=summary,
            )
            for what, parse, summary in (
                ("domain", _cookie_domain, "How the domain of its cookies is rewritten."),
                ("path", _cookie_path, "How the path of its cookies is rewritten."),
            )
        ),
        Spec(
            "proxy_cookie_flags",
            ANYWHERE,
            _or_off(_cookie_flags),
            (1, 4),
            repeat=True,
            default=(),
            summary="Flags that its cookies get or lose: secure, nosecure, httponly, samesite=lax, ...",
        ),
        Spec("proxy_http_version", ANYWHERE, _http_version, default=11, summary="1.0 or 1.1."),
        template("proxy_method", ANYWHERE, None, "The method to use instead of the client's."),
        template("proxy_set_body", ANYWHERE, None, "The body to send instead of the client's."),
        flag("proxy_pass_trailers", ANYWHERE, False, "Fields after its chunked body go through."),
        number("proxy_headers_hash_max_size", ANYWHERE, None, NO_EFFECT),
        number("proxy_headers_hash_bucket_size", ANYWHERE, None, NO_EFFECT),
        *connecting("proxy_", _FAILURES),
        *answering("proxy_"),
    ),
    variables=(
        Variable("proxy_add_x_forwarded_for", _add_x_forwarded_for, Depends.HEAD),
        Variable("proxy_host", _proxy_host, Depends.HEAD),
        Variable("proxy_port", _proxy_port, Depends.HEAD),
        Variable("proxy_internal_body_length", _internal_body_length),
        Variable("proxy_internal_chunked", _internal_chunked),
    ),
    location=_compile,
)
