"""ngx_http_split_clients_module: a variable whose value is one of several, in given shares."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pyproxy.config.schema import Context, Module, Spec
from pyproxy.config.scope import Scope
from pyproxy.config.tree import ConfigError, Directive
from pyproxy.core.murmur import murmur_hash2
from pyproxy.core.request import Request
from pyproxy.core.variables import Deferred, Variable, Variables, once, variable_name

_SHARE = re.compile(r"(\d+)(?:\.(\d{1,2}))?%", re.ASCII)
ALL = 10_000
"""100 % in hundredths of a percent."""


def _compile(directive: Directive, variables: Variables) -> Variable:
    text, name = directive.args
    source = variables.template(text)
    parts = list(_parts(directive))
    name = variable_name(name)
    render = source.render

    def choose(request: Request) -> bytes:
        number = murmur_hash2(render(request))
        return next((value for limit, value in parts if number < limit), b"")

    return Variable(name, once(name, choose), source.depends, changeable=True)


def _parts(directive: Directive) -> Iterator[tuple[int, bytes]]:
    """Each value with the number below which a hash means it."""
    total = limit = 0
    for entry in directive.children or ():
        if len(entry.args) != 1 or entry.children is not None:
            raise ConfigError(f"`{entry.name}` takes one value here: 10% value;", entry.source)
        share = ALL - total if entry.name == "*" else _hundredths(entry)
        total += share
        if total > ALL:
            raise ConfigError("percent total is greater than 100%", entry.source)
        # what comes after all of them gets the rest, too
        limit = 1 << 32 if total == ALL else limit + share * 0xFFFFFFFF // ALL
        yield limit, entry.args[0].encode("utf-8", "surrogateescape")


def _hundredths(entry: Directive) -> int:
    match = _SHARE.fullmatch(entry.name)
    hundredths = int(match[1]) * 100 + int((match[2] or "").ljust(2, "0")) if match else 0
    if not hundredths:
        raise ConfigError(f'invalid percent value "{entry.name}", expected one such as 0.5% or *', entry.source)
    return hundredths


def _declare(directive: Directive) -> Iterator[Deferred]:
    yield Deferred(variable_name(directive.args[1]), lambda variables: _compile(directive, variables))


def _split(directive: Directive, scope: Scope) -> Variable:
    return scope.variables.find(variable_name(directive.args[1]))


MODULE = Module(
    name="split_clients",
    directives=(
        Spec(
            "split_clients",
            Context.HTTP,
            _split,
            (2, 2),
            repeat=True,
            free=True,
            declares=_declare,
            summary="A variable with one of several values, each in a share of all cases (A/B tests).",
        ),
    ),
)
