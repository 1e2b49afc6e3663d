"""Writing the TOML notation that ``toml.py`` reads, so that it reads back as the very same tree."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pyproxy.config import nginx
from pyproxy.config.nginx_words import quote
from pyproxy.config.toml import SUPERVISED, THEN, Shapes, gather_http
from pyproxy.config.tree import ConfigError, Directive

WIDTH = 100
"""Longer arrays are written on several lines."""

# Directives whose first argument is a name: written ``add_header.Vary = "Cookie"``.
_NAMED = re.compile(r".*_(header|param|trailer)|log_format")
# Blocks that usually repeat are written [[name]] even when there is one.
_REPEATED = "server"

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_INTEGER = re.compile(r"0|[1-9][0-9]{0,17}")
_CONTROL = re.compile(r'[\x00-\x1f\x7f"\\]')


@dataclass(slots=True)
class _Group:
    """Neighbours of one name, which become one key or one set of tables."""

    name: str
    is_block: bool
    members: list[Directive]

    def takes(self, directive: Directive) -> bool:
        """Whether ``directive``, which follows, can join: blocks with the same arguments must be neighbours."""
        if (directive.name, directive.children is not None) != (self.name, self.is_block):
            return False
        known = [member.args for member in self.members]
        return not self.is_block or directive.args == known[-1] or directive.args not in known


def format(directives: Sequence[Directive], shapes: Shapes) -> str:
    """The directives as TOML. Raises ConfigError for what TOML cannot say."""
    writer = _Writer(shapes)
    lines = list(writer.context(_without_http(directives, shapes), None, (), False))
    return "".join(f"{line}\n" for line in lines[1 if lines[:1] == [""] else 0 :])


def _without_http(directives: Sequence[Directive], shapes: Shapes) -> Sequence[Directive]:
    """The top level with the content of ``http`` laid out in it, if ``gather_http`` would find it all again."""
    for place, directive in enumerate(directives):
        if directive.name == "http" and directive.children:
            flat = (*directives[:place], *directive.children, *directives[place + 1 :])
            if gather_http(flat, shapes) == tuple(directives):
                return flat
    return directives


class _Writer:
    def __init__(self, shapes: Shapes) -> None:
        self.shapes = shapes

    def context(
        self, directives: Sequence[Directive], parent: str | None, path: tuple[str, ...], free: bool
    ) -> Iterator[str]:
        """The lines of one block's content, without the block's own header."""
        for number, paragraph in enumerate(self.paragraphs(directives, parent)):
            here = path
            if number:
                here = (*path, THEN)
                yield from ("", f"[[{_dotted(here)}]]")
            for group in paragraph:
                shape = None if free else self.shapes.block(group.name, parent)
                if group.is_block:
                    yield from self.blocks(group, shape, here)
                elif parent in SUPERVISED:
                    yield self.option(group.members[0])
                else:
                    yield from self.simple(group, shape)

    def paragraphs(self, directives: Sequence[Directive], parent: str | None) -> list[list[_Group]]:
        """The directives in as few runs as TOML allows: no name twice, and no key after a table."""
        paragraphs: list[list[_Group]] = [[]]
        for directive in directives:
            is_block = directive.children is not None
            groups = paragraphs[-1]
            last = groups[-1] if groups else None
            if last and parent not in SUPERVISED and last.takes(directive):
                last.members.append(directive)
                continue
            names = {group.name for group in groups}
            if len(paragraphs) == 1:
                names.add(THEN)
            if directive.name in names or (last and last.is_block and not is_block):
                groups = []
                paragraphs.append(groups)
            groups.append(_Group(directive.name, is_block, [directive]))
        return paragraphs

    def blocks(self, group: _Group, shape: str | None, path: tuple[str, ...]) -> Iterator[str]:
        first = group.members[0]
        tables: dict[tuple[str, ...], list[Directive]] = {}
        for block in group.members:
            if shape in ("plain", "free") and block.args:
                raise ConfigError(f"`{block.name}` takes no arguments", block.source)
            tables.setdefault(block.args, []).append(block)
        for args, members in tables.items():
            here = (*path, first.name)
            if shape not in ("plain", "free"):
                here = (*here, " ".join(map(quote, args)))
            repeated = len(members) > 1 or (first.name == _REPEATED and shape == "plain")
            for block in members:
                children = block.children or ()
                if repeated:
                    yield from ("", f"[[{_dotted(here)}]]")
                elif not children or children[0].children is None:
                    yield from ("", f"[{_dotted(here)}]")
                yield from self.context(children, block.name, here, shape in ("free", "free-args"))

    def simple(self, group: _Group, shape: str | None) -> Iterator[str]:
        name, members = _key(group.name), group.members
        firsts = {member.args[0] for member in members if len(member.args) > 1}
        if shape is None and len(firsts) == len(members) and _NAMED.fullmatch(group.name):
            for member in members:
                first, *rest = member.args
                yield f"{name}.{_key(quote(first))} = {_arguments(rest)}"
        elif len(members) == 1:
            yield f"{name} = {_arguments(members[0].args)}"
        else:
            yield f"{name} = {_array([_array(list(map(_scalar, member.args))) for member in members])}"

    def option(self, directive: Directive) -> str:
        if len(directive.args) != 1 or directive.children is not None:
            raise ConfigError(f"`{directive.name}` is an option of Supervisor, it takes 1 argument", directive.source)
        value = directive.args[0]
        written = value if value in ("true", "false") or _INTEGER.fullmatch(value) else _text(value)
        return f"{_key(directive.name)} = {written}"


def _arguments(args: Sequence[str]) -> str:
    if len(args) != 1:
        return _array(list(map(_scalar, args)))
    return {"on": "true", "off": "false"}.get(args[0]) or _scalar(args[0])


def _array(elements: list[str]) -> str:
    line = f"[{', '.join(elements)}]"
    if len(line) <= WIDTH:
        return line
    return "[\n" + "".join(f"{nginx.INDENT}{element},\n" for element in elements) + "]"


def _scalar(value: str) -> str:
    return value if _INTEGER.fullmatch(value) else _text(value)


def _text(value: str) -> str:
    """A literal string where backslashes or double quotes would need escapes."""
    special = set(_CONTROL.findall(value))
    if special and special <= {'"', "\\"} and "'" not in value:
        return f"'{value}'"
    return '"' + _CONTROL.sub(lambda match: _escape(match[0]), value) + '"'


def _escape(char: str) -> str:
    return {"\n": r"\n", "\t": r"\t", "\r": r"\r", '"': r"\"", "\\": r"\\"}.get(char) or f"\\u{ord(char):04x}"


def _key(name: str) -> str:
    return name if _BARE_KEY.fullmatch(name) else _text(name)


def _dotted(path: Sequence[str]) -> str:
    return ".".join(map(_key, path))
