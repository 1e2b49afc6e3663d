"""What systemd wants to know of a service of ``Type=notify`` (sd_notify)."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import MutableMapping

NOTIFY_SOCKET = "NOTIFY_SOCKET"


class Notify:
    """Says nothing where nobody asks."""

    def __init__(self, environment: MutableMapping[str, str]) -> None:
        """Take the socket's name out of the environment: what a program of ours says there is not ours to say."""
        name = environment.pop(NOTIFY_SOCKET, "")
        self.environment = {NOTIFY_SOCKET: name} if name else {}
        """What a new program needs that takes our place."""
        self._address = f"\0{name[1:]}" if name.startswith("@") else name

    def ready(self) -> None:
        self._say("READY=1")

    def reloading(self) -> None:
        self._say(f"RELOADING=1\nMONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")

    def stopping(self) -> None:
        self._say("STOPPING=1")

    def main_pid(self, pid: int) -> None:
        """Another process takes our place."""
        self._say(f"MAINPID={pid}")

    def _say(self, text: str) -> None:
        if self._address:
            with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
                sock.setblocking(False)
                sock.sendto(os.fsencode(text), os.fsencode(self._address))
