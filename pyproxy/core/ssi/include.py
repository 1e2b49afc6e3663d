"""The ``include`` command: which URI stands where, and what takes the place of an answer that there is none of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from pyproxy.core.filters.inclusion import Inclusion
from pyproxy.core.ssi.expression import Lookup, expand, shown
from pyproxy.core.uri import BadURI, split_unsafe

if TYPE_CHECKING:
    from pyproxy.core.filters.chain import Piece
    from pyproxy.core.request import Request


@dataclass(slots=True)
class Include:
    """What its parameters say."""

    uri: bytes
    args: bytes
    wait: bool
    """Whether nothing after it is looked at before it is whole."""
    into: bytes | None
    """The variable that the answer becomes the value of, instead of standing here."""
    stub: bytes | None
    """The block that stands here if there is no answer."""


def read_include(parameters: dict[bytes, bytes], base: bytes, lookup: Lookup) -> Include:
    """``base``: the URI of the page. Raises ValueError with what is wrong."""
    virtual, file, wait, into, stub = map(parameters.get, (b"virtual", b"file", b"wait", b"set", b"stub"))
    if virtual is not None and file is not None:
        raise ValueError(f'inclusion may be either virtual="{shown(virtual)}" or file="{shown(file)}"')
    target = virtual if virtual is not None else file
    if target is None:
        raise ValueError('no parameter in "include" SSI command')
    if into is not None and stub is not None:
        raise ValueError('"set" and "stub" cannot be used together in "include" SSI command')
    if wait is not None and file is not None:
        raise ValueError(f'"wait" cannot be used with file="{shown(file)}"')
    if wait is not None and wait.lower() not in (b"yes", b"no"):
        raise ValueError(f'invalid value "{shown(wait)}" in the "wait" parameter')
    target = expand(target, lookup)
    if not target.startswith(b"/"):
        target = base[: base.rfind(b"/") + 1] + target
    try:
        uri, args = split_unsafe(target)
    except BadURI as error:
        raise ValueError(f'unsafe URI "{shown(unquote_to_bytes(target))}" was detected') from error
    waits = file is not None or into is not None or (wait or b"no").lower() == b"yes"
    return Include(uri, args, waits, None if into is None else into.lower(), stub)


class Included(Inclusion):
    """Such an inclusion. If it has a stub, an error, or nothing at all, makes room for that."""

    def __init__(self, request: Request, include: Include, stub: bytes | None) -> None:
        super().__init__(request, include.uri, include.args, in_memory=include.into is not None)
        self.into = include.into
        self._stub = stub
        if stub is not None:
            # that goes before error_page
            self.subrequest.error_page_used = True

    @property
    def instead(self) -> bytes | None:
        """The block that is to stand here, once ``read`` is through; None: the answer."""
        return self._stub if self._failed or not self.subrequest.sent else None

    @property
    def _failed(self) -> bool:
        return self.subrequest.error_status != 0

    def read(self) -> Iterator[Piece]:
        """The answer, without the page of an error if there is a block for that."""
        for piece in super().read():
            if not isinstance(piece, bytes) or self._stub is None or not self._failed:
                yield piece
