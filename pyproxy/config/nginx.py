"""nginx's notation, both ways: the text of an nginx.conf <-> the tree.

Two things differ from a plain reading of the text. An ``events {}`` that says nothing is a formality of nginx: it is
not in the tree, and always written. And a comment line that begins with ``#pyproxy`` and a space is configuration for
pyproxy, so that one file serves both programs: ``#pyproxy include supervisor/*.conf;``. A block may span several such
lines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from crossplane.parser import parse_string

from pyproxy.config.nginx_check import prepare
from pyproxy.config.nginx_words import quote, unescape
from pyproxy.config.tree import ConfigError, Directive, Source

OWN_LINE = "#pyproxy "
INDENT = "    "


def parse(text: str, file: str) -> tuple[Directive, ...]:
    """The directives of ``text``; ``file`` is its name in messages. An ``include`` stays a directive.

    The condition of an ``if`` loses its parentheses: ``if ($a = b)`` has the arguments ``$a``, ``=`` and ``b``.
    Raises ConfigError.
    """
    payload = parse_string(
        prepare(text, file), filename=file, single=True, check_ctx=False, check_args=False, catch_errors=False
    )
    for error in payload["errors"]:
        raise ConfigError(error["error"], Source(file, error["line"] or 1))
    directives = _directives(payload["config"][0]["parsed"], file)
    return tuple(directive for directive in directives if not is_formality(directive))


Own = Callable[[Directive], bool]


def is_own(directive: Directive) -> bool:
    """Whether this is pyproxy's own, which nginx would refuse: Supervisor's business, or a zone in a Redis."""
    if directive.name == "zone":
        return "://" in directive.args[-1]
    return directive.name in ("program", "group")


def format(directives: Sequence[Directive], is_own: Own = is_own, main: bool = True) -> str:
    """The directives as nginx.conf text. What ``is_own`` names, nginx would refuse: it becomes ``#pyproxy`` lines.

    ``main=False`` writes a file for ``include``, which needs no ``events`` block.
    """
    lines = list(_lines(directives, "", is_own))
    if main and not any(directive.name == "events" for directive in directives):
        lines[:0] = ["events {", "}", ""] if lines else ["events {", "}"]
    return "".join(f"{line}\n" for line in lines)


def is_formality(directive: Directive) -> bool:
    """Whether this is an ``events {}`` that says nothing."""
    return directive.name == "events" and not directive.args and directive.children == ()


def _directives(statements: list[dict[str, Any]], file: str) -> tuple[Directive, ...]:
    return tuple(
        Directive(
            unescape(statement["directive"]),
            tuple(map(unescape, statement["args"])),
            _directives(statement["block"], file) if "block" in statement else None,
            Source(file, statement["line"]),
        )
        for statement in statements
    )


def _lines(directives: Sequence[Directive], indent: str, is_own: Own) -> Iterator[str]:
    for place, directive in enumerate(directives):
        if place and directive.children is not None:
            yield ""
        if is_own(directive):
            for line in _lines([directive], "", lambda _: False):
                yield indent + (OWN_LINE + line).rstrip()
            continue
        head = indent + _head(directive)
        if directive.children is None:
            yield f"{head};"
            continue
        yield f"{head} {{"
        yield from _lines(directive.children, indent + INDENT, is_own)
        yield f"{indent}}}"


def _head(directive: Directive) -> str:
    words = [quote(directive.name), *map(quote, directive.args)]
    if directive.name != "if" or directive.children is None:
        return " ".join(words)
    # nginx takes a parenthesis before a quoted word only as a word of its own.
    opening = "( " if words[1:] and words[1][0] in "\"'" else "("
    return f"if {opening}{' '.join(words[1:])})"
