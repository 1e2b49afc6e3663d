"""The program that runs Supervisor: ``python main.py FOLDER LINK owned|detached [options of supervisord]``.

A pyproxy that owns supervisord holds the FIFO ``owner`` in its folder open. When the last owner ends, however it ends,
the FIFO has no writer any more: supervisord then stops its programs and ends too, and its folder is removed. One that
was started ``detached`` waits until an owner comes, if ever.

It is started as a file, and looks for pyproxy after everything else, so that no folder of the user's can take the place
of a module.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
import threading


def main(folder: str, link: str, mode: str, options: list[str]) -> None:
    orphaned = threading.Event()

    def watch_owner() -> None:
        # an owner that starts it gives it the other end; to open one waits until there is an owner
        owner = sys.stdin.fileno() if mode == "owned" else os.open(f"{folder}/owner", os.O_RDONLY)
        os.read(owner, 1)  # nothing is ever written: returns when the last owner has ended
        orphaned.set()
        # before supervisord has its handlers this ends the process at once; no program is running then
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch_owner, daemon=True).start()
    ended = False
    try:
        run(options)
        ended = True
    finally:
        if ended or orphaned.is_set():
            with contextlib.suppress(OSError):
                if os.readlink(link) == folder:
                    os.unlink(link)
            shutil.rmtree(folder, ignore_errors=True)


def run(arguments: list[str]) -> None:
    """supervisord's own main function, with our reading of options; it never begins anew by itself."""
    sys.path.append(os.path.abspath(f"{__file__}/../../../.."))
    from supervisor import supervisord

    from pyproxy.programs.supervisord.options import Options

    options = Options()
    options.realize(arguments, doc=supervisord.__doc__)
    options.first, options.test = True, False
    options.supervisord = supervisord.Supervisor(options)
    with contextlib.suppress(supervisord.asyncore.ExitNow):
        options.supervisord.main()
    options.close_httpservers()
    options.close_logger()


if __name__ == "__main__":
    sys.argv[0] = "supervisord"
    main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:])
