"""ngx_http_auth_request_module: another URI's answer decides about access."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pyproxy.config.schema import ANYWHERE, Module, Spec
from pyproxy.config.scope import Scope
from pyproxy.config.tree import Directive
from pyproxy.core.ask import ask
from pyproxy.core.location import Location, Phase
from pyproxy.core.logs.log import ERROR
from pyproxy.core.outcome import GRANTED, Outcome, Refusal
from pyproxy.core.request import Request
from pyproxy.core.subrequest import Cycle, Subrequest
from pyproxy.core.variables import Template, Variable, given, variable_name


@dataclass(frozen=True, slots=True)
class _Set:
    """One ``auth_request_set``: its value is made of the answer's variables."""

    variable: Variable
    value: Template


class _AuthRequest:
    """Asks ``uri`` whether a request may pass."""

    def __init__(self, uri: bytes, sets: list[_Set]) -> None:
        self._uri = uri
        self._sets = sets

    async def handle(self, request: Request) -> Outcome:
        """2xx: yes; 401 and 403: no; all else is an error of the one that was asked."""
        try:
            answered = await ask(request, self._uri, header_only=True)
        except Cycle:
            return 500
        try:
            return self._decide(request, answered)
        finally:
            answered.let_go()

    def _decide(self, request: Request, answered: Subrequest) -> Outcome:
        for each in self._sets:
            value = each.value.render(answered)
            request.set_variable(each.variable.name, value)
            if each.variable.set is not None:
                each.variable.set(request, value)
        status = answered.status
        if status == 403:
            return status
        if status == 401:
            fields = answered.response.fields if answered.response is not None else ()
            return Refusal(401, tuple(field for field in fields if field[0].lower() == b"www-authenticate"))
        if 200 <= status < 300:
            return GRANTED
        request.complain(ERROR, f"auth request unexpected status: {status}")
        return 500


def _auth_request(directive: Directive, scope: Scope) -> bytes:
    uri = directive.args[0]
    return b"" if uri == "off" else uri.encode("utf-8", "surrogateescape")


def _set(directive: Directive, scope: Scope) -> _Set:
    name, value = directive.args
    return _Set(scope.variables.find(variable_name(name)), scope.template(value))


def _set_variable(directive: Directive) -> Iterable[Variable]:
    name = variable_name(directive.args[0])
    yield Variable(name, given(name), changeable=True, weak=True)


def _compile(scope: Scope, location: Location) -> None:
    if uri := scope.get("auth_request"):
        location.add_handler(Phase.ACCESS, _AuthRequest(uri, scope.get("auth_request_set")).handle)


MODULE = Module(
    name="auth_request",
    order=60,
    directives=(
        Spec("auth_request", ANYWHERE, _auth_request, summary="The URI whose answer (2xx, 401, 403) decides."),
        Spec(
            "auth_request_set",
            ANYWHERE,
            _set,
            (2, 2),
            default=(),
            repeat=True,
            declares=_set_variable,
            summary="A variable that is given a value when that answer has come.",
        ),
    ),
    location=_compile,
)
