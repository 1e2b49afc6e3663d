"""The levels of a configuration (main, http, a server, a location, ...) and nginx's inheritance of values."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pyproxy.config.schema import INSIDE_LOCATIONS, Context, Spec
from pyproxy.config.tree import Directive
from pyproxy.core.variables import Template, Variables

if TYPE_CHECKING:
    from pyproxy.core.location import Location
    from pyproxy.core.site import Site


class Scope:
    """One level, with the values set at it."""

    __slots__ = (
        "block",
        "children",
        "context",
        "directive",
        "location",
        "match",
        "parent",
        "site",
        "specs",
        "values",
        "variables",
    )

    def __init__(
        self,
        context: Context,
        directive: Directive,
        parent: Scope | None,
        site: Site,
        specs: dict[str, list[Spec]],
        variables: Variables,
    ) -> None:
        self.context = context
        self.directive = directive
        self.parent = parent
        self.site = site
        self.specs = specs
        self.variables = variables
        self.values: dict[str, Any] = {}
        self.block: Any = None
        """The value of the block's own arguments."""
        self.match: Any = None
        """What the location matches that this level is, or is an ``if`` of."""
        self.location: Location | None = None
        """What this level becomes, if it is a location or inside one."""
        self.children: list[Scope] = []

    def get(self, name: str) -> Any:
        """The value in force here: set at this level, inherited from the nearest above, or the default."""
        specs = self.specs[name]
        context = Context.LOCATION if self.context in INSIDE_LOCATIONS else self.context
        spec = next((spec for spec in specs if context in spec.contexts), specs[0])
        scope: Scope | None = self
        while scope is not None:
            # a name may mean two things: `keepalive_timeout` of an upstream is not that of the http around it
            if name in scope.values and scope.context in spec.contexts:
                return scope.values[name]
            scope = scope.parent
        return spec.default

    def own(self, name: str) -> Any:
        """The value set at this very level, or None."""
        return self.values.get(name)

    def of_location(self, name: str) -> Any:
        """The value set at this level or, in an ``if`` or ``limit_except``, at the location around it; or None.

        So nginx inherits what handles requests (``proxy_pass``).
        """
        value = self.own(name)
        if value is None and self.parent is not None and self.context in INSIDE_LOCATIONS:
            return self.parent.own(name)
        return value

    def template(self, text: str) -> Template:
        """Compile ``text`` with this configuration's variables."""
        return self.variables.template(text)

    def regex(self, pattern: str, ignore_case: bool = False) -> re.Pattern[bytes]:
        """Compile a regular expression in PCRE's notation. Raises ValueError with the reason why it cannot be used."""
        return self.variables.regex(pattern, ignore_case)
