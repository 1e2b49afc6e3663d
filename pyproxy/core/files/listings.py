"""What is in a folder, as a page for people (HTML) or for programs (JSON, XML); byte for byte as nginx writes them."""

from __future__ import annotations

import contextlib
import os
import re
import stat
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import quote_from_bytes

from pyproxy.core.dates import http_date

NAME = 50
"""Characters of a name that a page shows."""

_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_HTML = {b"&": b"&amp;", b"<": b"&lt;", b">": b"&gt;", b'"': b"&quot;"}
_JSON = {b"\n": b"\\n", b"\r": b"\\r", b"\t": b"\\t", b"\b": b"\\b", b"\f": b"\\f"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing in a folder; ``kind`` is ``directory``, ``file`` or ``other``."""

    name: bytes
    kind: str
    modified: int
    size: int

    @property
    def is_folder(self) -> bool:
        return self.kind == "directory"


def read_folder(path: bytes, complain: Callable[[bytes, OSError], None]) -> list[Entry]:
    """What is in a folder but for hidden things: folders first, by name. Raises OSError.

    ``complain`` is told of what cannot be looked at; where that is a matter of rights, it is left out.
    """
    entries = []
    with os.scandir(path) as found:
        for item in found:
            if item.name.startswith(b"."):
                continue
            try:
                status = _look(item)
            except PermissionError as error:
                complain(item.path, error)
                continue
            kind = "directory" if stat.S_ISDIR(status.st_mode) else "file" if stat.S_ISREG(status.st_mode) else "other"
            entries.append(Entry(item.name, kind, int(status.st_mtime), status.st_size))
    return sorted(entries, key=lambda entry: (not entry.is_folder, entry.name))


def _look(item: os.DirEntry[bytes]) -> os.stat_result:
    with contextlib.suppress(FileNotFoundError):
        return os.stat(item.path)
    # a link to nowhere
    return os.lstat(item.path)


def escape_html(text: bytes) -> bytes:
    """Text as it stands in HTML and XML."""
    return re.sub(rb'[&<>"]', lambda match: _HTML[match[0]], text)


def _escape_json(text: bytes) -> bytes:
    def escape(match: re.Match[bytes]) -> bytes:
        character = match[0]
        if character in b'\\"':
            return b"\\" + character
        return _JSON.get(character) or b"\\u%04X" % ord(character)

    return re.sub(rb'[\\"\x00-\x1f]', escape, text)


def html(entries: Iterable[Entry], uri: bytes, exact_size: bool, localtime: bool, utf8: bool) -> bytes:
    """A page. ``utf8``: its charset, by which the characters of a name are counted."""
    title = escape_html(uri)
    lines = [
        b"<html>\r\n<head><title>Index of %b</title></head>\r\n" % title,
        b'<body>\r\n<h1>Index of %b</h1><hr><pre><a href="../">../</a>\r\n' % title,
    ]
    for entry in entries:
        slash = b"/" if entry.is_folder else b""
        shown, length = _shown(entry, utf8)
        lines.append(
            b'<a href="%b%b">%b</a>%b %b %b\r\n'
            % (
                quote_from_bytes(entry.name, safe="").encode(),
                slash,
                shown,
                b" " * (NAME - length),
                _date(entry.modified, localtime),
                _size(entry, exact_size),
            )
        )
    return b"".join([*lines, b"</pre><hr></body>\r\n</html>\r\n"])


def _shown(entry: Entry, utf8: bool) -> tuple[bytes, int]:
    """A name as the page shows it, cut if it is too long, and how many characters it takes."""
    name = entry.name
    characters: list[bytes] | None = None
    if utf8:
        with contextlib.suppress(UnicodeDecodeError):
            characters = [character.encode() for character in name.decode()]
    length = len(name) if characters is None else len(characters)
    if length > NAME:
        kept = name[: NAME - 3] if characters is None else b"".join(characters[: NAME - 3])
        return escape_html(kept) + b"..&gt;", NAME
    if entry.is_folder and length < NAME:
        return escape_html(name) + b"/", length + 1
    return escape_html(name), length


def _date(modified: int, localtime: bool) -> bytes:
    # as nginx, with the offset that is in force now
    moment = time.gmtime(modified + (time.localtime().tm_gmtoff if localtime else 0))
    text = f"{moment.tm_mday:02}-{_MONTHS[moment.tm_mon - 1]}-{moment.tm_year} {moment.tm_hour:02}:{moment.tm_min:02}"
    return text.encode()


def _size(entry: Entry, exact: bool) -> bytes:
    if entry.is_folder:
        return b"-".rjust(19 if exact else 7)
    if exact:
        return b"%19d" % entry.size
    for unit, least, scale in (1 << 30, 1 << 30, b"G"), (1 << 20, 1 << 20, b"M"), (1 << 10, 10000, b"K"):
        if entry.size >= least:
            return b"%6d%b" % ((entry.size + unit // 2) // unit, scale)
    return b" %6d" % entry.size


def json(entries: Iterable[Entry], callback: bytes = b"") -> bytes:
    """A list of objects; as an argument of ``callback`` if there is one."""
    lines = []
    for entry in entries:
        size = b', "size":%d' % entry.size if entry.kind == "file" else b""
        values = _escape_json(entry.name), entry.kind.encode(), http_date(entry.modified), size
        lines.append(b'\r\n{ "name":"%b", "type":"%b", "mtime":"%b"%b }' % values)
    text = b"[%b\r\n]" % b",".join(lines)
    return b"/* callback */\r\n%b(%b);" % (callback, text) if callback else text


def xml(entries: Iterable[Entry]) -> bytes:
    """A list of elements."""
    lines = []
    for entry in entries:
        kind = entry.kind.encode()
        modified = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(entry.modified)).encode()
        size = b' size="%d"' % entry.size if entry.kind == "file" else b""
        lines.append(b'<%b mtime="%b"%b>%b</%b>\r\n' % (kind, modified, size, escape_html(entry.name), kind))
    return b'<?xml version="1.0"?>\r\n<list>\r\n%b</list>\r\n' % b"".join(lines)
