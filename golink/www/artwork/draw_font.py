"""Draw static/golink.woff2, the six letters of the word mark: pip install fonttools brotli && python draw_font.py

The result is committed; run this only to change it. Letters are strokes of one width with round ends, as in the logo.
"""

from __future__ import annotations

import math
from pathlib import Path

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen

STATIC = Path(__file__).resolve().parent.parent / "static"
STROKE = 118.0
HALF = STROKE / 2
CAP, X_HEIGHT = 700.0, 500.0

Point = tuple[float, float]


def arc(pen: TTGlyphPen, centre: Point, radius: float, start: float, end: float) -> None:
    """Continue the contour along a circle; angles in degrees. Each eighth of a circle is one quadratic curve."""
    pieces = max(1, math.ceil(abs(end - start) / 45))
    step = math.radians((end - start) / pieces)
    angle = math.radians(start)
    for _ in range(pieces):
        control = radius / math.cos(step / 2)
        pen.qCurveTo(_polar(centre, control, angle + step / 2), _polar(centre, radius, angle + step))
        angle += step


def _polar(centre: Point, radius: float, angle: float) -> Point:
    return (round(centre[0] + radius * math.cos(angle)), round(centre[1] + radius * math.sin(angle)))


def bar(pen: TTGlyphPen, a: Point, b: Point) -> None:
    """A straight stroke from a to b with round ends, clockwise."""
    angle = math.degrees(math.atan2(b[1] - a[1], b[0] - a[0]))
    pen.moveTo(_polar(a, HALF, math.radians(angle + 90)))
    pen.lineTo(_polar(b, HALF, math.radians(angle + 90)))
    arc(pen, b, HALF, angle + 90, angle - 90)
    pen.lineTo(_polar(a, HALF, math.radians(angle - 90)))
    arc(pen, a, HALF, angle - 90, angle - 270)
    pen.closePath()


def bow(pen: TTGlyphPen, centre: Point, radius: float, start: float, end: float) -> None:
    """A stroke along a circle from `start` clockwise to `end`, with round ends."""
    pen.moveTo(_polar(centre, radius + HALF, math.radians(start)))
    arc(pen, centre, radius + HALF, start, end)
    arc(pen, _polar(centre, radius, math.radians(end)), HALF, end, end - 180)
    arc(pen, centre, radius - HALF, end, start)
    arc(pen, _polar(centre, radius, math.radians(start)), HALF, start + 180, start)
    pen.closePath()


def ring(pen: TTGlyphPen, centre: Point, radius: float) -> None:
    for edge, start, end in ((radius + HALF, 360, 0), (radius - HALF, 0, 360)):
        pen.moveTo(_polar(centre, edge, math.radians(start)))
        arc(pen, centre, edge, start, end)
        pen.closePath()


def dot(pen: TTGlyphPen, centre: Point, radius: float) -> None:
    pen.moveTo(_polar(centre, radius, 0))
    arc(pen, centre, radius, 360, 0)
    pen.closePath()


def big_g(pen: TTGlyphPen) -> float:
    radius = CAP / 2 - HALF
    centre = (60 + HALF + radius, CAP / 2)
    bow(pen, centre, radius, 318, 48)  # clockwise from the lower right, the long way round
    bar(pen, (centre[0] + 30, centre[1] - 15), (centre[0] + radius, centre[1] - 15))
    bar(pen, (centre[0] + radius, centre[1] - 15), _polar(centre, radius, math.radians(-42)))
    return centre[0] + radius + HALF + 45


def small_o(pen: TTGlyphPen) -> float:
    radius = X_HEIGHT / 2 - HALF
    ring(pen, (45 + HALF + radius, X_HEIGHT / 2), radius)
    return 45 + X_HEIGHT + 45


def big_l(pen: TTGlyphPen) -> float:
    bar(pen, (60 + HALF, CAP - HALF), (60 + HALF, HALF))
    bar(pen, (60 + HALF, HALF), (400, HALF))
    return 400 + HALF + 35


def small_i(pen: TTGlyphPen) -> float:
    bar(pen, (60 + HALF, X_HEIGHT - HALF), (60 + HALF, HALF))
    dot(pen, (60 + HALF, CAP - 40), 74)
    return 60 + STROKE + 60


def small_n(pen: TTGlyphPen) -> float:
    radius = 150.0
    left, top = 60 + HALF, X_HEIGHT - HALF - radius
    bar(pen, (left, X_HEIGHT - HALF), (left, HALF))
    bow(pen, (left + radius, top), radius, 180, 0)
    bar(pen, (left + 2 * radius, top), (left + 2 * radius, HALF))
    return left + 2 * radius + HALF + 55


def small_k(pen: TTGlyphPen) -> float:
    left = 60 + HALF
    bar(pen, (left, CAP - HALF), (left, HALF))
    bar(pen, (left, 205), (left + 250, X_HEIGHT - HALF))
    bar(pen, (left + 105, 290), (left + 265, HALF))
    return left + 265 + HALF + 40


LETTERS = {"G": big_g, "o": small_o, "L": big_l, "i": small_i, "n": small_n, "k": small_k}


def main() -> None:
    glyphs = {".notdef": TTGlyphPen(None).glyph()}
    widths = {".notdef": 500}
    for letter, draw in LETTERS.items():
        pen = TTGlyphPen(None)
        widths[letter] = round(draw(pen))
        glyphs[letter] = pen.glyph()
    font = FontBuilder(1000, isTTF=True)
    font.setupGlyphOrder(list(glyphs))
    font.setupCharacterMap({ord(letter): letter for letter in LETTERS})
    font.setupGlyf(glyphs)
    font.setupHorizontalMetrics({name: (width, glyphs[name].xMin) for name, width in widths.items()})
    font.setupHorizontalHeader(ascent=800, descent=-200)
    font.setupNameTable({"familyName": "GoLink Display", "styleName": "Regular"})
    font.setupOS2(sTypoAscender=800, sTypoDescender=-200, usWinAscent=800, usWinDescent=200)
    font.setupPost()
    # A fixed date (1 January 2026, in seconds since 1904): otherwise the file would differ each time.
    font.font["head"].created = font.font["head"].modified = 2_082_844_800 + 1_767_225_600
    font.font.recalcTimestamp = False
    font.font.flavor = "woff2"
    font.save(STATIC / "golink.woff2")


if __name__ == "__main__":
    main()
