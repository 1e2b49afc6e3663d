"""Replaces strings in a body that comes in pieces, regardless of case and of where the pieces end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

STEP = 1 << 15
"""Bytes that are looked through at a time."""


class Substitution:
    """The first occurrence of any pattern is replaced, then the next one after it. Where two begin at the same place,
    the one that stands first in the list wins, as in nginx."""

    def __init__(self, patterns: Sequence[bytes], replacement: Callable[[int], bytes], once: bool) -> None:
        """``patterns`` in lower case; ``replacement`` is asked for each once at most, by its index; ``once``: each
        pattern is replaced once."""
        self._patterns = dict(enumerate(patterns))
        """Those that are still looked for."""
        self._longest = max(map(len, patterns))
        self._replacement = replacement
        self._replacements: dict[int, bytes] = {}
        self._once = once
        self._held = b""
        """The end of what has come, which may be the begin of an occurrence."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        for at in range(0, len(data), STEP):
            yield self._replace(data[at : at + STEP])

    def flush(self) -> tuple[()]:
        return ()

    def end(self) -> tuple[bytes]:
        return (self._held,)

    def _replace(self, data: bytes) -> bytes:
        text = self._held + data
        lower = text.lower()
        found = {index: lower.find(pattern) for index, pattern in self._patterns.items()}
        pieces: list[bytes] = []
        position = 0
        while True:
            for index, start in found.items():
                if 0 <= start < position:
                    found[index] = lower.find(self._patterns[index], position)
            start, index = min(
                ((start, index) for index, start in found.items() if start >= 0), default=(len(text), -1)
            )
            begun = self._begun(lower, position, start, index)
            if begun >= 0 or index < 0:
                end = begun if begun >= 0 else len(text)
                self._held = text[end:]
                return b"".join([*pieces, text[position:end]])
            pieces += (text[position:start], self._value(index))
            position = start + len(self._patterns[index])
            if self._once:
                del found[index], self._patterns[index]

    def _begun(self, lower: bytes, position: int, start: int, index: int) -> int:
        """Where, before the occurrence of ``index`` at ``start``, another one may have begun that the text does not
        show whole yet; at ``start`` itself only one that would win. -1 for nowhere."""
        size = len(lower)
        for place in range(max(position, size - self._longest + 1), min(start + 1, size)):
            tail = lower[place:]
            for other, pattern in self._patterns.items():
                if place == start and other >= index:
                    break
                if len(tail) < len(pattern) and pattern.startswith(tail):
                    return place
        return -1

    def _value(self, index: int) -> bytes:
        value = self._replacements.get(index)
        if value is None:
            value = self._replacements[index] = self._replacement(index)
        return value
