"""``user``: a master that is root lets its workers be somebody else."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable

from pyproxy.core.site import User


def become(user: User) -> None:
    """Give up root's rights, for good. Raises OSError."""
    os.initgroups(user.name, user.gid)
    os.setgid(user.gid)
    os.setuid(user.uid)


def give(paths: Iterable[str], user: User) -> None:
    """Let the user write to log files, so that his workers can open them anew, and to folders of temporary files."""
    for path in paths:
        with contextlib.suppress(OSError):  # then the worker complains
            os.chown(path, user.uid, -1)
