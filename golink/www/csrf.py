"""Protection against forged forms: a token in the session that every form must send back.

Forty lines instead of Flask-WTF, because that would bring a form library that nothing else here uses.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from flask import Flask, abort, current_app, request, session
from markupsafe import Markup

FIELD = "csrf_token"
P = ParamSpec("P")
R = TypeVar("R")


def token() -> str:
    if FIELD not in session:
        session[FIELD] = secrets.token_urlsafe(32)
    return str(session[FIELD])


def field() -> Markup:
    """The hidden input that each `<form method="post">` carries."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, token())


def exempt(view: Callable[P, R]) -> Callable[P, R]:
    """Mark a view that neither changes anything nor looks at who is signed in: a forged request gains nothing there."""
    view.csrf_exempt = True  # type: ignore[attr-defined]
    return view


def install(app: Flask) -> None:
    app.jinja_env.globals["csrf_field"] = field

    @app.before_request
    def check() -> None:
        if request.method in ("GET", "HEAD", "OPTIONS", "TRACE") or request.endpoint is None:
            return
        if getattr(current_app.view_functions[request.endpoint], "csrf_exempt", False):
            return
        expected = session.get(FIELD, "")
        if not expected or not hmac.compare_digest(expected.encode(), request.form.get(FIELD, "").encode()):
            abort(400, "csrf")
