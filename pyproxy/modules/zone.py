"""``zone NAME redis://...``, which nginx does not have: a zone that several machines share."""

from __future__ import annotations

from pyproxy.config.schema import Context, Module, Spec
from pyproxy.config.scope import Scope
from pyproxy.config.tree import ConfigError, Directive
from pyproxy.core.site import Site


def _zone(directive: Directive, scope: Scope) -> tuple[str, str, Directive]:
    from pyproxy.zones.redis import check  # takes a tenth of a second

    name, url = directive.args
    try:
        check(url)
    except ValueError as error:
        raise ValueError(f'invalid URL "{url}", expected one such as redis://127.0.0.1:6379/0: {error}') from error
    if any(name == other for other, *_ in scope.own("zone") or ()):
        raise ValueError(f'the zone "{name}" has a place already')
    return name, url, directive


def _site(scope: Scope, site: Site) -> None:
    for name, url, directive in scope.own("zone") or ():
        if name not in site.zones:
            raise ConfigError(f'`zone`: no directive such as `limit_req_zone` declares "{name}"', directive.source)
        site.zones[name].redis = url


MODULE = Module(
    name="zone",
    directives=(
        Spec(
            "zone",
            Context.HTTP,
            _zone,
            (2, 2),
            repeat=True,
            summary="Put a zone into a Redis, for several machines (nginx does not have this).",
        ),
    ),
    site=_site,
)
