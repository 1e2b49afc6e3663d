"""The last lines of log files, counted from a mark: what older runs have written is left out."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

LINES = 10
BYTES = 8192


class Tail:
    """Remembers where log files ended when it was made."""

    def __init__(self, files: Iterable[Path]) -> None:
        self._marks = {file: file.stat().st_size for file in files if file.is_file()}

    def lines(self, file: Path | None) -> tuple[str, ...]:
        """At most LINES lines from the last BYTES bytes; none if it is no regular file, such as a terminal."""
        if file is None or not file.is_file():
            return ()
        mark = self._marks.get(file, 0)
        with file.open("rb") as log:
            size = log.seek(0, os.SEEK_END)
            if mark > size:  # rotated since
                mark = 0
            log.seek(max(mark, size - BYTES))
            return tuple(log.read(BYTES).decode(errors="replace").splitlines()[-LINES:])
