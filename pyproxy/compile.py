"""From a configuration file to a site: read, let every module see it, compile. Opens no socket."""

from __future__ import annotations

import importlib
import os
import pkgutil
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pyproxy.modules
from pyproxy.config import values
from pyproxy.config.build import build
from pyproxy.config.load import Loaded, load
from pyproxy.config.schema import Module, Schema
from pyproxy.config.tree import ConfigError, Directive, Source
from pyproxy.core.logs.log import Logs
from pyproxy.core.site import Site


def load_schema() -> Schema:
    """Everything that the files in ``pyproxy/modules/`` declare."""
    modules: list[Module] = [
        importlib.import_module(f"pyproxy.modules.{found.name}").MODULE
        for found in pkgutil.iter_modules(pyproxy.modules.__path__)
    ]
    return Schema(sorted(modules, key=lambda module: (module.order, module.name)))


@dataclass(frozen=True, slots=True)
class Sources:
    """What the command line says of the configuration: all that is needed to read it again."""

    file: str
    prefix: str = "."
    directives: str = ""
    """``-g``: global directives in nginx's notation."""
    listen: tuple[str, ...] = ()
    """``--listen``: addresses in place of those in the file."""
    error_log: str | None = None
    """``-e``: where errors go unless the configuration says."""

    @property
    def path(self) -> str:
        """The file, from the current folder: a relative one counts from the prefix, or from here if it stands here."""
        from_prefix = self.file if self.prefix == os.curdir else os.path.join(self.prefix, self.file)
        return from_prefix if os.path.exists(from_prefix) or not os.path.exists(self.file) else self.file

    def load(self, schema: Schema) -> Loaded:
        """Read the files. Raises ConfigError."""
        return load(self.path, schema, self.directives)

    def compile(self, loaded: Loaded, schema: Schema, logs: Logs) -> Site:
        """Compile what was read. Raises ConfigError."""
        directives: Sequence[Directive] = loaded.directives
        if self.listen:
            directives = [_listen_on(directive, self.listen) for directive in directives]
        if self.error_log and not any(directive.name == "error_log" for directive in directives):
            source = Source("command line", 1)
            directives = [Directive("error_log", (self.error_log,), None, source), *directives]
        site = build(directives, schema, self.prefix, logs, self.path)
        site.warnings[:0] = loaded.notes
        return site


def _listen_on(directive: Directive, addresses: tuple[str, ...]) -> Directive:
    """``http`` with the addresses of its servers replaced; the first default server stays the default."""
    if directive.name != "http":
        return directive
    source = Source("command line", 1)
    for address in addresses:
        try:
            values.listen_address(address)
        except ValueError as error:
            raise ConfigError(f"`--listen`: {error}", source) from error
    children = list(directive.children or ())
    places = [place for place, child in enumerate(children) if child.name == "server"]
    default = next((place for place in places if _is_default(children[place])), None)
    for place in places:
        options = ("default_server",) if place == default else ()
        listens = tuple(Directive("listen", (address, *options), None, source) for address in dict.fromkeys(addresses))
        kept = tuple(child for child in children[place].children or () if child.name != "listen")
        children[place] = replace(children[place], children=listens + kept)
    return replace(directive, children=tuple(children))


def _is_default(server: Directive) -> bool:
    listens = (child for child in server.children or () if child.name == "listen")
    return any(option in ("default_server", "default") for listen in listens for option in listen.args[1:])
