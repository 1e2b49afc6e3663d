"""ngx_http_auth_basic_module: a name and a password before anything is answered."""

from __future__ import annotations

import asyncio
import os

from pyproxy.config.schema import ANYWHERE, Module, Spec, template
from pyproxy.config.scope import Scope
from pyproxy.config.tree import Directive
from pyproxy.core.credentials import basic_credentials
from pyproxy.core.location import Location, Phase
from pyproxy.core.logs.log import CRIT, ERROR, INFO
from pyproxy.core.outcome import GRANTED, Outcome, Refusal
from pyproxy.core.passwords import Passwords, UnknownHash, find_hash
from pyproxy.core.request import Request
from pyproxy.core.uri import escape_line_ends
from pyproxy.core.variables import Template


class _AuthBasic:
    def __init__(self, realm: Template, file: Template, folder: str) -> None:
        self._realm = realm
        self._file = file
        self._folder = folder
        self._passwords = Passwords()

    def handle(self, request: Request) -> Outcome:
        """Ask for credentials, or let those that came be checked in a thread: a good hash takes its time."""
        realm = escape_line_ends(self._realm.render(request))
        if realm == b"off":
            return None
        given = basic_credentials(request)
        challenge = b'Basic realm="%b"' % realm
        if request.method == b"CONNECT":
            refusal = Refusal(407, ((b"Proxy-Authenticate", challenge),))
        else:
            refusal = Refusal(401, ((b"WWW-Authenticate", challenge),))
        if given is None:
            request.complain(INFO, "no user/password was provided for basic authentication")
            return refusal
        file = os.path.join(self._folder, os.fsdecode(self._file.render(request)))
        return self._check(request, file, *given, refusal)

    async def _check(self, request: Request, file: str, name: bytes, password: bytes, refusal: Refusal) -> Outcome:
        shown = name.decode("utf-8", "backslashreplace")
        try:
            right = await asyncio.to_thread(self._is_right, file, name, password)
        except OSError as error:
            missing = isinstance(error, FileNotFoundError)
            why = f'open() "{file}" failed ({error.errno}: {error.strerror})'
            request.complain(ERROR if missing else CRIT, why)
            return 403 if missing else 500
        except UnknownHash:
            request.complain(ERROR, f'user "{shown}": the hash in "{file}" is of no known kind, make it with htpasswd')
            return refusal
        if right:
            return GRANTED
        reason = f'"{shown}": password mismatch' if right is False else f'"{shown}" was not found in "{file}"'
        request.complain(ERROR, f"user {reason}")
        return refusal

    def _is_right(self, file: str, name: bytes, password: bytes) -> bool | None:
        hashed = find_hash(file, name)
        return None if hashed is None else self._passwords.is_right(password, hashed)


def _user_file(directive: Directive, scope: Scope) -> Template:
    return scope.template(directive.args[0])


def _compile(scope: Scope, location: Location) -> None:
    realm: Template | None = scope.get("auth_basic")
    file: Template | None = scope.get("auth_basic_user_file")
    if realm is None or file is None or realm.constant == b"off":
        return
    location.add_handler(Phase.ACCESS, _AuthBasic(realm, file, scope.site.folder).handle)


MODULE = Module(
    name="auth_basic",
    order=11,
    directives=(
        template("auth_basic", ANYWHERE, None, "What the login is for, as browsers show it; off: no login."),
        Spec("auth_basic_user_file", ANYWHERE, _user_file, summary="Names and hashed passwords, as of htpasswd."),
    ),
    location=_compile,
)
