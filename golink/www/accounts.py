"""Sign up, sign in, sign out, and the list of members."""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
import time
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from flask import Blueprint, Flask, flash, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from werkzeug.security import check_password_hash, generate_password_hash

from database import database
from languages import text
from names import is_name, key, local_path

LONGEST_NAME = 32
SHORTEST_PASSWORD, LONGEST_PASSWORD = 8, 256
SIGN_IN_SECONDS = 30 * 24 * 3600

# Compared against when there is no such user, so that the answer takes as long as for a wrong password.
NOBODYS_HASH = generate_password_hash(secrets.token_hex(16))

P = ParamSpec("P")
blueprint = Blueprint("accounts", __name__)


def current_user() -> sqlite3.Row | None:
    """The signed-in user's row (id, name), or None."""
    if "user" not in g:
        token = session.get("sign_in")
        g.user = (
            token
            and database()
            .execute(
                "SELECT users.id, users.name FROM sign_ins JOIN users ON users.id = sign_ins.user_id"
                " WHERE token_hash = ? AND expires > ?",
                [_hash(token), int(time.time())],
            )
            .fetchone()
        )
    user: sqlite3.Row | None = g.user
    return user


def member() -> sqlite3.Row:
    """The signed-in user of a view marked `members_only`."""
    user = current_user()
    assert user is not None
    return user


def members_only(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """Send visitors who are not signed in to the sign-in page, and from there back to where they wanted to go."""

    @wraps(view)
    def checked(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        if current_user():
            return view(*args, **kwargs)
        wanted = request.full_path.rstrip("?") if request.method == "GET" else None
        return redirect(url_for("accounts.sign_in", next=wanted), 303)

    return checked


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _start_session(user_id: int) -> None:
    # Nothing of the session before survives, its CSRF token included: no session fixation.
    _end_session()
    session.permanent = True
    session["sign_in"] = token = secrets.token_urlsafe(32)
    now = int(time.time())
    database().execute("DELETE FROM sign_ins WHERE expires <= ?", [now])
    database().execute("INSERT INTO sign_ins VALUES (?, ?, ?)", [_hash(token), user_id, now + SIGN_IN_SECONDS])


def _end_session() -> None:
    # Deleted on the server too: a copied cookie is worth nothing afterwards.
    database().execute("DELETE FROM sign_ins WHERE token_hash = ?", [_hash(session.get("sign_in", ""))])
    session.clear()


@blueprint.route("/sign-up", methods=["GET", "POST"])
def sign_up() -> ResponseReturnValue:
    errors: dict[str, str] = {}
    if request.method == "POST":
        name, password = request.form.get("name", "").strip(), request.form.get("password", "")
        if not is_name(name, longest=LONGEST_NAME):
            errors["name"] = text("accounts.bad_name", longest=LONGEST_NAME)
        if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
            errors["password"] = text("accounts.bad_password", shortest=SHORTEST_PASSWORD, longest=LONGEST_PASSWORD)
        if not errors:
            user_id = _insert(name, password)
            if user_id is not None:
                _start_session(user_id)
                flash(text("accounts.welcome", name=name))
                return redirect(_next(), 303)
            errors["name"] = text("accounts.taken")
    return render_template("sign_up.html", errors=errors, shortest=SHORTEST_PASSWORD), 422 if errors else 200


def _insert(name: str, password: str) -> int | None:
    try:
        cursor = database().execute(
            "INSERT INTO users (name, key, password_hash) VALUES (?, ?, ?)",
            [name, key(name), generate_password_hash(password)],
        )
    except sqlite3.IntegrityError:
        return None
    return cursor.lastrowid


@blueprint.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> ResponseReturnValue:
    error = None
    if request.method == "POST":
        user = (
            database()
            .execute(
                "SELECT id, name, password_hash FROM users WHERE key = ?", [key(request.form.get("name", "").strip())]
            )
            .fetchone()
        )
        password = request.form.get("password", "")
        if check_password_hash(user["password_hash"] if user else NOBODYS_HASH, password) and user:
            _start_session(user["id"])
            flash(text("accounts.hello", name=user["name"]))
            return redirect(_next(), 303)
        error = text("accounts.refused")
    return render_template("sign_in.html", error=error), 422 if error else 200


@blueprint.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    _end_session()
    flash(text("accounts.goodbye"))
    return redirect(url_for("home"), 303)


@blueprint.get("/users")
@members_only
def users() -> ResponseReturnValue:
    rows = database().execute("SELECT name FROM users ORDER BY key").fetchall()
    return render_template("users.html", names=[row["name"] for row in rows])


def _next() -> str:
    return local_path(request.values.get("next"), url_for("links.show"))


def install(app: Flask) -> None:
    app.register_blueprint(blueprint)
    app.jinja_env.globals["current_user"] = current_user
