"""ngx_http_referer_module: whether a request comes from a page that may link here."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from pyproxy.config.schema import NO_EFFECT, Context, Module, Spec, number
from pyproxy.config.scope import Scope
from pyproxy.config.tree import ConfigError, Directive
from pyproxy.core.addresses.hostnames import HostNames, is_name
from pyproxy.core.location import Location
from pyproxy.core.regex.compile import compile_regex
from pyproxy.core.request import Request
from pyproxy.core.variables import Depends, Variable

_SCHEME = re.compile(rb"https?://", re.IGNORECASE).match
_LONGEST_HOST = 256
_SHORTEST = len(b"http://i.ru")

_WHERE = Context.SERVER | Context.LOCATION


@dataclass(frozen=True, slots=True, eq=False)
class _Path:
    """How the path of a page on a host must begin."""

    begins: bytes


@dataclass
class _Valid:
    """All ``valid_referers`` of one level."""

    none: bool = False
    blocked: bool = False
    server_names: bool = False
    hosts: HostNames[_Path] = field(default_factory=HostNames)
    regexes: list[re.Pattern[bytes]] = field(default_factory=list)
    host_regexes: list[re.Pattern[bytes]] = field(default_factory=list)

    def add(self, word: str) -> None:
        """Take one parameter. Raises ValueError."""
        if word in ("none", "blocked", "server_names"):
            setattr(self, word, True)
        elif word.startswith("~"):
            self.regexes.append(compile_regex(word[1:], ignore_case=True))
        else:
            host, slash, path = word.partition("/")
            self.add_host(host, (slash + path).encode())

    def add_host(self, host: str, path: bytes = b"") -> None:
        """Take a host, which may begin with ``*.`` or ``.``, or end with ``.*``. Raises ValueError."""
        if not is_name(host):
            raise ValueError(f'invalid hostname or wildcard "{host}"')
        if not self.hosts.add(host, _Path(path)):
            raise ValueError(f'conflicting parameter "{host}"')

    def check(self) -> None:
        """Without a host, pages that are not named cannot be told from those that are. Raises ValueError."""
        if (self.none or self.blocked) and not any(self.hosts.values()):
            raise ValueError('"none" and "blocked" stand beside valid hosts, name one, such as server_names')

    @property
    def says_anything(self) -> bool:
        """Whether there is any host to compare with: without, nginx takes every page for valid."""
        return bool(any(self.hosts.values()) or self.regexes or self.host_regexes)

    def allows(self, referer: bytes | None) -> bool:
        """Whether the field's value is a page that may link here."""
        if referer is None:
            return self.none
        scheme = _SCHEME(referer) if len(referer) >= _SHORTEST else None
        if scheme is None:
            return self.blocked
        rest = referer[scheme.end() :]
        host = re.split(rb"[/:]", rest, maxsplit=1)[0].lower()
        if len(host) > _LONGEST_HOST:
            return False
        wanted = self.hosts.find(host)
        if wanted is not None:
            slash = rest.find(b"/")
            return (rest[slash:] if slash >= 0 else b"").startswith(wanted.begins)
        return any(regex.search(host) for regex in self.host_regexes) or any(
            regex.search(rest) for regex in self.regexes
        )


def _words(directive: Directive, scope: Scope) -> tuple[str, ...]:
    check = _Valid()
    for word in directive.args:
        check.add(word)
    return directive.args


def _compile(scope: Scope, location: Location) -> None:
    lines: list[tuple[str, ...]] = scope.get("valid_referers")
    if not lines:
        return
    valid = _Valid()
    for words in lines:
        for word in words:
            valid.add(word)
    if valid.server_names:
        for name in location.server.names:
            if not isinstance(name, str):
                valid.host_regexes.append(name)
            else:
                valid.add_host(name)
    try:
        valid.check()
    except ValueError as error:
        raise ConfigError(f"`valid_referers`: {error}", location.source) from error
    location.options["valid_referers"] = valid


def _invalid_referer(request: Request) -> bytes:
    valid: _Valid | None = request.location.options.get("valid_referers")
    if valid is None or not valid.says_anything:
        return b""
    return b"" if valid.allows(request.route.head.fields.get(b"referer")) else b"1"


MODULE = Module(
    name="referer",
    directives=(
        Spec("valid_referers", _WHERE, _words, (1, 2047), repeat=True, default=(), summary="Pages that may link here."),
        number("referer_hash_bucket_size", _WHERE, None, NO_EFFECT),
        number("referer_hash_max_size", _WHERE, None, NO_EFFECT),
    ),
    variables=(Variable("invalid_referer", _invalid_referer, Depends.HEAD),),
    location=_compile,
)
