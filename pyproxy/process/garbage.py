"""Python's garbage collector in a process that serves."""

from __future__ import annotations

import gc
from typing import Final

YOUNG: Final = 10_000
"""New objects after which they are looked through for circles. Requests make none, so that only faults leave any;
Python's 700 are there at once when some hundred connections have a request each, and are all still needed."""


def settle() -> None:
    """Look no more at what is there now, modules and configuration, and at what comes less often.

    To be called again when there is another configuration: what only the one before had is given back then.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG)
