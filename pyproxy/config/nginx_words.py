"""nginx's words: how its configuration text splits into them, and how an argument must be quoted to be one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pyproxy.config.tree import ConfigError, Source

# nginx's words (ngx_conf_read_token): a backslash takes the next character along, a brace after "$" belongs to the
# word, and quotes and "}" are special only where a word begins.
_TOKEN = re.compile(
    r"""
      (?P<own> (?<![^\n]) [ \t]* \#pyproxy[ \t] )
    | (?P<space> [ \t\r\n]+ )
    | (?P<comment> \#[^\n]* )
    | (?P<mark> [;{}] )
    | (?P<word> "(?:\\.|[^"\\])*" | '(?:\\.|[^'\\])*' | (?!["']) (?:\\.|\$\{*|[^ \t\r\n;{\\$])+ )
    | (?P<unfinished> . )
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"""\\(["'\\trn])""")
_ESCAPED = {"t": "\t", "r": "\r", "n": "\n"}
_AMBIGUOUS_BACKSLASH = re.compile(r"""\\(?=["'\\trn\t\r\n]|\Z)""")
_BARE = re.compile(r"""(?![#])(?:\$\{\w+\}|\$(?!\{)|\\[^\s"'\\trn;{}]|[^\s"'\\;{}$])+""")


def tokens(text: str, file: str) -> Iterator[tuple[str, str, int]]:
    """(kind, text, line) of every token, the ``#pyproxy`` marks dropped."""
    position, line = 0, 1
    while match := _TOKEN.match(text, position):
        kind, token = match.lastgroup or "", match[0]
        position = match.end()
        if kind == "space" and (newline := token.rfind("\n")) >= 0:
            # Stop at the start of the line, where a #pyproxy mark may stand.
            token = token[: newline + 1]
            position = match.start() + newline + 1
        if kind == "unfinished":
            expecting = f"a closing {token}" if token in "\"'" else "a character after the backslash"
            raise ConfigError(f"unexpected end of file, expecting {expecting}", Source(file, line))
        if kind != "own":
            yield kind, token, line
        line += token.count("\n")


def unescape(word: str) -> str:
    """The word as nginx keeps it. Backslashes that nginx gives no meaning stay, as in ``^\\/static``."""
    return _ESCAPE.sub(lambda match: _ESCAPED.get(match[1], match[1]), word)


def split_words(text: str, source: Source) -> tuple[str, ...]:
    """The arguments in ``text``, split and unquoted by nginx's rules: ``~ "^/a b$"`` gives ``~`` and ``^/a b$``."""
    words: list[str] = []
    previous = ""
    for match in _TOKEN.finditer(text):
        kind, token = match.lastgroup or "", match[0]
        if kind not in ("space", "word") or kind == previous:
            raise ConfigError(f'unexpected "{token}" in the arguments `{text}`, quote them as nginx would', source)
        if kind == "word":
            words.append(unescape(token[1:-1] if token[0] in "\"'" else token))
        previous = kind
    return tuple(words)


def quote(arg: str) -> str:
    """One argument as nginx would have to read it: bare where that says the same, otherwise in quotes."""
    if _BARE.fullmatch(arg):
        return arg
    mark = "'" if '"' in arg and "'" not in arg else '"'
    escaped = _AMBIGUOUS_BACKSLASH.sub(r"\\\\", arg)
    for raw, written in (("\n", r"\n"), ("\r", r"\r"), ("\t", r"\t"), (mark, "\\" + mark)):
        escaped = escaped.replace(raw, written)
    return mark + escaped + mark
