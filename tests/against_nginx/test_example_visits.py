"""conf/examples once more: what browsers, crawlers and scripts ask of every site besides what it was written for."""

from __future__ import annotations

import pytest

from .documents import LAST_MODIFIED
from .exchange import Exchange, request
from .test_examples import NAMES, Start, start

__all__ = ["start"]

WAYS: dict[str, tuple[str, tuple[str, ...], bytes]] = {
    "GET": ("GET", (), b""),
    "HEAD": ("HEAD", (), b""),
    "a part": ("GET", ("Range: bytes=1-3",), b""),
    "changed?": ("GET", (f"If-Modified-Since: {LAST_MODIFIED}",), b""),
    "POST": ("POST", ("Content-Length: 3",), b"a=b"),
    "OPTIONS": ("OPTIONS", (), b""),
}
VISITS: dict[str, tuple[str, dict[str, tuple[int, ...]]]] = {
    "ab-test": (
        "www.example.com",
        {
            "/": (200, 200, 206, 304, 405, 405),
            "/extra.html": (404, 404, 404, 404, 404, 404),
            "/shop/cart?version=new": (502, 502, 502, 502, 502, 502),
            "/version": (200, 200, 200, 200, 200, 200),
            "/none": (404, 404, 404, 404, 404, 404),
        },
    ),
    "behind-a-proxy": (
        "shop.example.com",
        {
            "/": (200, 200, 206, 304, 405, 405),
            "/application/x?y=z": (200, 200, 200, 200, 200, 200),
            "/admin/": (403, 403, 403, 403, 403, 403),
            "/whoami": (200, 200, 200, 200, 200, 200),
            "/none": (404, 404, 404, 404, 404, 405),
        },
    ),
    "django": (
        "example.com",
        {
            "/static/app.3f2a.css": (200, 200, 206, 304, 405, 405),
            "/media/photo.jpg": (200, 200, 206, 304, 405, 405),
            "/favicon.ico": (200, 200, 206, 304, 405, 405),
            "/50x.html": (404, 404, 404, 404, 404, 404),
            "/a%20b": (200, 200, 200, 200, 200, 200),
        },
    ),
    "downloads": (
        "downloads.example.com",
        {
            "/readme.txt": (200, 200, 206, 304, 405, 405),
            "/public/program.bin": (200, 200, 206, 304, 405, 405),
            "/list/": (200, 200, 200, 200, 403, 405),
            "/.htpasswd": (404, 404, 404, 404, 404, 404),
            "/bought/x": (403, 403, 403, 403, 403, 403),
        },
    ),
    "front-controller": (
        "blog.example.com",
        {
            "/style.css": (200, 200, 206, 304, 405, 405),
            "/about": (301, 301, 301, 301, 301, 405),
            "/.git/config": (403, 403, 403, 403, 403, 403),
            "/uploads/shell.php": (403, 403, 403, 403, 403, 403),
            "/feed": (200, 200, 200, 200, 200, 200),
        },
    ),
    "hotlinks": (
        "photos.example.com",
        {
            "/cat.jpg": (200, 200, 206, 304, 405, 405),
            "/": (200, 200, 206, 304, 405, 405),
            "/replacement.svg": (200, 200, 206, 304, 405, 405),
            "/originals/cat.tif": (403, 403, 403, 403, 403, 403),
            "/none.jpg": (404, 404, 404, 404, 404, 405),
        },
    ),
    "maintenance": (
        "shop.example.com",
        {
            "/": (200, 200, 206, 304, 405, 405),
            "/admin.html": (200, 200, 206, 304, 405, 405),
            "/health": (200, 200, 200, 200, 200, 200),
            "/maintenance/style.css": (200, 200, 206, 304, 405, 405),
            "/closed.html": (404, 404, 404, 404, 404, 404),
        },
    ),
    "single-page": (
        "app.example.com",
        {
            "/robots.txt": (200, 200, 206, 304, 405, 405),
            "/deep/link": (200, 200, 206, 304, 405, 405),
            "/assets/app.8d1c.js": (200, 200, 206, 304, 405, 405),
            "/api/users": (200, 200, 200, 200, 200, 204),
            "/assets/x": (404, 404, 404, 404, 404, 404),
        },
    ),
}
"""By example: its host, and for each path what nginx answers to each of WAYS."""
EXTRA = {"behind-a-proxy": ("X-Forwarded-Proto: https",)}


def exchanges(name: str) -> list[Exchange]:
    host, paths = VISITS[name]
    return [
        Exchange(
            f"{way} {path}", request(method, path, *fields, *EXTRA.get(name, ()), host=host, body=body), statuses[index]
        )
        for path, statuses in paths.items()
        for index, (way, (method, fields, body)) in enumerate(WAYS.items())
    ]


EXCHANGES = [exchange for name in NAMES for exchange in exchanges(name)]


def test_every_example_is_visited() -> None:
    assert sorted(VISITS) == NAMES
    assert len(EXCHANGES) == 240


@pytest.mark.parametrize(
    ("name", "notation", "exchange"),
    [
        pytest.param(name, notation, exchange, id=f"{name} {notation} {exchange}")
        for name in NAMES
        for notation in ("nginx", "toml")
        for exchange in exchanges(name)
    ],
)
def test_visit(name: str, notation: str, exchange: Exchange, start: Start) -> None:
    start(name, notation).compare(exchange)
