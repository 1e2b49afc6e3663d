"""The path of a request as locations see it: decoded, dot segments resolved, slashes merged; and back again."""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

_PLAIN = re.compile(rb"((?:/(?!\.\.?(?:/|\?|\Z))[A-Za-z0-9._~!$&'()*+,;=:@-]+)*/?)(?:\?([^#]*))?")
_BAD_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})|%00")
_SLASHES = re.compile(rb"//+")


class BadURI(ValueError):
    """A request target that names no path (broken escape, NUL, or ``..`` above the root)."""


def normalise(target: bytes, merge_slashes: bool = True) -> tuple[bytes, bytes]:
    """Split an origin-form target into ($uri, $args) as nginx does. Raises BadURI.

    A decoded slash or dot is a slash or dot here, so that no spelling of ``..`` reaches the file system.
    """
    if (match := _PLAIN.fullmatch(target)) and match[1]:
        return match[1], match[2] or b""
    path, _, args = target.partition(b"#")[0].partition(b"?")
    if _BAD_ESCAPE.search(path):
        raise BadURI("broken or NUL escape")
    return resolve(unquote_to_bytes(path), merge_slashes), args


def resolve(path: bytes, merge_slashes: bool = True) -> bytes:
    """Remove the dot segments of a decoded absolute path and merge its slashes. Raises BadURI above the root."""
    if not path.startswith(b"/"):
        raise BadURI("not an absolute path")
    if merge_slashes:
        path = _SLASHES.sub(b"/", path)
    if b"/." not in path:
        return path
    kept: list[bytes] = []
    segments = path.split(b"/")[1:]
    for segment in segments:
        if segment == b"..":
            if not kept:
                raise BadURI("`..` above the root")
            kept.pop()
        elif segment != b".":
            kept.append(segment)
    if segments[-1] in (b".", b".."):
        kept.append(b"")
    return b"/" + b"/".join(kept)


def split_unsafe(target: bytes) -> tuple[bytes, bytes]:
    """Split what an application has sent for a path into ($uri, $args). Raises BadURI for one with ``..`` in it."""
    path, _, args = target.partition(b"?")
    path = unquote_to_bytes(path)
    if not path.startswith(b"/") or b"\0" in path or b".." in path.split(b"/"):
        raise BadURI("not an absolute path, or one with NUL or `..`")
    return path, args


# What nginx escapes where a decoded path is written into a request or a header (its tables for URI and args).
_ESCAPES = {byte: b"%%%02X" % byte for byte in (*range(0x21), *b'"#%<>?\\^`{|}', *range(0x7F, 0x100))}
_TO_ESCAPE = re.compile(rb'[\x00-\x20"#%<>?\\^`{|}\x7f-\xff]')


def escape(path: bytes) -> bytes:
    """Percent-encode a decoded path so that it can stand in a request line or a Location."""
    return _TO_ESCAPE.sub(lambda match: _ESCAPES[match[0][0]], path)


_LINE_ENDS = re.compile(rb"[\x00\r\n]")


def escape_line_ends(value: bytes) -> bytes:
    """A value that variables were put into, safe to stand in a field: ``$uri`` is decoded and may hold line ends.

    Only what is dangerous is encoded (RFC 9110, 5.5), as other control bytes are nobody's business in nginx either.
    """
    if _LINE_ENDS.search(value):
        return _LINE_ENDS.sub(lambda match: _ESCAPES[match[0][0]], value)
    return value


_SPACES = re.compile(rb"[\x00-\x20\x7f]")


def escape_spaces(target: bytes) -> bytes:
    """A request target that variables were put into, safe to stand in a request line."""
    if _SPACES.search(target):
        return _SPACES.sub(lambda match: _ESCAPES[match[0][0]], target)
    return target


_NOT_IN_ARGS = re.compile(rb'[\x00-\x20"#%&+;<>?\\^`{|}\x7f-\xff]')


def escape_args(value: bytes) -> bytes:
    """Percent-encode part of a decoded path so that it can stand in one argument."""
    return _NOT_IN_ARGS.sub(lambda match: b"%%%02X" % match[0][0], value)


_NOT_IN_QUOTES = re.compile(rb"""[\x00-\x20"'<>\\^`{|~\x7f-\xff]""")


def escape_in_quotes(url: bytes) -> bytes:
    """A URL that may stand in quotes in a page."""
    return _NOT_IN_QUOTES.sub(lambda match: b"%%%02X" % match[0][0], url)


_ESCAPED = re.compile(rb"%([0-9A-Fa-f]{2})")


def unescape_redirect(target: bytes) -> bytes:
    """Decode what needs no escape in the path of a redirect's target: printable ASCII above ``%``."""
    path, mark, args = target.partition(b"?")

    def decode(match: re.Match[bytes]) -> bytes:
        code = int(match[1], 16)
        return bytes([code]) if 0x25 < code < 0x7F else match[0]

    return _ESCAPED.sub(decode, path) + mark + args
