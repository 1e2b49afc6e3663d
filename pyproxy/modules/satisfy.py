"""ngx_http_core_module, access: how the handlers of the access phase decide together."""

from __future__ import annotations

from pyproxy.config import values
from pyproxy.config.schema import ANYWHERE, Module, Spec, seconds
from pyproxy.config.scope import Scope
from pyproxy.config.tree import Directive
from pyproxy.core.location import Location


def _satisfy(directive: Directive, scope: Scope) -> bool:
    return values.choice(directive.args[0], ("all", "any")) == "any"


def _compile(scope: Scope, location: Location) -> None:
    location.satisfy_any = scope.get("satisfy")
    location.auth_delay = scope.get("auth_delay")


MODULE = Module(
    name="satisfy",
    directives=(
        Spec("satisfy", ANYWHERE, _satisfy, default=False, summary="Whether all access checks must agree, or any one."),
        seconds("auth_delay", ANYWHERE, 0.0, "How long to wait before a 401 for wrong credentials."),
    ),
    location=_compile,
)
