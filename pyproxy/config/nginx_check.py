"""An nginx.conf's text as crossplane can read it: checked by nginx's rules, and plain where crossplane differs."""

from __future__ import annotations

import re
from typing import Final

from pyproxy.config.nginx_words import tokens
from pyproxy.config.tree import ConfigError, Source

DEEPEST: Final = 100
"""Blocks within blocks; the readers of the tree recurse."""

# What follows the brace of an unquoted `^/[0-9]{4}$`; nginx takes it for the content of a block.
_REPETITION = re.compile(r"[0-9]+(,[0-9]*)?\}")
# Words that crossplane 0.5.14 reads otherwise than nginx: `${a} b` becomes one word, `a}b` ends a block, and every
# Unicode space ends a word. In quotes it agrees.
_READ_OTHERWISE = re.compile(r"[{}\s]")


def prepare(text: str, file: str) -> str:
    """``text`` for crossplane, without comments; ``file`` is its name in messages. Raises ConfigError."""
    statements = _Statements(file)
    prepared = "".join([statements.take(*token) for token in tokens(text, file)])
    statements.check_end()
    return prepared


class _Statements:
    """Looks at one token after the other."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._words: list[str] = []
        """Of the statement that has begun."""
        self._began = 0
        """Its line."""
        self._blocks: list[tuple[str, int]] = []
        """Name and line of those that are open."""
        self._after_quotes = False

    def take(self, kind: str, token: str, line: int) -> str:
        """What is to stand in its place. Raises ConfigError."""
        here = Source(self._file, line)
        if self._after_quotes and kind in ("word", "comment") and not token.startswith(")"):
            raise ConfigError(f'unexpected "{token[0]}" after a closing quote, put a space between', here)
        self._after_quotes = False
        if kind == "word":
            return self._word(token, here)
        if kind == "mark":
            self._mark(token, here)
        return "" if kind == "comment" else token

    def check_end(self) -> None:
        """Nothing comes any more. Raises ConfigError if something is left open."""
        if self._words:
            where = Source(self._file, self._began)
            raise ConfigError(f'unexpected end of file, expecting ";" after `{self._words[0]}`', where)
        if self._blocks:
            name, opened = self._blocks[-1]
            where = Source(self._file, opened)
            raise ConfigError(f'unexpected end of file, expecting "}}" for the block `{name}`', where)

    def _word(self, token: str, here: Source) -> str:
        if not self._words:
            if _REPETITION.match(token):
                raise ConfigError('unexpected "{", quote a regular expression that has braces: "^/[0-9]{4}$"', here)
            self._began = here.line
        self._words.append(token)
        if token[0] in "\"'":
            self._after_quotes = True
        elif _READ_OTHERWISE.search(token):
            return '"' + re.sub(r'(\\.)|"', lambda match: match[1] or r"\"", token, flags=re.DOTALL) + '"'
        return token

    def _mark(self, token: str, here: Source) -> None:
        words = self._words
        if token == "}":
            if words:
                raise ConfigError(f'unexpected "}}", `{words[0]}` of line {self._began} is not ended by ";"', here)
            if not self._blocks:
                raise ConfigError('unexpected "}", no block is open here', here)
            self._blocks.pop()
            return
        if not words:
            raise ConfigError(f'unexpected "{token}", a directive must stand before it', here)
        if token == "{":
            if words[0] == "if" and not (words[1:] and words[1][0] == "(" and words[-1][-1] == ")"):
                raise ConfigError(f'invalid condition "{" ".join(words[1:])}", write it in parentheses', here)
            self._blocks.append((words[0], self._began))
            if len(self._blocks) > DEEPEST:
                raise ConfigError("blocks are nested too deep", here)
        self._words = []
