"""Where the zones of a configuration are, from one configuration to the next."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from pyproxy.config.tree import ConfigError
from pyproxy.core.logs.log import ERROR
from pyproxy.core.site import Site
from pyproxy.zones.board import Board
from pyproxy.zones.zone import Zone

MEMORY = Path("/dev/shm")
"""A file system that is memory, on Linux."""
PREFIX = "pyproxy-zones-"

Identity = tuple[str, str, int]


def _check_keys(old: Mapping[Identity, Zone], site: Site) -> None:
    """A zone that goes on must go on counting the same. Raises ConfigError."""
    for zone in site.zones.values():
        before = old.get(zone.identity)
        if before is not None and before.key != zone.key:
            raise ConfigError(
                f'`{zone.directive}`: the zone "{zone.name}" uses the key "{zone.key}", while it used the key '
                f'"{before.key}" until now; give it another name',
                zone.source,
            )


class OwnZones:
    """The zones of a process that has no workers."""

    def __init__(self) -> None:
        self._zones: dict[Identity, Zone] = {}

    def prepare(self, site: Site) -> None:
        """Let the site go on with the records that are there. Raises ConfigError."""
        _check_keys(self._zones, site)
        for zone in site.zones.values():
            if zone.identity in self._zones:
                zone.store = self._zones[zone.identity].store
        attach(site, {}, 1)

    def keep(self, site: Site | None = None) -> None:
        """Forget the zones that the site does not have (without a site, all of them)."""
        self._zones = {zone.identity: zone for zone in site.zones.values()} if site is not None else {}


class SharedZones:
    """A master's: files in memory, for its workers to open. It does not look into them: workers write there.

    They are in a folder that is locked as long as the master lives. What a master leaves behind that was killed, the
    next one removes.
    """

    def __init__(self) -> None:
        """Raises OSError."""
        self.board = Board.shared()
        self._zones: dict[Identity, tuple[Zone, str]] = {}
        self._folder: Path | None = None
        self._lock = -1
        self._made = 0

    def prepare(self, site: Site) -> None:
        """Make the files of zones that are new. Raises ConfigError; then call ``keep`` with the site that goes on."""
        _check_keys({identity: zone for identity, (zone, _) in self._zones.items()}, site)
        for zone in site.zones.values():
            if zone.redis is None and zone.identity not in self._zones:
                try:
                    path = self._make(zone)
                except OSError as error:
                    raise ConfigError(
                        f'`{zone.directive}`: no memory for the zone "{zone.name}": {error}; make it smaller',
                        zone.source,
                    ) from error
                self._zones[zone.identity] = (zone, path)
        if (user := site.processes.user) is not None:
            for _, path in self._zones.values():
                for file in _files(path):
                    os.chown(file, user.uid, user.gid)

    def _make(self, zone: Zone) -> str:
        from pyproxy.zones.shared import create

        if self._folder is None:
            self._folder, self._lock = _folder()
        self._made += 1
        # by number: a name may have any characters
        path = str(self._folder / str(self._made))
        try:
            create(path, zone.size)
        except BaseException:
            _remove(path)
            raise
        return path

    def paths(self, site: Site) -> dict[str, str]:
        """The files of the site's zones, by the zones' names."""
        return {
            zone.name: self._zones[zone.identity][1] for zone in site.zones.values() if zone.identity in self._zones
        }

    def keep(self, site: Site | None = None) -> None:
        """Remove the files that the site does not use (without a site, all). Who has them open goes on with them."""
        used = {zone.identity for zone in site.zones.values()} if site is not None else set()
        for identity in set(self._zones) - used:
            _remove(self._zones.pop(identity)[1])
        if site is not None:
            for zone in site.zones.values():
                if zone.identity in self._zones:
                    self._zones[zone.identity] = (zone, self._zones[zone.identity][1])
        elif self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            os.close(self._lock)
            self._folder = None


def _files(path: str) -> tuple[str, str]:
    """LMDB's two."""
    return path, f"{path}-lock"


def _remove(path: str) -> None:
    for file in _files(path):
        with contextlib.suppress(OSError):
            os.unlink(file)


def _folder() -> tuple[Path, int]:
    """A folder of this process's own, and the lock on it. Those of processes that are gone are removed."""
    parent = MEMORY if os.access(MEMORY, os.W_OK) else Path(tempfile.gettempdir())
    for stale in parent.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            if (lock := _locked(stale)) is not None:
                # between its making and its locking only the number of its process speaks for it
                if not _lives(stale.name[len(PREFIX) :].partition("-")[0]):
                    shutil.rmtree(stale, ignore_errors=True)
                os.close(lock)
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=parent))
    lock = _locked(folder)
    assert lock is not None
    # workers that are another user may open files in it, and make none
    folder.chmod(0o711)
    return folder, lock


def _locked(folder: Path) -> int | None:
    """A descriptor that holds the folder's lock; None if somebody else does. Raises OSError."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(fd)
        return None
    return fd


def _lives(pid: str) -> bool:
    if not pid.isdigit() or int(pid) == os.getpid():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass
    return True


def attach(site: Site, paths: Mapping[str, str], worker: int) -> None:
    """Open the stores of a site's zones, in the process that serves it. Raises ConfigError."""
    for zone in site.zones.values():
        try:
            if zone.redis is not None:
                _attach_redis(site, zone, zone.redis)
            elif zone.name in paths:
                from pyproxy.zones.shared import SharedStore

                store = SharedStore(zone, paths[zone.name], worker)
                site.closers.append(store.close)
                zone.store = store
        except OSError as error:
            raise ConfigError(f'cannot open the zone "{zone.name}": {error}', zone.source) from error


def _attach_redis(site: Site, zone: Zone, url: str) -> None:
    from pyproxy.zones.redis import RedisStore

    store = RedisStore(zone, url, partial(site.error_log.write, ERROR))
    site.closers.append(store.close)
    zone.store = store
