"""ngx_http_userid_filter_module: cookies that tell one visitor from another."""

from __future__ import annotations

import base64
import binascii
import itertools
import os
import struct
import time
from dataclasses import dataclass

from pyproxy.config import values
from pyproxy.config.schema import ANYWHERE, Module, Spec, choice, number, text
from pyproxy.config.scope import Scope
from pyproxy.config.tree import Directive
from pyproxy.core.addresses.networks import parse_address
from pyproxy.core.cookies import find_cookie
from pyproxy.core.dates import cookie_date
from pyproxy.core.location import Location
from pyproxy.core.logs.log import ERROR, NOTICE
from pyproxy.core.request import Request
from pyproxy.core.response import Response
from pyproxy.core.variables import Variable, given

MAX_EXPIRES = -1
"""``userid_expires max``."""
FOREVER = b"; expires=Thu, 31-Dec-37 23:55:55 GMT"
LENGTH = 22
"""Characters of an identifier in base64, without what a mark may stand in."""
FLAGS = ("off", "secure", "httponly", "samesite=strict", "samesite=lax", "samesite=none")

_start = struct.unpack("=I", os.urandom(4))[0]
_first_version = itertools.count(1, 0x100)
_second_version = itertools.count(0x03030302, 0x100)


@dataclass(frozen=True, slots=True)
class _UserId:
    """The directives of one location."""

    version: int
    """0: cookies are only looked at (``log``), else 1 or 2."""
    service: int | None
    name: bytes
    attributes: bytes
    """What follows the value and its end."""
    expires: float
    mark: bytes
    p3p: bytes

    def cookie(self, request: Request, visitor: _Visitor, issued: bytes) -> bytes:
        """The field's value."""
        if visitor.got is None or visitor.reset:
            value = base64.b64encode(issued)
            if self.mark:
                value = value[:LENGTH] + self.mark + value[LENGTH + 1 :]
        else:
            value = visitor.cookie[:LENGTH] + self.mark + b"="
        ends = b""
        if self.expires == MAX_EXPIRES:
            ends = FOREVER
        elif self.expires:
            ends = b"; expires=" + cookie_date(int(time.time() + self.expires))
        return self.name + b"=" + value + ends + self.attributes


class _Visitor:
    """What one request says of its visitor, and what it is told."""

    __slots__ = ("cookie", "got", "issued", "reset")

    def __init__(self, request: Request, name: bytes) -> None:
        self.cookie = find_cookie(request.route.head.fields, name.lower()) or b""
        self.got: bytes | None = None
        self.issued: bytes | None = None
        self.reset = False
        if not self.cookie:
            return
        if len(self.cookie) < LENGTH:
            _complain(request, "too short")
            return
        try:
            got = base64.b64decode(self.cookie[:LENGTH] + b"==", validate=True)
        except binascii.Error:
            _complain(request, "invalid")
            return
        if any(got[12:]):
            self.got = got


def _complain(request: Request, what: str) -> None:
    shown = (request.route.head.fields.joined(b"cookie", b"; ") or b"").decode("utf-8", "backslashreplace")
    request.complain(ERROR, f'client sent {what} userid cookie "{shown}"')


def _visitor(request: Request, options: _UserId) -> _Visitor:
    if request.values is None:
        request.values = {}
    visitor: _Visitor | None = request.values.get(" userid")
    if visitor is None:
        visitor = request.values[" userid"] = _Visitor(request, options.name)
    return visitor


def _issued(request: Request, options: _UserId) -> bytes | None:
    """The identifier that the visitor is given: a new one, or its own to be marked; None if it keeps what it has."""
    visitor = _visitor(request, options)
    if visitor.issued is not None:
        return visitor.issued
    if visitor.got is not None:
        reset = (request.values or {}).get("uid_reset") or b""
        if reset in (b"", b"0"):
            if not options.mark or visitor.cookie[LENGTH : LENGTH + 2] == options.mark + b"=":
                return None
            visitor.issued = visitor.got
            return visitor.issued
        visitor.reset = True
        if reset == b"log":
            shown = _shown(options.name, visitor.got).decode("utf-8", "backslashreplace")
            request.complain(NOTICE, f'userid cookie "{shown}" was reset')
    visitor.issued = _make(request, options)
    return visitor.issued


def _make(request: Request, options: _UserId) -> bytes:
    now = int(time.time()) & 0xFFFFFFFF
    if options.version == 1:
        return struct.pack("=4I", options.service or 0, now, _start, next(_first_version) & 0xFFFFFFFF)
    service = options.service
    if service is None:
        address = parse_address(request.stream.local_addr)
        service = 0 if address is None else address.number & 0xFFFFFFFF
    return struct.pack("!4I", service, now, _start, next(_second_version) & 0xFFFFFFFF)


def _shown(name: bytes, identifier: bytes) -> bytes:
    return b"%b=%08X%08X%08X%08X" % (name, *struct.unpack("=4I", identifier))


def _got(request: Request) -> bytes | None:
    options: _UserId | None = request.location.options.get("userid")
    if options is None or (got := _visitor(request, options).got) is None:
        return None
    return _shown(options.name, got)


def _set(request: Request) -> bytes | None:
    options: _UserId | None = request.location.options.get("userid")
    if options is None or not options.version or (issued := _issued(request, options)) is None:
        return None
    return _shown(options.name, issued)


def _compile(scope: Scope, location: Location) -> None:
    mode: str = scope.get("userid")
    if mode == "off":
        return
    lines: list[tuple[str, ...]] = scope.get("userid_flags")
    domain: str = scope.get("userid_domain")
    attributes = "".join(
        [
            f"; domain={domain}" if domain != "none" else "",
            f"; path={scope.get('userid_path')}",
            *(f"; {flag}" for flag in FLAGS[1:] if any(flag in line for line in lines)),
        ]
    )
    p3p: str = scope.get("userid_p3p")
    options = location.options["userid"] = _UserId(
        {"log": 0, "v1": 1, "on": 2}[mode],
        scope.get("userid_service"),
        scope.get("userid_name").encode(),
        attributes.encode(),
        scope.get("userid_expires"),
        scope.get("userid_mark"),
        b"" if p3p == "none" else p3p.encode(),
    )
    if not options.version:
        return

    def set_cookie(request: Request, response: Response) -> None:
        if not request.is_main or (issued := _issued(request, options)) is None:
            return
        cookie = options.cookie(request, _visitor(request, options), issued)
        response.fields.append((b"Set-Cookie", cookie))
        if options.p3p:
            response.fields.append((b"P3P", options.p3p))

    location.add_filter(set_cookie, varies=lambda response: True)


def _expires(directive: Directive, scope: Scope) -> float:
    word = directive.args[0]
    return {"max": MAX_EXPIRES, "off": 0}[word] if word in ("max", "off") else values.seconds(word)


def _mark(directive: Directive, scope: Scope) -> bytes:
    word = directive.args[0]
    if word == "off":
        return b""
    if len(word) != 1 or not (word.isascii() and (word.isalnum() or word == "=")):
        raise ValueError('expected a letter, a digit, "=" or "off"')
    return word.encode()


def _flags(directive: Directive, scope: Scope) -> tuple[str, ...]:
    return tuple(values.choice(word, FLAGS) for word in directive.args)


MODULE = Module(
    name="userid",
    order=60,
    directives=(
        choice(
            "userid", ANYWHERE, ("off", "log", "v1", "on"), "off", "Whether visitors get a cookie: on, v1, log or off."
        ),
        text("userid_name", ANYWHERE, "uid", "The cookie's name."),
        text("userid_domain", ANYWHERE, "none", "Its domain."),
        text("userid_path", ANYWHERE, "/", "Its path."),
        Spec("userid_expires", ANYWHERE, _expires, default=0, summary="How long browsers keep it; max, or off."),
        Spec(
            "userid_flags",
            ANYWHERE,
            _flags,
            (1, 3),
            repeat=True,
            default=(),
            summary="secure, httponly, samesite=..., or off.",
        ),
        Spec("userid_mark", ANYWHERE, _mark, default=b"", summary="A character without which a cookie is set anew."),
        text("userid_p3p", ANYWHERE, "none", "The field P3P that goes with it."),
        number("userid_service", ANYWHERE, None, "A number of the server that is in the cookie."),
    ),
    variables=(
        Variable("uid_got", _got),
        Variable("uid_set", _set),
        Variable("uid_reset", given("uid_reset", lambda request: b""), changeable=True),
    ),
    location=_compile,
)
