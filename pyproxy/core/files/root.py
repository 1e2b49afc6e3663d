"""Where files are: ``root`` and ``alias`` make a file's path of a request's URI."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyproxy.core.files.failures import shown
from pyproxy.core.logs.log import ALERT, ERROR
from pyproxy.core.request import REWRITTEN_HERE
from pyproxy.core.variables import Depends, Template

if TYPE_CHECKING:
    from pyproxy.core.request import Request


ADD_URI = "try_files under a regular expression's alias"
"""Kept with the request whose URI goes after such an alias, which else is the whole path (add_uri_to_alias)."""


class Root:
    """One ``root`` or ``alias``, as the location where it is written means it (inner locations inherit that)."""

    __slots__ = ("_alias", "_constant", "_cut", "_name", "_parents", "_prefix", "_template", "depends")

    def __init__(self, template: Template, prefix: bytes, alias_of: bytes | None = None, whole: bool = False) -> None:
        """``prefix`` is where relative paths count from.

        ``alias_of`` is the path of the location that an alias replaces, None for a root; with ``whole``
        (an alias under a regular expression) the value is the file's path already.
        """
        self._template = template
        self._prefix = prefix
        self._alias = alias_of is not None
        self._name = alias_of or b""
        self._cut = None if whole else len(self._name)
        self._parents = template.text.split("/").count("..") + prefix.split(b"/").count(b"..")
        self._constant: bytes | None = None
        if (text := template.constant) is not None:
            self._constant = self._complete(text)
        self.depends = template.depends if template.constant is None else Depends.CONSTANT
        """What fixes the folder; a path depends on the URI and the captures besides."""

    def _complete(self, text: bytes) -> bytes:
        path = text if text.startswith(b"/") else self._prefix + b"/" + text
        return path if self._alias or not path.endswith(b"/") else path[:-1]

    def folder(self, request: Request) -> bytes:
        """What ``root`` or ``alias`` says for this request (``$document_root``)."""
        if self._constant is not None:
            return self._constant
        return self._complete(self._template.render(request))

    def try_name(self, request: Request, name: bytes) -> bytes:
        """A name that variables made, without the path of the location that an alias replaces."""
        return name[len(self._name) :] if self._cut and name.startswith(self._name) else name

    def try_path(self, request: Request, name: bytes) -> bytes | None:
        """The path of ``name`` below the folder, as ``try_files`` means it; None where it leads elsewhere."""
        path = self.folder(request) + name
        return None if b"\0" in path or self._leads_out(path) else path

    def take(self, request: Request, name: bytes, is_folder: bool) -> bytes:
        """The URI of a ``name`` that was found."""
        if not self._alias:
            return name
        if self._cut is not None:
            return request.uri[: self._cut] + name
        if is_folder:
            return request.uri
        request.set_variable(ADD_URI, b"1")
        return name

    def _leads_out(self, path: bytes) -> bool:
        return b".." in path and path.split(b"/").count(b"..") > self._parents

    def path(self, request: Request) -> bytes | None:
        """The path of the request's file, or None where the URI does not lead to a path below the folder.

        The URI itself has no ``..``, but one can come up where an alias and the rest of a URI meet
        (``location /img`` with ``alias /data/img/`` and ``/img../secret``), or out of a variable. nginx
        follows those; here nothing leads outside.
        """
        if self._alias and request.rewritten == REWRITTEN_HERE:
            return None
        path = self._constant
        if path is None:
            path = self._complete(self._template.render(request))
            if b"\0" in path:
                return None
        if self._cut is not None:
            uri = request.uri
            if self._cut:
                if not uri.startswith(self._name):
                    return None
                uri = uri[self._cut :]
            elif not uri.startswith(b"/"):
                return None
            path += uri
        elif request.values is not None and ADD_URI in request.values:
            path += request.uri
        return None if self._leads_out(path) else path

    def refuse(self, request: Request) -> int:
        """The status of a request without a ``path``; the error log says why."""
        if self._alias and request.rewritten == REWRITTEN_HERE:
            # what an alias would replace need not be in such a URI
            where = request.location.name
            request.complain(ALERT, f'"alias" cannot be used in location "{where}" where URI was rewritten')
            return 500
        request.complain(ERROR, f'"{shown(request.uri)}" does not lead to a path below root or alias')
        return 404
