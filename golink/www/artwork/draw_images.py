"""Draw static/hero.png, the PNG icons and favicon.ico, with the standard library only: python draw_images.py

The results are committed; run this only to change them. It takes about half a minute.
"""

from __future__ import annotations

import math
import random
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

STATIC = Path(__file__).resolve().parent.parent / "static"

Colour = tuple[float, float, float]
Point = tuple[float, float]

TEAL_LIGHT: Colour = (21, 144, 140)
TEAL_DARK: Colour = (11, 69, 80)
WHITE: Colour = (255, 255, 255)
CORAL: Colour = (255, 154, 134)


def png(width: int, height: int, channels: int, rows: list[bytes]) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 6 if channels == 4 else 2, 0, 0, 0)
    pixels = b"".join(_filtered(row, above, channels) for row, above in zip(rows, [None, *rows], strict=False))
    chunks = chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(pixels, 9)), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _filtered(row: bytes, above: bytes | None, channels: int) -> bytes:
    """The row after the PNG filter that leaves the smallest differences: Sub, or Up if there is a row above."""
    sub = bytes((byte - left) & 255 for byte, left in zip(row, bytes(channels) + row, strict=False))
    up = bytes((byte - over) & 255 for byte, over in zip(row, above or bytes(len(row)), strict=True))

    def cost(data: bytes) -> int:
        return sum(min(byte, 256 - byte) for byte in data)

    return b"\1" + sub if cost(sub) <= cost(up) else b"\2" + up


def mix(a: Colour, b: Colour, share: float) -> Colour:
    return (a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share, a[2] + (b[2] - a[2]) * share)


def clamp(value: float, least: float = 0.0, most: float = 1.0) -> float:
    return max(least, min(most, value))


def curve(a: Point, b: Point, c: Point, d: Point, steps: int) -> list[Point]:
    """Points along a cubic Bézier curve."""
    points = []
    for step in range(steps + 1):
        t = step / steps
        u = 1 - t
        weights = (u**3, 3 * u * u * t, 3 * u * t * t, t**3)
        points.append(
            (
                sum(w * p[0] for w, p in zip(weights, (a, b, c, d), strict=True)),
                sum(w * p[1] for w, p in zip(weights, (a, b, c, d), strict=True)),
            )
        )
    return points


def icon(size: int) -> bytes:
    """logo.svg as a PNG of `size` pixels, with smooth edges."""
    path = curve((19, 45), (19, 27), (45, 39), (45, 21), 60)
    scale = 64 / size

    def coverage(distance: float) -> float:
        return clamp(0.5 - distance / scale)

    rows = []
    for y in range(size):
        row = bytearray()
        for x in range(size):
            px, py = (x + 0.5) * scale, (y + 0.5) * scale
            colour = mix(TEAL_LIGHT, TEAL_DARK, (px + py) / 128)
            corner = math.hypot(max(abs(px - 32) - 17, 0), max(abs(py - 32) - 17, 0)) - 15
            line = min(math.hypot(px - cx, py - cy) for cx, cy in path) - 3
            colour = mix(colour, WHITE, coverage(line))
            colour = mix(colour, WHITE, coverage(math.hypot(px - 19, py - 46) - 7.5))
            colour = mix(colour, CORAL, coverage(math.hypot(px - 45, py - 18) - 7.5))
            row += bytes(round(part) for part in colour) + bytes([round(255 * coverage(corner))])
        rows.append(bytes(row))
    return png(size, size, 4, rows)


def ico(images: dict[int, bytes]) -> bytes:
    """A favicon.ico that holds PNG images, which every browser of today reads."""
    offset = 6 + 16 * len(images)
    entries = b""
    for size, data in images.items():
        entries += struct.pack("<BBBBHHII", size, size, 0, 0, 1, 32, len(data), offset)
        offset += len(data)
    return struct.pack("<HHH", 0, 1, len(images)) + entries + b"".join(images.values())


class Canvas:
    """Light that is added up on a dark ground, pixel by pixel."""

    def __init__(self, width: int, height: int, ground: Callable[[float, float], Colour]) -> None:
        self.width, self.height = width, height
        self.pixels = [[list(ground(x / width, y / height)) for x in range(width)] for y in range(height)]

    def spot(self, at: Point, radius: float, colour: Colour, strength: float, power: float = 2.0) -> None:
        """A soft round light: `strength` in the middle, nothing at `radius`."""
        for y in range(max(0, int(at[1] - radius)), min(self.height, int(at[1] + radius) + 2)):
            for x in range(max(0, int(at[0] - radius)), min(self.width, int(at[0] + radius) + 2)):
                share = 1 - math.hypot(x - at[0], y - at[1]) / radius
                if share > 0:
                    self._blend(x, y, colour, strength * share**power)

    def disc(self, at: Point, radius: float, colour: Colour) -> None:
        for y in range(max(0, int(at[1] - radius) - 1), min(self.height, int(at[1] + radius) + 3)):
            for x in range(max(0, int(at[0] - radius) - 1), min(self.width, int(at[0] + radius) + 3)):
                self._blend(x, y, colour, clamp(radius + 0.5 - math.hypot(x - at[0], y - at[1])))

    def line(self, points: list[Point], thickness: float, colour: Colour, strength: float) -> None:
        nearest: dict[tuple[int, int], float] = {}
        reach = math.ceil(thickness) + 1
        for px, py in points:
            for y in range(max(0, int(py) - reach), min(self.height, int(py) + reach + 1)):
                for x in range(max(0, int(px) - reach), min(self.width, int(px) + reach + 1)):
                    distance = math.hypot(x - px, y - py)
                    if distance < nearest.get((x, y), thickness + 1):
                        nearest[x, y] = distance
        for (x, y), distance in nearest.items():
            self._blend(x, y, colour, strength * clamp(thickness / 2 + 0.5 - distance))

    def _blend(self, x: int, y: int, colour: Colour, share: float) -> None:
        pixel = self.pixels[y][x]
        for channel in range(3):
            pixel[channel] += (colour[channel] - pixel[channel]) * share

    def png(self, chance: random.Random) -> bytes:
        # A little noise, without which the eye sees the steps of so dark a gradient.
        rows = [
            bytes(round(clamp(part + chance.uniform(-1.2, 1.2), 0, 255)) for pixel in row for part in pixel)
            for row in self.pixels
        ]
        return png(self.width, self.height, 3, rows)


def hero() -> bytes:
    """A night map: many faint roads between places, and one short bright one."""
    chance = random.Random(20)
    width, height = 1200, 640

    def ground(x: float, y: float) -> Colour:
        return mix(mix((9, 30, 42), (14, 84, 92), clamp(x * 1.1 - 0.15)), (6, 22, 34), clamp(y * 0.8 - 0.1))

    canvas = Canvas(width, height, ground)
    canvas.spot((960, 190), 520, (34, 160, 152), 0.55)
    canvas.spot((1150, 560), 380, (190, 84, 70), 0.4)
    places: list[Point] = []
    while len(places) < 46:
        place = (chance.uniform(540, 1230), chance.uniform(-20, 660))
        # Fewer to the left, where the words stand.
        if chance.random() < (place[0] - 470) / 500 and all(math.dist(place, other) > 62 for other in places):
            places.append(place)
    for index, place in enumerate(places):
        for other in sorted(places[:index], key=lambda p, at=place: math.dist(p, at))[:2]:
            bend = chance.uniform(-0.25, 0.25)
            dx, dy = other[0] - place[0], other[1] - place[1]
            middle = (place[0] + dx / 2 - dy * bend, place[1] + dy / 2 + dx * bend)
            road = curve(place, middle, middle, other, 240)
            canvas.line(road, 1.3, (150, 222, 216), 0.34)
    for place in places:
        size = chance.uniform(2.0, 4.6)
        canvas.spot(place, size * 7, (120, 230, 220), 0.35)
        canvas.disc(place, size, (196, 240, 235))
    start, end = (690.0, 420.0), (1040.0, 140.0)
    short = curve(start, (720, 210), (1010, 370), end, 900)
    canvas.line(short, 16, (255, 154, 134), 0.14)
    canvas.line(short, 5, (255, 190, 174), 1.0)
    for at, colour, size in ((start, (255, 255, 255), 15.0), (end, (255, 154, 134), 19.0)):
        canvas.spot(at, size * 6, colour, 0.5)
        canvas.disc(at, size, colour)
    canvas.disc(end, 7.5, (70, 22, 14))
    return canvas.png(chance)


if __name__ == "__main__":
    for size in (48, 192, 512):
        (STATIC / f"icon-{size}.png").write_bytes(icon(size))
    (STATIC / "favicon.ico").write_bytes(ico({size: icon(size) for size in (16, 32, 48)}))
    (STATIC / "hero.png").write_bytes(hero())
