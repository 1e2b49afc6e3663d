"""Files of names and hashed passwords, as ``htpasswd`` writes them, and whether a password is the one that is meant."""

from __future__ import annotations

import hashlib
import hmac
import os
from collections import OrderedDict
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from passlib.context import CryptContext

REMEMBERED = 1024
"""Passwords that were right: the next request need not wait for a hash that is slow on purpose."""


class UnknownHash(ValueError):
    """A hash that no scheme here has made."""


def find_hash(file: str, name: bytes) -> bytes | None:
    """What the file holds for ``name``, of ``name:hash:comment``; None if it has no such name. Raises OSError."""
    with open(file, "rb") as lines:
        for line in lines:
            found, colon, rest = line.rstrip(b"\r\n").partition(b":")
            if colon and found == name and not line.startswith(b"#"):
                return rest.partition(b":")[0]
    return None


class Passwords:
    """Compares passwords with hashes; ``is_right`` takes its time and belongs into a thread."""

    def __init__(self) -> None:
        self._key = os.urandom(32)
        self._right: OrderedDict[bytes, None] = OrderedDict()

    def is_right(self, password: bytes, hashed: bytes) -> bool:
        """Raises UnknownHash. Knows ``{PLAIN}``, ``{SHA}``, ``{SSHA}``, ``$apr1$``, and crypt's of DES, MD5, SHA-2 and
        bcrypt."""
        if hashed.startswith(b"{PLAIN}"):
            return hmac.compare_digest(hashed[7:], password)
        # neither of them is kept, only what nobody can make without the key of this process
        seen = hashlib.blake2b(len(hashed).to_bytes(4) + hashed + password, key=self._key).digest()
        if seen in self._right:
            return True
        context = _context()
        # where crypt would end: no such password was ever set
        if b"\0" in password:
            return False
        text = hashed.decode("utf-8", "replace")
        try:
            if not context.verify(password, text):
                return False
        except ValueError as error:
            raise UnknownHash from error
        self._remember(seen)
        return True

    def _remember(self, seen: bytes) -> None:
        self._right[seen] = None
        if len(self._right) > REMEMBERED:
            self._right.popitem(last=False)


@cache
def _context() -> CryptContext:
    # slow to import, and few need it
    from passlib.context import CryptContext

    return CryptContext(
        schemes=[
            "apr_md5_crypt",
            "md5_crypt",
            "sha512_crypt",
            "sha256_crypt",
            "bcrypt",
            "des_crypt",
            "ldap_salted_sha1",
            "ldap_sha1",
        ],
        bcrypt__truncate_error=False,
    )
