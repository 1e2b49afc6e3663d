"""PCRE's notation of regular expressions, said in that of Python's ``re``: the same bytes match.

What ``re`` has no words for is refused with the reason: recursion, ``\\K``, callouts, branch reset and the like.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator

# One step: an escape, the opening of a group or of a class, or a single character.
_ESCAPE = re.compile(
    r"\\(?:x\{(?P<hex>[0-9A-Fa-f]{1,2})\}|o\{(?P<oct>[0-7]{1,3})\}|c(?P<control>[\x20-\x7e])"
    r"|g(?:\{(?P<g>-?\w+)\}|(?P<gn>\d+))|k(?:<(?P<k1>\w+)>|\{(?P<k2>\w+)\}|'(?P<k3>\w+)')"
    r"|(?P<p>[pP])(?:\{(?P<long>\^?[A-Z][a-z]?)\}|(?P<short>[A-Z]))|(?P<char>.))",
    re.ASCII | re.DOTALL,
)
_GROUP = re.compile(
    r"\((?:\?(?:P?<(?P<name>[A-Za-z_]\w*)>|'(?P<quoted>[A-Za-z_]\w*)'|P=(?P<back>[A-Za-z_]\w*)\)"
    r"|\((?:<(?P<if1>[A-Za-z_]\w*)>|'(?P<if2>[A-Za-z_]\w*)')\)|(?P<comment>#[^)]*\))"
    r"|(?P<flags>[a-zA-Z^]*(?:-[a-zA-Z]*)?)(?P<scoped>[:)])|(?P<kind><?[=!]|>|\((?=\d))|(?P<other>.))|(?P<verb>\*))?",
    re.ASCII | re.DOTALL,
)
_CLASS_START = re.compile(r"\[\^?\]?")
_POSIX = re.compile(r"\[:(\^?)([a-z]+):\]")
_POSIX_CLASSES = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "ascii": r"\x00-\x7f",
    "blank": r" \t",
    "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9",
    "graph": r"\x21-\x7e",
    "lower": "a-z",
    "print": r"\x20-\x7e",
    "punct": r"\x21-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e",
    "space": r"\s",
    "upper": "A-Z",
    "word": r"\w",
    "xdigit": "0-9A-Fa-f",
}
_SPACES, _LINES = r"\t \xa0", r"\n\x0b\f\r\x85"
_SETS = {"h": _SPACES, "v": _LINES}
"""Escapes that stand for several bytes, by what Python writes in a class."""
_WORDS = {
    "h": f"[{_SPACES}]",
    "H": f"[^{_SPACES}]",
    "v": f"[{_LINES}]",
    "V": f"[^{_LINES}]",
    "N": r"[^\n]",
    "R": rf"(?:\r\n|[{_LINES}])",
    "Z": r"(?=\n?\Z)",
    "z": r"\Z",
    "e": r"\x1b",
}
_UNKNOWN = {"K": r"\K", "G": r"\G", "X": r"\X", "C": r"\C", "p": r"\p", "P": r"\P"}


def translate(pattern: str) -> str:
    """Python's words for ``pattern``. Names become lower case, as variables have none. Raises ValueError."""
    return "".join(_Translator(pattern).pieces())


class _Translator:
    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._place = 0
        self._groups = 0
        """Numbered so far."""
        self._flags: list[list[str]] = [[]]
        """What ``(?i)`` and its like have opened, for each group around this place: they hold until its end."""

    def pieces(self) -> Iterator[str]:
        """What each step becomes."""
        while self._place < len(self._pattern):
            char = self._pattern[self._place]
            step: Callable[[], str] = {"\\": self._escape, "(": self._group, "[": self._class}.get(char, self._plain)
            yield step()
        yield _close(self._flags[0])

    def _match(self, expression: re.Pattern[str]) -> re.Match[str]:
        match = expression.match(self._pattern, self._place)
        if match is None:
            raise ValueError(f'"{self._pattern[self._place :]}" is not finished')
        self._place = match.end()
        return match

    def _plain(self) -> str:
        char = self._pattern[self._place]
        self._place += 1
        opened = self._flags[-1]
        if char == "|":
            # flags that were set in one alternative hold in the next ones, too
            return _close(opened) + "|" + "".join(opened)
        if char == ")" and len(self._flags) > 1:
            return _close(self._flags.pop()) + ")"
        return char

    def _escape(self) -> str:
        if self._pattern.startswith(r"\Q", self._place):
            text, end, _ = self._pattern[self._place + 2 :].partition(r"\E")
            self._place += 2 + len(text) + len(end and r"\E")
            return re.escape(text)
        match = self._match(_ESCAPE)
        if (byte := _byte(match)) is not None:
            return byte
        if name := match["k1"] or match["k2"] or match["k3"]:
            return f"(?P={name.lower()})"
        if reference := match["g"] or match["gn"]:
            return self._back(reference)
        if match["p"]:
            return f"[{_property(match)}]"
        char: str = match["char"]
        if char in _UNKNOWN:
            raise ValueError(f"Python has no {_UNKNOWN[char]}")
        if char == "E":
            return ""
        return _WORDS.get(char, match[0])

    def _back(self, reference: str) -> str:
        if not reference.lstrip("-").isdigit():
            return f"(?P={reference.lower()})"
        number = int(reference)
        if -number > self._groups:
            raise ValueError(f"there is no group so far back as {reference}")
        # a digit may follow that does not belong to the number
        return rf"(?:\{number if number > 0 else self._groups + 1 + number})"

    def _group(self) -> str:
        match = self._match(_GROUP)
        if match["verb"]:
            raise ValueError("Python has no verbs such as (*UTF8)")
        if match["other"]:
            raise ValueError(f"Python has no {match[0]}")
        if match["comment"]:
            return ""
        if match["back"]:
            return f"(?P={match['back'].lower()})"
        if match["scoped"] == ")":
            return self._set_flags(match["flags"])
        self._flags.append([])
        if name := match["name"] or match["quoted"]:
            self._groups += 1
            return f"(?P<{name.lower()}>"
        if name := match["if1"] or match["if2"]:
            return f"(?({name.lower()})"
        if match["flags"]:
            return f"(?{_known(match['flags'])}:"
        if match[0] == "(":
            self._groups += 1
        if match["kind"] == "(":
            self._flags.pop()  # `(?(1)`: the rest of the opening is read as it stands
            self._flags += [[], []]
        return match[0]

    def _set_flags(self, flags: str) -> str:
        if not flags:
            return ""
        opening = f"(?{_known(flags)}:"
        self._flags[-1].append(opening)
        return opening

    def _class(self) -> str:
        if _POSIX.match(self._pattern, self._place):
            raise ValueError("[:name:] belongs inside another [ ]")
        written = [self._match(_CLASS_START)[0]]
        while not self._pattern.startswith("]", self._place):
            written.append(self._in_class())
        self._place += 1
        return "".join(written) + "]"

    def _in_class(self) -> str:
        if self._place >= len(self._pattern):
            raise ValueError("missing ] for a [")
        if match := _POSIX.match(self._pattern, self._place):
            self._place = match.end()
            return _posix(match)
        char = self._pattern[self._place]
        if char != "\\":
            self._place += 1
            # what a Python to come may take for more than itself
            return "\\" + char if char in "[&~|" else char
        match = self._match(_ESCAPE)
        if (byte := _byte(match)) is not None:
            return byte
        if match["p"]:
            return _property(match)
        if match["char"] is None or match["char"] in "HVNRQE":
            raise ValueError(f"{match[0]} cannot stand inside of [ ]")
        return _SETS.get(match["char"], r"\x1b" if match["char"] == "e" else match[0])


def _close(opened: list[str]) -> str:
    # a comment of (?x) ends with its line
    return "".join("\n)" if "x" in opening.partition("-")[0] else ")" for opening in opened)


def _byte(match: re.Match[str]) -> str | None:
    if match["hex"]:
        return rf"\x{int(match['hex'], 16):02x}"
    if match["oct"]:
        return rf"\x{int(match['oct'], 8) & 0xFF:02x}"
    if match["control"]:
        return rf"\x{ord(match['control'].upper()) ^ 0x40:02x}"
    return None


def _known(flags: str) -> str:
    if unknown := set(flags) - set("imsx-"):
        raise ValueError(f"Python has no flag {', '.join(sorted(unknown))}")
    return flags


def _posix(match: re.Match[str]) -> str:
    inside = _POSIX_CLASSES.get(match[2])
    if inside is None:
        raise ValueError(f"unknown {match[0]}")
    if not match[1]:
        return inside
    wanted = re.compile(f"[^{inside}]".encode())
    return _listed(code for code in range(256) if wanted.match(bytes([code])))


def _property(match: re.Match[str]) -> str:
    """``\\p{Lu}``, of bytes, which without ``(*UTF8)`` are the characters of Latin-1."""
    name = match["long"] or match["short"]
    wanted = (match["p"] == "p") != name.startswith("^")
    name = name.lstrip("^")
    codes = [code for code in range(256) if unicodedata.category(chr(code)).startswith(name) is wanted]
    if not 0 < len(codes) < 256:
        raise ValueError(f"{match[0]} matches no byte, or every one")
    return _listed(codes)


def _listed(codes: Iterable[int]) -> str:
    return "".join(rf"\x{code:02x}" for code in codes)
