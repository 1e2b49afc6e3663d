from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import database
import pytest

WWW = database.WWW

# Prepares each database whose path arrives on standard input, and answers with its secret key.
WORKER = """
import sys
from pathlib import Path
from database import prepare
print("ready", flush=True)
for line in sys.stdin:
    print(prepare(Path(line.rstrip("\\n"))), flush=True)
"""


def test_three_workers_make_it_at_once(tmp_path: Path) -> None:
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER], cwd=WWW, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        for _ in range(3)
    ]
    try:
        pipes = [(worker.stdin, worker.stdout) for worker in workers]
        for _, answers in pipes:
            assert answers is not None
            assert answers.readline() == "ready\n"
        for attempt in range(25):
            path = tmp_path / str(attempt) / "golink.sqlite3"
            for orders, _ in pipes:
                assert orders is not None
                orders.write(f"{path}\n")
            keys = {answers.readline() for _, answers in pipes if answers}
            assert len(keys) == 1, f"attempt {attempt}: {keys}"
            assert len(keys.pop().strip()) == 64
    finally:
        for worker in workers:
            with worker:
                assert worker.stdin is not None
                worker.stdin.close()
                worker.wait(10)


def test_the_secret_key_stays(database_path: Path) -> None:
    assert database.prepare(database_path) == database.prepare(database_path)


def test_only_the_owner_can_read_it(database_path: Path) -> None:
    database.prepare(database_path)
    with closing(database.connect(database_path)) as db:
        db.execute("INSERT INTO settings VALUES ('a', 'b')")
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in database_path.parent.iterdir()}
        assert db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    assert set(modes.values()) == {0o600}
    assert set(modes) == {"golink.sqlite3", "golink.sqlite3-wal", "golink.sqlite3-shm"}
    assert stat.S_IMODE(database_path.parent.stat().st_mode) == 0o700


def test_a_writer_waits_for_another(database_path: Path) -> None:
    database.prepare(database_path)
    with closing(database.connect(database_path)) as db:
        assert db.execute("PRAGMA busy_timeout").fetchone()[0] == database.BUSY_SECONDS * 1000
        assert db.execute("PRAGMA foreign_keys").fetchone()[0] == 1


def test_transaction_is_all_or_nothing(database_path: Path) -> None:
    database.prepare(database_path)
    with closing(database.connect(database_path)) as db:
        with pytest.raises(sqlite3.IntegrityError), database.transaction(db):
            db.executemany("INSERT INTO settings VALUES ('a', ?)", [("b",), ("c",)])
        assert db.execute("SELECT * FROM settings WHERE name = 'a'").fetchall() == []


def test_default_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("GOLINK_DATABASE", raising=False)
    assert database.default_path() == WWW.parent / "var" / "golink.sqlite3"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GOLINK_DATABASE", "here.sqlite3")
    assert database.default_path() == tmp_path / "here.sqlite3"


def test_it_is_never_served() -> None:
    with pytest.raises(database.DatabaseError, match="would be served"):
        database.prepare(WWW / "static" / "golink.sqlite3")


def test_errors_say_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(database.DatabaseError, match="Set GOLINK_DATABASE"):
        database.prepare(tmp_path / "file" / "golink.sqlite3")
    broken = tmp_path / "broken.sqlite3"
    broken.write_text("not a database" * 100)
    with pytest.raises(database.DatabaseError, match=r"broken\.sqlite3: file is not a database"):
        database.prepare(broken)
