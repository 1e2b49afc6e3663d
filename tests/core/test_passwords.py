"""Names and hashes in a file, and which password is right."""

from __future__ import annotations

from pathlib import Path

import pytest

from pyproxy.core.passwords import REMEMBERED, Passwords, UnknownHash, find_hash


def test_find_hash(tmp_path: Path) -> None:
    file = tmp_path / "users"
    file.write_bytes(b"# a comment:x\n\nann:1:her comment\nan:2\nann:3\nbob:4\r\nlast:5")
    names = (b"ann", b"an", b"bob", b"last", b"b", b"# a comment", b"")
    found = {name: find_hash(str(file), name) for name in names}
    assert found == {
        b"ann": b"1",
        b"an": b"2",
        b"bob": b"4",
        b"last": b"5",
        b"b": None,
        b"# a comment": None,
        b"": None,
    }


def test_a_right_password_is_remembered_but_only_with_its_hash() -> None:
    passwords = Passwords()
    bcrypt = b"$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW"
    apr1 = b"$apr1$abcdefgh$h9FWgUz3n9YxylKLlR5SQ/"
    for _ in range(2):
        assert passwords.is_right(b"secret", bcrypt)
        assert passwords.is_right(b"secret", apr1)
        assert not passwords.is_right(b"secret", apr1.replace(b"abcdefgh", b"abcdefgi"))
        assert not passwords.is_right(b"secre", bcrypt)
        assert not passwords.is_right(b"secret\0", bcrypt)


def test_what_is_remembered_is_bounded() -> None:
    passwords = Passwords()
    for _ in range(3):
        for number in range(REMEMBERED):
            passwords._remember(b"%d" % number)
    assert len(passwords._right) == REMEMBERED
    passwords._remember(b"new")
    assert len(passwords._right) == REMEMBERED
    assert b"new" in passwords._right


@pytest.mark.parametrize("hashed", [b"", b"secret", b"$1$", b"$9$abc$def", b"{MD5}abc", b"\xff"])
def test_a_hash_of_no_known_kind(hashed: bytes) -> None:
    with pytest.raises(UnknownHash):
        Passwords().is_right(b"secret", hashed)
