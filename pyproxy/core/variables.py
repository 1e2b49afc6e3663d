"""``$variables``: a registry in which each says what it depends on, and templates that are made of them.

What a value depends on decides what may be remembered: an upstream head made only of CONSTANT,
CONNECTION and HEAD values is the same bytes whenever one connection repeats its request head.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import TYPE_CHECKING

from pyproxy.core.regex.compile import compile_regex

if TYPE_CHECKING:
    from pyproxy.core.request import Request

Getter = Callable[["Request"], bytes | None]
Setter = Callable[["Request", bytes], None]


class Depends(IntEnum):
    """The narrowest thing that fixes a value. Ordered: a template depends on its most changeable part."""

    CONSTANT = 0
    CONNECTION = 1
    HEAD = 2
    REQUEST = 3


@dataclass(frozen=True, slots=True)
class Variable:
    """One ``$name``. ``get`` answers its bytes, or None where nginx has "not found": empty, ``-`` in logs."""

    name: str
    get: Getter
    depends: Depends = Depends.REQUEST
    set: Setter | None = None
    """What ``set`` does to one of nginx's own variables; without it they cannot be set."""
    changeable: bool = False
    """Made by the configuration: others may give it values, too. Whoever sets it uses ``Request.set_variable``, which
    its ``get`` must look at first."""
    weak: bool = False
    """Made by ``set``: where something else makes the variable as well, the value before any ``set`` is the other's."""


@dataclass(frozen=True, slots=True)
class VariableFamily:
    """Variables that share a prefix, as ``$http_NAME``: ``make(NAME)`` gives the getter of one."""

    prefix: str
    make: Callable[[str], Getter]
    depends: Depends = Depends.REQUEST


@dataclass(frozen=True, slots=True)
class Deferred:
    """A variable that is made of others (``map``): ``make`` is called when all of them are known.

    It raises ValueError or ConfigError. The variable is ``changeable``.
    """

    name: str
    make: Callable[[Variables], Variable]


@dataclass(frozen=True, slots=True)
class Varying:
    """Says that the configuration makes more of some variables than what follows from a request's head."""

    names: tuple[str, ...]


class Variables:
    """All variables that a configuration may use."""

    def __init__(self, variables: Iterable[Variable | VariableFamily]) -> None:
        self._by_name: dict[str, Variable] = {}
        self._families: list[VariableFamily] = []
        self._deferred: dict[str, Deferred | None] = {}
        """None while it is being made."""
        self._varying: set[str] = set()
        """Names of those that are each request's own, whatever they depend on elsewhere."""
        self.warnings: list[str] = []
        """What is odd about those that were made, one sentence each."""
        self.regex: Callable[..., re.Pattern[bytes]] = compile_regex
        """Compiles the configuration's regular expressions."""
        for variable in variables:
            self.add(variable)

    def add(self, variable: Variable | VariableFamily | Deferred | Varying) -> None:
        """Make a variable known. A later one of the same name replaces the earlier, unless it is weak; either depends
        on all that both depend on. Raises ValueError if the earlier is not to be changed."""
        if isinstance(variable, VariableFamily):
            self._families.append(variable)
            return
        if isinstance(variable, Varying):
            self._varying.update(variable.names)
            return
        before = self._by_name.get(variable.name)
        if isinstance(variable, Deferred):
            if before is not None and not before.changeable:
                raise ValueError(f"the variable `${variable.name}` exists already")
            self._deferred[variable.name] = variable
            return
        if before is None and variable.weak and (other := self._of_family(variable.name)) is not None:
            variable = replace(variable, get=given(variable.name, other.get))
        elif before is not None:
            if not before.changeable and not (variable.weak and before.set):
                raise ValueError(f"the variable `${variable.name}` exists already")
            depends = max(before.depends, variable.depends)
            variable = replace(before if variable.weak else variable, depends=depends)
        self._by_name[variable.name] = variable

    def find(self, name: str) -> Variable:
        """The variable of that name. Raises ValueError with a suggestion if there is none."""
        variable = self._find(name)
        return replace(variable, depends=Depends.REQUEST) if variable.name in self._varying else variable

    def _find(self, name: str) -> Variable:
        if len(name) == 1 and name in "123456789":
            return Variable(name, _capture(int(name)), Depends.HEAD)
        if (variable := self.get(name)) is not None:
            return variable
        close = difflib.get_close_matches(name.lower(), self._by_name, 1)
        raise ValueError(f'unknown variable "${name}"' + (f", did you mean `${close[0]}`?" if close else ""))

    def get(self, name: str) -> Variable | None:
        """The variable of that name, which is none of a regular expression's numbers."""
        # nginx looks variable names up without regard to case
        name = name.lower()
        if name in self._deferred:
            self._make(name)
        if variable := self._by_name.get(name):
            return variable
        return self._of_family(name)

    def _of_family(self, name: str) -> Variable | None:
        for family in self._families:
            if name == family.prefix:
                return Variable(name, lambda request: None)
            if name.startswith(family.prefix):
                return Variable(name, family.make(name[len(family.prefix) :]), family.depends)
        return None

    def _make(self, name: str) -> None:
        deferred = self._deferred[name]
        if deferred is None:
            raise ValueError(f"the variable `${name}` is made of itself")
        self._deferred[name] = None
        try:
            variable = deferred.make(self)
        except BaseException:
            self._deferred[name] = deferred
            raise
        del self._deferred[name]
        self.add(variable)

    def template(self, text: str) -> Template:
        """Compile ``text`` with its ``$name`` and ``${name}`` parts. Raises ValueError for an unknown variable."""
        parts: list[bytes | Variable] = []
        position = 0
        for match in _VARIABLE.finditer(text):
            if match.start() > position:
                parts.append(text[position : match.start()].encode("utf-8", "surrogateescape"))
            name = match["braced"] or match["plain"]
            if name is None:
                raise ValueError(f'invalid variable name in "{text}"')
            parts.append(self.find(name))
            position = match.end()
        if position < len(text):
            parts.append(text[position:].encode("utf-8", "surrogateescape"))
        return Template(text, parts)


_NAME = re.compile(r"\$([A-Za-z0-9_]+)", re.ASCII)


def variable_name(text: str) -> str:
    """The name in ``$name``, where a directive wants just that. Raises ValueError."""
    if not (match := _NAME.fullmatch(text)):
        raise ValueError(f'invalid variable name "{text}", expected one such as $name')
    return match[1].lower()


_VARIABLE = re.compile(r"\$(?:\{(?P<braced>[A-Za-z0-9_]+)\}|(?P<plain>[1-9]|[A-Za-z0-9_]+))?")


def given(name: str, otherwise: Getter = lambda request: None) -> Getter:
    """The value that ``Request.set_variable`` gave the variable, or else what ``otherwise`` finds."""

    def get(request: Request) -> bytes | None:
        values = request.values
        if values is not None and name in values:
            value: bytes | None = values[name]
            return value
        return otherwise(request)

    return get


def once(name: str, find: Getter) -> Getter:
    """The same, and what is found is the variable's value for the rest of the request, also if asked too early."""

    def get(request: Request) -> bytes | None:
        values = request.values
        if values is not None and name in values:
            value: bytes | None = values[name]
            return value
        found = find(request)
        request.set_variable(name, found)
        return found

    return get


def _capture(number: int) -> Getter:
    def get(request: Request) -> bytes | None:
        captures = request.captures
        return captures[number] if captures is not None and number < len(captures) else None

    return get


class Template:
    """Text with variables in it. ``render(request)`` gives its bytes; ``depends`` what they depend on."""

    __slots__ = ("depends", "parts", "render", "text")

    def __init__(self, text: str, parts: list[bytes | Variable]) -> None:
        self.text = text
        self.parts = parts
        self.depends = max((part.depends for part in parts if isinstance(part, Variable)), default=Depends.CONSTANT)
        self.render = self._renderer()

    @property
    def constant(self) -> bytes | None:
        """The text itself where no variable is in it, else None."""
        return self.render(None) if self.depends is Depends.CONSTANT and not self._variables() else None  # type: ignore[arg-type]

    def _variables(self) -> list[Variable]:
        return [part for part in self.parts if isinstance(part, Variable)]

    def _renderer(self) -> Callable[[Request], bytes]:
        if not self._variables():
            text = b"".join(part for part in self.parts if isinstance(part, bytes))
            return lambda request: text
        if len(self.parts) == 1:
            get = self._variables()[0].get
            return lambda request: get(request) or b""
        getters: list[Getter] = [_literal(part) if isinstance(part, bytes) else part.get for part in self.parts]
        return lambda request: b"".join([get(request) or b"" for get in getters])


def _literal(text: bytes) -> Getter:
    return lambda request: text


def literal(text: str) -> Template:
    """A template that is ``text`` as it stands, a ``$`` in it included."""
    return Template(text, [text.encode("utf-8", "surrogateescape")])
