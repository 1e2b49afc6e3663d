"""The cache of ngx_http_proxy_module, which is not there yet: what says that it is off, or what it must leave alone."""

from __future__ import annotations

from pyproxy.config.schema import ANYWHERE, MANY, Module, Spec, ignored
from pyproxy.config.scope import Scope
from pyproxy.config.tree import Directive


def _off(directive: Directive, scope: Scope) -> bool:
    if directive.args[0] != "off":
        raise ValueError("a cache is not supported by pyproxy yet; remove this line, or say `off`")
    return False


MODULE = Module(
    name="proxy_cache",
    directives=(
        Spec("proxy_cache", ANYWHERE, _off, summary="Only off: there is no cache yet."),
        ignored("proxy_cache_bypass", ANYWHERE, (1, MANY)),
        ignored("proxy_no_cache", ANYWHERE, (1, MANY)),
    ),
)
