"""Slips in the TOML notation, and what to write instead: tomllib only tells what it expected."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Sequence

_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")

_MISTAKES = tuple(
    (re.compile(expected), re.compile(line), words)
    for expected, line, words in (
        ("Invalid value", r"=\s*(on|off|True|False)\b", "on and off are written true and false"),
        ("Invalid value", "", 'text needs quotes: name = "text"'),
        ("after a statement", r";\s*(#.*)?$", "a line ends without `;`"),
        ("after a statement", r"=\s*\d[\d.]*[A-Za-z/:.]", 'what is no number needs quotes: name = "8k"'),
        ("after a statement", r"=[^\"']*,", 'several values are an array: name = ["a", "b"]'),
        ("after a statement", "", "a line ends after its value; text is in one pair of quotes"),
        ("Expected '='", r"[{};]\s*(#.*)?$", "this is nginx's notation, let the file's name end in .conf"),
        ("Expected '='", "", "a line is name = value"),
        ("Expected ']", "", 'a line such as [[server]] or [server.location."/"] ends with as many `]` as it has `[`'),
        ("Illegal character '\\\\n'|Expected \"'\"", "", "the closing quote is missing"),
        ("Unescaped '\\\\'", "", r"a text with a backslash needs single quotes: '~ \.php$'"),
        ("Unclosed array", "", "in an array commas stand between values, and `]` at the end"),
        ("Unclosed inline table", "", "`}` is missing"),
        (
            "overwrite|twice|immutable",
            "",
            "this name was there before; several are an array: [[...], [...]] or [[name]]",
        ),
    )
)


def explain(error: tomllib.TOMLDecodeError, text: str) -> tuple[int, str]:
    """The line of a mistake in ``text``, and what to tell of it."""
    message = str(error)
    place = _PLACE.search(message)
    what = message[: place.start()] if place else message
    lines = text.splitlines() or [""]
    number, column = (int(place[1]), int(place[2])) if place and place[1] else (len(lines), 0)
    if what == 'Expected "\'"':
        number = text[: text.rindex("'")].count("\n") + 1
    line = lines[number - 1] if number <= len(lines) else ""
    if what == "Invalid initial character for a key part":
        return number, _unquoted(line, column - 1)
    for expected, shape, words in _MISTAKES:
        if expected.search(what) and shape.search(line):
            return number, words
    return number, what


def _unquoted(line: str, start: int) -> str:
    """Of a name with something in it that is no plain word."""
    name = (
        line[start:].rstrip().rstrip("]") if line.lstrip().startswith("[") else line[start:].rpartition("=")[0].strip()
    )
    if not name:
        return "a name is missing; what stands in { } must be on one line"
    quote = "'" if '"' in name or "\\" in name else '"'
    return f"a name with other characters than letters, digits, - and _ needs quotes: {quote}{name}{quote}"


def separate_arguments(args: Sequence[str], most: int) -> str:
    """A hint for a directive whose arguments are wrong, and which takes so many at most; empty if there is none."""
    if len(args) == 1 and most > 1 and len(words := args[0].split()) > 1:
        return f"; in TOML each argument is a text of its own: {json.dumps(words)}"
    if len(args) > 1 and most == 1:
        return f"; in TOML a directive that repeats is {json.dumps([[arg] for arg in args])}"
    return ""
