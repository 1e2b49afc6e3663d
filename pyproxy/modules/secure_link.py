"""ngx_http_secure_link_module: links that only who knows a secret can make, and that end."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import time

from pyproxy.config.schema import ANYWHERE, Module, Spec, template
from pyproxy.config.scope import Scope
from pyproxy.config.tree import ConfigError, Directive
from pyproxy.core.location import Location
from pyproxy.core.request import Request
from pyproxy.core.variables import Template, Variable


class _Checked:
    """``secure_link`` and ``secure_link_md5``: a hash in the request, and the text that it must be of."""

    def __init__(self, link: Template, text: Template) -> None:
        self._link = link
        self._text = text

    def check(self, request: Request) -> bytes | None:
        """``1``; ``0`` if its time is over; None if it is wrong."""
        digest, expires = self._parts(request)
        if expires is not None and _seconds(expires) <= 0:
            return None
        if len(digest) > 24 or (given := _decode(digest)) is None:
            return None
        wanted = hashlib.md5(self._text.render(request), usedforsecurity=False).digest()
        if not hmac.compare_digest(given, wanted):
            return None
        return b"0" if expires is not None and _seconds(expires) < time.time() - 1 else b"1"

    def expires(self, request: Request) -> bytes | None:
        """When the link ends, as it says."""
        expires = self._parts(request)[1]
        return expires if expires is not None and _seconds(expires) > 0 else None

    def _parts(self, request: Request) -> tuple[bytes, bytes | None]:
        digest, comma, expires = self._link.render(request).partition(b",")
        return digest, expires if comma else None


def _seconds(text: bytes) -> int:
    return int(text) if text.isdigit() else -1


def _decode(digest: bytes) -> bytes | None:
    digest = digest.partition(b"=")[0]
    try:
        return base64.b64decode(digest + b"=" * (-len(digest) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        return None


class _Secret:
    """``secure_link_secret``: ``/prefix/hash/link``, where the hash is of the link and the secret."""

    def __init__(self, word: str) -> None:
        self._word = word.encode("utf-8", "surrogateescape")

    def check(self, request: Request) -> bytes | None:
        """The link, None if it is wrong."""
        _, _, rest = request.route.head.target[1:].partition(b"/")
        digest, slash, link = rest.partition(b"/")
        if not slash or not link or len(digest) != 32:
            return None
        wanted = hashlib.md5(link + self._word, usedforsecurity=False).hexdigest().encode()
        return link if hmac.compare_digest(digest.lower(), wanted) else None

    def expires(self, request: Request) -> None:
        """Such links do not end."""


def _secret(directive: Directive, scope: Scope) -> _Secret:
    return _Secret(directive.args[0])


def _compile(scope: Scope, location: Location) -> None:
    secret: _Secret | None = scope.own("secure_link_secret")
    link: Template | None = scope.get("secure_link")
    text: Template | None = scope.get("secure_link_md5")
    if secret is None and link is None and text is None:
        secret = scope.get("secure_link_secret")
    if secret is not None:
        if scope.own("secure_link") is not None or scope.own("secure_link_md5") is not None:
            message = "`secure_link_secret` cannot be mixed with `secure_link` or `secure_link_md5`; keep one way"
            raise ConfigError(message, scope.directive.source)
        location.options["secure_link"] = secret
    elif link is not None and text is not None:
        location.options["secure_link"] = _Checked(link, text)


def _link(request: Request) -> bytes | None:
    link: _Checked | _Secret | None = request.location.options.get("secure_link")
    return link.check(request) if link is not None else None


def _expires(request: Request) -> bytes | None:
    link: _Checked | _Secret | None = request.location.options.get("secure_link")
    return link.expires(request) if link is not None else None


MODULE = Module(
    name="secure_link",
    directives=(
        template("secure_link", ANYWHERE, None, "Where a request has the hash of its link, and when that ends."),
        template("secure_link_md5", ANYWHERE, None, "What the hash must be of."),
        Spec("secure_link_secret", ANYWHERE, _secret, summary="The secret of links that hold their hash."),
    ),
    variables=(Variable("secure_link", _link), Variable("secure_link_expires", _expires)),
    location=_compile,
)
