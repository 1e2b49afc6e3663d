"""What the head of a message says, whatever the protocol it came by."""

from __future__ import annotations

from typing import Final

Pair = tuple[bytes, bytes, bytes]
"""Lower-case name, name as sent, value without the white space around it."""

_NO_OPTIONS: Final[frozenset[bytes]] = frozenset()
PLANS: Final = 64
MOST_NAMES: Final = 64
"""For how many sequences of names their users remember what follows from them, and of how many names at most."""
_CONDITIONS: Final = frozenset({b"if-match", b"if-modified-since", b"if-none-match", b"if-unmodified-since", b"range"})
_BODIES: Final = frozenset({b"expect", b"transfer-encoding"})


class Names:
    """The names of a field section in their order, and where each one is.

    Worked out once: browsers and programs send ever new values under the same few sequences of names.
    """

    __slots__ = ("conditional", "first", "lower", "repeated", "sent")

    def __init__(self, sent: tuple[bytes, ...]) -> None:
        self.sent = sent
        self.lower = tuple(name.lower() for name in sent)
        self.first: dict[bytes, int] = {}
        """The first place of each lower-case name."""
        self.repeated: set[bytes] = set()
        """Those with more than one place."""
        for place, lower in enumerate(self.lower):
            if self.first.setdefault(lower, place) != place:
                self.repeated.add(lower)
        self.conditional = not (_CONDITIONS | _BODIES).isdisjoint(self.first)
        """Whether a request asks for less than the whole answer, or for it only if it has changed or has not; or has
        a body of which something must be said before the answer."""


class Controls:
    """What the fields say that steer a message: its framing, its connection, its server (RFC 9110, 6.4, 7.2, 7.6).

    Shared by all messages in which these fields have the same values: it does not change once it is made.
    """

    __slots__ = ("chunked", "close", "connection", "content_length", "expect_continue", "host", "upgrade")

    def __init__(self) -> None:
        self.content_length: int | None = None
        """Bytes; None without the field."""
        self.chunked = False
        self.close = False
        """Connection names `close`."""
        self.connection = _NO_OPTIONS
        """The options named by Connection, in lower case."""
        self.upgrade: bytes | None = None
        """The value of Upgrade in lower case, if Connection names it."""
        self.host: bytes | None = None
        """Requests only: Host in lower case, without port and final dot."""
        self.expect_continue = False


NO_CONTROLS: Final = Controls()


class Fields:
    """One field section, read once. It does not change, so all messages that repeat its bytes may share it."""

    __slots__ = ("controls", "names", "values")

    def __init__(self, names: Names, values: tuple[bytes, ...], controls: Controls = NO_CONTROLS) -> None:
        self.names = names
        """In the order they came, without those that nginx drops."""
        self.values = values
        """One for each name, without the white space around it."""
        self.controls = controls

    def get(self, lower_name: bytes) -> bytes | None:
        """The first value of that name."""
        place = self.names.first.get(lower_name)
        return None if place is None else self.values[place]

    def get_all(self, lower_name: bytes) -> list[bytes]:
        """Every value of that name."""
        if lower_name not in self.names.first:
            return []
        return [value for lower, value in zip(self.names.lower, self.values, strict=True) if lower == lower_name]

    def joined(self, lower_name: bytes, joint: bytes) -> bytes | None:
        """Every value of that name in one."""
        names = self.names
        if lower_name in names.repeated:
            return joint.join(self.get_all(lower_name))
        place = names.first.get(lower_name)
        return None if place is None else self.values[place]

    @property
    def pairs(self) -> tuple[Pair, ...]:
        """Names and values together."""
        return tuple(zip(self.names.lower, self.names.sent, self.values, strict=True))


class RequestHead:
    """What the head of one request says."""

    __slots__ = (
        "authority",
        "chunked",
        "content_length",
        "expect_continue",
        "fields",
        "host",
        "keep_alive",
        "length",
        "line",
        "method",
        "target",
        "upgrade",
        "version",
    )

    def __init__(self, line: bytes, method: bytes, target: bytes, version: int, fields: Fields) -> None:
        self.line = line
        """The request line as sent, without its end (`$request`)."""
        self.method = method
        self.target = target
        """Path and query as sent; of an absolute-form target without scheme and authority (`$request_uri`)."""
        self.length = 0
        """Bytes that it came in, where they are counted."""
        self.version = version
        """10 or 11. A minor version above 1 counts as 1.1 (RFC 9110, 2.5)."""
        self.fields = fields
        self.authority: bytes | None = None
        """Host and port of an absolute-form target, as sent: they replace the Host field (RFC 9112, 3.2.2)."""
        controls = fields.controls
        self.host = controls.host
        """Lower case, no port, no final dot (`$host`); None only in HTTP/1.0."""
        self.content_length = controls.content_length or 0
        """Bytes; 0 without the field, and when the body is chunked."""
        self.chunked = controls.chunked
        self.upgrade: bytes | None = None
        """`websocket` or None: no other protocol is let through, h2c least of all."""
        if version == 11:
            self.keep_alive = not controls.close
            self.expect_continue = controls.expect_continue
            if controls.upgrade is not None and self._asks_for_websocket(controls):
                self.upgrade = b"websocket"
        else:
            self.keep_alive = not controls.close and b"keep-alive" in controls.connection
            self.expect_continue = False

    def _asks_for_websocket(self, controls: Controls) -> bool:
        # RFC 6455, 4.1: a GET. A body before the switch would be one more way to disagree about where it happens.
        alone = self.method == b"GET" and not self.content_length and not self.chunked
        return alone and controls.upgrade == b"websocket"


class ResponseHead:
    """What the head of one response says. It does not change: answers that repeat its bytes share it."""

    __slots__ = ("chunked", "content_length", "fields", "keep_alive", "reason", "status", "upgrade", "version")

    def __init__(self, version: int, status: int, reason: bytes, fields: Fields) -> None:
        self.version = version
        self.status = status
        """100 to 999; below 200 the answer is still to come (101: the connection changes its protocol)."""
        self.reason = reason
        self.fields = fields
        controls = fields.controls
        self.content_length = controls.content_length
        """Bytes, None without the field. Whether a body follows is `response_framing`'s to say."""
        self.chunked = controls.chunked
        self.keep_alive = version == 11 and not controls.close
        """False for HTTP/1.0 whatever it says, as with nginx."""
        self.upgrade = controls.upgrade
        """The value of Upgrade in lower case, if Connection names it."""
