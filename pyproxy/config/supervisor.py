"""Supervisor's notation: a section ``[program:x]`` becomes ``program x { ... }``, and ``[group:x]`` likewise.

Every option is a directive with one argument, its text as written: ``%(...)s`` is left for Supervisor to expand.
"""

from __future__ import annotations

import configparser
import os
import re

from pyproxy.config.tree import ConfigError, Directive, Source

# What Supervisor would run and pyproxy does not: to skip it in silence would leave a site half started.
_REFUSED = ("eventlistener", "fcgi-program")

_HEADER = re.compile(r"\[(?P<name>.+)\]")
_OPTION = re.compile(r"(?P<name>[^=:;#\s][^=:]*?)\s*[=:]")
_FIRST_SIGNIFICANT = re.compile(r"(?:\s|[;#][^\n]*(?:\n|\Z))*\[")


def is_supervisor(text: str) -> bool:
    """Whether the first significant line of ``text`` is a section header, which no nginx.conf begins with."""
    return _FIRST_SIGNIFICANT.match(text) is not None


def parse(text: str, file: str) -> tuple[tuple[Directive, ...], tuple[str, ...]]:
    """The programs, groups and includes of ``text``, and the names of the sections that do not concern pyproxy.

    Those describe Supervisor's own server (``[supervisord]``, ``[unix_http_server]``, ...) or belong to other programs.
    An ``[include]`` counts from the folder of ``file``, as in Supervisor. Raises ConfigError.
    """
    ini = _read(text, file)
    lines = _lines(text)
    directives: list[Directive] = []
    ignored: list[str] = []
    for section in ini.sections():
        kind, _, name = section.partition(":")
        source = Source(file, lines.get((section, ""), 1))
        if kind in _REFUSED:
            raise ConfigError(f"[{section}] is not supported, only [program:x] and [group:x] are", source)
        if kind.startswith("[") or "." in kind:
            raise ConfigError(f"[{section}] is TOML, let the file's name end in .toml", source)
        options = tuple(
            Directive(option, (value,), None, Source(file, lines.get((section, option), source.line)))
            for option, value in ini.items(section)
        )
        if kind in ("program", "group"):
            if not name.strip():
                raise ConfigError(f"[{section}] has no name, write [{kind}:name]", source)
            directives.append(Directive(kind, (name.strip(),), options, source))
        elif section == "include":
            folder = os.path.dirname(os.path.abspath(file))
            for pattern in ini.get(section, "files", fallback="").replace("%(here)s", folder).split():
                directives.append(Directive("include", (os.path.join(folder, pattern),), None, source))
        else:
            ignored.append(section)
    return tuple(directives), tuple(ignored)


def _read(text: str, file: str) -> configparser.RawConfigParser:
    # Supervisor's own settings (supervisor.options.UnhosedConfigParser): later options and sections win.
    ini = configparser.RawConfigParser(inline_comment_prefixes=(";", "#"), strict=False)
    try:
        ini.read_string(text, file)
    except configparser.MissingSectionHeaderError as error:
        raise ConfigError("expected a section such as [program:name]", Source(file, error.lineno)) from None
    except configparser.ParsingError as error:
        line, _ = error.errors[0]
        written = text.splitlines()[line - 1]
        raise ConfigError(f"expected `option = value`, not `{written}`", Source(file, line)) from None
    return ini


def _lines(text: str) -> dict[tuple[str, str], int]:
    """Where each (section, option) stands, the section itself as option ""; configparser does not tell."""
    lines: dict[tuple[str, str], int] = {}
    section = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            section = header["name"]
            lines.setdefault((section, ""), number)
        elif option := _OPTION.match(line):
            lines[section, option["name"].lower()] = number
    return lines
