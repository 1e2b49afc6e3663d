"""File descriptors: every connection takes one, and the usual limit is far below what the system allows."""

from __future__ import annotations

import contextlib
import resource


def allow_many() -> None:
    """Raise this process's limit of open files as far as it may be raised without rights."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):  # macOS says "infinity" and means less
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
