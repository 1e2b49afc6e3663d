"""Regular expressions as nginx configurations write them (PCRE), compiled for bytes with Python's ``re``.

They come from the configuration, the text they search from strangers. PCRE gives up after some millions of
steps; ``re`` does not, so that an expression whose time grows exponentially with its text, such as ``(a+)+$``,
lets a request stop a worker. Nobody needs nested repetitions to match a path.
"""

from __future__ import annotations

import re
import warnings

# `(?<name>` and `(?P=name)`; as variables they have no case
_NAMED_GROUP = re.compile(r"(?<!\\)\(\?(?:P?(<)|P(=))([A-Za-z_]\w*)", re.ASCII)
_FLAGS_OFF = re.compile(r"\((\?[ims]*-[ims]+)\)")
# with a class around it: what follows is its end, or another of these
_CLASS = re.compile(r"\[:(\^?)([a-z]+):\](?=[^\[\]]*(?:\]|\[:))")
_CLASSES = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
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


def compile_regex(pattern: str, ignore_case: bool = False) -> re.Pattern[bytes]:
    """Compile ``pattern``. Raises ValueError with the reason where Python's engine cannot do what PCRE does."""
    translated = _CLASS.sub(_posix_class, _NAMED_GROUP.sub(_named_group, pattern))
    if match := _FLAGS_OFF.match(translated):
        # Python takes flags away from a group only
        translated = f"({match[1]}:{translated[match.end() :]})"
    if ":]" in translated and "[:" in translated:
        raise ValueError(f'regular expression "{pattern}" cannot be used: [:name:] belongs inside another [ ]')
    try:
        with warnings.catch_warnings():
            # `[[` and `--` in a set may mean something else in a Python to come; here they are PCRE's
            warnings.simplefilter("ignore", FutureWarning)
            return re.compile(translated.encode(), re.IGNORECASE if ignore_case else 0)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f'regular expression "{pattern}" cannot be used: {error}') from error


def _named_group(match: re.Match[str]) -> str:
    return f"(?P{match[1] or match[2]}{match[3].lower()}"


def _posix_class(match: re.Match[str]) -> str:
    inside = _CLASSES.get(match[2])
    if inside is None or match[1]:
        raise ValueError(f'"{match[0]}" in a regular expression is not supported by pyproxy yet')
    return inside
