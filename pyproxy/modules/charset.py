"""ngx_http_charset_module: the charset that answers say they have, and their texts recoded."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pyproxy.config.schema import ANYWHERE, Context, Module, Spec, flag, media_types
from pyproxy.config.scope import Scope
from pyproxy.config.tree import ConfigError, Directive
from pyproxy.core.filters.charsets import UTF_8, Recoder, Table
from pyproxy.core.filters.compression import is_encoded
from pyproxy.core.filters.media_types import MediaTypes, split_charset
from pyproxy.core.location import Location
from pyproxy.core.logs.log import ERROR
from pyproxy.core.request import Request
from pyproxy.core.response import Response
from pyproxy.core.uri import escape_line_ends
from pyproxy.core.variables import Template, literal, variable_name

TYPES = (
    b"text/html",
    b"text/xml",
    b"text/plain",
    b"text/vnd.wap.wml",
    b"application/javascript",
    b"application/rss+xml",
)
OFF = "off"
_HEX = re.compile("[0-9A-Fa-f]+")
LONGEST = 3
"""Bytes of a UTF-8 character in a map."""


@dataclass(frozen=True, slots=True)
class _Map:
    source: str
    destination: str
    table: Table


def _charset(directive: Directive, scope: Scope) -> Template:
    name = directive.args[0]
    # a name, or one variable: nginx looks for no others in it
    return scope.template(f"${{{variable_name(name)}}}") if name.startswith("$") else literal(name)


def _byte(text: str) -> int:
    value = int(text, 16) if _HEX.fullmatch(text) else -1
    if not 0 <= value <= 255:
        raise ValueError(f'invalid value "{text}", expected a byte in hexadecimal, such as 80 or FE')
    return value


def _charset_map(directive: Directive, scope: Scope) -> _Map:
    source, destination = (name.lower() for name in directive.args)
    if source == UTF_8:
        raise ValueError(f"{UTF_8} stands in the second place")
    if source == destination:
        raise ValueError(f'"{source}" is mapped to itself')
    for other in scope.own("charset_map") or ():
        if {other.source, other.destination} == {source, destination}:
            raise ValueError(f'there is a map between "{source}" and "{destination}" already')
    mapping = {}
    for entry in directive.children or ():
        try:
            if len(entry.args) != 1:
                raise ValueError("expected two values, such as `80 20AC;`")
            mapping[_byte(entry.name)] = _character(entry.args[0], destination == UTF_8)
        except ValueError as error:
            raise ConfigError(f"`charset_map`: {error}", entry.source) from error
    return _Map(source, destination, Table(mapping, destination == UTF_8))


def _character(text: str, utf8: bool) -> bytes:
    if not utf8:
        return bytes([_byte(text)])
    try:
        character = bytes.fromhex(text)
        if len(character.decode().strip("\0")) != 1 or len(character) > LONGEST:
            raise ValueError
    except ValueError:
        raise ValueError(f'invalid value "{text}", expected one character of UTF-8 in hexadecimal') from None
    return character


class _Charset:
    """The header filter of one location."""

    def __init__(
        self, destination: Template | None, source: Template | None, types: MediaTypes, override: bool, maps: list[_Map]
    ) -> None:
        self._destination = destination
        self._source = source
        self._types = types
        self._override = override
        self._maps = maps
        self._fixed = all(name is None or name.constant is not None for name in (destination, source))
        self._known = {name for one in maps for name in (one.source, one.destination)}
        self._known |= {name.text.lower() for name in (destination, source) if name is not None and name.constant}

    def table(self, source: str, destination: str) -> tuple[Table, bool] | None:
        """The table between two charsets, and whether it is used in its own direction."""
        for one in self._maps:
            if (one.source, one.destination) == (source, destination):
                return one.table, True
            if (one.destination, one.source) == (source, destination):
                return one.table, False
        return None

    def applies(self, response: Response) -> bool:
        """Whether answers such as this one get a charset."""
        value = response.get(b"content-type")
        if not value:
            return False
        if response.override_charset:
            return True
        if self._destination is None:
            return False
        return self._override if split_charset(value)[1] else self._types.match(response)

    def varies(self, response: Response) -> bool:
        """Whether such answers are not always the same afterwards: recoded, or of a charset that a variable tells."""
        if not self.applies(response):
            return False
        if not self._fixed or response.override_charset:
            return True
        source = self._source_of(None, response)
        return source is not None and self._destination is not None and source != self._destination.text.lower()

    def _source_of(self, request: Request | None, response: Response) -> str | None:
        own = split_charset(response.get(b"content-type") or b"")[1]
        if own:
            return own.decode("latin-1").lower()
        if self._source is None:
            return None
        if request is None:
            return self._source.text.lower()
        return self._source.render(request).decode("latin-1").lower()

    def __call__(self, request: Request, response: Response) -> Recoder | None:
        if not self.applies(response):
            return None
        name = response.override_charset
        if name is None:
            assert self._destination is not None
            name = self._destination.render(request)
        if not name:
            return None
        destination = name.decode("latin-1").lower()
        if response.override_charset and destination not in self._known:
            request.complain(ERROR, f'unknown charset "{destination}" to override')
            return None
        source = self._source_of(request, response)
        if source is None or source == destination:
            _say(request, response, name)
            return None
        known = source in self._known and destination in self._known
        if known and is_encoded(response):
            return None
        found = self.table(source, destination) if known else None
        if found is None:
            request.complain(ERROR, f'no "charset_map" between the charsets "{source}" and "{destination}"')
            return None
        table, forth = found
        _say(request, response, name)
        if table.to_utf8:
            response.length = None
        return table.recoder(forth)


def _say(request: Request, response: Response, charset: bytes) -> None:
    """Write the charset into Content-Type; not for redirects, whose charset old browsers took for the next page's."""
    if not request.is_main:
        return
    media_type = split_charset(response.get(b"content-type") or b"")[0]
    response.remove(b"content-type")
    value = media_type if response.status in (301, 302) else media_type + b"; charset=" + escape_line_ends(charset)
    response.fields.insert(0, (b"Content-Type", value))


def _compile(scope: Scope, location: Location) -> None:
    destination: Template | None = scope.get("charset")
    source: Template | None = scope.get("source_charset")
    maps: list[_Map] = scope.get("charset_map")
    if destination is not None and destination.text == OFF:
        destination = None
    if destination is None and not maps:
        return
    charset = _Charset(
        destination,
        source,
        MediaTypes(scope.get("charset_types"), TYPES),
        scope.get("override_charset"),
        maps,
    )
    if (
        destination is not None
        and destination.constant is not None
        and source is not None
        and source.constant is not None
    ):
        pair = source.text.lower(), destination.text.lower()
        if pair[0] != pair[1] and charset.table(*pair) is None:
            raise ConfigError(
                f'no "charset_map" between the charsets "{source.text}" and "{destination.text}"', location.source
            )
    location.add_filter(charset, charset.varies)


MODULE = Module(
    name="charset",
    directives=(
        Spec("charset", ANYWHERE, _charset, summary="The charset that texts say they have, or off."),
        Spec("source_charset", ANYWHERE, _charset, summary="The charset that they have, to be recoded."),
        flag("override_charset", ANYWHERE, False, "Recode an upstream's answers that say a charset themselves."),
        media_types("charset_types", "The media types that get a charset, besides text/html; * for all."),
        Spec(
            "charset_map",
            Context.HTTP,
            _charset_map,
            (2, 2),
            default=(),
            repeat=True,
            free=True,
            summary="Which bytes of one charset are which of another.",
        ),
    ),
    location=_compile,
    order=65,
)
