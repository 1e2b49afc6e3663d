"""``user``: a master that is root lets its workers be somebody else."""

from __future__ import annotations

import contextlib
import os

from pyproxy.core.log import Logs
from pyproxy.core.site import User


def become(user: User) -> None:
    """Give up root's rights, for good. Raises OSError."""
    os.initgroups(user.name, user.gid)
    os.setgid(user.gid)
    os.setuid(user.uid)


def give_logs(logs: Logs, user: User) -> None:
    """Let the user write to the files, so that his workers can open them anew."""
    for path in logs.paths():
        with contextlib.suppress(OSError):  # then the worker complains
            os.chown(path, user.uid, -1)
