"""rewrite, set, break and return: what becomes of a URI, and where the request goes with it."""

from __future__ import annotations

import pytest

from .exchange import Exchange, get, head, post, request
from .pair import Pair

SHOWN = "uri=$uri args=$args request_uri=$request_uri 1=$1"

CONFIG = f"""
    upstream kept {{ server @upstream@; keepalive 1; }}
    server {{
        listen 127.0.0.1:@main@;
        root @root@;

        location /show {{ return 200 "{SHOWN}"; }}
        location /last/ {{ rewrite ^/last/(.*)$ /show/$1 last; return 200 "not reached"; }}
        location /none/ {{ rewrite ^/none/(.*)$ /show/$1; return 200 "on: {SHOWN}"; }}
        location /noflag/ {{ rewrite ^/noflag/(.*)$ /show/$1; }}
        location /break/ {{ rewrite ^/break/(.*)$ /$1 break; return 200 "not reached"; }}
        location /nomatch/ {{ rewrite ^/other/(.*)$ /show/$1 last; return 200 "no match: {SHOWN}"; }}
        location /drop/ {{ rewrite ^/drop/(.*)$ /show/$1? last; }}
        location /add/ {{ rewrite ^/add/(.*)$ /show?found=$1 last; }}
        location /replace/ {{ rewrite ^/replace/(.*)$ /show?found=$1? last; }}
        location /empty/ {{ rewrite ^ /show? last; }}
        location /two/ {{ rewrite ^/two/(.*)$ /show?a=$1?b=$1 last; }}
        location /fromvariable/ {{ rewrite ^ /show$arg_x last; }}
        location /redirect/ {{ rewrite ^/redirect/(.*)$ /to/$1 redirect; }}
        location /permanent/ {{ rewrite ^/permanent/(.*)$ /to/$1 permanent; }}
        location /away/ {{ rewrite ^/away/(.*)$ http://other.example/$1; }}
        location /awayargs/ {{ rewrite ^/awayargs/(.*)$ http://other.example/?x=$1; }}
        location /awaydrop/ {{ rewrite ^/awaydrop/(.*)$ https://other.example/$1? permanent; }}
        location /scheme/ {{ rewrite ^/scheme/(.*)$ $scheme://$host/$1 permanent; }}
        location /relative/ {{ rewrite ^/relative/(.*)$ to/$1 redirect; }}
        location /chain/ {{
            rewrite ^/chain/(.*)$ /link/$1;
            rewrite ^/link/(.*)$ /show/$1/linked;
        }}
        location /stop/ {{ break; rewrite ^ /show last; return 200 "stopped"; }}
        location /after/ {{ rewrite ^/after/(.*)$ /$1; break; return 200 "not reached"; }}
        location /cycle/ {{ rewrite ^/cycle/(.*)$ /cycle/x$1 last; }}
        location /cyclequiet/ {{ rewrite ^ /cyclequiet/; error_page 500 /show; }}
        location /zero/ {{ rewrite ^ $arg_none last; }}
        location /inner {{ internal; return 200 "inner $uri"; }}
        location /toinner/ {{ rewrite ^ /inner last; }}
        location /captures/ {{
            rewrite ^/captures/(a)(b)?(c)? /show2 break;
            rewrite ^/show2 /show3;
        }}
        location ~ ^/regex/(?<name>[a-z]+)/(.*)$ {{
            set $before $1-$name;
            rewrite ^/regex/[a-z]+/(?<rest>.*)$ /x/$rest break;
            rewrite ^/x/(.*)$ /y/$1 break;
            proxy_pass http://@upstream@;
            proxy_set_header X-Seen "before=$before name=$name rest=$rest one=$1 two=$2";
        }}
        location ~ ^/forget/([a-z]+)$ {{
            rewrite ^/nothing$ /y;
            return 200 "one=$1";
        }}
        location /set/ {{
            set $a one;
            set $b "$a two";
            set $a three;
            set $uninitialized2 $never;
            return 200 "a=$a b=$b never=[$never] {{$b}} ${{a}}b";
        }}
        location /setargs/ {{ set $args "new=1&$args"; proxy_pass http://@upstream@; }}
        location /setargsuri/ {{ set $args ""; proxy_pass http://@upstream@/new/; }}
        location /never/ {{ set $never x; return 200; }}
        location /setheader/ {{ set $http_x_made up; return 200 "$http_x_made"; }}
        location /capital/ {{ set $MiXed 1; return 200 "$mixed $MIXED"; }}
        location /proxied/ {{ rewrite ^/proxied/(.*)$ /to/$1 break; proxy_pass http://kept; }}
        location /proxiedpath/ {{ rewrite ^/proxiedpath/(.*)$ /to/$1 break; proxy_pass http://@upstream@/part/; }}
        location /proxiedlast/ {{ rewrite ^/proxiedlast/(.*)$ /part/$1 last; }}
        location /part/ {{ proxy_pass http://@upstream@/whole/; }}
        location /nothing/ {{ rewrite ^/no$ /way break; proxy_pass http://kept/path/; }}
        location /type/ {{ types {{ text/x txt; }} rewrite ^/type/(.*)$ /$1 break; root @root@; }}
        location /static/ {{ rewrite ^/static/(.*)$ /folder/$1 break; }}
        location /status/ {{ error_page 404 /gone; rewrite ^/status/(.*)$ /missing/$1; }}
        location /gone {{ return 410; }}
        location /space/ {{ rewrite "^/space/(.*) (.*)$" /show/$2/$1 last; }}
        location /case/ {{ rewrite (?i)^/CASE/(.*)$ /show/$1 last; }}
        location /utf/ {{ rewrite ^/utf/(.*)$ /$1 redirect; }}
        location /plus/ {{ rewrite ^/plus/(.*)$ /show?p=$1&q=$arg_q last; }}
    }}
    server {{
        listen 127.0.0.1:@whole@;
        root @root@;
        rewrite ^/old/(.*)$ /new/$1;
        rewrite ^/moved/(.*)$ http://other.example/$1 permanent;
        rewrite ^/folded/(.*)$ /folder/$1 break;
        rewrite ^/twice/(.*)$ /once/$1 last;
        rewrite ^/once/(.*)$ /wrong/$1 last;
        set $who server;
        location /new/ {{ return 200 "new {SHOWN} who=$who"; }}
        location /once/ {{ set $who location; return 200 "once who=$who"; }}
        location /part/ {{ proxy_pass http://@upstream@/whole/; }}
        location /never {{ internal; return 200 "internal"; }}
        location /again/ {{ rewrite ^/again/(.*)$ /old/$1 last; return 404; }}
        location /old/ {{ return 200 "old {SHOWN}"; }}
        location /plain {{ return 200 "plain who=$who"; }}
        error_page 404 /old/page;
    }}
    server {{
        listen 127.0.0.1:@answers@;
        set $x 1;
        return 200 "x=$x $uri";
        location / {{ return 200 "not reached"; }}
    }}
    server {{
        listen 127.0.0.1:@secure@;
        rewrite ^ https://$host$request_uri? permanent;
    }}
    server {{
        listen 127.0.0.1:@parts@;
        rewrite ^/x/(.*)$ /part/$1 break;
        location /part/ {{ proxy_pass http://@upstream@/whole/; }}
    }}
"""


def shown(name: str, target: str, text: str, at: str = "main") -> Exchange:
    return Exchange(name, get(target), contains=text, at=at)


def asked(name: str, target: str, line: str, at: str = "main") -> Exchange:
    """The request line that the upstream gets."""
    return Exchange(name, get(target), contains=f"GET {line} HTTP/1.1", at=at)


def led(name: str, target: str, location: str, status: int = 302, at: str = "main") -> Exchange:
    return Exchange(name, get(target), status, contains=f"Location: {location}\n", at=at)


EXCHANGES = [
    shown("last", "/last/a?b=c", "uri=/show/a args=b=c request_uri=/last/a?b=c 1=a"),
    shown("last with an escaped path", "/last/a%20b%3Fc", "uri=/show/a b?c args= request_uri=/last/a%20b%3Fc"),
    shown("no flag: the rest runs", "/none/a", "on: uri=/show/a"),
    shown("no flag: then another location", "/noflag/a", "uri=/show/a"),
    shown("break stays in the location", "/break/ten.txt", "0123456789"),
    Exchange("break, no such file", get("/break/none.txt"), 404),
    shown("no match", "/nomatch/a", "no match: uri=/nomatch/a"),
    shown("the last ? drops the arguments", "/drop/a?b=c", "uri=/show/a args= request"),
    shown("arguments are added", "/add/a?b=c", "uri=/show args=found=a&b=c"),
    shown("arguments, and none to add", "/add/a", "args=found=a request"),
    shown("arguments replaced", "/replace/a?b=c", "args=found=a request"),
    shown("nothing but a ?", "/empty/?b=c", "uri=/show args= request"),
    shown("a second ? is a character", "/two/a", "args=a=a?b=a request"),
    shown("a ? in a variable is a character", "/fromvariable/?x=?y", "uri=/show?y args=x=?y"),
    shown("a capture is escaped in arguments", "/add/a%26b%2Bc%20d", "args=found=a%26b%2Bc%20d"),
    shown("a capture is not if the URI came plain", "/add/a&b", "args=found=a&b"),
    shown("a plus makes a URI escaped", "/add/a+b&c", "args=found=a%2Bb%26c"),
    shown("variables are not escaped", "/plus/a%2Bb?q=x+y%26", "args=p=a%2Bb&q=x+y%26&q=x+y%26"),
    led("redirect", "/redirect/a?b=c", "http://localhost:@main@/to/a?b=c"),
    led("redirect, escaped", "/redirect/a%20b%3Fc", "http://localhost:@main@/to/a%20b?c"),
    led("redirect, characters that need no escape", "/redirect/%41%7Eb%26", "http://localhost:@main@/to/A~b&"),
    led("redirect, beyond ASCII", "/utf/gr%C3%BC", "http://localhost:@main@/gr%C3%BC"),
    led("permanent", "/permanent/a", "http://localhost:@main@/to/a", 301),
    led("to another site", "/away/a?b=c", "http://other.example/a?b=c"),
    led("to another site with arguments", "/awayargs/a?b=c", "http://other.example/?x=a&b=c"),
    led("to another site without arguments", "/awaydrop/a?b=c", "https://other.example/a", 301),
    led("to $scheme", "/scheme/a", "http://localhost/a", 301),
    led("redirect to a relative path", "/relative/a", "to/a"),
    Exchange("redirect, HEAD", head("/redirect/a"), 302, contains="/to/a\n"),
    Exchange("redirect, POST", post("/redirect/a", b"body"), 302, contains="/to/a\n"),
    shown("one after the other", "/chain/a", "uri=/show/a/linked"),
    Exchange("break first", get("/stop/"), 404),
    shown("break after a change", "/after/ten.txt", "0123456789"),
    Exchange("a cycle ends with 500", get("/cycle/"), 500),
    Exchange("a cycle has no error page", get("/cyclequiet/"), 500, lacks="uri="),
    Exchange("a path of no length", get("/zero/"), 500),
    shown("rewritten requests may enter internal locations", "/toinner/", "inner /inner"),
    Exchange("others may not", get("/inner"), 404),
    asked("break ends the script", "/regex/bob/b/c", "/x/b/c"),
    shown("names outlast numbers: their values", "/regex/bob/b/c", "before=bob-bob name=bob rest=b/c one=b/c two="),
    shown("what does not match forgets the numbers", "/forget/abc", "'one='"),
    shown("set", "/set/", "a=three b=one two never=[] {one two} threeb"),
    asked("set $args", "/setargs/a?b=c", "/setargs/a?new=1&b=c"),
    asked("set $args to nothing", "/setargsuri/a?b=c", "/new/a"),
    shown("set a header's variable", "/setheader/", "'up'"),
    Exchange("set a header's variable that was sent", get("/setheader/", "X-Made: down"), contains="'up'"),
    shown("names have no case", "/capital/", "'1 1'"),
    asked("proxied after break", "/proxied/a%20b?c", "/to/a%20b?c"),
    asked("proxied after break, with a path", "/proxiedpath/a", "/to/a"),
    asked("proxied after last, with a path", "/proxiedlast/a%2Fb?c=d", "/whole/a/b?c=d"),
    asked("proxied, nothing matched", "/nothing/a%20b?c", "/path/a%20b?c"),
    Exchange("proxied after break, POST", post("/proxied/a", b"body"), contains="POST /to/a HTTP/1.1"),
    Exchange("the type follows the path", get("/type/ten.txt"), contains="text/x"),
    Exchange("a folder after break", get("/static/deep"), 301, contains="/folder/deep/\n"),
    Exchange("an index after break", get("/static/"), contains="<h1>folder</h1>"),
    Exchange("an error after a change is of the new location", get("/status/a"), 404, lacks="410"),
    shown("captures with spaces", "/space/a%20b", "uri=/show/b/a"),
    shown("a flag in the expression", "/case/a", "uri=/show/a"),
    shown("server: no flag", "/old/a?b=c", "new uri=/new/a args=b=c request_uri=/old/a?b=c 1= who=server", "whole"),
    led("server: redirect", "/moved/a%20b", "http://other.example/a%20b", 301, "whole"),
    Exchange("server: break", get("/folded/page.html"), at="whole", contains="<h1>page</h1>"),
    shown("server: last ends the server's", "/twice/a", "once who=location", "whole"),
    shown("server: set", "/plain", "plain who=server", "whole"),
    Exchange("server: internal stays closed", get("/never"), 404, at="whole", contains="new uri=/new/page"),
    Exchange("server: not again after a location's", get("/again/a"), at="whole", contains="old uri=/old/a"),
    Exchange("server: again for an error page", get("/none"), 404, at="whole", contains="new uri=/new/page"),
    asked("server: no path to replace after break", "/x/a", "/part/a", "parts"),
    asked("server: a path to replace if nothing matched", "/part/a", "/whole/a", "parts"),
    shown("server: return", "/a", "x=1 /a", "answers"),
    led("server: everything to https", "/a/b?c=d", "https://localhost/a/b?c=d", 301, "secure"),
    Exchange(
        "the same head again on the same connection",
        [get("/old/a") + get("/old/a") + get("/plain") + get("/old/b") + get("/old/b")],
        (200, 200, 200, 200, 200),
        at="whole",
    ),
    Exchange(
        "rewritten and not, on the same connection",
        [get("/proxied/a") + get("/proxied/a") + get("/nothing/a") + get("/nothing/a")],
        (200, 200, 200, 200),
    ),
    Exchange("OPTIONS", request("OPTIONS", "/last/a"), contains="uri=/show/a"),
]


@pytest.mark.parametrize("exchange", EXCHANGES, ids=str)
def test_rewrite(pair: Pair, exchange: Exchange) -> None:
    pair.compare(exchange)
