"""Files written, copied, moved and deleted for clients (RFC 4918). Everything here blocks: it runs in threads."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import tempfile
from collections.abc import Callable
from errno import EACCES, EEXIST, EISDIR, ENOSPC, EPERM
from functools import partial
from typing import TYPE_CHECKING

from pyproxy.core.files.failures import MISSING, failed
from pyproxy.core.logs.log import CRIT, ERROR

if TYPE_CHECKING:
    from pyproxy.core.spool import Spool

PIECE = 1 << 18
"""Bytes that are written at a time."""

Complain = Callable[[int, str], None]


class Fault(Exception):
    """What cannot be done: the status to answer, and the line for the error log."""

    def __init__(self, status: int, message: str, level: int = ERROR) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.level = level


def folder_mode(mode: int) -> int:
    """Who may read files may enter their folder."""
    return mode | (mode & 0o444) >> 2


def fault(error: OSError, call: str, path: bytes, missing: int) -> Fault:
    """The answer to a failed system call, nginx's; ``missing``: to one that found nothing there."""
    level = ERROR
    if error.errno in MISSING:
        status = missing
    elif error.errno in (EACCES, EPERM):
        status = 403
    elif error.errno == EEXIST:
        status = 405
    else:
        level, status = CRIT, 507 if error.errno == ENOSPC else 500
    return Fault(status, failed(call, path, error), level)


def put(body: Spool, path: bytes, mode: int, create_folders: bool, modified: int | None) -> bool:
    """Write a file in one go: readers see the old one or the new one. True if there was none. Raises Fault."""
    try:
        new = False
        if stat.S_ISDIR(os.stat(path).st_mode):
            raise Fault(409, f'"{path.decode(errors="replace")}" could not be created ({EISDIR}: Is a directory)')
    except OSError:
        new = True
    where = os.path.dirname(path)
    unfinished = b""
    try:
        if create_folders:
            os.makedirs(where, folder_mode(mode), exist_ok=True)
        fd, unfinished = tempfile.mkstemp(dir=where)
        with open(fd, "wb", PIECE) as file:
            for at in range(0, body.size, PIECE):
                file.write(body.read(at, PIECE))
        os.chmod(unfinished, mode)
        if modified is not None:
            os.utime(unfinished, (modified, modified))
        os.replace(unfinished, path)
    except OSError as error:
        if unfinished:
            with contextlib.suppress(OSError):
                os.unlink(unfinished)
        raise fault(error, "rename", path, 500) from error
    return new


def make_folder(path: bytes, mode: int) -> None:
    """Raises Fault."""
    try:
        os.mkdir(path, folder_mode(mode))
    except OSError as error:
        raise fault(error, "mkdir", path, 409) from error


def delete(path: bytes, is_folder: bool, complain: Complain) -> None:
    """Delete a file, or a folder with all that is in it. Raises Fault."""
    try:
        if is_folder:
            for parent, folders, files in os.walk(path, topdown=False):
                for name in files:
                    _try(os.unlink, "unlink", os.path.join(parent, name), complain)
                for name in folders:
                    place = os.path.join(parent, name)
                    link = os.path.islink(place)
                    _try(os.unlink if link else os.rmdir, "unlink" if link else "rmdir", place, complain)
            os.rmdir(path)
        else:
            os.unlink(path)
    except OSError as error:
        raise fault(error, "rmdir" if is_folder else "unlink", path, 404) from error


def _try(call: Callable[[bytes], None], name: str, path: bytes, complain: Complain) -> None:
    try:
        call(path)
    except OSError as error:
        found = fault(error, name, path, 0)
        complain(found.level, found.message)


def copy_file(source: bytes, destination: bytes) -> None:
    """With its rights and times. Raises Fault."""
    try:
        shutil.copy2(source, destination)
    except OSError as error:
        raise fault(error, "open", destination, 500) from error


def move_file(source: bytes, destination: bytes, mode: int) -> None:
    """Folders on the way are made. Raises Fault."""
    try:
        os.makedirs(os.path.dirname(destination), folder_mode(mode), exist_ok=True)
        shutil.move(os.fsdecode(source), os.fsdecode(destination))
    except OSError as error:
        raise fault(error, "rename", source, 500) from error


def copy_folder(source: bytes, destination: bytes, complain: Complain) -> None:
    """With all that is in it; what fails inside is told and left out. Raises Fault."""
    try:
        _make_like(source, destination)
    except OSError as error:
        raise fault(error, "mkdir", destination, 404) from error
    for parent, folders, files in os.walk(source):
        there = destination + parent[len(source) :]
        for name in folders:
            like = os.path.join(parent, name)
            _try(partial(_make_like, like), "mkdir", os.path.join(there, name), complain)
        for name in files:
            try:
                copy_file(os.path.join(parent, name), os.path.join(there, name))
            except Fault as found:
                complain(found.level, found.message)
    for parent, _, _ in os.walk(source, topdown=False):
        shutil.copystat(parent, destination + parent[len(source) :])


def _make_like(like: bytes, path: bytes) -> None:
    os.mkdir(path, stat.S_IMODE(os.stat(like).st_mode))


def move_folder(source: bytes, destination: bytes, complain: Complain) -> None:
    """Raises Fault."""
    try:
        os.rename(source, destination)
    except OSError:
        copy_folder(source, destination, complain)
        delete(source, True, complain)
