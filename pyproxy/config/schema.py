"""How a module declares itself: its directives (name, contexts, arity, type, inheritance), variables and hooks."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import Flag, auto
from typing import TYPE_CHECKING, Any

from crossplane.analyzer import DIRECTIVES, NGX_HTTP_LIF_CONF, NGX_HTTP_LMT_CONF

from pyproxy.config import values
from pyproxy.config.known import KNOWN
from pyproxy.config.toml import is_toml
from pyproxy.config.toml_mistakes import separate_arguments
from pyproxy.config.tree import ConfigError, Directive
from pyproxy.core.variables import Deferred, Template, Variable, VariableFamily, Variables, Varying

if TYPE_CHECKING:
    from pyproxy.config.scope import Scope
    from pyproxy.core.location import Location
    from pyproxy.core.site import Server, Site

MANY = 2047
"""As many arguments as nginx allows."""
NO_EFFECT = "Accepted; has no effect here."
"""The summary of what nginx needs and pyproxy does not."""


class Context(Flag):
    """Where a directive may stand."""

    MAIN = auto()
    EVENTS = auto()
    HTTP = auto()
    SERVER = auto()
    LOCATION = auto()
    UPSTREAM = auto()
    SERVER_IF = auto()
    LOCATION_IF = auto()
    LIMIT_EXCEPT = auto()


ANYWHERE = Context.HTTP | Context.SERVER | Context.LOCATION
INSIDE_LOCATIONS = Context.LOCATION_IF | Context.LIMIT_EXCEPT
"""The blocks that are a second configuration of their location, for some of its requests."""
_NAMES = {
    Context.MAIN: "at the top level",
    Context.SERVER_IF: "in an `if` of a server",
    Context.LOCATION_IF: "in an `if` of a location",
}
# newer than crossplane's table
_ALSO_IN_IF = frozenset({"add_header_inherit", "add_trailer_inherit", "post_action", "tunnel_pass"})


@dataclass(frozen=True, slots=True)
class Spec:
    """One directive, as its module declares it.

    ``parse`` turns a Directive into its value and raises ValueError with what is wrong and what to write.
    A value set at one level is inherited by the levels below that set none, as nginx merges;
    with ``repeat`` it may stand more than once, and the value is the list of all at the nearest level that has any.
    """

    name: str
    contexts: Context
    parse: Callable[[Directive, Scope], Any]
    args: tuple[int, int] = (1, 1)
    default: Any = None
    repeat: bool = False
    adds: bool = False
    """May stand more than once as well: ``parse`` adds to the value that its level has already."""
    into: str = ""
    """Directives whose order among each other matters share the list of this name; implies ``repeat``."""
    block: Context | None = None
    """The context of the children, where they are directives themselves."""
    free: bool = False
    """The children are data for ``parse`` (as in ``types``), not directives."""
    declares: Callable[[Directive], Iterable[Variable | Deferred | Varying]] | None = None
    """The variables that this directive makes; known to all of the configuration, also before its line."""
    is_time: bool = False
    """Its value is a number of seconds."""
    summary: str = ""
    """One line for docs/directives.md. It begins with "Accepted;" where the directive has no effect."""

    @property
    def harmless(self) -> bool:
        """Whether it has no effect: nginx needs it, and pyproxy does not."""
        return self.summary.startswith("Accepted;")


@dataclass(frozen=True, slots=True)
class Module:
    """What one file of ``pyproxy/modules/`` brings: nginx's module of the same name."""

    name: str
    order: int = 50
    """Modules take their turn by this: filters and handlers of one phase run in this order."""
    directives: tuple[Spec, ...] = ()
    variables: tuple[Variable | VariableFamily, ...] = ()
    site: Callable[[Scope, Site], None] | None = None
    """Called once with the http level, before any server is made."""
    server: Callable[[Scope, Server], None] | None = None
    location: Callable[[Scope, Location], None] | None = None
    """Called for every location, and for each server's own level, which serves what no location matches."""


class Schema:
    """Every directive and variable that the loaded modules know."""

    def __init__(self, modules: Iterable[Module]) -> None:
        self.modules = tuple(modules)
        self.specs: dict[str, list[Spec]] = {}
        for module in self.modules:
            for spec in module.directives:
                self.specs.setdefault(spec.name, []).append(_with_inner_contexts(spec))

    def variables(self) -> Variables:
        """A new registry, to which a configuration adds its own variables."""
        return Variables(variable for module in self.modules for variable in module.variables)

    def find(self, directive: Directive, context: Context) -> Spec:
        """The declaration that fits, or ConfigError: unknown name, wrong place, wrong arity, block or not."""
        specs = self.specs.get(directive.name)
        if specs is None:
            raise ConfigError(self._unknown(directive.name, context), directive.source)
        spec = next((spec for spec in specs if context in spec.contexts), None)
        if spec is None:
            places = (place for each in specs for place in each.contexts if place not in INSIDE_LOCATIONS)
            allowed = " or ".join(_NAMES.get(place, f"in `{(place.name or '').lower()}`") for place in places)
            here = _NAMES.get(context, f"in `{(context.name or '').lower()}`")
            raise ConfigError(f"`{directive.name}` is not allowed {here}; it belongs {allowed}", directive.source)
        is_block = spec.block is not None or spec.free
        if is_block and directive.children is None:
            raise ConfigError(f"`{directive.name}` needs a {_block(directive, spec)}", directive.source)
        if not is_block and directive.children is not None:
            hint = self.hint(directive, spec)
            raise ConfigError(f"`{directive.name}` takes no block; end it with `;`{hint}", directive.source)
        low, high = spec.args
        if not low <= len(directive.args) <= high:
            wanted = f"{low or 'no'}" if low == high else f"at least {low}" if high == MANY else f"{low} to {high}"
            plural = "" if wanted in ("1", "at least 1") else "s"
            hint = self.hint(directive, spec)
            raise ConfigError(
                f"`{directive.name}` takes {wanted} argument{plural}, not {len(directive.args)}{hint}",
                directive.source,
            )
        return spec

    def _unknown(self, name: str, context: Context) -> str:
        if name in KNOWN:
            return f"`{name}` is a known nginx directive, not supported by pyproxy yet"
        here = [n for n, specs in self.specs.items() if any(context in spec.contexts for spec in specs)]
        close = difflib.get_close_matches(name, here, 1, 0.8) or difflib.get_close_matches(name, self.specs, 1, 0.7)
        shown = "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in name)
        return f"unknown directive `{shown}`" + (f", did you mean `{close[0]}`?" if close else "")

    def hint(self, directive: Directive, spec: Spec) -> str:
        """What to add to an error about its arguments: what may have led to them."""
        if is_toml(directive.source.file):
            return separate_arguments(directive.args, spec.args[1])
        # without its `;` a directive takes the next one for arguments
        for arg in directive.args[max(spec.args[0], 1) :]:
            # of the names that pyproxy has not, `ssl` and `http2` are parameters of `listen` as well
            if arg in self.specs or (spec.args[1] < MANY and arg in KNOWN):
                return f"; is a `;` missing before `{arg}`?"
        return ""

    # What the notations ask (config.toml.Shapes)

    def block(self, name: str, parent: str | None) -> str | None:
        """How ``name`` is a block inside ``parent``: "plain", "args", "free", "free-args", or None for no block."""
        within = Context(0)
        for spec in self.specs.get(parent or "", ()):
            within |= spec.block or Context(0)
        for spec in self.specs.get(name, ()):
            if (spec.block is None and not spec.free) or (parent is not None and not within & spec.contexts):
                continue
            if spec.free:
                return "free-args" if spec.args[1] else "free"
            return "args" if spec.args[1] else "plain"
        return None

    def belongs_to_http(self, name: str) -> bool:
        """Whether ``name`` may stand in ``http`` and not at the top level."""
        specs = self.specs.get(name, ())
        return any(Context.HTTP in spec.contexts for spec in specs) and not any(
            Context.MAIN in spec.contexts for spec in specs
        )


def _block(directive: Directive, spec: Spec) -> str:
    if not is_toml(directive.source.file):
        return f"block: `{directive.name} ... {{ }}`"
    return f'table: [{directive.name}."..."]' if spec.args[1] else f"table: [{directive.name}]"


def _with_inner_contexts(spec: Spec) -> Spec:
    """``spec``, allowed inside of ``if`` and ``limit_except`` where nginx allows it."""
    contexts = spec.contexts
    if Context.LOCATION in contexts:
        masks = DIRECTIVES.get(spec.name, ())
        if spec.name in _ALSO_IN_IF or any(mask & NGX_HTTP_LIF_CONF for mask in masks):
            contexts |= Context.LOCATION_IF
        if any(mask & NGX_HTTP_LMT_CONF for mask in masks):
            contexts |= Context.LIMIT_EXCEPT
    return replace(spec, contexts=contexts)


NO_EFFECT = "Accepted; has no effect here."

# The usual types of directives, so that a module's table reads as nginx's documentation does.


def _first(parse: Callable[[str], Any]) -> Callable[[Directive, Scope], Any]:
    return lambda directive, scope: parse(directive.args[0])


def flag(name: str, contexts: Context, default: bool, summary: str = "") -> Spec:
    """``name on|off``."""
    return Spec(name, contexts, _first(values.flag), default=default, summary=summary)


def size(name: str, contexts: Context, default: int | None, summary: str = "") -> Spec:
    """``name 8k`` in bytes."""
    return Spec(name, contexts, _first(values.size), default=default, summary=summary)


def offset(name: str, contexts: Context, default: int | None, summary: str = "") -> Spec:
    """``name 10m`` in bytes of a body or file, which may be more than memory has (``1g``)."""
    return Spec(name, contexts, _first(values.offset), default=default, summary=summary)


def buffers(name: str, contexts: Context, default: tuple[int, int] | None, summary: str = "") -> Spec:
    """``name 4 8k``: how many, and the bytes of each."""
    return Spec(name, contexts, _buffers, (2, 2), default=default, summary=summary)


def _buffers(directive: Directive, scope: Scope) -> tuple[int, int]:
    count, length = values.number(directive.args[0]), values.size(directive.args[1])
    if count < 1 or length < 1:
        raise ValueError("expected a number of buffers and their size, such as 4 8k")
    return count, length


def words(name: str, contexts: Context, allowed: tuple[str, ...], default: frozenset[str], summary: str = "") -> Spec:
    """``name word ...``: the set of them, of all directives of one level (ngx_conf_set_bitmask_slot)."""

    def parse(directive: Directive, scope: Scope) -> frozenset[str]:
        chosen = frozenset(values.choice(word, allowed) for word in directive.args)
        return chosen | (scope.own(name) or frozenset())

    return Spec(name, contexts, parse, (1, MANY), default=default, adds=True, summary=summary)


def size_template(name: str, contexts: Context, summary: str = "") -> Spec:
    """``name 8k`` in bytes, or text with variables that comes to be such a size."""

    def parse(directive: Directive, scope: Scope) -> Template:
        template = scope.template(directive.args[0])
        if (constant := template.constant) is not None:
            values.size(constant.decode())
        return template

    return Spec(name, contexts, parse, summary=summary)


def seconds(name: str, contexts: Context, default: float | None, summary: str = "") -> Spec:
    """``name 60s`` in seconds."""
    return Spec(name, contexts, _first(values.time), default=default, is_time=True, summary=summary)


def media_types(name: str, summary: str = "") -> Spec:
    """``name text/css application/json`` or ``name *``; the value is for ``MediaTypes``."""
    return Spec(name, ANYWHERE, lambda directive, scope: directive.args, (1, MANY), repeat=True, summary=summary)


def number(
    name: str, contexts: Context, default: int | None, summary: str = "", least: int = 0, most: int = values.LARGEST
) -> Spec:
    """``name 100``, a whole number from ``least`` to ``most``."""
    return Spec(name, contexts, _first(lambda text: values.number(text, least, most)), default=default, summary=summary)


def text(name: str, contexts: Context, default: str | None, summary: str = "") -> Spec:
    """``name word``, as written."""
    return Spec(name, contexts, _first(str), default=default, summary=summary)


def ignored(name: str, contexts: Context, args: tuple[int, int] = (1, 1)) -> Spec:
    """One that nginx needs and pyproxy does not."""
    return Spec(name, contexts, lambda directive, scope: directive.args, args, summary=NO_EFFECT)


def choice(name: str, contexts: Context, allowed: tuple[str, ...], default: str, summary: str = "") -> Spec:
    """``name word``, one of a few."""
    return Spec(name, contexts, _first(lambda text: values.choice(text, allowed)), default=default, summary=summary)


def template(name: str, contexts: Context, default: Template | None = None, summary: str = "") -> Spec:
    """``name "text with $variables"``."""
    return Spec(
        name, contexts, lambda directive, scope: scope.template(directive.args[0]), default=default, summary=summary
    )
