"""auth_request: another URI decides about access; what its answer leaves for the request."""

from __future__ import annotations

import pytest

from .exchange import Exchange, get, head, post
from .pair import Pair
from .upstream import CLOSE, Reply, answer

CONFIG = """
    upstream kept { server @upstream@; keepalive 1; }
    server {
        listen 127.0.0.1:@main@;
        root @root@;

        location /open/ { auth_request /yes; alias @root@/; }
        location /closed/ { auth_request /no; alias @root@/; }
        location /unauthorized/ { auth_request /401; alias @root@/; }
        location /broken/ { auth_request /404; alias @root@/; }
        location /redirected/ { auth_request /302; alias @root@/; }
        location /missing/ { auth_request /nowhere/x; alias @root@/; }
        location /asked/ { auth_request /ask; alias @root@/; }
        location /askedproxy/ {
            auth_request /ask;
            auth_request_set $user $upstream_http_x_user;
            auth_request_set $status1 $upstream_status;
            proxy_pass http://kept;
            proxy_set_header X-User "$user $status1";
        }
        location /set/ {
            auth_request /setter;
            auth_request_set $found "$sent_http_x_found $inner";
            auth_request_set $uri_there $uri;
            auth_request_set $args_there "[$args]";
            add_header X-Seen "$found $uri_there $args_there" always;
            alias @root@/;
        }
        location /setargs/ { auth_request /yes; auth_request_set $args "new=1"; proxy_pass http://kept/new/; }
        location = /setter { set $inner inside; add_header X-Found found always; return 204; }
        location = /yes { internal; return 204; }
        location = /no { return 403; }
        location = /401 { add_header WWW-Authenticate "Basic realm=one" always; return 401; }
        location = /404 { return 404; }
        location = /302 { return 302 /elsewhere; }
        location = /ask { internal; proxy_pass http://kept; proxy_pass_request_body off;
            proxy_set_header Content-Length ""; proxy_set_header X-Original $request_uri;
            proxy_set_header X-Method $request_method; }
        location /page/ { auth_request /no; error_page 403 = @denied; }
        location @denied { return 200 "denied $uri"; }
        location /login/ { auth_request /401; error_page 401 =302 /signin?from=$request_uri; }
        location /signin { return 200 "sign in $args"; }
        location /inherit/ {
            auth_request /no;
            location /inherit/off/ { auth_request off; alias @root@/; }
            location /inherit/on/ { alias @root@/; }
        }
        location /twice/ { auth_request /inner; return 200; alias @root@/; }
        location /inner { auth_request /no; }
        location /chain/ { auth_request /chained/x; alias @root@/; }
        location /chained/ { rewrite ^ /yes last; }
        location /index/ { auth_request /ask; alias @root@/folder/; }
        location /any/ { satisfy any; auth_request /no; alias @root@/; }
        location /returned/ { auth_request /no; return 200 "return is before access"; }
        location /tries/ { auth_request /yes; try_files /ten.txt =404; }
        location /file/ { auth_request /folder/page.html; alias @root@/; }
        location /large/ { auth_request /big.bin; alias @root@/; }
        location /posted/ { auth_request /yes; proxy_pass http://kept; }
    }
"""

YES = answer("X-User: bob", status="200 OK", body=b"welcome")
NO = answer("WWW-Authenticate: Basic realm=up", "X-Other: 1", status="401 Unauthorized", body=b"go away")

EXCHANGES = [
    Exchange("let in", get("/open/ten.txt"), contains="0123456789"),
    Exchange("let in, HEAD", head("/open/ten.txt")),
    Exchange("kept out", get("/closed/ten.txt"), 403),
    Exchange("unauthorized", get("/unauthorized/ten.txt"), 401, lacks="WWW-Authenticate"),
    Exchange("an unexpected status", get("/broken/ten.txt"), 500),
    Exchange("a redirect is unexpected", get("/redirected/ten.txt"), 500),
    Exchange("no such place", get("/missing/ten.txt"), 500),
    Exchange("asked: yes", get("/asked/ten.txt?a=b"), upstream=YES, contains="X-Original: /asked/ten.txt?a=b"),
    Exchange("asked: it is a GET", head("/asked/ten.txt"), upstream=YES, contains="GET /ask HTTP/1.1"),
    Exchange("asked: no", get("/asked/ten.txt"), 401, upstream=NO, contains="WWW-Authenticate: Basic realm=up"),
    Exchange("asked: forbidden", get("/asked/ten.txt"), 403, upstream=answer(status="403 Forbidden")),
    Exchange("asked: an error", get("/asked/ten.txt"), 500, upstream=answer(status="500 Oh")),
    Exchange("asked: nobody answers", get("/asked/ten.txt"), 500, upstream=Reply(CLOSE)),
    Exchange(
        "asked, then proxied",
        get("/askedproxy/a?b"),
        upstream=(answer("X-User: bob", status="204 No Content", body=b""), answer(body=b"the page")),
        contains="X-User: bob 204",
    ),
    Exchange(
        "the body is for the second",
        post("/askedproxy/a", b"body"),
        upstream=(answer("X-User: bob", status="204 No Content", body=b""), answer(body=b"the page")),
        contains="POST /askedproxy/a HTTP/1.1",
    ),
    Exchange("asked for a long answer, which is not read", get("/large/ten.txt"), contains="0123456789"),
    Exchange("asked of a file", get("/file/ten.txt"), contains="0123456789"),
    Exchange("asked of a file, with conditions", get("/file/ten.txt", "Range: bytes=0-1"), 206),
    Exchange("auth_request_set", get("/set/ten.txt?q"), contains="X-Seen:  inside /setter []"),
    Exchange("auth_request_set of $args", get("/setargs/a?b"), contains="GET /new/a?new=1 HTTP/1.1"),
    Exchange("error_page for what was refused", get("/page/x"), 200, contains="denied /page/x"),
    Exchange("a login page", get("/login/x"), 302, contains="sign in"),
    Exchange("inherited", get("/inherit/on/ten.txt"), 403),
    Exchange("switched off", get("/inherit/off/ten.txt"), contains="0123456789"),
    Exchange("subrequests are not asked themselves", get("/chain/ten.txt"), contains="0123456789"),
    Exchange("return goes before", get("/returned/"), contains="return is before access"),
    Exchange("satisfy any, of one", get("/any/ten.txt"), 403),
    Exchange("asked again after an index", get("/index/"), upstream=answer(body=b""), contains="<h1>folder</h1>"),
    Exchange("with try_files", get("/tries/x"), contains="0123456789"),
    Exchange("let in, POST", post("/posted/x", b"body"), contains="'body'"),
    Exchange("one after the other", [get("/open/ten.txt") + get("/closed/x") + get("/open/ten.txt")], (200, 403, 200)),
]


@pytest.mark.parametrize("exchange", EXCHANGES, ids=str)
def test_auth_request(pair: Pair, exchange: Exchange) -> None:
    pair.compare(exchange)
