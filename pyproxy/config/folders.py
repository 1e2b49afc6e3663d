"""Folders that a configuration names for temporary files: made when they are not there."""

from __future__ import annotations

from pathlib import Path

from pyproxy.config import values
from pyproxy.config.scope import Scope
from pyproxy.config.tree import Directive
from pyproxy.core.files.temporary import DIGITS, TemporaryFolder


def temporary_folder(directive: Directive, scope: Scope) -> TemporaryFolder:
    """The folder of ``proxy_temp_path`` or the like. Raises ValueError."""
    name, *levels = directive.args
    lengths = [values.number(level, 1, DIGITS) for level in levels]
    if sum(lengths) > DIGITS:
        raise ValueError(f"the names of the levels have {DIGITS} digits together at most")
    folder = Path(scope.site.prefix, name)
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise ValueError(f'mkdir() "{folder}" failed: {error.strerror}') from error
    scope.site.folders.add(str(folder))
    return TemporaryFolder(str(folder), tuple(lengths))
