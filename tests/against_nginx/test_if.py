"""if: what its conditions are true of, and which configuration counts after it."""

from __future__ import annotations

import pytest

from .exchange import Exchange, get, post, request
from .pair import Pair
from .upstream import answer

CONFIG = """
    upstream kept { server @upstream@; keepalive 1; }
    server {
        listen 127.0.0.1:@main@;
        root @root@;
        set $all "";

        location /true/ { if ($arg_a) { return 200 "true"; } return 200 "false"; }
        location /equal/ { if ($arg_a = b) { return 200 "equal"; } return 200 "other"; }
        location /unequal/ { if ($arg_a != b) { return 200 "unequal"; } return 200 "same"; }
        location /variables/ { if ($arg_a = $arg_b) { return 200 "equal"; } return 200 "other"; }
        location /text/ { if ($arg_a = "x$arg_b") { return 200 "equal"; } return 200 "other"; }
        location /match/ { if ($arg_a ~ ^(b+)(c)?) { return 200 "match $1 [$2]"; } return 200 "no [$1]"; }
        location /anycase/ { if ($arg_a ~* ^B) { return 200 "match"; } return 200 "no"; }
        location /unlike/ { if ($arg_a !~ ^(b)) { return 200 "unlike [$1]"; } return 200 "like $1"; }
        location /unlikeanycase/ { if ($arg_a !~* "^B") { return 200 "unlike"; } return 200 "like"; }
        location /named/ { if ($arg_a ~ (?<found>\\d+)) { set $all "found $found"; } return 200 "[$found] $all"; }
        location /spaces/ { if ( $arg_a = b ) { return 200 "equal"; } return 200 "other"; }
        location /quoted/ { if ($http_user_agent ~ "a b") { return 200 "a b"; } return 200 "other"; }
        location /file/ { if (-f @root@$arg_a) { return 200 "file"; } return 200 "none"; }
        location /nofile/ { if (!-f @root@$arg_a) { return 200 "none"; } return 200 "file"; }
        location /folder2/ { if (-d @root@$arg_a) { return 200 "folder"; } return 200 "none"; }
        location /nofolder/ { if (!-d @root@$arg_a) { return 200 "none"; } return 200 "folder"; }
        location /exists/ { if (-e @root@$arg_a) { return 200 "there"; } return 200 "none"; }
        location /missing/ { if (!-e @root@$arg_a) { return 200 "none"; } return 200 "there"; }
        location /runs/ { if (-x @root@$arg_a) { return 200 "runs"; } return 200 "does not"; }
        location /runsnot/ { if (!-x @root@$arg_a) { return 200 "does not"; } return 200 "runs"; }

        location /header/ {
            add_header X-Outer outer;
            if ($arg_a) { add_header X-Inner inner; }
            if ($arg_b) { add_header X-Second second; }
            if ($arg_c) { set $all c; }
            proxy_pass http://kept;
        }
        location /headerfile/ {
            add_header X-Outer outer;
            alias @root@/;
            if ($arg_a) { add_header X-Inner inner; }
        }
        location /otherupstream/ {
            if ($arg_a) { proxy_pass http://@upstream@; }
            return 200 "here";
        }
        location /noreturn/ {
            if ($arg_a) { proxy_pass http://@upstream@; }
            root @root@/folder;
        }
        location /proxypath/ {
            if ($arg_a) { add_header X-Inner inner; }
            proxy_pass http://@upstream@/new/;
        }
        location /rewritten/ {
            if ($arg_a) { rewrite ^/rewritten/(.*)$ /shown/$1 last; }
            return 200 "not rewritten";
        }
        location /rewrittenhere/ {
            if ($arg_a) { rewrite ^/rewrittenhere/(.*)$ /$1 break; add_header X-Inner inner; }
            if ($arg_b) { add_header X-Second never; }
        }
        location /noflag/ {
            if ($arg_a) { rewrite ^/noflag/(.*)$ /shown/$1; }
            return 200 "uri=$uri";
        }
        location /shown/ { return 200 "shown $uri [$1]"; }
        location /breaks/ {
            if ($arg_a) { break; }
            return 200 "after the if";
        }
        location /breakfile/ {
            rewrite ^/breakfile/(.*)$ /$1;
            if ($arg_a) { break; }
            return 200 "after";
        }
        location /sets/ {
            set $x 0;
            if ($arg_a = 1) { set $x "${x}1"; }
            if ($arg_b = 1) { set $x "${x}2"; }
            if ($x = 012) { return 200 "both"; }
            return 200 "x=$x";
        }
        location /methods/ {
            if ($request_method = POST) { return 405; }
            if ($request_method !~ ^(GET|HEAD)$) { return 403 "not $request_method"; }
            return 200 "fine";
        }
        location /errors/ {
            error_page 404 /shown/outer;
            if ($arg_a) { error_page 404 /shown/inner; }
        }
        location /errorscode/ {
            error_page 404 = /shown/outer;
            if ($arg_a) { add_header X-Inner inner; }
        }
        location /roots/ {
            if ($arg_a) { root @folder@/secondroot; }
            rewrite ^/roots/(.*)$ /$1;
            set $doc $document_root;
            if ($arg_b) { break; }
            return 200 "uri=$uri";
        }
        location /rootspick/ {
            if ($arg_a) { root @folder@/secondroot; }
            rewrite ^/rootspick/(.*)$ /$1 break;
        }
        location /tries/ {
            try_files /ten.txt =404;
            if ($arg_a) { add_header X-Inner inner; }
        }
        location ~ ^/captured/([a-z]+)/ {
            if ($arg_a ~ ^(\\d+)$) { set $number $1; }
            proxy_pass http://@upstream@;
            proxy_set_header X-One "one=$1 number=$number";
        }
        location /numbers/ {
            if ($http_x ~ (.*)) { set $dummy 1; }
            if ($arg_a) { return 200 "1=$1"; }
            return 200 "other 1=$1";
        }
        location /zero/ { set $z 0; if ($z) { return 200 "true"; } return 200 "false"; }
        location /zeros/ { set $z 00; if ($z) { return 200 "true"; } return 200 "false"; }
        location /nested/ {
            location /nested/deep/ {
                if ($arg_a) { add_header X-Inner inner; }
                proxy_pass http://@upstream@;
            }
            if ($arg_a) { return 200 "outer"; }
            return 200 "no a";
        }
        location /inherits/ {
            add_header X-Outer outer;
            location /inherits/deep/ {
                if ($arg_a) { set $all x; }
                proxy_pass http://@upstream@;
            }
        }
        location @never { return 200 "never"; }
        location /logged/ {
            access_log off;
            if ($arg_a) { access_log access.log; }
            return 200 "logged";
        }
    }
    server {
        listen 127.0.0.1:@whole@;
        root @root@;
        if ($host = www.example) { return 301 http://example$request_uri; }
        if ($http_user_agent ~* (bot|spider)) { set $robot $1; }
        if (-f @root@/maintenance.html) { return 503; }
        if ($arg_go) { rewrite ^/(.*)$ /gone/$1 break; }
        if ($arg_stop) { break; }
        if ($request_method = DELETE) { return 405; }
        set $late yes;
        location /gone/ { return 410 "gone $uri"; }
        location / { return 200 "robot=$robot late=$late"; }
        location /files/ { rewrite ^/files/(.*)$ /$1 break; }
    }
"""


def said(name: str, target: str, text: str, *fields: str, at: str = "main") -> Exchange:
    return Exchange(name, get(target, *fields), contains=f"'{text}'", at=at)


def added(name: str, target: str, contains: str, lacks: str = "", **others: object) -> Exchange:
    return Exchange(name, get(target), contains=contains, lacks=lacks, **others)  # type: ignore[arg-type]


EXCHANGES = [
    said("a value is true", "/true/?a=x", "true"),
    said("nothing is false", "/true/", "false"),
    said("an empty value is false", "/true/?a=", "false"),
    said("0 is false", "/true/?a=0", "false"),
    said("00 is true", "/true/?a=00", "true"),
    said("a set 0 is false", "/zero/", "false"),
    said("a set 00 is true", "/zeros/", "true"),
    said("equal", "/equal/?a=b", "equal"),
    said("equal sees the case", "/equal/?a=B", "other"),
    said("unequal", "/unequal/?a=c", "unequal"),
    said("not unequal", "/unequal/?a=b", "same"),
    said("a missing one is unequal", "/unequal/", "unequal"),
    said("two variables", "/variables/?a=1&b=1", "equal"),
    said("two missing variables", "/variables/", "equal"),
    said("two different variables", "/variables/?a=1&b=2", "other"),
    said("text with a variable", "/text/?a=xy&b=y", "equal"),
    said("match", "/match/?a=bbc", "match bb [c]"),
    said("match without the second group", "/match/?a=bb", "match bb []"),
    said("no match", "/match/?a=cb", "no []"),
    said("match in any case", "/anycase/?a=bc", "match"),
    said("no match in any case", "/anycase/?a=c", "no"),
    said("unlike", "/unlike/?a=c", "unlike []"),
    said("not unlike keeps the capture", "/unlike/?a=b", "like b"),
    said("unlike in any case", "/unlikeanycase/?a=c", "unlike"),
    said("not unlike in any case", "/unlikeanycase/?a=b", "like"),
    said("a named capture", "/named/?a=x12", "[12] found 12"),
    said("no named capture", "/named/?a=x", "[] "),
    said("spaces inside the parentheses", "/spaces/?a=b", "equal"),
    said("a quoted expression", "/quoted/", "a b", "User-Agent: xa bx"),
    *(
        said(f"-f {path or 'nothing'}", f"/file/?a={path}", text)
        for path, text in (
            ("/ten.txt", "file"),
            ("/folder", "none"),
            ("/nothing", "none"),
            ("", "none"),
            ("/ten.txt/x", "none"),
        )
    ),
    *(
        said(f"!-f {path}", f"/nofile/?a={path}", text)
        for path, text in (("/ten.txt", "file"), ("/folder", "none"), ("/nothing", "none"))
    ),
    *(
        said(f"-d {path}", f"/folder2/?a={path}", text)
        for path, text in (("/ten.txt", "none"), ("/folder", "folder"), ("/folder/", "folder"), ("/nothing", "none"))
    ),
    *(
        said(f"!-d {path}", f"/nofolder/?a={path}", text)
        for path, text in (("/ten.txt", "none"), ("/folder", "folder"), ("/nothing", "none"))
    ),
    *(
        said(f"-e {path}", f"/exists/?a={path}", text)
        for path, text in (("/ten.txt", "there"), ("/folder", "there"), ("/nothing", "none"))
    ),
    *(
        said(f"!-e {path}", f"/missing/?a={path}", text)
        for path, text in (("/ten.txt", "there"), ("/folder", "there"), ("/nothing", "none"))
    ),
    *(
        said(f"-x {path}", f"/runs/?a={path}", text)
        for path, text in (("/ten.txt", "does not"), ("/folder", "runs"), ("/nothing", "does not"))
    ),
    said("!-x", "/runsnot/?a=/ten.txt", "does not"),
    added("add_header: outside", "/header/", "X-Outer: outer", "X-Inner"),
    added("add_header: inside, instead", "/header/?a=1", "X-Inner: inner", "X-Outer"),
    added("add_header: the last one wins", "/header/?a=1&b=1", "X-Second: second", "X-Inner"),
    added("add_header: an if without any inherits", "/header/?c=1", "X-Outer: outer"),
    added("add_header: a later if without any takes back", "/header/?a=1&c=1", "X-Outer: outer", "X-Inner"),
    added("add_header: to a file", "/headerfile/ten.txt?a=1", "X-Inner: inner", "X-Outer"),
    added("add_header: not to a file", "/headerfile/ten.txt", "X-Outer: outer", "X-Inner"),
    Exchange(
        "add_header: on one connection",
        [get("/header/") + get("/header/?a=1") + get("/header/?a=1") + get("/header/")],
        (200, 200, 200, 200),
    ),
    said("proxy_pass in an if, and return after it", "/otherupstream/?a=1", "here"),
    added("proxy_pass in an if", "/noreturn/?a=1", "GET /noreturn/?a=1 HTTP/1.1"),
    Exchange("no proxy_pass but in an if", get("/noreturn/"), 404, lacks="upstream"),
    added("a path of the proxy_pass outside", "/proxypath/x?a=1", "GET /new/x?a=1 HTTP/1.1"),
    added("a path of the proxy_pass outside, and add_header", "/proxypath/x?a=1", "X-Inner: inner"),
    said("rewrite in an if", "/rewritten/x?a=1", "shown /shown/x [x]"),
    said("no rewrite", "/rewritten/x", "not rewritten"),
    added("break in an if keeps its configuration", "/rewrittenhere/ten.txt?a=1&b=1", "X-Inner: inner", "X-Second"),
    said("rewrite without a flag goes on after the if", "/noflag/x?a=1", "uri=/shown/x"),
    Exchange("break in an if ends all", get("/breaks/?a=1"), 404),
    said("no break", "/breaks/", "after the if"),
    added("break after a rewrite before the if", "/breakfile/ten.txt?a=1", "0123456789"),
    said("set in ifs", "/sets/?a=1&b=1", "both"),
    said("set in one if", "/sets/?b=1", "x=02"),
    Exchange("by method: POST", post("/methods/", b"x"), 405),
    Exchange("by method: PUT", request("PUT", "/methods/", "Content-Length: 0"), 403, contains="not PUT"),
    said("by method: GET", "/methods/", "fine"),
    Exchange("error_page outside", get("/errors/x"), 404, contains="shown /shown/outer"),
    Exchange("error_page inside", get("/errors/x?a=1"), 404, contains="shown /shown/inner"),
    Exchange("error_page inherited", get("/errorscode/x?a=1"), 200, contains="shown /shown/outer"),
    added("root inside", "/rootspick/page.txt?a=1", "page in the second root"),
    Exchange("root outside", get("/rootspick/page.txt"), 404),
    Exchange("root inside, and break in another", get("/roots/page.txt?a=1&b=1"), 404),
    added("try_files outside", "/tries/x", "0123456789"),
    Exchange("try_files is not inherited", get("/tries/x?a=1"), 404, lacks="0123456789"),
    added("an if forgets the captures of the location", "/captured/abc/", "X-One: one= number="),
    added("captures of an if", "/captured/abc/?a=12", "X-One: one=12 number=12"),
    added("captures forgotten by an if", "/captured/abc/?a=x", "X-One: one= number="),
    said("captures of the if before", "/numbers/?a=1", "1=xy", "X: xy"),
    said("captures outlast an if that asks something else", "/numbers/", "other 1=xy", "X: xy"),
    added("in a nested location", "/nested/deep/?a=1", "X-Inner: inner"),
    said("not inherited by a nested location", "/nested/?a=1", "outer"),
    added("what the nested location inherits, its if does", "/inherits/deep/?a=1", "X-Outer: outer"),
    Exchange("access_log inside", get("/logged/?a=1"), logs=1),
    added("an upstream's error in an if", "/header/?a=1", "404", status=404, upstream=answer(status="404 Not Found")),
    Exchange(
        "server: by name",
        get("/x?y", host="www.example"),
        301,
        at="whole",
        contains="Location: http://example/x?y\n",
    ),
    said("server: no robot", "/x", "robot= late=yes", at="whole"),
    said("server: a robot", "/x", "robot=Bot late=yes", "User-Agent: A Bot", at="whole"),
    Exchange("server: rewrite", get("/x?go=1"), 410, at="whole", contains="gone /gone/x"),
    said("server: break", "/x?stop=1", "robot= late=", at="whole"),
    Exchange("server: by method", request("DELETE", "/x"), 405, at="whole"),
    Exchange("server: files", get("/files/ten.txt"), at="whole", contains="0123456789"),
]


@pytest.mark.parametrize("exchange", EXCHANGES, ids=str)
def test_if(pair: Pair, exchange: Exchange) -> None:
    pair.compare(exchange)
