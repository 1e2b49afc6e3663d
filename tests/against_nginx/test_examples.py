"""conf/examples: each runs in nginx and in pyproxy, from both notations, with the same answers."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pyproxy.compile import load_schema
from pyproxy.config.convert import convert
from pyproxy.config.load import load

from .documents import MTIME
from .exchange import Exchange, get, head, request
from .pair import Pair
from .servers import REPOSITORY
from .upstream import CLOSE, Reply, Upstream, answer

EXAMPLES = REPOSITORY / "conf" / "examples"
NAMES = sorted(path.stem for path in EXAMPLES.glob("*.conf"))
SCHEMA = load_schema()

DOCUMENTS = {
    "django/static/app.3f2a.css": b"body { color: black }\n" * 10,
    "django/static/favicon.ico": b"icon",
    "django/media/photo.jpg": b"photo",
    "django/50x.html": b"<h1>Back soon</h1>\n",
    "spa/index.html": b"<div id=app></div>\n",
    "spa/robots.txt": b"User-agent: *\n",
    "spa/assets/app.8d1c.js": b"console.log(1)\n",
    "blog/style.css": b"body { color: blue }\n",
    "blog/index.php": b"<?php never shown\n",
    "blog/about/index.html": b"<h1>About</h1>\n",
    "blog/.git/config": b"secret\n",
    "blog/uploads/picture.png": b"\x89PNG",
    "blog/uploads/shell.php": b"<?php never run\n",
    "shop/index.html": b"<h1>Shop</h1>\n",
    "shop/admin.html": b"<h1>Administration</h1>\n",
    "shop/closed.html": b"<h1>Closed</h1>\n",
    "shop/maintenance/style.css": b"h1 { color: red }\n",
    "shop/maintenance/other.example.com": b"",
    "ab/old/index.html": b"<h1>old</h1>\n",
    "ab/new/index.html": b"<h1>new</h1>\n",
    "ab/new/extra.html": b"<h1>only new</h1>\n",
    "photos/index.html": b"<img src=cat.jpg>\n",
    "photos/cat.jpg": b"cat",
    "photos/replacement.svg": b"<svg/>\n",
    "photos/originals/cat.tif": b"large cat",
    "downloads/readme.txt": b"read me\n",
    "downloads/.htpasswd": b"secret\n",
    "downloads/public/program.bin": bytes(range(256)) * 20,
    "downloads/public/old/first.bin": b"first",
    "downloads/bought/song.mp3": b"song",
}


def text_of(name: str, notation: str) -> str:
    """What the example has in ``http``, in nginx's notation: as it is written, or as the TOML says it."""
    if notation == "nginx":
        text = (EXAMPLES / f"{name}.conf").read_text()
    else:
        text = convert(load(EXAMPLES / f"{name}.toml", SCHEMA), "nginx", SCHEMA)
    return text.partition("http {\n")[2].rpartition("}")[0]


def configuration(name: str, notation: str, folder: Path) -> str:
    changes = {
        "../mime.types": str(REPOSITORY / "conf" / "mime.types"),
        "listen 80": "listen 127.0.0.1:@main@",
        "/srv/": f"{folder}/",
        "127.0.0.1:8000": "@upstream@",
        "127.0.0.1:8001": "@refused@",
        "/dev/stdout": "@prefix@/access.log",
    }
    text = text_of(name, notation)
    for old, new in changes.items():
        text = text.replace(old, new)
    return text


Start = Callable[[str, str], Pair]


@pytest.fixture(scope="module")
def start(values: dict[str, str], upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Starts both servers with an example, and stops those of the one before."""
    folder = Path(values["folder"]) / "examples"
    for name, content in DOCUMENTS.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        os.utime(file, (MTIME, MTIME))
    for place, _, _ in os.walk(folder):
        os.utime(place, (MTIME, MTIME))
    running: dict[tuple[str, str], Pair] = {}

    def start(name: str, notation: str) -> Pair:
        if (name, notation) not in running:
            stop()
            text = configuration(name, notation, folder)
            running[name, notation] = Pair(text, values, upstream, tmp_path_factory.mktemp("example"))
        return running[name, notation]

    def stop() -> None:
        while running:
            running.popitem()[1].stop()

    yield start
    stop()


def at(host: str) -> Callable[..., bytes]:
    return lambda target, *fields, method="GET", body=b"": request(method, target, *fields, host=host, body=body)


site, app, blog = at("example.com"), at("app.example.com"), at("blog.example.com")
shop, other, www = at("shop.example.com"), at("other.example.com"), at("www.example.com")
photos, downloads = at("photos.example.com"), at("downloads.example.com")

UPGRADE = ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: eDp4")
HTTPS = "X-Forwarded-Proto: https"
OLD, NEW = "User-Agent: visitor 1", "User-Agent: visitor 2"
FOR_EVER = 9999999999


def link(uri: str, expires: int) -> str:
    """As the shop makes it."""
    digest = hashlib.md5(f"{expires}{uri} secret".encode()).digest()
    return f"{uri}?md5={base64.urlsafe_b64encode(digest).decode().rstrip('=')}&expires={expires}"


VISITS = {
    "django": [
        Exchange("a page", site("/", "Accept-Encoding: gzip"), upstream=answer("Content-Type: text/html")),
        Exchange("a page by the other name", at("www.example.com")("/accounts/?next=/")),
        Exchange("no name of ours", get("/", host="192.0.2.1"), (), lacks="HTTP"),
        Exchange("a form", site("/login/", "Content-Length: 7", method="POST", body=b"name=me")),
        Exchange("too large an upload", site("/", "Content-Length: 1025", method="POST", body=b"x" * 1025), 413),
        Exchange("by way of another proxy", site("/", "X-Forwarded-For: 192.0.2.7"), contains="192.0.2.7, 127.0.0.1"),
        Exchange("a redirect stays", site("/old"), 302, answer("Location: http://application/new", status="302 Found")),
        Exchange("an error of the application", site("/"), 500, answer(status="500 Internal Server Error")),
        Exchange("it is down", site("/"), 502, Reply(CLOSE), contains="Back soon"),
        Exchange("a file", site("/static/app.3f2a.css"), contains="immutable"),
        Exchange("a file in gzip", site("/static/app.3f2a.css", "Accept-Encoding: gzip"), contains="gzip"),
        Exchange("a file that has not changed", site("/static/app.3f2a.css", f'If-None-Match: "{MTIME:x}-dc"'), 304),
        Exchange("no such file", site("/static/app.css"), 404),
        Exchange("an upload", site("/media/photo.jpg"), contains="nosniff"),
        Exchange("the icon", site("/favicon.ico"), contains="b'icon'"),
        Exchange("the page for errors is not for asking", site("/50x.html"), 404),
        Exchange("a WebSocket refused", site("/ws/", *UPGRADE), 403, answer(status="403 Forbidden")),
    ],
    "single-page": [
        Exchange("the start", app("/"), contains="no-cache"),
        Exchange("a path of the router", app("/users/7/edit"), contains="id=app"),
        Exchange("a file", app("/robots.txt"), contains="User-agent"),
        Exchange("an asset", app("/assets/app.8d1c.js"), contains="immutable"),
        Exchange("an old asset", app("/assets/app.0000.js"), 404),
        Exchange("a folder", app("/assets/"), 404),
        Exchange("the API", app("/api/users?page=2"), contains="GET /users?page=2"),
        Exchange(
            "the API from our page", app("/api/users", "Origin: https://app.example.com"), contains="Allow-Origin"
        ),
        Exchange("the API from a developer's", app("/api/", "Origin: http://localhost:5173"), contains=":5173"),
        Exchange("the API from another page", app("/api/", "Origin: https://evil.example"), lacks="Allow-Origin"),
        Exchange(
            "the browser asks first",
            app("/api/users", "Origin: https://app.example.com", method="OPTIONS"),
            204,
            contains="Allow-Methods",
        ),
        Exchange("the API refuses", app("/api/users/0"), 404, answer(status="404 Not Found")),
        Exchange(
            "the API takes",
            app("/api/users", "Content-Length: 2", "Content-Type: application/json", method="PUT", body=b"{}"),
        ),
        Exchange("events", app("/api/events"), upstream=answer("Content-Type: text/event-stream", body=b"data: 1\n\n")),
        Exchange("the API without its slash", app("/api"), 301),
        Exchange("the API is down", app("/api/"), 502, Reply(CLOSE)),
    ],
    "front-controller": [
        Exchange("another name", get("/a?b", host="www.blog.example.com"), 301, contains="http://blog.example.com/a?b"),
        Exchange("the start", blog("/"), contains="GET /index.php "),
        Exchange("a post", blog("/hello-world/?preview=1"), contains="q=/hello-world/&preview=1"),
        Exchange("an old link", blog("/2014/03/15/hello-world.html"), 301, contains="/hello-world/"),
        Exchange("an older link", blog("/?p=12"), 302, contains="/post/12/"),
        Exchange("no number", blog("/?p=twelve"), contains="GET /index.php"),
        Exchange("the feed", blog("/feed/"), contains="feed=rss2"),
        Exchange("a category", blog("/category/good-news/page/3/"), contains="category=good-news&page=3"),
        Exchange("a script by its name", blog("/wp-login.php?a=b"), contains="GET /wp-login.php?a=b"),
        Exchange("a script with a form", blog("/wp-login.php", "Content-Length: 3", method="POST", body=b"a=b")),
        Exchange("the back room", blog("/wp-admin"), 301),
        Exchange("a folder with a page", blog("/about/"), contains="About"),
        Exchange("a folder without its slash", blog("/about"), 301),
        Exchange("a style sheet", blog("/style.css"), contains="max-age=604800"),
        Exchange("no such style sheet", blog("/none.css"), 404),
        Exchange("an upload", blog("/uploads/picture.png"), contains="PNG"),
        Exchange("an upload that would run", blog("/uploads/shell.php"), 403),
        Exchange("what begins with a dot", blog("/.git/config"), 403),
        Exchange("xmlrpc", blog("/xmlrpc.php"), 403),
    ],
    "behind-a-proxy": [
        # the first, so that no other one's line comes between
        Exchange(
            "the log",
            shop("/", HTTPS, "X-Forwarded-For: 203.0.113.9"),
            logs=1,
            contains="203.0.113.9 by way of 127.0.0.1",
        ),
        Exchange(
            "a client's address", shop("/", HTTPS, "X-Forwarded-For: 203.0.113.9"), contains="X-Client: 203.0.113.9"
        ),
        Exchange("no address", shop("/", HTTPS), contains="X-Client: 127.0.0.1"),
        Exchange(
            "by way of two",
            shop("/", HTTPS, "X-Forwarded-For: 203.0.113.9, 10.1.2.3"),
            contains="X-Client: 203.0.113.9",
        ),
        Exchange(
            "an address that is claimed",
            shop("/", HTTPS, "X-Forwarded-For: 192.168.0.1, 203.0.113.9"),
            contains="X-Client: 203.0.113.9",
        ),
        Exchange("no address at all", shop("/", HTTPS, "X-Forwarded-For: unknown"), contains="X-Client: 127.0.0.1"),
        Exchange("IPv6", shop("/", HTTPS, "X-Forwarded-For: 2001:db8::1"), contains="2001:db8::1"),
        Exchange("plain http", shop("/a?b", "X-Forwarded-Proto: http"), 301, contains="https://shop.example.com/a?b"),
        Exchange("plain http, without a proxy", shop("/"), 301),
        Exchange(
            "the application is told",
            shop("/application/", HTTPS, "X-Forwarded-For: 203.0.113.9"),
            contains="X-Real-IP",
        ),
        Exchange(
            "a folder's redirect is relative", shop("/maintenance", HTTPS), 301, contains="Location: /maintenance/"
        ),
        Exchange("not for everybody", shop("/admin/", HTTPS, "X-Forwarded-For: 203.0.113.9"), 403),
        Exchange("for some", shop("/admin/users", HTTPS, "X-Forwarded-For: 192.168.1.7"), contains="Administration"),
        Exchange("not for what is claimed", shop("/admin/", HTTPS, "X-Forwarded-For: 192.168.1.7, 203.0.113.9"), 403),
        Exchange("who is inside", shop("/whoami", HTTPS, "X-Forwarded-For: 192.168.1.7"), contains="internal=1"),
        Exchange("who is outside", shop("/whoami", HTTPS, "X-Forwarded-For: 203.0.113.9"), contains="internal=0"),
    ],
    "maintenance": [
        Exchange("open", shop("/"), contains="Shop"),
        Exchange("open, no such page", shop("/none"), 404),
        Exchange("closed", other("/"), 503, contains="Retry-After: 600"),
        Exchange("closed, any page", other("/a/b?c"), 503, contains="Closed"),
        Exchange("closed, a form", other("/", "Content-Length: 3", method="POST", body=b"a=b"), 503),
        Exchange("closed, HEAD", head("/", host="other.example.com"), 503),
        Exchange("closed, with the key", other("/", "Cookie: preview=open-sesame"), contains="Shop"),
        Exchange("closed, with a wrong key", other("/", "Cookie: preview=open"), 503),
        Exchange("closed, but well", other("/health"), contains="ok"),
        Exchange("open and well", shop("/health"), contains="ok"),
        Exchange("its style", other("/maintenance/style.css"), contains="color: red"),
        Exchange("the switch is not for asking", other("/maintenance/other.example.com"), 404),
        Exchange("another host", get("/", host="third.example.com"), contains="Shop"),
        Exchange("a host that climbs", get("/", host="../maintenance"), 400),
        Exchange("the page is not for asking", shop("/closed.html"), 404),
    ],
    "ab-test": [
        *(
            Exchange(f"visitor {number}", www("/version", f"User-Agent: visitor {number}"), contains="version=")
            for number in range(12)
        ),
        Exchange("the cookie counts", www("/version", OLD, "Cookie: version=new"), contains="b'new"),
        Exchange("the other cookie", www("/version", OLD, "Cookie: a=b; version=old"), contains="b'old"),
        Exchange("no such cookie", www("/version", OLD, "Cookie: version=newest"), contains="Set-Cookie"),
        Exchange("its page", www("/", "Cookie: version=new"), contains="<h1>new"),
        Exchange("the other page", www("/", "Cookie: version=old"), contains="<h1>old"),
        Exchange("a page that only one has", www("/extra.html", "Cookie: version=new"), contains="only new"),
        Exchange("a page that the other has not", www("/extra.html", "Cookie: version=old"), 404),
        Exchange("for colleagues", www("/?version=new", "Cookie: version=old"), contains="<h1>new"),
        Exchange("not for others", www("/?version=../old", "Cookie: version=new"), contains="<h1>new"),
        Exchange("its shop", www("/shop/", "Cookie: version=old"), contains="X-Version: old"),
        Exchange("the other shop is down", www("/shop/", "Cookie: version=new"), 502),
        Exchange("not changed", www("/", "Cookie: version=new", f'If-None-Match: "{MTIME:x}-d"'), 304),
    ],
    "hotlinks": [
        Exchange("a page", photos("/"), contains="img src"),
        Exchange(
            "a picture from our page", photos("/cat.jpg", "Referer: http://photos.example.com/"), contains="b'cat'"
        ),
        Exchange(
            "from our other page", photos("/cat.jpg", "Referer: https://a.photos.example.com/b"), contains="b'cat'"
        ),
        Exchange("from nowhere", photos("/cat.jpg"), contains="b'cat'"),
        Exchange("hidden by a proxy", photos("/cat.jpg", "Referer: none of yours"), contains="b'cat'"),
        Exchange("from a friend", photos("/cat.jpg", "Referer: http://example.org/gallery/1"), contains="b'cat'"),
        Exchange("from a friend's other page", photos("/cat.jpg", "Referer: http://example.org/"), contains="<svg/>"),
        Exchange("from a search engine", photos("/cat.jpg", "Referer: https://www.google.com/"), contains="b'cat'"),
        Exchange("from elsewhere", photos("/cat.jpg", "Referer: http://thief.example/"), contains="<svg/>"),
        Exchange(
            "from a name like ours", photos("/cat.jpg", "Referer: http://photos.example.com.thief/"), contains="<svg/>"
        ),
        Exchange("with a port", photos("/cat.jpg", "Referer: http://photos.example.com:8080/"), contains="b'cat'"),
        Exchange("the replacement", photos("/replacement.svg", "Referer: http://thief.example/"), contains="no-store"),
        Exchange("no such picture", photos("/dog.jpg"), 404),
        Exchange("an original from our page", photos("/originals/cat.tif", "Referer: http://photos.example.com/")),
        Exchange("an original from nowhere", photos("/originals/cat.tif"), 403),
        Exchange("an original from elsewhere", photos("/originals/cat.tif", "Referer: http://thief.example/"), 403),
    ],
    "downloads": [
        Exchange("the list", downloads("/"), contains="readme.txt"),
        Exchange("the list for programs", downloads("/list/"), contains='"name":"program.bin"'),
        Exchange("a folder of it", downloads("/list/old/"), contains="first.bin"),
        Exchange("no such folder", downloads("/list/new/"), 404),
        Exchange("a folder without its slash", downloads("/public"), 301),
        Exchange("a file", downloads("/public/program.bin"), contains="attachment"),
        Exchange("a range", downloads("/public/program.bin", "Range: bytes=100-199"), 206),
        Exchange("two ranges are the whole", downloads("/public/program.bin", "Range: bytes=0-1,4-5"), 200),
        Exchange("the end of a file", downloads("/public/program.bin", "Range: bytes=-20"), 206),
        Exchange("what begins with a dot", downloads("/.htpasswd"), 404),
        Exchange("bought", downloads(link("/bought/song.mp3", FOR_EVER)), contains="b'song'"),
        Exchange("bought long ago", downloads(link("/bought/song.mp3", 1)), 410),
        Exchange("not bought", downloads("/bought/song.mp3"), 403),
        Exchange("another one bought", downloads(link("/bought/other.mp3", FOR_EVER).replace("other", "song")), 403),
        Exchange(
            "a time that was changed", downloads(link("/bought/song.mp3", 1).replace("expires=1", "expires=9999")), 403
        ),
        Exchange("bought, and gone", downloads(link("/bought/gone.mp3", FOR_EVER)), 404),
    ],
}


# where the list of deviations looks
EXCHANGES = [exchange for exchanges in VISITS.values() for exchange in exchanges]


def test_every_example_is_asked() -> None:
    assert sorted(VISITS) == NAMES
    assert all(len(exchanges) >= 12 for exchanges in VISITS.values())


@pytest.mark.parametrize("name", NAMES)
def test_both_notations_say_the_same(name: str) -> None:
    as_nginx = load(EXAMPLES / f"{name}.conf", SCHEMA)
    as_toml = load(EXAMPLES / f"{name}.toml", SCHEMA)
    assert as_nginx.directives == as_toml.directives
    assert convert(as_nginx, "toml", SCHEMA) == convert(as_toml, "toml", SCHEMA)


@pytest.mark.parametrize("name", NAMES)
def test_both_have_the_same_comments(name: str) -> None:
    texts = ((EXAMPLES / f"{name}.{ending}").read_text().splitlines() for ending in ("conf", "toml"))
    comments, others = ([line.strip() for line in text if line.strip().startswith("#")] for text in texts)
    assert comments == others
    assert len(comments) >= 3


@pytest.mark.parametrize(
    ("name", "notation", "exchange"),
    [
        pytest.param(name, notation, exchange, id=f"{name} {notation} {exchange}")
        for name in NAMES
        for notation in ("nginx", "toml")
        for exchange in VISITS[name]
    ],
)
def test_example(name: str, notation: str, exchange: Exchange, start: Start) -> None:
    start(name, notation).compare(exchange)
