"""``ready``: the address by which a program shows that it is there."""

from __future__ import annotations

import http.client
import ipaddress
import re
import socket
from dataclasses import dataclass

TIMEOUT = 2.0
"""Seconds that an answer may take."""
BODY = 65536
"""Bytes of an answer that are read, so that whoever sends them is not cut off."""

_FORM = re.compile(
    r"""(?P<scheme>http|tcp)://(?:
            (?P<host>\[[0-9A-Fa-f:.]+\]|[^\s:/?\#\[\]]+)(?::(?P<port>\d{1,5}))?
          | unix:(?P<socket>/[^\s:]+):?
        )(?P<path>/\S*)?
      | unix:(?P<plain>/[^\s:]+)""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Ready:
    """An address that takes connections once the program is ready, or an URL that it then answers with 2xx or 3xx."""

    text: str
    """As it was written."""
    address: tuple[str, int] | str
    """Host and port, or the path of a unix socket."""
    host: str
    """For the Host header."""
    path: str | None
    """What to ask for; None if a connection is enough."""

    @classmethod
    def parse(cls, text: str) -> Ready:
        """``http://HOST:PORT/PATH``, ``http://unix:SOCKET:/PATH`` as in proxy_pass, ``tcp://HOST:PORT`` or
        ``unix:SOCKET``. Raises ValueError for anything else.
        """
        form = _FORM.fullmatch(text)
        if form is None:
            raise ValueError("write http://HOST:PORT/PATH, tcp://HOST:PORT or unix:/PATH")
        asks = form["scheme"] == "http"
        if form["scheme"] == "tcp" and (form["port"] is None or form["path"]):
            raise ValueError("write tcp://HOST:PORT")
        path = (form["path"] or "/") if asks else None
        if (file := form["plain"] or form["socket"]) is not None:
            return cls(text, file, "localhost", path)
        port = int(form["port"] or 80)
        if not 0 < port < 65536:
            raise ValueError(f"there is no port {port}")
        name = form["host"]
        return cls(text, (name.strip("[]"), port), f"{name}:{port}" if form["port"] else name, path)

    @property
    def is_local(self) -> bool:
        """Whether only a process of this machine can answer."""
        if isinstance(self.address, str):
            return True
        host = self.address[0]
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return host == "localhost"
        return address.is_loopback or address.is_unspecified

    def problem(self) -> str:
        """Why the program is not ready; "" if it is. Blocks for at most about TIMEOUT."""
        try:
            with self._connect() as sock:
                return "" if self.path is None else self._ask(sock, self.path)
        except OSError as error:
            return (error.strerror or str(error)).lower()
        except http.client.HTTPException:
            return "the answer is not HTTP"

    def answers(self) -> bool:
        """Whether something takes connections there."""
        try:
            self._connect().close()
        except OSError:
            return False
        return True

    def _connect(self) -> socket.socket:
        if isinstance(self.address, tuple):
            return socket.create_connection(self.address, TIMEOUT)
        sock = socket.socket(socket.AF_UNIX)
        try:
            sock.settimeout(TIMEOUT)
            sock.connect(self.address)
        except BaseException:
            sock.close()
            raise
        return sock

    def _ask(self, sock: socket.socket, path: str) -> str:
        request = f"GET {path} HTTP/1.1\r\nHost: {self.host}\r\nUser-Agent: pyproxy\r\nConnection: close\r\n\r\n"
        sock.sendall(request.encode())
        with http.client.HTTPResponse(sock, method="GET") as response:
            response.begin()
            if not 200 <= response.status < 400:
                return f"the answer is {response.status} {response.reason}".rstrip()
            response.read(BODY)
        return ""
