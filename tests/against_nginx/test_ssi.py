"""Pages with commands in them: the scripted upstream makes the page, the servers run it."""

from __future__ import annotations

from typing import Any

import pytest

from .exchange import Deviation, Exchange, get, head, post
from .pair import Pair
from .upstream import CLOSE, Pause, Reply, answer

CONFIG = """
    default_type text/html;
    server {
        listen 127.0.0.1:@main@;
        root @root@;
        ssi on;
        set $kept kept;
        location / { proxy_pass http://@upstream@; }
        location /silent/ { proxy_pass http://@upstream@; ssi_silent_errors on; }
        location /short/ { proxy_pass http://@upstream@; ssi_value_length 10; }
        location /modified/ { proxy_pass http://@upstream@; ssi_last_modified on; }
        location /types/ { proxy_pass http://@upstream@; ssi_types text/plain; ssi_min_file_chunk 1k; }
        location /gzip/ { proxy_pass http://@upstream@; gzip on; gzip_min_length 1; }
        location /header/ { proxy_pass http://@upstream@; add_header X-Uri $uri; }
        location /static/ { alias @root@/; }
        location /text { return 200 "[$uri|$args|$request_uri|$request_method]"; }
        location /again { return 200 "<!--#echo var='arg_a' --><!--#set var='v' value='inner' -->"; }
        location /cycle { return 200 "<!--#include virtual='/cycle' -->."; }
        location /quiet { return 200; }
        location /gone { return 404; }
        location /own { return 404 "own"; }
        location /elsewhere { return 302 /text; }
        location /nothing { return 204; }
        location /large/ {
            subrequest_output_buffer_size 4;
            proxy_pass http://127.0.0.1:@backend@/;
        }
        location /set-large { return 200 '<!--#include virtual="/large/ten.txt" set="v" -->after'; }
        location /no-ssi { ssi off; return 200 "<!--#echo var='arg_a' -->"; }
        location /no-ssi-gone { ssi off; return 404; }
        location /refused { proxy_pass http://127.0.0.1:1; }
        location /caught { error_page 404 = @caught; return 404; }
        location @caught { return 200 caught; }
        location /secret { internal; return 200 secret; }
        location /denied { deny all; return 200 denied; }
        location /backend/ { proxy_pass http://127.0.0.1:@backend@/; }
        location /bar { return 200 "$http_bar<!--#echo var='http_bar' -->"; }
        location /never { set $http_bar set; }
        location /pages/ { return 200 "<!--#include virtual='relative?x' --><!--#include file='by/file' -->"; }
        location /pages/relative { return 200 "[$uri $args]"; }
        location /pages/by/file { return 200 "[$uri $args]"; }
    }
    server {
        listen 127.0.0.1:@backend@;
        root @root@;
        location /method { return 200 "$request_method $content_length"; }
    }
"""

FAILED = "[an error occurred while processing the directive]"


def page(name: str, text: str, contains: str = "", target: str = "/", **more: Any) -> Exchange:
    """What becomes of a page; ``contains`` is shown between two bars."""
    reply = answer("Content-Type: text/html", body=b"|" + text.encode("latin-1") + b"|")
    return Exchange(name, get(target), upstream=reply, contains=contains and f"|{contains}|", **more)


def failing(name: str, text: str, contains: str = FAILED, errors: int = 1, **more: Any) -> Exchange:
    return page(name, text, contains, errors=errors, **more)


def condition(expression: str, holds: bool, target: str = "/?a=b&e=&n=1") -> Exchange:
    text = f'<!--#if expr="{expression}" -->yes<!--#else -->no<!--#endif -->'
    return page(f"if {expression}", text, "yes" if holds else "no", target)


BRANCHES = (
    '<!--#if expr="$arg_a" -->1<!--#elif expr="$arg_b" -->2<!--#elif expr="$arg_c" -->3<!--#else -->4<!--#endif -->.'
)
BLOCK = """<!--#block name="b" --><b><!--#echo var='arg_x' default='d' --></b><!--#endblock -->"""
UNREAD = '<b><!--#echo var="arg_x" default="d" --></b>'
BIG = "0123456789" * 30_000

EXCHANGES = [
    page("no command", "<!-- a comment --><p>text</p>", "<!-- a comment --><p>text</p>"),
    page("nearly a command", "<!-<!--<<!--x<!--  #echo -->", "<!-<!--<<!--x<!--  #echo -->"),
    page("begin of a begin", '<!<!-<!--<!--#echo var="arg_a" -->', "<!<!-<!--b", "/?a=b"),
    page("space in a command", "<!--#  echo\tvar = \"arg_a\"\n\n default='d'-->", "b", "/?a=b"),
    Exchange(
        "a begin at the end",
        get("/"),
        upstream=answer("Content-Type: text/html", body=b"text<!-"),
        lacks="<!-",
        deviates=Deviation(200, "a page that ends like the begin of a command is sent whole", contains="text<!-"),
    ),
    Exchange("an end that is missing", get("/"), upstream=answer("Content-Type: text/html", body=b'a<!--#echo var="')),
    # echo
    page("echo", '<!--#echo var="arg_a" -->', "b", "/?a=b"),
    page("echo none", '<!--#echo var="arg_a" -->', "(none)"),
    page("echo empty", '<!--#echo var="arg_a" default="d" -->', "", "/?a="),
    page("echo default", '<!--#echo var="arg_a" default="d&" -->', "d&amp;"),
    page("echo no such variable", '<!--#echo var="nowhere" --><!--#echo var="\xe4" -->', "(none)(none)"),
    page("echo no capture", '<!--#echo var="1" -->', "(none)"),
    page("echo set by rewrite", '<!--#echo var="KEPT" -->', "kept"),
    page("echo entities", '<!--#set var="v" value="<\\"&\'%>" --><!--#echo var="v" -->', "&lt;&quot;&amp;'%&gt;"),
    page(
        "echo encodings hold",
        '<!--#set var="v" value="< \xe4\'{|}^`\\\\" --><!--#echo var="v" encoding="url" --><!--#echo var="v" -->'
        '<!--#echo var="v" encoding="none" --><!--#echo var="v" -->',
    ),
    failing("echo unknown encoding", '<!--#echo var="arg_a" encoding="x" -->', "&lt;", target="/?a=<"),
    # set
    page("set", '<!--#set var="V" value="a${arg_a}b$arg_a.$uri" --><!--#echo var="v" -->', "abbb./", "/?a=b"),
    page(
        "set escapes",
        '<!--#set var="v" value="\\$a\\x\\\\n\\\'" --><!--#echo var="v" -->',
    ),
    Exchange("echo a field that is set elsewhere", get("/bar", "Bar: x"), contains="'xx'"),
    page("set hides", '<!--#set var="uri" value="mine" --><!--#echo var="uri" -->', "mine"),
    failing("set a broken variable", '<!--#set var="v" value="a$" --><!--#echo var="v" -->', FAILED + "(none)"),
    failing("set an open variable", '<!--#set var="v" value="a${b c" -->'),
    # if
    condition("$arg_a", True),
    condition("$arg_e", False),
    condition("$arg_e ", False),
    condition("text", True),
    condition("$arg_a = b", True),
    condition("$arg_a=b", True),
    condition("$arg_a = c", False),
    condition("$arg_a != c", True),
    condition("$ARG_A = $arg_a", True),
    condition("A = a", True),
    condition("a = A", False),
    condition("${arg_a}x = bx", True),
    condition("$arg_a = /^B/", False),
    condition("$arg_a = /^b\\$/", True),
    condition("$arg_a != /^b/", False),
    condition("$arg_a = /^${arg_a}/", True),
    condition("$arg_a = \\/b", False),
    condition("$arg_a = /", False),
    condition("$arg_e = ", True),
    condition(" = b", False),
    page(
        "if captures",
        '<!--#if expr="$arg_a = /(.)(?<Last>.)(x)?/" --><!--#echo var="1" -->,<!--#echo var="0" -->,'
        '<!--#echo var="last" -->,<!--#set var="v" value="$2$1" --><!--#echo var="v" --><!--#endif -->',
        "b,bc,c,cb",
        "/?a=bc",
    ),
    failing("if a broken expression", '<!--#if expr="a / b" -->yes<!--#endif -->', FAILED + "yes" + FAILED, 2),
    failing("if a broken regex", '<!--#if expr="$arg_a = /b" -->yes<!--#endif -->', FAILED + "yes" + FAILED, 2),
    *(
        page(f"branches {args}", BRANCHES, f"{n}.", f"/?{args}")
        for n, args in enumerate(("a=1&b=1", "b=1", "c=1", ""), 1)
    ),
    page("if after if", BRANCHES * 3, "2.2.2.", "/?b=1"),
    page("if in if", f'<!--#if expr="$arg_x" -->x{BRANCHES}<!--#endif -->', "", "/?b=1", errors=0),
    page("if in an if that holds", f'<!--#if expr="$arg_b" -->x{BRANCHES}<!--#endif -->', "", "/?b=1"),
    failing("else alone", "a<!--#else -->b", f"a{FAILED}b"),
    failing(
        "elif after else", '<!--#if expr="a" -->b<!--#else -->c<!--#elif expr="d" -->e<!--#endif -->', f"b{FAILED}"
    ),
    failing("endif alone", "a<!--#endif -->b", f"a{FAILED}b"),
    page(
        "nothing is run in what is not wanted", '<!--#if expr="" --><!--#nonsense --><!--#echo --><!--#endif -->.', "."
    ),
    # config
    failing("config errmsg", '<!--#config errmsg="oh & no" --><!--#x -->', "oh & no"),
    page("config timefmt", '<!--#config timefmt="%Y%%Z %H" --><!--#echo var="date_gmt" -->'),
    page("config timefmt, local", '<!--#config timefmt="%B %Z" --><!--#echo var="date_local" -->'),
    # what goes wrong
    failing("unknown command", '<!--#nonsense a="b" -->'),
    failing("unknown parameter", '<!--#echo var="a" more="b" -->'),
    failing("parameter twice", '<!--#echo var="a" var="b" -->'),
    failing("parameter missing", '<!--#echo default="a" -->'),
    failing("too many parameters", "<!--#echo" + ' a="b"' * 17 + " -->"),
    failing("no value", "<!--#echo var -->"),
    failing("no quotes", "<!--#echo var=arg_a -->"),
    failing("no equals sign", "<!--#echo var 'a' -->"),
    failing("a dash before the value", "<!--#echo var=-->"),
    failing("after the value", "<!--#echo var='a'b -->"),
    failing("a dash after the command", "<!--#echo-var='a' -->"),
    failing("one dash", "<!--#echo var='a' -> -->"),
    failing("three dashes", "<!--#echo var='a' ---> -->"),
    failing("too long a command", f"<!--#{'c' * 33} -->"),
    failing("too long a parameter", f"<!--#echo {'p' * 33}='a' -->"),
    failing("too long a value", f"<!--#echo var='{'v' * 256}' -->"),
    page("as long as it may be", f"<!--#echo var='{'v' * 255}' -->", "(none)"),
    failing("ssi_value_length", "<!--#echo var='0123456789a' -->", target="/short/"),
    failing("ssi_silent_errors", "<!--#nonsense -->", "", target="/silent/"),
    # include
    page("include", '<!--#include virtual="/text?x=y" -->', "[/text|x=y|/?a=b|GET]", "/?a=b"),
    page("include of a variable", '<!--#include virtual="/text$arg_a?$arg_a" -->', "[/textb|b|/?a=b|GET]", "/?a=b"),
    page("include twice", '<!--#include virtual="/text1" -->,<!--#include virtual="/text2" -->'),
    page(
        "include, waiting", '<!--#include virtual="/text1" wait="YES" -->,<!--#include virtual="/text2" wait="no" -->'
    ),
    page("include of a page", '<!--#include virtual="/again?a=b" -->', "b"),
    page("include of what is none", '<!--#include virtual="/no-ssi?a=b" -->', "<!--#echo var='arg_a' -->"),
    page("include sees what follows", '<!--#include virtual="/again?a=b" -->,<!--#echo var="v" -->', "b,(none)"),
    page("include, waiting, sees what it sets", '<!--#include virtual="/again" wait="yes" --><!--#echo var="v" -->'),
    page("include, relative", '<!--#include virtual="/pages/index" -->', "[/pages/relative x][/pages/by/file ]"),
    page("include, relative to the root", '<!--#include virtual="text" -->', "[/text||/|GET]"),
    page("include, escaped", '<!--#include virtual="/t%65xt%3fa?b%20" -->', "[/text?a|b%20|/|GET]"),
    page("include of a file", '<!--#include virtual="/static/ten.txt" -->', "0123456789"),
    page(
        "include of a big file", '<!--#include virtual="/static/big.bin" -->.<!--#include virtual="/static/big.bin" -->'
    ),
    page("include of an upstream's", '<!--#include virtual="/backend/ten.txt" -->', "0123456789"),
    page("include of nothing", '<!--#include virtual="/static/empty.txt" --><!--#include virtual="/quiet" -->', ""),
    page("include of what is missing", '<!--#include virtual="/gone" -->'),
    page("include of what an error page has", '<!--#include virtual="/caught" -->', "caught"),
    page("include of an internal location", '<!--#include virtual="/secret" -->', "secret"),
    page("include of what is denied", '<!--#include virtual="/denied" -->', "denied"),
    page("include of what a server has not", '<!--#include virtual="/refused" -->'),
    failing("include of a cycle", '<!--#include virtual="/cycle" -->', ""),
    failing("include without a URI", "<!--#include -->"),
    failing("include of two", '<!--#include virtual="/text" file="text" -->'),
    failing("include of above", '<!--#include virtual="/../text" -->'),
    failing("include of above, escaped", '<!--#include virtual="/a/%2e%2e/text" -->'),
    failing("include, waiting for a file", '<!--#include file="text" wait="yes" -->'),
    failing("include, waiting for what", '<!--#include virtual="/text" wait="perhaps" -->'),
    failing("include with both", '<!--#include virtual="/text" set="v" stub="b" -->'),
    page("include after post", '<!--#include virtual="/backend/method" -->', "GET "),
    Exchange(
        "include of a request with a body",
        post("/", b"hello"),
        upstream=answer("Content-Type: text/html", body=b'<!--#include virtual="/backend/method" -->'),
        contains="GET 5",
    ),
    # include into a variable
    page("include set", '<!--#include virtual="/text" set="V" -->,<!--#echo var="v" -->', ",[/text||/|GET]"),
    page("include set, order", '<!--#include virtual="/text1" -->a<!--#include virtual="/text2" set="v" -->b'),
    page("include set, an error", '<!--#include virtual="/gone" set="v" -->,<!--#echo var="v" -->', ","),
    Exchange("include set, too much", get("/set-large"), (), contains="connection: closed"),
    page("include set, of an upstream", '<!--#include virtual="/backend/ten.txt" set="v" --><!--#echo var="v" -->'),
    # blocks
    page("block", f"{BLOCK},<!--#echo var='arg_x' -->", ",(none)"),
    page("stub", f'{BLOCK}<!--#include virtual="/gone?x=y" stub="b" -->', "<b>y</b>"),
    page("stub for nothing", f'{BLOCK}<!--#include virtual="/quiet" stub="b" -->', UNREAD),
    page("stub for 204", f'{BLOCK}<!--#include virtual="/nothing" stub="b" -->', UNREAD),
    page("stub for a redirect", f'{BLOCK}<!--#include virtual="/elsewhere" stub="b" -->', "<b>d</b>"),
    page("stub for a missing file", f'{BLOCK}<!--#include virtual="/static/none" stub="b" -->', "<b>d</b>"),
    page("stub for an empty file", f'{BLOCK}<!--#include virtual="/static/empty.txt" stub="b" -->', UNREAD),
    page("stub for no server", f'{BLOCK}<!--#include virtual="/refused" stub="b" -->', "<b>d</b>"),
    page("stub for an empty answer", f'{BLOCK}<!--#include virtual="/backend/empty.txt" stub="b" -->'),
    page("stub for an upstream's error", f'{BLOCK}<!--#include virtual="/backend/none" stub="b" -->'),
    page("stub for a page of its own", f'{BLOCK}<!--#include virtual="/own" stub="b" -->', "own"),
    page("stub goes before an error page", f'{BLOCK}<!--#include virtual="/caught" stub="b" -->', "<b>d</b>"),
    page("stub that is no page", f'{BLOCK}<!--#include virtual="/no-ssi-gone" stub="b" -->'),
    page("stub not needed", f'{BLOCK}<!--#include virtual="/text" stub="b" -->', "[/text||/|GET]"),
    page(
        "stub twice", BLOCK + '<!--#include virtual="/gone?x=1" stub="b" --><!--#include virtual="/gone" stub="b" -->'
    ),
    failing("stub of no block", '<!--#include virtual="/text" stub="b" -->'),
    page(
        "block with branches",
        f'<!--#block name="b" -->{BRANCHES}<!--#endblock --><!--#include virtual="/gone?c=1" stub="b" -->',
        "3.",
    ),
    page(
        "block twice", f'{BLOCK}<!--#block name="b" -->second<!--#endblock --><!--#include virtual="/gone" stub="b" -->'
    ),
    page(
        "block in a branch",
        '<!--#if expr="a" --><!--#block name="b" -->1<!--#endblock --><!--#else -->'
        '<!--#block name="b" -->2<!--#endblock --><!--#endif --><!--#include virtual="/gone" stub="b" -->',
        "1",
    ),
    # heads
    Exchange(
        "another type", get("/"), upstream=answer("Content-Type: text/plain", body=b"<!--#x -->"), contains="<!--#x"
    ),
    Exchange(
        "ssi_types",
        get("/types/"),
        upstream=answer("Content-Type: text/plain; charset=utf-8", body=b'<!--#echo var="a" -->'),
        contains="(none)",
    ),
    Exchange("an empty page", get("/"), upstream=answer("Content-Type: text/html", 'ETag: "a"', body=b"")),
    Exchange(
        "what goes from the head",
        get("/"),
        upstream=answer("Content-Type: text/html", 'ETag: "a"', "Last-Modified: x", "Accept-Ranges: bytes", body=b"a"),
        lacks="ETag",
    ),
    Exchange(
        "ssi_last_modified",
        get("/modified/"),
        upstream=answer("Content-Type: text/html", 'ETag: "a"', "Last-Modified: x", "Accept-Ranges: bytes", body=b"a"),
        contains='ETag: W/"a"',
    ),
    Exchange("head of a file", head("/static/about.html"), lacks="Content-Length"),
    Exchange("a file", get("/static/about.html"), lacks="Last-Modified"),
    Exchange("a file, a range", get("/static/about.html", "Range: bytes=1-2"), lacks="Accept-Ranges"),
    Exchange("a file, not modified", get("/static/about.html", "If-None-Match: *"), 304),
    Exchange("HTTP/1.0", get("/static/about.html", version="1.0")),
    page("a field of its own", "<!--#include virtual='/text' -->", target="/header/"),
    Exchange(
        "gzip",
        get("/gzip/", "Accept-Encoding: gzip"),
        upstream=answer("Content-Type: text/html", body=b'a<!--#include virtual="/static/long.html" -->b'),
        contains="Content-Encoding: gzip",
    ),
    # pieces
    Exchange(
        "a page in pieces",
        get("/"),
        upstream=Reply(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\na<!-",
            Pause(),
            b"-",
            Pause(),
            b"#in",
            Pause(),
            b'clude virtual="/te',
            Pause(),
            b'xt" -',
            Pause(),
            b"->b<!",
            Pause(),
            b"--x",
            CLOSE,
        ),
        contains="a[/text||/|GET]b<!--x",
    ),
    page("a big page", BIG + '<!--#include virtual="/text" -->' + BIG),
    page("many", '<!--#echo var="arg_a" -->.' * 3000, target="/?a=b"),
    page("many inclusions", '<!--#include virtual="/text" -->' * 100),
    Exchange("one after the other", [get("/static/about.html") + get("/static/ten.txt")], (200, 200)),
]


@pytest.mark.parametrize("exchange", EXCHANGES, ids=str)
def test_ssi(pair: Pair, exchange: Exchange) -> None:
    pair.compare(exchange)
