"""The media type of an answer, and the types that a filter is meant for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyproxy.core.response import Response

HTML = b"text/html"

_CHARSET = re.compile(rb"; *charset=(\"?)(.*?)\"?\Z", re.IGNORECASE | re.DOTALL)


def split_charset(value: bytes) -> tuple[bytes, bytes]:
    """The type in a Content-Type, with parameters that are none of ours, and its charset, empty for none."""
    match = _CHARSET.search(value)
    return (value[: match.start()], match[2]) if match is not None else (value, b"")


class MediaTypes:
    """The types that a directive such as ``gzip_types`` names."""

    def __init__(self, levels: Iterable[Sequence[str]] | None, defaults: Sequence[bytes] = (HTML,)) -> None:
        """``levels``: the arguments of each such directive, None without any. The first of the ``defaults`` always
        belongs to them; ``*`` stands for all."""
        named = [name.lower().encode() for names in levels or () for name in names]
        self._all = b"*" in named
        self._types = frozenset(defaults if levels is None else (*named, *defaults[:1]))

    def match(self, response: Response) -> bool:
        """Whether the response is of one of them."""
        if self._all:
            return True
        value = response.get(b"content-type")
        return value is not None and split_charset(value)[0].lower() in self._types
