"""Folders that a configuration names for temporary files: made when they are not there."""

from __future__ import annotations

from pathlib import Path

from pyproxy.config.scope import Scope
from pyproxy.config.tree import Directive


def temporary_folder(directive: Directive, scope: Scope) -> str:
    """The folder of ``proxy_temp_path`` or the like; levels of folders below it have no effect. Raises ValueError."""
    folder = Path(scope.site.prefix, directive.args[0])
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise ValueError(f'mkdir() "{folder}" failed: {error.strerror}') from error
    scope.site.folders.add(str(folder))
    return str(folder)
