"""ngx_http_core_module: early_hints."""

from __future__ import annotations

from pyproxy.config.schema import ANYWHERE, MANY, Module, Spec
from pyproxy.config.scope import Scope
from pyproxy.config.tree import Directive
from pyproxy.core.location import Location
from pyproxy.core.variables import Template


def _early_hints(directive: Directive, scope: Scope) -> tuple[Template, ...]:
    return tuple(scope.template(text) for text in directive.args)


def _compile(scope: Scope, location: Location) -> None:
    location.early_hints = scope.get("early_hints")


MODULE = Module(
    name="early_hints",
    directives=(
        Spec(
            "early_hints",
            ANYWHERE,
            _early_hints,
            (1, MANY),
            default=(),
            summary="The upstream's 103 goes to the client if one of the values is neither empty nor 0.",
        ),
    ),
    location=_compile,
)
