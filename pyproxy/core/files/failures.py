"""System calls that fail on a path: what nginx answers to that, and how its error log says it."""

from __future__ import annotations

from collections.abc import Collection
from errno import EACCES, ELOOP, EMLINK, ENAMETOOLONG, ENOENT, ENOTDIR
from typing import Final

from pyproxy.core.logs.log import CRIT, ERROR

MISSING: Final = (ENOENT, ENOTDIR, ENAMETOOLONG)
"""Nothing is there."""
FORBIDDEN: Final = (EACCES, ELOOP, EMLINK)
"""What is there may not be opened; the last two come of ``disable_symlinks``."""


def failed(call: str, path: bytes, error: OSError) -> str:
    """``open() "path" failed (2: No such file or directory)``."""
    return f'{call}() "{shown(path)}" failed ({error.errno}: {error.strerror})'


def shown(path: bytes) -> str:
    """A path for a log line: names are any bytes."""
    return path.decode(errors="backslashreplace")


def level_and_status(error: OSError, forbidden: Collection[int] = FORBIDDEN) -> tuple[int, int]:
    """How bad it is that this could not be opened, for the log and for the client."""
    if error.errno in MISSING:
        return ERROR, 404
    return (ERROR, 403) if error.errno in forbidden else (CRIT, 500)
