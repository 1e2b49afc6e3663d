"""A member's links: add, list, search, delete, and the short address /go/NAME. Names belong to their user alone."""

from __future__ import annotations

import sqlite3

from flask import Blueprint, Flask, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from accounts import member, members_only
from database import database, transaction
from languages import text
from names import MAX_TAGS, is_name, is_web_address, key, split_tags

LONGEST_NAME = 64
LONGEST_TAG = 32
MOST_LINKS = 1000

blueprint = Blueprint("links", __name__)


@blueprint.get("/links")
@members_only
def show() -> ResponseReturnValue:
    return _page(errors={}, form={"name": request.args.get("name", "")})


@blueprint.post("/links")
@members_only
def add() -> ResponseReturnValue:
    form = {field: request.form.get(field, "").strip() for field in ("name", "address", "tags")}
    tags = split_tags(form["tags"])
    errors = {}
    if not is_name(form["name"], longest=LONGEST_NAME):
        errors["name"] = text("links.bad_name", longest=LONGEST_NAME)
    if not is_web_address(form["address"]):
        errors["address"] = text("links.bad_address")
    if len(tags) > MAX_TAGS or not all(is_name(tag, longest=LONGEST_TAG) for tag in tags):
        errors["tags"] = text("links.bad_tags", most=MAX_TAGS, longest=LONGEST_TAG)
    if not errors:
        errors = _insert(form["name"], form["address"], tags)
    if errors:
        return _page(errors, form), 422
    flash(text("links.added", name=form["name"]))
    return redirect(url_for("links.show"), 303)


def _insert(name: str, address: str, tags: list[str]) -> dict[str, str]:
    """Store a link; the errors that only the database knows are returned as {field: text}."""
    db, user_id = database(), member()["id"]
    with transaction(db):
        (count,) = db.execute("SELECT count(*) FROM links WHERE user_id = ?", [user_id]).fetchone()
        if count >= MOST_LINKS:
            return {"name": text("links.too_many", most=MOST_LINKS)}
        cursor = db.execute(
            "INSERT OR IGNORE INTO links (user_id, name, key, address) VALUES (?, ?, ?, ?)",
            [user_id, name, key(name), address],
        )
        if not cursor.rowcount:
            return {"name": text("links.taken", name=name)}
        db.executemany("INSERT INTO tags VALUES (?, ?)", [(cursor.lastrowid, tag) for tag in tags])
    return {}


@blueprint.post("/links/<int:link_id>/delete")
@members_only
def delete(link_id: int) -> ResponseReturnValue:
    row = (
        database()
        .execute("DELETE FROM links WHERE id = ? AND user_id = ? RETURNING name", [link_id, member()["id"]])
        .fetchone()
    )
    if row is None:
        abort(404)
    flash(text("links.deleted", name=row["name"]))
    return redirect(url_for("links.show"), 303)


@blueprint.get("/go/<name>")
@members_only
def go(name: str) -> ResponseReturnValue:
    """Redirect to the address that this member gave NAME; /go/NAME of two members may lead to two places."""
    row = (
        database()
        .execute("SELECT address FROM links WHERE user_id = ? AND key = ?", [member()["id"], key(name)])
        .fetchone()
    )
    if row is None:
        suggestion = name if is_name(name, longest=LONGEST_NAME) else ""
        return render_template("not_found.html", name=name, suggestion=suggestion), 404
    return redirect(row["address"])


def _page(errors: dict[str, str], form: dict[str, str]) -> str:
    query, tag = request.args.get("q", "").strip(), request.args.get("tag", "").strip()
    found = search(member()["id"], query, tag)
    return render_template("links.html", links=found, query=query, tag=tag, errors=errors, form=form)


def search(user_id: int, query: str, tag: str) -> list[dict[str, object]]:
    """The user's links with this tag, if one is given, that have every word of `query` in name, address or a tag."""
    rows: list[sqlite3.Row] = (
        database()
        .execute(
            "SELECT id, name, key, address, (SELECT group_concat(tag, ' ') FROM tags WHERE link_id = links.id) AS tags"
            " FROM links WHERE user_id = ? ORDER BY key",
            [user_id],
        )
        .fetchall()
    )
    # Matched here because SQLite's LIKE ignores case in ASCII only; a member has MOST_LINKS links at most.
    words = key(query).split()
    found: list[dict[str, object]] = []
    for row in rows:
        tags = (row["tags"] or "").split()
        texts = [row["key"], key(row["address"]), *tags]
        if (not tag or key(tag) in tags) and all(any(word in text for text in texts) for word in words):
            found.append({"id": row["id"], "name": row["name"], "address": row["address"], "tags": tags})
    return found


def install(app: Flask) -> None:
    app.register_blueprint(blueprint)
