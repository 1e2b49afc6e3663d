"""Files that clients write, copy, move and delete. Each server has a folder of its own."""

from __future__ import annotations

import pytest

from .exchange import Exchange, get, request
from .pair import Pair

NEEDS = ("dav",)

CONFIG = """
    server {
        listen 127.0.0.1:@main@;
        root @prefix@/files;
        dav_methods PUT DELETE MKCOL COPY MOVE;
        create_full_put_path on;
        location /short-path/ { create_full_put_path off; }
        location /deep/ { min_delete_depth 3; }
        location /some/ { dav_methods put; }
        location /none/ { dav_methods off; }
        location /aliased/ { alias @prefix@/files/other/; }
    }
"""


DATE = "Date: Tue, 14 Nov 2023 22:13:20 GMT"
"""What the file's time will be: the answers that show it must be equal."""


def put(target: str, body: bytes = b"text", *fields: str) -> bytes:
    return request("PUT", target, DATE, f"Content-Length: {len(body)}", *fields, body=body)


def do(method: str, target: str, *fields: str) -> bytes:
    return request(method, target, *fields)


def to(destination: str, *fields: str) -> tuple[str, ...]:
    return (f"Destination: {destination}", *fields)


EXCHANGES = [
    Exchange("put", put("/a", b"old") + put("/a", b"new") + get("/a"), (201, 204, 200), contains="b'new'"),
    Exchange("put nothing", put("/empty", b"") + get("/empty"), (201, 200)),
    Exchange("put a lot", put("/lot", b"x" * 100_000) + get("/lot"), (201, 200)),
    Exchange("put deep", put("/b/c/d%20e/f") + get("/b/c/d%20e/f"), (201, 200), contains="/b/c/d%20e/f"),
    Exchange("put where no folder is", put("/short-path/none/f"), 500),
    Exchange("put a folder", put("/b/"), 409),
    Exchange("put in the place of a folder", put("/c/f") + put("/c"), (201, 409)),
    Exchange("put a part", put("/a", b"x", "Content-Range: bytes 0-0/1"), 501),
    Exchange("delete", put("/d") + do("DELETE", "/d") + do("DELETE", "/d"), (201, 204, 404)),
    Exchange("delete a folder", put("/e/f/g") + do("DELETE", "/e/") + get("/e/f/g"), (201, 204, 404)),
    Exchange("delete a folder without slash", put("/e/f") + do("DELETE", "/e"), (201, 409)),
    Exchange("delete a file with slash", put("/g") + do("DELETE", "/g/"), (201, 409)),
    Exchange("delete, depth 1", put("/h/i") + do("DELETE", "/h/", "Depth: 1"), (201, 400)),
    Exchange("delete, depth 0", put("/h/i") + do("DELETE", "/h/i", "Depth: 0"), (204, 204)),
    Exchange("delete, depth x", put("/h/i") + do("DELETE", "/h/i", "Depth: x"), (201, 400)),
    Exchange("delete with a body", do("DELETE", "/a", "Content-Length: 1") + b"x", 415),
    Exchange("delete, not deep enough", put("/deep/a") + do("DELETE", "/deep/a"), (201, 409)),
    Exchange("delete, deep enough", put("/deep/b/c") + do("DELETE", "/deep/b/c"), (201, 204)),
    Exchange("delete, not deep enough a folder", put("/deep/b/c") + do("DELETE", "/deep/b/"), (201, 409)),
    Exchange("mkcol", do("MKCOL", "/j/") + do("MKCOL", "/j/"), (201, 405), contains="/j/"),
    Exchange("mkcol without slash", do("MKCOL", "/k"), 409),
    Exchange("mkcol without parent", do("MKCOL", "/k/l/m/"), 409),
    Exchange("copy", put("/l") + do("COPY", "/l", *to("/m")) + get("/m") + get("/l"), (201, 204, 200, 200)),
    Exchange("copy elsewhere", do("COPY", "/l", *to("http://other/m")), 400),
    Exchange(
        "copy to the same host", put("/l") + do("COPY", "/l", *to("http://localhost/n")) + get("/n"), (204, 204, 200)
    ),
    Exchange("copy to an address with a port", do("COPY", "/l", *to("http://localhost:1/n2")) + get("/n2"), (204, 200)),
    Exchange("copy to no path", do("COPY", "/l", *to("http://localhost")), 400),
    Exchange("copy nowhere", do("COPY", "/l"), 400),
    Exchange("copy outside", do("COPY", "/l", *to("/../x")), 400),
    Exchange("copy into a folder that is not there", put("/l") + do("COPY", "/l", *to("/nowhere/x")), (204, 500)),
    Exchange("copy over", put("/o") + do("COPY", "/o", *to("/l")), (201, 204)),
    Exchange("copy, not over", put("/o") + do("COPY", "/o", *to("/l", "Overwrite: F")), (204, 412)),
    Exchange("copy, over or what", put("/o") + do("COPY", "/o", *to("/l", "Overwrite: x")), (204, 400)),
    Exchange("copy a file to a folder", put("/o") + do("COPY", "/o", *to("/p/")), (204, 409)),
    Exchange("copy a file over a folder", put("/q/r") + put("/o") + do("COPY", "/o", *to("/q")), (201, 204, 409)),
    Exchange("copy what is not there", do("COPY", "/nothing", *to("/q1")), 404),
    Exchange("copy a folder", put("/s/t/u") + do("COPY", "/s/", *to("/v/")) + get("/v/t/u"), (201, 201, 200)),
    Exchange("copy a folder over another", put("/w/x") + do("COPY", "/s/", *to("/w/")) + get("/w/x"), (201, 201, 404)),
    Exchange("copy, depth 1", do("COPY", "/s/", *to("/s1/", "Depth: 1")), 400),
    Exchange("move", put("/aa") + do("MOVE", "/aa", *to("/ab")) + get("/aa") + get("/ab"), (201, 204, 404, 200)),
    Exchange("move into a new folder", put("/aa") + do("MOVE", "/aa", *to("/ac/ad")) + get("/ac/ad"), (201, 204, 200)),
    Exchange("move a folder", put("/ae/f") + do("MOVE", "/ae/", *to("/ag/")) + get("/ag/f"), (201, 201, 200)),
    Exchange(
        "move a folder over another", put("/ah/i") + do("MOVE", "/ag/", *to("/ah/")) + get("/ah/f"), (201, 201, 200)
    ),
    Exchange("move, depth 0", put("/ai") + do("MOVE", "/ai", *to("/aj", "Depth: 0")), (201, 400)),
    Exchange("some methods", put("/some/a") + do("DELETE", "/some/a"), (201, 405)),
    Exchange("no methods", put("/none/a"), 405),
    Exchange("alias", put("/aliased/a") + get("/other/a"), (201, 200)),
    Exchange("alias, destination elsewhere", do("COPY", "/aliased/a", *to("/a")), 400),
]


@pytest.mark.parametrize("exchange", EXCHANGES, ids=str)
def test_dav(pair: Pair, exchange: Exchange) -> None:
    pair.compare(exchange)
