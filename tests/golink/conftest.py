from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
# GoLink's modules have plain names, because gunicorn runs in their folder. At the end, so that they hide nothing.
sys.path += [str(HERE.parents[1] / "golink" / "www"), str(HERE)]

import accounts  # noqa: E402
from application import create_app  # noqa: E402
from database import prepare  # noqa: E402
from flask import Flask  # noqa: E402
from golink_visitor import Visitor  # noqa: E402
from werkzeug.security import generate_password_hash  # noqa: E402


@pytest.fixture
def database_path(tmp_path: Path) -> Path:
    return tmp_path / "var" / "golink.sqlite3"


@pytest.fixture
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashing a password properly takes 0.1 s, which the many visitors of these tests need not pay."""
    cheap = partial(generate_password_hash, method="pbkdf2:sha256:1")
    monkeypatch.setattr(accounts, "generate_password_hash", cheap)
    monkeypatch.setattr(accounts, "NOBODYS_HASH", cheap("nobody"))


@pytest.fixture(scope="session")
def only_app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """One application for all tests, because compiling its templates and routes takes longer than most tests."""
    return create_app(tmp_path_factory.mktemp("golink") / "unused.sqlite3")


@pytest.fixture
def app(only_app: Flask, database_path: Path, cheap_hashes: None) -> Flask:
    """The application on an empty database of this test's own."""
    only_app.config.update(DATABASE=database_path, SECRET_KEY=prepare(database_path))
    return only_app


@pytest.fixture
def visit(app: Flask) -> Callable[[], Visitor]:
    """Makes visitors, each with a browser (cookies) of its own."""
    return lambda: Visitor(app.test_client())


@pytest.fixture
def visitor(visit: Callable[[], Visitor]) -> Visitor:
    return visit()


@pytest.fixture
def alice(visit: Callable[[], Visitor]) -> Visitor:
    """A visitor with an account, signed in."""
    return visit().signed_up("alice")
