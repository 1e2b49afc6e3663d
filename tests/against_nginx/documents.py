"""The documents that both servers serve: one folder, so that names, sizes and times are equal."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

MTIME = 1_700_000_000
"""Tue, 14 Nov 2023 22:13:20 GMT, of every file."""

TEN_ETAG = f'"{MTIME:x}-a"'
"""The entity tag of ten.txt in nginx's form: time and length in hexadecimal."""

LAST_MODIFIED = "Tue, 14 Nov 2023 22:13:20 GMT"

DOCUMENTS: dict[str, bytes] = {
    "outside.txt": b"not for clients\n",
    "www/index.html": b"<h1>index</h1>\n",
    "www/about.html": b"<h1>about</h1>\n",
    "www/ten.txt": b"0123456789",
    "www/empty.txt": b"",
    "www/noextension": b"no extension\n",
    "www/upper.HTML": b"<p>upper</p>\n",
    "www/two.tar.gz": b"not really gzip",
    "www/trailing.": b"a dot at the end\n",
    "www/.hidden": b"hidden\n",
    "www/style.css": b"body { color: black }\n",
    "www/script.js": b"console.log(1)\n",
    "www/data.json": b"{}\n",
    "www/image.png": b"\x89PNG\r\n\x1a\n",
    "www/photo.svg": b"<svg/>\n",
    "www/page.xyz": b"unknown type\n",
    "www/with space.txt": b"a space\n",
    "www/gr\u00fc\u00df.txt": b"unicode\n",
    "www/\u4e2d\u6587.txt": b"chinese\n",
    "www/a+b.txt": b"plus\n",
    "www/a%41.txt": b"percent\n",
    "www/a;b.txt": b"semicolon\n",
    "www/a&b=c.txt": b"ampersand\n",
    "www/question?.txt": b"question mark\n",
    "www/hash#.txt": b"hash\n",
    "www/quote'\".txt": b"quotes\n",
    "www/long.html": b"<p>a line that comes again</p>\n" * 50,
    "www/long.txt": b"a line that comes again\n" * 50,
    "www/long.bin": b"a line that comes again\n" * 5000,
    "www/sub.html": b"<html><HEAD></head>\n<body>Hello aaab aab ab, Hello again</body>\n" + b"x" * 4000 + b"</BODY>",
    "www/koi.txt": b"koi8-r: \xc1\xc2 \x80 \xff",
    "www/utf8.txt": "utf-8: \u0430\u0431 \u20ac \u0432 \U0001f600".encode(),
    "www/bigkoi.txt": b"\xc1\xc2 \x80" * 30000,
    "www/big.txt": "\u0430\u0431\u20ac\u0432 ".encode() * 9000,
    "www/both.txt": b"the plain file\n" * 10,
    "www/both.txt.gz": gzip.compress(b"the file in gzip\n" * 10, mtime=0),
    "www/only.txt.gz": gzip.compress(b"only in gzip\n" * 10, mtime=0),
    "www/twice.txt.gz": gzip.compress(b"first\n", mtime=0) + gzip.compress(b"second\n", mtime=0),
    "www/broken.txt.gz": gzip.compress(b"cut in the middle\n" * 10, mtime=0)[:-10],
    "www/listed/short": b"",
    "www/listed/.hidden": b"",
    "www/listed/k.bin": bytes(10_000),
    "www/listed/almost k.bin": bytes(9_999),
    "www/listed/m.bin": bytes(1_600_000),
    f"www/listed/{'n' * 49}": b"a",
    f"www/listed/{'o' * 50}": b"a",
    f"www/listed/{'p' * 51}": b"a",
    f"www/listed/{'<' * 60}": b"a",
    "www/listed/" + "\u00fc" * 40: b"a",
    "www/listed/" + "\u00fc" * 51: b"a",
    "www/listed/" + "\u00fd" * 50 + "/file": b"a",
    f"www/listed/{'q' * 49}/file": b"a",
    f"www/listed/{'r' * 50}/file": b"a",
    f"www/listed/{'s' * 80}/file": b"a",
    'www/listed/a<b>&"c/x y?#%;:=@.txt': b"a",
    "www/listed/back\\slash \t\n\x01": b"a",
    "www/listed/empty folder/.keep": b"",
    "www/big.bin": bytes(range(256)) * 1200,
    "www/folder/index.html": b"<h1>folder</h1>\n",
    "www/folder/page.html": b"<h1>page</h1>\n",
    "www/folder/deep/page.txt": b"deep\n",
    "www/with space/index.html": b"<h1>folder with space</h1>\n",
    "www/bare/file.txt": b"no index here\n",
    "www/second/other.htm": b"<h1>other index</h1>\n",
    "www/indexfolder/index.html/file.txt": b"its index is a folder\n",
    "www/errors/404.html": b"<h1>our own 404</h1>\n",
    "www/errors/50x.html": b"<h1>our own 50x</h1>\n",
    "www/images/cat.txt": b"cat in www/images\n",
    "alias/cat.txt": b"cat in alias\n",
    "alias/index.html": b"<h1>alias index</h1>\n",
    "alias/sub/dog.txt": b"dog in alias/sub\n",
    "regex/one.txt": b"one in regex\n",
    "secondroot/page.txt": b"page in the second root\n",
    "secondroot/images/cat.txt": b"cat in the second root\n",
}


USERS = b"""\
# names and hashed passwords: they all have the password `secret`
plain:{PLAIN}secret:comment
apr1:$apr1$abcdefgh$h9FWgUz3n9YxylKLlR5SQ/
md5:$1$abcdefgh$cHJi5PXp/ki/ktXzqlk6I1
sha256:$5$rounds=1000$abcdefgh$XIppta5rT8zJUu4vAOKQXrwq9uY4Ijlz6VjyOmkx5i4
sha512:$6$rounds=1000$abcdefgh$nhYjN017qxiYztzyUpZtPnUQcnLy62KsunSLHNeLahp2EHPlAKmFFlrjEwSXGo2kgY5hR2.peKEg2VGUqIJJu1
des:abNANd1rDfiNc
bcrypt:$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW
sha:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=
ssha:{SSHA}gVK8WC9YyFT1gMsQHTGCgT3sSv5zYWx0
nothing:{PLAIN}
windows:{PLAIN}secret\r
"""
DOCUMENTS["users"] = USERS


def write_documents(folder: Path) -> None:
    """Write them all, with equal times."""
    for name, content in DOCUMENTS.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        os.utime(file, (MTIME, MTIME))
    for place, _, _ in os.walk(folder / "www"):
        os.utime(place, (MTIME, MTIME))
