"""For every test: nothing may block an event loop unnoticed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from blockbuster import BlockBuster, blockbuster_ctx

# Where the engine blocks on purpose, as nginx does: page-cache reads of small files, and spools.
DELIBERATE = {
    "os.stat": [("pyproxy/core/openfiles.py", {"open", "look", "find"}), ("pyproxy/modules/static.py", {"__call__"})],
}


@pytest.fixture(autouse=True)
def blockbuster() -> Iterator[BlockBuster]:
    with blockbuster_ctx("pyproxy") as detector:
        for function, places in DELIBERATE.items():
            for file, names in places:
                if function in detector.functions:
                    detector.functions[function].can_block_in(file, names)
        yield detector
