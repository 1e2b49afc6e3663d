"""``python hammer.py FILE SIZE ROUNDS``: processes that update a zone are killed in the middle of it, again and again.

It says how many rounds went well. Every process is forked before it opens the zone, as LMDB asks for.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
import traceback
from collections.abc import Callable

from pyproxy.config.tree import Source
from pyproxy.zones.shared import SharedStore
from pyproxy.zones.store import Operation, Record
from pyproxy.zones.zone import Zone


class Numbers(Zone):
    directive = "numbers"
    record_size = 128
    evicts = True


def _add(record: Record | None, now: int) -> tuple[Record, int]:
    number = 1 if record is None else record[0] + 1
    return (number, number * 7), number


def _check(record: Record | None, now: int) -> tuple[Record | None, int]:
    assert record is None or (len(record) == 2 and record[1] == record[0] * 7)
    return record, 0 if record is None else record[0]


ADD, CHECK = Operation(_add, ""), Operation(_check, "")
WORKERS = 3
KEYS = 600
"""More than the zone holds, so that it evicts all the time."""


def child(work: Callable[[SharedStore], None], path: str, size: int) -> int:
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        work(SharedStore(Numbers("one", size, "", Source("test", 1)), path, 1))
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def update(store: SharedStore) -> None:
    while True:
        store.update(ADD, b"always")
        store.update(ADD, b"%d" % random.randrange(KEYS))


def look(store: SharedStore) -> None:
    for number in range(KEYS):
        store.update(CHECK, b"%d" % number)
    # the record that all share goes on growing
    before = store.update(CHECK, b"always")
    assert before > 0
    assert store.update(ADD, b"always") == before + 1


def main(path: str, size: int, rounds: int) -> None:
    for done in range(rounds):
        workers = [child(update, path, size) for _ in range(WORKERS)]
        time.sleep(random.uniform(0.004, 0.012))
        for pid in workers:
            os.kill(pid, signal.SIGKILL)
        for pid in workers:
            os.waitpid(pid, 0)
        checker = child(look, path, size)
        if os.waitpid(checker, 0)[1]:
            sys.exit(f"round {done} left a zone that cannot be used")
        if done % 4 == 0:
            # one stays, so that the others' mutex is never made anew
            keeper = child(lambda store: time.sleep(60), path, size)
        if done % 4 == 3:
            os.kill(keeper, signal.SIGKILL)
            os.waitpid(keeper, 0)
    print(rounds)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
