"""The program that a pyproxy process starts to run Supervisor: ``python child.py FOLDER [options of supervisord]``.

Standard input is a pipe whose other end only the owner holds. When the owner ends, however it ends, the pipe closes:
supervisord then stops its programs and ends too, and its folder is removed.

It is started as a file and imports nothing of pyproxy, so that no folder of the user's can take the place of a module.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import threading

from supervisor import supervisord


def main(folder: str, options: list[str]) -> None:
    orphaned = threading.Event()

    def watch_owner() -> None:
        os.read(0, 1)  # nothing is ever written: returns when the pipe closes
        orphaned.set()
        # before supervisord has its handlers this ends the process at once; no program is running then
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch_owner, daemon=True).start()
    try:
        supervisord.main(options)
    finally:
        if orphaned.is_set():
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.argv[0] = "supervisord"
    main(sys.argv[1], sys.argv[2:])
