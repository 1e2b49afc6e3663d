"""Starts a program as systemd does for a socket unit: ``activate.py ADDRESS[=NAME]... -- COMMAND...``.

The sockets are the descriptors from 3 on, and the environment says for which process they are (sd_listen_fds(3)).
"""

from __future__ import annotations

import fcntl
import os
import socket
import sys


def listening(address: str) -> socket.socket:
    if address.startswith("/"):
        sock = socket.socket(socket.AF_UNIX)
        sock.bind(address)
    elif address.startswith("udp:"):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind(("127.0.0.1", 0))
        return sock
    else:
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(("127.0.0.1", int(address)))
    sock.listen()
    return sock


def main(arguments: list[str]) -> None:
    place = arguments.index("--")
    pairs = [argument.partition("=") for argument in arguments[:place]]
    sockets = [listening(address) for address, *_ in pairs]
    # out of the way first: one may be where another is to go
    high = [fcntl.fcntl(sock, fcntl.F_DUPFD_CLOEXEC, 100) for sock in sockets]
    for number, fd in enumerate(high):
        os.dup2(fd, 3 + number)
    os.environ["LISTEN_PID"] = str(os.getpid())
    os.environ["LISTEN_FDS"] = str(len(pairs))
    os.environ["LISTEN_FDNAMES"] = ":".join(name for _, _, name in pairs)
    os.execvp(arguments[place + 1], arguments[place + 1 :])


if __name__ == "__main__":
    main(sys.argv[1:])
