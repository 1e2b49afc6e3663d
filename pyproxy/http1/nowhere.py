"""Where an answer goes whose client has left."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any, Final


class Nowhere(asyncio.Transport):
    """A transport that has been closed and takes whatever it is given."""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Nobody reads it."""

    def writelines(self, list_of_data: Iterable[Any]) -> None:
        """Nobody reads them."""

    def can_write_eof(self) -> bool:
        """There is no stream to end."""
        return False

    def get_write_buffer_size(self) -> int:
        """Nothing is kept."""
        return 0

    def is_closing(self) -> bool:
        """For ever."""
        return True

    def pause_reading(self) -> None:
        """Nothing comes."""

    def resume_reading(self) -> None:
        """Nothing comes."""

    def close(self) -> None:
        """It is closed."""

    def abort(self) -> None:
        """It is closed."""


NOWHERE: Final = Nowhere()
