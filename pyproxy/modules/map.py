"""ngx_http_map_module: a variable whose value follows from another's."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pyproxy.config.schema import NO_EFFECT, Context, Module, Spec, number
from pyproxy.config.scope import Scope
from pyproxy.config.tree import ConfigError, Directive
from pyproxy.core.addresses.hostnames import HostNames, is_name
from pyproxy.core.captures import NUMBERS, group_variables, has_groups, matched
from pyproxy.core.request import Request
from pyproxy.core.variables import (
    Deferred,
    Depends,
    Template,
    Variable,
    Variables,
    Varying,
    given,
    literal,
    once,
    variable_name,
)

FLAGS = ("hostnames", "volatile")


class _Table:
    """What one ``map`` block says."""

    def __init__(self, directive: Directive, variables: Variables) -> None:
        self._regex = variables.regex
        self.flags: set[str] = set()
        self.names: HostNames[Template] = HostNames()
        self.regexes: list[tuple[re.Pattern[bytes], Template]] = []
        self.default: Template | None = None
        entries = []
        for entry in directive.children or ():
            if entry.name in FLAGS and not entry.args:
                self.flags.add(entry.name)
            elif len(entry.args) != 1 or entry.children is not None:
                raise ConfigError(f"`{entry.name}` takes one value here: key value;", entry.source)
            else:
                entries.append(entry)
        for entry in entries:
            try:
                self._add(entry.name, variables.template(entry.args[0]))
            except ValueError as error:
                raise ConfigError(str(error), entry.source) from error

    def _add(self, key: str, value: Template) -> None:
        if key == "default":
            if self.default is not None:
                raise ValueError("duplicate default map parameter")
            self.default = value
        elif key.startswith("~"):
            ignore_case = key.startswith("~*")
            self.regexes.append((self._regex(key[2 if ignore_case else 1 :], ignore_case), value))
        elif not self._add_text(key.removeprefix("\\"), value):
            raise ValueError(f'conflicting parameter "{key}"')

    def _add_text(self, text: str, value: Template) -> bool:
        if "hostnames" in self.flags:
            if not is_name(text):
                raise ValueError(f'invalid hostname or wildcard "{text}"')
            return self.names.add(text, value)
        return self.names.exact.setdefault(text.lower().encode("utf-8", "surrogateescape"), value) is value

    def depends(self, source: Template) -> Depends:
        """What the variable depends on. Where its captures can be asked for, it must be read each time."""
        results = [*self.names.values(), *(value for _, value in self.regexes)]
        if self.default is not None:
            results.append(self.default)
        captures = any(regex.groups for regex, _ in self.regexes)
        return max([Depends.REQUEST if captures else source.depends, *(value.depends for value in results)])


def _compile(directive: Directive, variables: Variables) -> Variable:
    text, name = directive.args
    name = variable_name(name)
    source = variables.template(text)
    table = _Table(directive, variables)
    render, names, regexes = source.render, table.names, table.regexes
    strip_dot, volatile = "hostnames" in table.flags, "volatile" in table.flags
    otherwise = table.default or literal("")

    def find(request: Request) -> bytes:
        key = render(request)
        if strip_dot and key.endswith(b"."):
            key = key[:-1]
        template = names.find(key.lower()) if strip_dot else names.exact.get(key.lower())
        if template is None:
            template = otherwise
            # nginx tries none on an empty value
            for regex, value in regexes if key else ():
                if match := regex.search(key):
                    matched(request, match)
                    template = value
                    break
        return template.render(request)

    get = given(name, find) if volatile else once(name, find)
    return Variable(name, get, table.depends(source), changeable=True)


def _declare(directive: Directive) -> Iterator[Variable | Deferred | Varying]:
    yield Deferred(variable_name(directive.args[1]), lambda variables: _compile(directive, variables))
    keys = [entry.name for entry in directive.children or () if entry.name.startswith("~")]
    if any(map(has_groups, keys)):
        yield Varying(NUMBERS)
    yield from group_variables(keys, Depends.REQUEST)


def _map(directive: Directive, scope: Scope) -> Variable:
    return scope.variables.find(variable_name(directive.args[1]))


MODULE = Module(
    name="map",
    directives=(
        Spec(
            "map",
            Context.HTTP,
            _map,
            (2, 2),
            repeat=True,
            free=True,
            declares=_declare,
            summary="A variable whose value is looked up by another's in a table.",
        ),
        number("map_hash_max_size", Context.HTTP, None, NO_EFFECT),
        number("map_hash_bucket_size", Context.HTTP, None, NO_EFFECT),
    ),
)
