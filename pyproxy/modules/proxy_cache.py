"""The cache of ngx_http_proxy_module, which is not there yet: what says that it is off, or what it must leave alone."""

from __future__ import annotations

from pyproxy.config.schema import ANYWHERE, MANY, Module, Scope, Spec
from pyproxy.config.tree import Directive

NO_EFFECT = "Accepted; has no effect here."


def _off(directive: Directive, scope: Scope) -> bool:
    if directive.args[0] != "off":
        raise ValueError("a cache is not supported by pyproxy yet; remove this line, or say `off`")
    return False


def _conditions(directive: Directive, scope: Scope) -> None:
    for text in directive.args:
        scope.template(text)


MODULE = Module(
    name="proxy_cache",
    directives=(
        Spec("proxy_cache", ANYWHERE, _off, summary="Only off: there is no cache yet."),
        Spec(
            "proxy_cache_bypass", ANYWHERE, _conditions, (1, MANY), repeat=True, summary="Accepted; has no effect here."
        ),
        Spec("proxy_no_cache", ANYWHERE, _conditions, (1, MANY), repeat=True, summary="Accepted; has no effect here."),
    ),
)
