"""Tables of host names with wildcards, as ``server_name`` and ``map ... hostnames`` have them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")

_WILDCARD = re.compile(r"\*\.[^*]+|[^*]+\.\*")


def is_name(name: str) -> bool:
    """Whether an asterisk stands, if at all, where it may: at the start or the end, beside a dot."""
    return name != "." and ("*" not in name or _WILDCARD.fullmatch(name) is not None)


class HostNames(Generic[T]):
    """Values by name. Precedence as in nginx: exact, the longest ``*.suffix``, the longest ``prefix.*``."""

    def __init__(self) -> None:
        self.exact: dict[bytes, T] = {}
        self._suffixes: dict[bytes, T] = {}
        self._prefixes: dict[bytes, T] = {}

    def add(self, name: str, value: T) -> bool:
        """Give ``name`` a value, unless it has one; False if it has another already. ``.name`` is ``name *.name``."""
        key = name.lower().encode("utf-8", "surrogateescape")
        if key.startswith(b"*."):
            return self._claim(self._suffixes, key[1:], value)
        if key.startswith(b"."):
            return self._claim(self.exact, key[1:], value) & self._claim(self._suffixes, key, value)
        if key.endswith(b".*"):
            return self._claim(self._prefixes, key[:-1], value)
        return self._claim(self.exact, key, value)

    def _claim(self, table: dict[bytes, T], key: bytes, value: T) -> bool:
        return table.setdefault(key, value) is value

    def values(self) -> Iterator[T]:
        """All of them."""
        for table in (self.exact, self._suffixes, self._prefixes):
            yield from table.values()

    def find(self, host: bytes) -> T | None:
        """The value for a lower-case host without port."""
        found = self.exact.get(host)
        if found is not None:
            return found
        if self._suffixes:
            dot = host.find(b".")
            while dot >= 0:
                if dot > 0 and (found := self._suffixes.get(host[dot:])) is not None:
                    return found
                dot = host.find(b".", dot + 1)
        if self._prefixes:
            dot = host.rfind(b".")
            while dot > 0:
                if (found := self._prefixes.get(host[: dot + 1])) is not None:
                    return found
                dot = host.rfind(b".", 0, dot)
        return None
