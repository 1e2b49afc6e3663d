"""Writes Supervisor's configuration notation so that Supervisor reads back what was meant.

The notation has no escape for a ``;`` after a space (a comment begins there) or for spaces at the end of a line. But
Supervisor expands ``%(here)s`` in every value, with all of printf's modifiers: ``%(here).0s`` expands to nothing, and
stands between the two characters that must not meet.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

NOTHING = "%(here).0s"

_MISREAD = re.compile(r"(?<=\s)(?=[;#]) | ^(?=\s) | (?<=\s)$", re.MULTILINE | re.VERBOSE)


def literal(text: str) -> str:
    """Text in which ``%`` begins no expansion."""
    return text.replace("%", "%%")


def format(sections: Iterable[tuple[str, Mapping[str, str]]]) -> str:
    """The file with these sections. Values may hold expansions such as ``%(program_name)s``.

    Raises ValueError for a carriage return or NUL in a value, which the notation cannot express.
    """
    return "\n".join(
        f"[{name}]\n" + "".join(f"{option}={_protect(value)}\n" for option, value in options.items())
        for name, options in sections
    )


def _protect(value: str) -> str:
    if "\r" in value or "\0" in value:
        raise ValueError(f"a carriage return or NUL cannot be in a value: {value!r}")
    return _MISREAD.sub(NOTHING, value).replace("\n", "\n\t")
