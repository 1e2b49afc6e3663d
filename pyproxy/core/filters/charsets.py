"""Bytes of one charset made into another's, by the tables of ``charset_map``."""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Mapping
from typing import Protocol

STEP = 1 << 16
"""Bytes that are recoded at a time."""

UTF_8 = "utf-8"


class Recoder(Protocol):
    """Recodes one body."""

    def feed(self, data: bytes) -> Iterator[bytes]: ...

    def flush(self) -> tuple[()]: ...

    def end(self) -> tuple[()]: ...


class Table:
    """One ``charset_map``: what a byte from 128 on is in the other charset, another byte or UTF-8."""

    def __init__(self, mapping: Mapping[int, bytes], to_utf8: bool) -> None:
        self.to_utf8 = to_utf8
        """Whether the other charset is UTF-8: then the length of a text changes."""
        ascii_or_unknown = [bytes([byte]) if byte < 128 else b"?" for byte in range(256)]
        self._forth = [mapping.get(byte, same) for byte, same in enumerate(ascii_or_unknown)]
        if to_utf8:
            self._forth_text = "".join(
                mapping[byte].decode() if byte in mapping else same.decode()
                for byte, same in enumerate(ascii_or_unknown)
            )
            self._back_text = _FromUtf8({ord(data.decode()): chr(byte) for byte, data in mapping.items()})
        else:
            back = {data[0]: byte for byte, data in mapping.items()}
            self._forth_bytes = b"".join(self._forth)
            self._back_bytes = bytes(back.get(byte, same[0]) for byte, same in enumerate(ascii_or_unknown))

    def recoder(self, forth: bool) -> Recoder:
        """What recodes one body, in the direction of the map or the other one."""
        if not self.to_utf8:
            return _Bytes(self._forth_bytes if forth else self._back_bytes)
        return _ToUtf8(self._forth_text) if forth else _Utf8(self._back_text)


class _Recoder:
    def _recode(self, data: bytes) -> bytes:
        raise NotImplementedError

    def feed(self, data: bytes) -> Iterator[bytes]:
        for at in range(0, len(data), STEP):
            yield self._recode(data[at : at + STEP])

    def flush(self) -> tuple[()]:
        return ()

    def end(self) -> tuple[()]:
        return ()


class _Bytes(_Recoder):
    def __init__(self, table: bytes) -> None:
        self._table = table

    def _recode(self, data: bytes) -> bytes:
        return data.translate(self._table)


class _ToUtf8(_Recoder):
    def __init__(self, table: str) -> None:
        self._table = table

    def _recode(self, data: bytes) -> bytes:
        return data if data.isascii() else codecs.charmap_decode(data, "strict", self._table)[0].encode()


class _FromUtf8(dict[int, str]):
    """A table for str.translate; what is not in the charset becomes a reference of HTML."""

    def __missing__(self, code: int) -> str:
        return chr(code) if code < 128 else f"&#{code};"


class _Utf8(_Recoder):
    def __init__(self, table: _FromUtf8) -> None:
        self._table = table
        self._held = b""
        """A character that has begun."""

    def _recode(self, data: bytes) -> bytes:
        data, self._held = self._held + data, b""
        if data.isascii():
            return data
        try:
            text, end = codecs.utf_8_decode(data, "strict", False)
        except UnicodeDecodeError:
            text, end = _decode(data)
        self._held = data[end:]
        return text.translate(self._table).encode("latin-1")


def _decode(data: bytes) -> tuple[str, int]:
    """Read what is not UTF-8 as nginx does: a question mark for each sequence that breaks off, or says nothing."""
    out: list[str] = []
    at, size = 0, len(data)
    while at < size:
        lead = data[at]
        if lead < 0x80:
            out.append(chr(lead))
            at += 1
            continue
        if 0xF0 <= lead < 0xF8:
            code, least, length = lead & 0x07, 0xFFFF, 3
        elif 0xE0 <= lead < 0xF0:
            code, least, length = lead & 0x0F, 0x7FF, 2
        elif 0xC2 <= lead < 0xE0:
            code, least, length = lead & 0x1F, 0x7F, 1
        else:
            out.append("?")
            at += 1
            continue
        if size - at <= length:
            break
        start = at
        at += 1
        for byte in data[start + 1 : start + 1 + length]:
            at += 1
            if byte < 0x80:
                code = 0
                break
            code = code << 6 | byte & 0x3F
        out.append(chr(code) if least < code <= 0x10FFFF else "?")
    return "".join(out), at
