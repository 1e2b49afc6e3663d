"""GoLink's embedded database: one SQLite file, made by whichever worker comes first."""

from __future__ import annotations

import fcntl
import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from flask import Flask, current_app, g

WWW = Path(__file__).resolve().parent
BUSY_SECONDS = 10.0


class DatabaseError(RuntimeError):
    """The database file cannot be used; the message says what to do."""


def default_path() -> Path:
    """GOLINK_DATABASE, or var/golink.sqlite3 beside www/: outside the folder that the proxy calls its root."""
    configured = os.environ.get("GOLINK_DATABASE")
    return Path(configured).resolve() if configured else WWW.parent / "var" / "golink.sqlite3"


def connect(path: Path) -> sqlite3.Connection:
    """Open the database in autocommit mode; use `transaction` where several statements belong together."""
    db = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    db.row_factory = sqlite3.Row
    try:
        db.execute("PRAGMA foreign_keys = ON")
        db.execute("PRAGMA synchronous = NORMAL")
    except sqlite3.Error:
        db.close()  # it is no database
        raise
    return db


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    # IMMEDIATE: a transaction that first reads and then writes would get SQLITE_BUSY without waiting.
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")


def prepare(path: Path) -> str:
    """Make the database if it is not there yet, and return the secret key that all workers sign cookies with.

    Raises DatabaseError if the file cannot be made or opened, or would be served to the world.
    """
    if path.is_relative_to(WWW / "static"):
        raise DatabaseError(f"{path} would be served as a static file: set GOLINK_DATABASE to a path outside static/")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _one_at_a_time(path.parent):
            # Only the owner may read it: it holds the secret key. SQLite gives its -wal and -shm files the same mode.
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            with closing(connect(path)) as db:
                db.execute("PRAGMA journal_mode = WAL")
                db.executescript((WWW / "schema.sql").read_text())
                db.execute("INSERT OR IGNORE INTO settings VALUES ('secret_key', ?)", [secrets.token_hex(32)])
                row = db.execute("SELECT value FROM settings WHERE name = 'secret_key'").fetchone()
                return str(row["value"])
    except (OSError, sqlite3.Error) as error:
        raise DatabaseError(
            f"cannot use the database {path}: {error}. Set GOLINK_DATABASE to a file in a folder that GoLink may write."
        ) from error


@contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    """Let the workers prepare the database one after the other.

    The change to WAL mode does not wait for SQLite's busy timeout, so SQLite's own locks are not enough here.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def database() -> sqlite3.Connection:
    """The connection of the request at hand."""
    if "database" not in g:
        g.database = connect(current_app.config["DATABASE"])
    db: sqlite3.Connection = g.database
    return db


def install(app: Flask) -> None:
    @app.teardown_appcontext
    def close(_error: BaseException | None) -> None:
        if "database" in g:
            g.pop("database").close()
