"""Who sent a message, and how a message that breaks the grammar is refused."""

from __future__ import annotations

from dataclasses import dataclass


class BadMessage(Exception):
    """A message that must not be used, nor anything that follows it on its connection.

    `status` is the answer for the client (494 stands for nginx's "header too large", sent as 400; always 502 when
    the upstream is to blame); `reason` is the sentence for the error log, in nginx's words, printable ASCII.
    """

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(status, reason)
        self.status = status
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.reason} ({self.status})"


@dataclass(frozen=True, slots=True)
class Sender:
    """One end of a connection: its name in the error log and the status its mistakes cause."""

    name: str
    status: int

    def error(self, what: str, status: int = 0) -> BadMessage:
        """The error to raise; `status` counts for a client only: an upstream's mistake is always a bad gateway."""
        return BadMessage(status if status and self is CLIENT else self.status, f"{self.name} {what}")


CLIENT = Sender("client", 400)
UPSTREAM = Sender("upstream", 502)


def printable(data: bytes, limit: int = 100) -> str:
    """`data` for a log line: escaped, because it holds whatever a stranger sent, and cut after `limit` bytes."""
    text = data[:limit].decode("latin-1").encode("unicode_escape").decode("ascii").replace('"', '\\"')
    return text + "..." if len(data) > limit else text
