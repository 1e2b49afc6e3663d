"""For every test: nothing may block an event loop unnoticed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from blockbuster import BlockBuster, blockbuster_ctx

# Where the engine blocks on purpose, as nginx does: it looks at files that it serves, stores answers (proxy_store) and
# bodies (client_body_in_file_only), and writes error lines, and those of logs with variables in their names. (Opening
# and reading files, and spools in the page cache, are calls that blockbuster does not watch.)
DELIBERATE = {
    "os.stat": [
        ("pyproxy/core/files/openfiles.py", {"look"}),
        ("pyproxy/upstream/store.py", {"__init__", "_move"}),
        ("pyproxy/core/files/temporary.py", {"create"}),
    ],
    "os.write": [
        ("pyproxy/core/logs/logfile.py", {"write_at"}),
        ("pyproxy/core/logs/lognames.py", {"append"}),
        ("pyproxy/upstream/store.py", {"write"}),
    ],
    "os.path.abspath": [
        ("pyproxy/upstream/store.py", {"__init__"}),
        ("pyproxy/core/spool.py", {"_open"}),
    ],
    "os.mkdir": [("pyproxy/upstream/store.py", {"__init__"}), ("pyproxy/core/files/temporary.py", {"create"})],
    "os.replace": [("pyproxy/upstream/store.py", {"_move"})],
    "os.unlink": [("pyproxy/upstream/store.py", {"discard"}), ("pyproxy/core/spool.py", {"close"})],
}


@pytest.fixture(autouse=True)
def blockbuster() -> Iterator[BlockBuster]:
    with blockbuster_ctx("pyproxy") as detector:
        for function, places in DELIBERATE.items():
            for file, names in places:
                if function in detector.functions:
                    detector.functions[function].can_block_in(file, names)
        yield detector
