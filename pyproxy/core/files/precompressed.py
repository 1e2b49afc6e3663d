"""Files that lie compressed beside those that are asked for: what gzip_static, brotli_static and zstd_static share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pyproxy.core.files.failures import MISSING, failed, level_and_status, shown
from pyproxy.core.files.openfiles import IrregularFile
from pyproxy.core.filters.compression import is_encoded
from pyproxy.core.filters.encodings import VARY
from pyproxy.core.location import Location, Phase
from pyproxy.core.logs.log import CRIT
from pyproxy.core.outcome import DONE, Outcome
from pyproxy.core.request import Request
from pyproxy.core.response import Response

if TYPE_CHECKING:
    from pyproxy.core.response import Field

OFF, ON, ALWAYS = "off", "on", "always"
MODES = (OFF, ON, ALWAYS)

Accepted = Callable[[Request, Response], bool]
"""Whether the client of this request can have the coding."""

_NOTHING = Response(200, [])
_METHODS = frozenset({b"GET", b"HEAD"})


def precompressed(mode: str, location: Location, coding: bytes, suffix: bytes, accepted: Accepted) -> None:
    """Let a location answer with such files, as far as ``gzip_static`` or its like says."""
    if mode == OFF:
        return
    files = Precompressed(location, coding, suffix, mode, accepted)
    location.add_handler(Phase.CONTENT, files.handle)
    if mode == ON:
        location.add_filter(files.tell, lambda response: location.encodings.varies and not is_encoded(response))


class Precompressed:
    """The content handler for one location and one coding; it declines where there is no such file."""

    def __init__(
        self,
        location: Location,
        coding: bytes,
        suffix: bytes,
        mode: str,
        accepted: Accepted,
    ) -> None:
        self._location = location
        self._coding: Field = (b"Content-Encoding", coding)
        self._suffix = suffix
        self._always = mode == ALWAYS
        self._accepted = accepted

    def handle(self, request: Request) -> Outcome:
        if request.method not in _METHODS or request.uri.endswith(b"/"):
            return None
        location = self._location
        accepted = self._always or self._accepted(request, _NOTHING)
        if not accepted and not location.encodings.varies:
            return None
        path = location.root.path(request)
        if path is None:
            return None
        path += self._suffix
        more = (self._coding, VARY) if location.encodings.varies and not self._always else (self._coding,)
        try:
            file = location.files.open(request, path, *more)
        except IsADirectoryError:
            return None
        except IrregularFile:
            request.complain(CRIT, f'"{shown(path)}" is not a regular file')
            return 404
        except OSError as error:
            self._complain(request, path, error)
            return None
        try:
            if not accepted:
                if request.values is None:
                    request.values = {}
                request.values["has precompressed"] = True
                return None
            location.files.answer(request, file, *more)
        finally:
            file.close()
        return DONE

    def tell(self, request: Request, response: Response) -> None:
        """The header filter: who gets the plain file is told that there is another."""
        if request.values is not None and request.values.get("has precompressed") and not is_encoded(response):
            self._location.encodings.vary(response)

    def _complain(self, request: Request, path: bytes, error: OSError) -> None:
        if error.errno not in MISSING:
            level, _ = level_and_status(error)
            request.complain(level, failed("open", path, error))
