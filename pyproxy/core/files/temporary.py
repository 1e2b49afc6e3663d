"""Folders of temporary files that others find by their names, named and spread over subfolders as nginx does."""

from __future__ import annotations

import os
import random
from dataclasses import dataclass

DIGITS = 10
"""Of the number that names a file."""


@dataclass(frozen=True, slots=True)
class TemporaryFolder:
    """``client_body_temp_path /spool 1 2``: the file 0123456789 is ``/spool/9/78/0123456789``."""

    path: str
    levels: tuple[int, ...] = ()
    """Digits in the name of each subfolder."""

    def create(self) -> tuple[int, str]:
        """A new file, open to be read and written, and its path; its folders are made. Raises OSError."""
        while True:
            # workers share the folder: what one of them counted, another would have counted too
            name = f"{random.randrange(10**DIGITS):0{DIGITS}}"
            folder, end = self.path, DIGITS
            for level in self.levels:
                folder, end = os.path.join(folder, name[end - level : end]), end - level
            path = os.path.join(folder, name)
            try:
                return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), path
            except FileExistsError:
                continue
            except FileNotFoundError:
                if not self.levels:
                    raise
                os.makedirs(folder, 0o700, exist_ok=True)
