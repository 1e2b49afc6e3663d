"""The first line of a request (RFC 9112, 3): method, target and version, one space between them, nothing else."""

from __future__ import annotations

import re
from typing import Final

from pyproxy.http1.line_ends import with_crlf
from pyproxy.http1.message import CLIENT, BadMessage

# nginx skips any number of empty lines before a request; a few are all that a client has a reason to send.
_EMPTY_LINES: Final = rb"(?:\r\n){0,4}"
_METHOD: Final = rb"(?!CONNECT |TRACE )([A-Z_-]++)"
# Bytes above 0x7f do not belong to a request target, but nginx lets them pass.
_TARGET: Final = rb"[^\x00-\x20\x7f#]*+"
# Nor does a fragment (RFC 9112, 3.2). It is cut off before anybody sees it: an upstream that takes it for a part of
# the path (`/open#/../shut`) must not be asked for another path than the one that was looked at here.
_FRAGMENT: Final = rb"(?:#[^\x00-\x20\x7f]*+)?"
_SCHEME: Final = rb"[Hh][Tt][Tt][Pp][Ss]?://"
_NAME: Final = rb"(?:[A-Za-z0-9.\-]++|\[[^\x00-\x20\x7f#/?\]]++\])"
_AUTHORITY: Final = rb"%b(?::[0-9]*+)?" % _NAME

USUAL_LINE: Final = rb"(%b (/%b)%b HTTP/1\.([0-9]))\r\n" % (_METHOD, _TARGET, _FRAGMENT)
"""The pattern of a line in origin form. Groups: line, method, target, minor version."""
LINE_GROUPS: Final = 4
match_origin_line: Final = re.compile(_EMPTY_LINES + USUAL_LINE).match
"""The same; empty lines before the request belong to the match."""

match_absolute_line: Final = re.compile(
    rb"%b(%b %b(%b)(?:([/?]%b)%b)? HTTP/1\.([0-9]))\r\n"
    % (_EMPTY_LINES, _METHOD, _SCHEME, _AUTHORITY, _TARGET, _FRAGMENT),
).match
"""Groups: line, method, authority, target (None if it is empty), minor version."""

match_connect_line: Final = re.compile(
    rb"%b(CONNECT (%b:[0-9]++) HTTP/1\.([0-9]))\r\n" % (_EMPTY_LINES, _NAME),
).match
"""Groups: line, host and port, minor version."""

_skip_empty_lines: Final = re.compile(rb"(?:\r?\n){0,4}").match
_BEGINS: Final = re.compile(rb"[A-Z_-]*+(?: [^\x00-\x20\x7f]*+(?: [HTP/0-9.]*+\r?)?)?|\r").fullmatch
_VALID_METHOD: Final = re.compile(rb"([A-Z_-]++) ").match
_OTHER_VERSION: Final = re.compile(rb"[A-Z_-]++ (?:/|%b)%b HTTP/(?:[2-9]|1[0-9])" % (_SCHEME, _TARGET)).match
_NOT_SERVED: Final = re.compile(
    rb"(?:CONNECT %b:[0-9]++|TRACE (?:/%b|%b%b(?:[/?]%b)?)) HTTP/1\.[0-9]\r\n"
    % (_NAME, _TARGET, _SCHEME, _AUTHORITY, _TARGET)
).match


def skip_empty_lines(data: bytes | bytearray, start: int) -> int:
    """The index where the request that begins at `start` has its first line; more empty lines than a few stay."""
    match = _skip_empty_lines(data, start)
    return match.end() if match else start


def check_line(data: bytes | bytearray, first: int) -> None:
    """Raise BadMessage if the line at `first`, ended or not, cannot be a request line or its beginning."""
    end = data.find(b"\n", first)
    if end < 0:
        if not _BEGINS(data, first):
            raise bad_line(bytes(data[first:]))
        return
    line = with_crlf(bytes(data[first : end + 1]))
    if not match_origin_line(line) and not match_absolute_line(line) and not match_connect_line(line):
        raise bad_line(line)


def method_of(line: bytes) -> bytes:
    """The method that `line` begins with; empty if that is none."""
    match = _VALID_METHOD(line)
    return match[1] if match else b""


def bad_line(line: bytes) -> BadMessage:
    """What is wrong with a request line that matches neither form, in nginx's words and with its status."""
    method = method_of(line)
    if not method:
        return CLIENT.error("sent invalid method")
    if _NOT_SERVED(line):
        return CLIENT.error(f"sent {method.decode()} method", 405)
    if _OTHER_VERSION(line):
        return CLIENT.error("sent invalid version", 505)
    return CLIENT.error("sent invalid request")
