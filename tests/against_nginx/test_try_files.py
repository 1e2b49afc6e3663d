"""try_files: which file is taken, and where the request goes when there is none."""

from __future__ import annotations

import pytest

from .exchange import Exchange, get, head, post
from .pair import Pair

CONFIG = """
    server {
        listen 127.0.0.1:@main@;
        root @root@;

        location / { try_files $uri $uri/ =404; }
        location /page/ { try_files /ten.txt =404; }
        location /app/ { try_files $uri /index.html; }
        location /api/ { try_files $uri @application; }
        location @application { proxy_pass http://@upstream@; }
        location /front/ { try_files $uri $uri/ /front.php?$args; }
        location = /front.php { return 200 "front uri=$uri args=$args request_uri=$request_uri"; }
        location /fixed/ { try_files $uri /front.php?q=fixed; }
        location /codes/ { try_files $uri =503; error_page 503 /ten.txt; }
        location /redirect/ { try_files $uri =204; }
        location /html/ { try_files /folder$uri.html /folder/page.html /errors/404.html; }
        location /order/ { try_files /none /about.html /ten.txt =404; }
        location /folders/ { try_files /folder/ =404; }
        location /folderfile/ { try_files /folder /ten.txt =404; }
        location /filefolder/ { try_files /ten.txt/ /about.html =404; }
        location /cycle/ { try_files /none /cycle/again; }
        location /nowhere/ { try_files /none @nowhere; }
        location /variable/ { try_files $arg_file =404; }
        location /last/ { try_files /none $arg_to; }
        location /alias/ { alias @folder@/alias/; try_files $uri $uri/index.html =404; }
        location /aliasfixed/ { alias @folder@/alias/; try_files /cat.txt =404; }
        location /aliasfixedname/ { alias @folder@/alias/; try_files cat.txt =404; }
        location /aliaslast/ { alias @folder@/alias/; try_files $uri /aliaslast/cat.txt; }
        location /aliasfolder/ { alias @folder@/alias/; try_files $uri/ =404; }
        location ~ ^/regexalias/(?<rest>.*)$ { alias @folder@/alias/; try_files $rest cat.txt =404; }
        location ~ ^/regexwhole/(.*)$ { alias @folder@/alias/$1; try_files "" =404; }
        location ~ \\.tex$ { try_files $uri /folder/deep/page.txt =404; }
        location /rewritten/ { rewrite ^/rewritten/(.*)$ /$1 break; try_files $uri =404; }
        location /proxied/ { try_files /ten.txt =404; proxy_pass http://@upstream@; }
        location /proxiedpath/ { try_files /ten.txt =404; proxy_pass http://@upstream@/new/; }
        location /noproxy/ { try_files $uri @application; }
        location /typed/ { try_files /style.css =404; types { text/x css; } }
        location /header/ { try_files /ten.txt =404; add_header X-Uri "$uri $document_root$request_uri"; }
        location /outer/ {
            try_files /ten.txt =404;
            location /outer/inner/ { }
        }
        location /missing/ { try_files $uri =404; error_page 404 = @application; }
        location /post/ { try_files /none @application; }
    }
    server {
        listen 127.0.0.1:@whole@;
        root @root@;
        try_files /ten.txt =404;
        location /inside/ { }
    }
"""


def found(name: str, target: str, contains: str, **others: object) -> Exchange:
    return Exchange(name, get(target), contains=contains, **others)  # type: ignore[arg-type]


EXCHANGES = [
    found("the file", "/style.css", "body { color"),
    found("with a space", "/with%20space/index.html", "folder with space"),
    found("the folder's index", "/folder/", "<h1>folder</h1>"),
    Exchange("the folder without a slash", get("/folder"), 301, contains="http://localhost:@main@/folder/\n"),
    Exchange("the folder without a slash, with a query", get("/folder?a=b"), 301, contains="/folder/?a=b\n"),
    Exchange("a folder without an index", get("/bare/"), 403),
    Exchange("neither", get("/none"), 404),
    Exchange("neither, with a slash", get("/none/"), 404),
    Exchange("HEAD", head("/style.css")),
    Exchange("a file for POST", post("/style.css", b"x"), 405),
    found("another file", "/page/x", "0123456789"),
    found("the application's page", "/app/some/route", "<h1>index</h1>"),
    found("a file of the application", "/app/../about.html", "<h1>about</h1>"),
    found("a named location", "/api/a%20b?c", "GET /api/a%20b?c HTTP/1.1"),
    Exchange("a named location, POST", post("/post/a", b"body"), contains="POST /post/a HTTP/1.1"),
    found("a front controller", "/front/a?b=c", "front uri=/front.php args=b=c request_uri=/front/a?b=c"),
    found("a front controller without arguments", "/front/a", "front uri=/front.php args= request"),
    found("fixed arguments", "/fixed/a?b=c", "args=q=fixed request"),
    Exchange("a status", get("/codes/x"), 503, contains="0123456789"),
    Exchange("204", get("/redirect/x"), 204),
    found("names made of the path", "/html/x", "<h1>page</h1>"),
    found("the first that is there", "/order/x", "<h1>about</h1>"),
    Exchange("a folder", get("/folders/x"), 301, contains="/folder/\n"),
    found("a folder is no file", "/folderfile/x", "0123456789"),
    found("a file is no folder", "/filefolder/x", "<h1>about</h1>"),
    Exchange("a cycle", get("/cycle/x"), 500),
    Exchange("an unknown named location", get("/nowhere/x"), 500),
    found("a variable", "/variable/x?file=/ten.txt", "0123456789"),
    Exchange("an empty variable", get("/variable/"), 404),
    found("the last one is a variable", "/last/?to=/ten.txt", "0123456789"),
    found("the last one is a variable with arguments", "/last/?to=/front.php?x=1", "front uri=/front.php args=x=1"),
    found("alias", "/alias/cat.txt", "cat in alias"),
    found("alias: made of the path", "/alias/.", "alias index"),
    Exchange("alias: neither", get("/alias/none"), 404),
    found("alias: a fixed name", "/aliasfixed/x", "cat in alias"),
    found("alias: a fixed name without a slash", "/aliasfixedname/x", "cat in alias"),
    found("alias: the last one", "/aliaslast/none", "cat in alias"),
    Exchange("alias: a folder", get("/aliasfolder/sub"), 301, contains="/aliasfolder/sub/\n"),
    found("alias under a regular expression", "/regexalias/sub/dog.txt", "dog in alias/sub"),
    found("alias under a regular expression: another", "/regexalias/none", "cat in alias"),
    found("alias under a regular expression: the whole path", "/regexwhole/sub/dog.txt", "dog in alias/sub"),
    found("under a regular expression", "/none.tex", "deep"),
    found("after rewrite", "/rewritten/ten.txt", "0123456789"),
    found("proxied all the same", "/proxied/x", "GET /proxied/x HTTP/1.1"),
    found("proxied with a path", "/proxiedpath/x", " HTTP/1.1"),
    found("the type is the file's", "/typed/x.html", "text/x"),
    found("variables after it", "/header/x", "X-Uri: /ten.txt "),
    Exchange("not inherited", get("/outer/inner/x"), 404),
    found("error_page for its status", "/missing/x", "GET /missing/x HTTP/1.1"),
    found("of a server", "/whatever", "0123456789", at="whole"),
    Exchange("of a server, not inherited", get("/inside/x"), 404, at="whole"),
    Exchange(
        "the same again",
        [get("/page/x") + get("/page/x") + get("/style.css") + get("/style.css") + get("/none") + get("/none")],
        (200, 200, 200, 200, 404, 404),
    ),
]


@pytest.mark.parametrize("exchange", EXCHANGES, ids=str)
def test_try_files(pair: Pair, exchange: Exchange) -> None:
    pair.compare(exchange)
