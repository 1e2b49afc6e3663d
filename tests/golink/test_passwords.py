"""What is kept of passwords and sign-ins, and that the answer to a wrong one tells nothing. With real hashes."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import accounts
import pytest
from golink_visitor import PASSWORD, Visitor


@pytest.fixture
def cheap_hashes() -> None:
    """Not here."""


def test_password_is_stored_as_a_hash_and_the_sign_in_too(alice: Visitor, database_path: Path) -> None:
    with closing(sqlite3.connect(database_path)) as db:
        (stored,) = db.execute("SELECT password_hash FROM users").fetchone()
        (token_hash,) = db.execute("SELECT token_hash FROM sign_ins").fetchone()
    with alice.client.session_transaction() as session:
        assert session["sign_in"] != token_hash
    assert stored.startswith("scrypt:32768:8:1$")
    assert PASSWORD not in stored


def test_wrong_user_and_wrong_password_get_the_same_answer(
    alice: Visitor, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str] = []
    original = accounts.check_password_hash

    def check(stored: str, password: str) -> bool:
        checked.append(stored.rsplit("$", 2)[0])
        return original(stored, password)

    monkeypatch.setattr(accounts, "check_password_hash", check)
    answers = []
    for name in ("alice", "nobody"):
        response = visitor.send("/sign-in", name=name, password="wrong password")
        answers.append((response.status_code, response.text.replace(f'value="{name}"', "")))
    assert answers[0] == answers[1]
    assert answers[0][0] == 422
    # The time is the same because the same work is done: one hash each, by the same method at the same cost.
    assert len(checked) == 2
    assert checked[0] == checked[1]
