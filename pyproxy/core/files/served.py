"""The files of one location as answers: opened, or kept in memory, with their heads."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pyproxy.core.dates import http_date
from pyproxy.core.files.openfiles import OpenFile, OpenFiles, look, open_file
from pyproxy.core.filters.chain import share
from pyproxy.core.request import Request
from pyproxy.core.response import Field, Response

if TYPE_CHECKING:
    import os

    from pyproxy.core.files.links import Links
    from pyproxy.core.location import Location


class Files:
    """What ``open_file_cache``, ``etag`` and ``log_not_found`` say of one location."""

    def __init__(
        self,
        location: Location,
        kept: OpenFiles,
        valid: float,
        etag: bool,
        log_not_found: bool,
        links: Links | None,
    ) -> None:
        """``valid``: seconds for which a kept file is believed to be unchanged; ``links``: the rule about links."""
        self._links = links
        self.kept = kept
        self.valid = valid
        self.log_not_found = log_not_found
        self._location = location
        self._etag = etag

    def open(self, request: Request, path: bytes, *more: Field) -> OpenFile:
        """The file at ``path``, with a head that all may share if it is kept; ``more`` fields belong to it.

        To be closed. Raises OSError (IsADirectoryError for a directory) or IrregularFile.
        """
        key = (self._location, request.uri, path)
        file = self.kept.find(key, request.started, self.valid)
        if file is None:
            links = self._links
            file = open_file(path) if links is None else open_file(path, partial(links.open, request))
            if self.kept.put(key, file, request.started, self.valid):
                response = self._response(request, file, more)
                file.response = response if share(request, response) else None
        return file

    def look(self, request: Request, path: bytes) -> os.stat_result:
        """What is at ``path``, as far as the rule about links lets it be seen. Raises OSError."""
        return look(path) if self._links is None else self._links.look(request, path)

    def _response(self, request: Request, file: OpenFile, more: tuple[Field, ...]) -> Response:
        fields = [(b"Last-Modified", http_date(file.modified))]
        if content_type := self._location.content_type(request.uri):
            fields.insert(0, (b"Content-Type", content_type))
        if self._etag:
            fields.append((b"ETag", file.etag))
        response = Response(200, [*fields, *more], file.size)
        response.allow_ranges = bool(self._location.max_ranges)
        return response

    def answer(self, request: Request, file: OpenFile, *more: Field) -> bool:
        """Answer with it. True if that was the whole of it with its shared head, for a request without conditions."""
        plain = not request.head.fields.names.conditional and not request.error_status and request.carried is None
        if plain and file.response is not None and file.body is not None:
            request.stream.start(request, file.response, file.body, True)
            return True
        response = self._response(request, file, more)
        if request.error_status not in (0, 200):
            # a page for an error is not as old as its file
            response.remove(b"last-modified")
        if file.body is not None:
            request.respond(response, file.body)
        else:
            request.respond_with_file(response, file.take_fd(), file.size)
        return False
