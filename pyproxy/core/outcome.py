"""What a handler can say about a request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyproxy.core.request import Request
    from pyproxy.core.response import Field

DONE = True
"""The request is taken care of, by an answer already begun or one to come."""
GRANTED = False
"""An access handler's: this request may pass, whatever the others say if any one suffices (``satisfy any``)."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A status to finalize with, and the fields that belong to it (WWW-Authenticate)."""

    status: int
    fields: tuple[Field, ...] = ()


Outcome = None | bool | int | Refusal | Awaitable["Outcome"]
"""None (not mine, go on), DONE, GRANTED, a status to finalize with, a Refusal, or something to await for these."""

Handler = Callable[["Request"], Outcome]
