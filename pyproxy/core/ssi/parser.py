"""Finds the commands ``<!--#name parameter="value" -->`` in a page that comes in pieces."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass

BEGIN = b"<!--#"
LONGEST_NAME = 32
"""Bytes of a command's name, and of a parameter's."""

_SPACE = frozenset(b" \r\n\t")
_DASH, _END, _EQUALS, _BACKSLASH = b"->=\\"
_QUOTES = frozenset(b"\"'")


@dataclass(slots=True)
class Command:
    """One of them; the values of its parameters are as written, backslashes and variables included."""

    name: bytes
    parameters: list[tuple[bytes, bytes]]

    def written(self) -> bytes:
        """The command as text again."""
        parameters = b"".join(b' %b="%b"' % parameter for parameter in self.parameters)
        return BEGIN + self.name + parameters + b" -->"


@dataclass(slots=True)
class Malformed:
    """Text that begins as a command does, but is none; ``reason`` is for the error log."""

    reason: str


Reading = Generator[None, int, Command | Malformed]


class CommandParser:
    """What a page is made of, in order: its text, commands and what should be commands."""

    def __init__(self, longest_value: int) -> None:
        """``longest_value``: the bytes that a parameter's value may have (``ssi_value_length``)."""
        self._longest_value = longest_value
        self._held = b""
        """The end of what has come, which may be the begin of a command."""
        self._reading: Reading | None = None
        """The command that has begun: takes its bytes one by one."""

    def feed(self, data: bytes) -> Iterator[bytes | Command | Malformed]:
        """What ``data`` brings. Whoever takes the parts may take his time, but is to take all."""
        if self._held:
            data, self._held = self._held + data, b""
        position = 0
        while position < len(data):
            if self._reading is None:
                found = data.find(BEGIN, position)
                end = found if found >= 0 else len(data) - _begun(data, position)
                if end > position:
                    yield data[position:end]
                if found < 0:
                    self._held = data[end:]
                    return
                position = found + len(BEGIN)
                self._reading = _Reader(self._longest_value).command()
                next(self._reading)
            try:
                while position < len(data):
                    byte = data[position]
                    position += 1
                    self._reading.send(byte)
            except StopIteration as ended:
                self._reading = None
                yield ended.value

    def end(self) -> bytes:
        """What was held back: it is text after all. A command that has not ended is none."""
        held, self._held = self._held, b""
        return held


def _begun(data: bytes, position: int) -> int:
    """How many bytes at the end may be the begin of a command."""
    for count in range(min(len(BEGIN) - 1, len(data) - position), 0, -1):
        if data.endswith(BEGIN[:count]):
            return count
    return 0


class _Reader:
    """Reads one command. Each method is sent byte after byte; in a command with a fault all is skipped to its end."""

    def __init__(self, longest_value: int) -> None:
        self._longest_value = longest_value
        self._name = bytearray()
        self._parameters: list[tuple[bytes, bytes]] = []

    def command(self) -> Reading:
        try:
            byte = yield from self._read_name()
            while True:
                while byte in _SPACE:
                    byte = yield
                if byte == _DASH:
                    break
                byte = yield from self._read_parameter(byte)
            yield from self._read_end()
        except _FaultError as fault:
            yield from _skip(fault.dashes)
            return Malformed(fault.reason)
        return Command(bytes(self._name), self._parameters)

    def _read_name(self) -> Generator[None, int, int]:
        """The byte after it."""
        byte = yield
        while byte in _SPACE:
            byte = yield
        self._name.append(byte)
        while (byte := (yield)) not in _SPACE and byte != _DASH:
            if len(self._name) == LONGEST_NAME:
                raise _FaultError(f'the "{_shown(self._name)}{chr(byte)}..." SSI command is too long')
            self._name.append(byte)
        return byte

    def _read_parameter(self, byte: int) -> Generator[None, int, int]:
        """The byte after its value."""
        name = bytearray([byte])
        while (byte := (yield)) not in _SPACE and byte != _EQUALS:
            if byte == _DASH:
                raise self._unexpected(byte, f'after "{_shown(name)}" parameter')
            if len(name) == LONGEST_NAME:
                raise _FaultError(f'too long "{_shown(name)}{chr(byte)}..." parameter{self._inside()}')
            name.append(byte)
        while byte != _EQUALS:
            if byte not in _SPACE:
                raise self._unexpected(byte, f'after "{_shown(name)}" parameter')
            byte = yield
        while (byte := (yield)) not in _QUOTES:
            if byte not in _SPACE:
                raise self._unexpected(byte, f'before value of "{_shown(name)}" parameter')
        value = yield from self._read_value(name, byte)
        byte = yield
        if byte not in _SPACE and byte != _DASH:
            # this dash is none that may end the command
            raise self._unexpected(byte, f'after "{_shown(value)}" value of "{_shown(name)}" parameter', 0)
        self._parameters.append((bytes(name), bytes(value)))
        return byte

    def _read_value(self, name: bytearray, quote: int) -> Generator[None, int, bytearray]:
        value = bytearray()
        escaped = False
        while (byte := (yield)) != quote or escaped:
            if len(value) == self._longest_value:
                raise _FaultError(
                    f'too long "{_shown(value)}{chr(byte)}..." value of "{_shown(name)}" parameter{self._inside()}'
                )
            escaped = byte == _BACKSLASH and not escaped
            value.append(byte)
        return value

    def _read_end(self) -> Generator[None, int, None]:
        for wanted in (_DASH, _END):
            byte = yield
            if byte != wanted:
                raise self._unexpected(byte, "", 0)

    def _inside(self) -> str:
        return f' in "{_shown(self._name)}" SSI command'

    def _unexpected(self, byte: int, where: str, dashes: int | None = None) -> _FaultError:
        if dashes is None:
            dashes = int(byte == _DASH)
        return _FaultError(f'unexpected "{chr(byte)}" symbol {where}'.rstrip() + self._inside(), dashes)


class _FaultError(Exception):
    """``dashes``: how many of those that may end the command have been read."""

    def __init__(self, reason: str, dashes: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.dashes = dashes


def _skip(dashes: int) -> Generator[None, int, None]:
    """To behind the next ``-->``; as in nginx, ``--->`` is none."""
    while True:
        byte = yield
        if byte == _END and dashes == 2:
            return
        dashes = dashes + 1 if byte == _DASH and dashes < 2 else 0


def _shown(text: bytes | bytearray) -> str:
    return bytes(text).decode("utf-8", "backslashreplace")
