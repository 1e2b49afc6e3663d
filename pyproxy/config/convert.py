"""One configuration in the other notation: ``pyproxy convert FILE --to toml|nginx``."""

from __future__ import annotations

from typing import Literal

from pyproxy.config import nginx, toml_writer
from pyproxy.config.load import Loaded
from pyproxy.config.toml import Shapes


def convert(loaded: Loaded, to: Literal["toml", "nginx"], shapes: Shapes) -> str:
    """The whole configuration, its includes inlined, as one text that reads back as the same tree.

    Inlined, because a file that one notation includes in a place may not stand there in the other. Raises ConfigError.
    """
    if to == "toml":
        return toml_writer.format(loaded.directives, shapes)
    return nginx.format(loaded.directives)
