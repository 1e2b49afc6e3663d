"""Where every key of a TOML text stands. tomllib, which reads the values, does not tell."""

from __future__ import annotations

import re
import tomllib

Path = tuple[str | int, ...]

_TOKEN = re.compile(
    r"""
      (?P<skip> [ \t\r]+ | \#[^\n]* )
    | (?P<newline> \n )
    | (?P<string> \"{3} (?:\\.|[^\\])*? \"{3,5} | '{3} .*? '{3,5} | "(?:\\.|[^"\\])*" | '[^']*' )
    | (?P<mark> [\[\]{}=,] )
    | (?P<bare> [^\s\[\]{}=,\#"']+ )
    """,
    re.VERBOSE | re.DOTALL,
)


def key_lines(text: str) -> dict[Path, int]:
    """Path -> line for the tables, keys and array elements of ``text``, which must be valid TOML.

    A path is made of keys and of indexes into arrays: ``("server", 0, "listen")``.
    """
    return _Scanner(text).lines


class _Scanner:
    """A walk over the tokens. As the text is known to be valid, it need not check what it passes."""

    def __init__(self, text: str) -> None:
        self.lines: dict[Path, int] = {}
        self.tables: dict[Path, int] = {}
        """How many elements each array of tables has so far."""
        self.tokens: list[tuple[str, str, int]] = []
        line = 1
        for match in _TOKEN.finditer(text):
            if match.lastgroup != "skip":
                self.tokens.append((match.lastgroup or "", match[0], line))
            line += match[0].count("\n")
        self.place = 0
        table: Path = ()
        while self.place < len(self.tokens):
            kind, token, _ = self.tokens[self.place]
            if kind == "newline":
                self.place += 1
            elif token == "[":
                table = self.header()
            else:
                self.key_value(table)

    def peek(self) -> str:
        """The next token; newlines are passed over."""
        while self.tokens[self.place][0] == "newline":
            self.place += 1
        return self.tokens[self.place][1]

    def header(self) -> Path:
        is_array = self.tokens[self.place + 1][1] == "["
        self.place += 2 if is_array else 1
        line = self.tokens[self.place][2]
        keys = self.keys("]")
        self.place += 2 if is_array else 1
        path: Path = ()
        for key in keys[:-1]:
            path = (*path, key)
            self.lines.setdefault(path, line)
            if path in self.tables:
                path = (*path, self.tables[path] - 1)
        path = (*path, keys[-1])
        self.lines.setdefault(path, line)
        if is_array:
            self.tables[path] = self.tables.get(path, 0) + 1
            path = (*path, self.tables[path] - 1)
            self.lines[path] = line
        return path

    def key_value(self, table: Path) -> None:
        line = self.tokens[self.place][2]
        for key in self.keys("="):
            table = (*table, key)
            self.lines.setdefault(table, line)
        self.place += 1
        self.value(table)

    def keys(self, end: str) -> list[str]:
        start = self.place
        while self.tokens[self.place][1] != end:
            self.place += 1
        # tomllib knows best how a dotted key is quoted.
        text = "".join(token for _, token, _ in self.tokens[start : self.place])
        keys: list[str] = []
        table = tomllib.loads(f"{text}=0")
        while isinstance(table, dict):
            [(key, table)] = table.items()
            keys.append(key)
        return keys

    def value(self, path: Path) -> None:
        token = self.peek()
        self.place += 1
        if token == "[":
            index = 0
            while self.peek() != "]":
                element = (*path, index)
                self.lines[element] = self.tokens[self.place][2]
                self.value(element)
                index += 1
                if self.peek() == ",":
                    self.place += 1
            self.place += 1
        elif token == "{":
            while self.peek() != "}":
                self.key_value(path)
                if self.peek() == ",":
                    self.place += 1
            self.place += 1
        else:
            # A date and time may be two words.
            while self.place < len(self.tokens) and self.tokens[self.place][0] == "bare":
                self.place += 1
