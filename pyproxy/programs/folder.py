"""The runtime folder of a supervisord: where it is found, and who is responsible for it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from pathlib import Path

CONFIGURATION = "supervisord.conf"
SOCKET = "supervisor.sock"
PID = "supervisord.pid"
LOG = "supervisord.log"
OWNER = "owner"
OWNED = "owned"
SOCKET_LENGTH = 103
"""Bytes in the path of a unix socket: macOS's limit; Linux has 107."""


def link_of(pid_file: str) -> Path:
    """The link that leads to the runtime folder of the pyproxy with this pid file."""
    return Path(f"{pid_file}.programs")


class Folder:
    """One folder: supervisord's socket, configuration, process id and own log.

    A symbolic link at a place that the configuration determines leads to it, so that another process finds it. Whoever
    uses it locks it, and knows at the end whether it is the last.
    """

    def __init__(self, path: Path, link: Path | None) -> None:
        self.path = path
        self.link = link
        self._owner = -1
        self._lock = -1

    @classmethod
    def create(cls, parent: Path | None, link: Path | None) -> Folder:
        """A new one in `parent`, by default the system's temporary folder. Raises OSError; ValueError if a socket
        cannot be in it.
        """
        if parent is not None:
            parent.mkdir(parents=True, exist_ok=True)
        # of mode 0700: `environment` may hold secrets
        folder = cls(Path(tempfile.mkdtemp(prefix="pyproxy-", dir=parent)).absolute(), link)
        # supervisord binds the socket under its name and pid first
        if len(os.fsencode(folder.socket)) + len(".4194304") > SOCKET_LENGTH:
            folder.remove()
            raise ValueError(f"the path of a socket cannot be this long: {folder.socket}; set TMPDIR to a shorter one")
        os.mkfifo(folder.path / OWNER)
        folder.use()
        return folder

    @classmethod
    def find(cls, link: Path) -> Folder | None:
        """The one that the link leads to, if there is one and it can be trusted."""
        with contextlib.suppress(OSError):
            path = Path(os.readlink(link))
            status = os.stat(path)
            # root may control anybody's programs; nobody else's folder is believed
            if os.geteuid() in (0, status.st_uid) and not status.st_mode & 0o077:
                return cls(path, link)
        return None

    @property
    def socket(self) -> Path:
        return self.path / SOCKET

    @property
    def pid(self) -> int:
        """supervisord's process id, 0 if it is not known."""
        try:
            return int((self.path / PID).read_text())
        except (OSError, ValueError):
            return 0

    def publish(self) -> None:
        """Have the link lead here. Raises OSError."""
        if self.link is not None:
            self.link.parent.mkdir(parents=True, exist_ok=True)
            self.link.unlink(missing_ok=True)
            self.link.symlink_to(self.path)

    def unlink(self) -> None:
        """Take the link away if it leads here."""
        with contextlib.suppress(OSError):
            if self.link is not None and os.readlink(self.link) == str(self.path):
                self.link.unlink()

    def is_used(self) -> bool:
        """Whether a process uses it that lives."""
        try:
            lock = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
        finally:
            os.close(lock)
        return False

    def use(self) -> None:
        """Be one of its users. Raises OSError if it has gone."""
        self._lock = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        fcntl.flock(self._lock, fcntl.LOCK_SH)

    def is_shared(self) -> bool:
        """Whether another process uses it too. This one should then leave."""
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
        return False

    def own(self) -> int:
        """Be one of its owners: supervisord ends when the last of them has ended, however it ends.

        A descriptor by which supervisord sees that; the caller closes it.
        """
        (self.path / OWNED).touch()
        # for reading as well, because that never waits for another to open it
        self._owner = os.open(self.path / OWNER, os.O_RDWR | os.O_CLOEXEC)
        return os.open(self.path / OWNER, os.O_RDONLY | os.O_CLOEXEC)

    def is_owned(self) -> bool:
        """Whether there ever was an owner."""
        return (self.path / OWNED).exists()

    def leave(self) -> None:
        """Use and own it no longer."""
        for descriptor in (self._owner, self._lock):
            if descriptor >= 0:
                os.close(descriptor)
        self._owner = self._lock = -1

    def remove(self) -> None:
        """Take it away, and the link if it leads here."""
        self.leave()
        self.unlink()
        shutil.rmtree(self.path, ignore_errors=True)
