"""What proxy_pass makes of the request's URI."""

from __future__ import annotations

import pytest

from .exchange import Deviation, Exchange, get, request
from .pair import Pair

CONFIG = """
    upstream named {
        server @upstream@;
    }
    server {
        listen 127.0.0.1:@main@;
        location / { proxy_pass http://@upstream@; }
        location /slash/ { proxy_pass http://@upstream@/; }
        location /path/ { proxy_pass http://@upstream@/new/path/; }
        location /cut/ { proxy_pass http://@upstream@/new; }
        location /nocut { proxy_pass http://@upstream@/new/; }
        location = /exact { proxy_pass http://@upstream@/other?fixed=1; }
        location /unix/ { proxy_pass http://@unix@:/new/; }
        location /unixbare/ { proxy_pass http://@unix@; }
        location /named/ { proxy_pass http://named; }
        location /namedpath/ { proxy_pass http://named/new/; }
        location ~ ^/regex/ { proxy_pass http://@upstream@; }
        location ~ ^/captured/(.*)$ { proxy_pass http://@upstream@/new/$1; }
        location ~ ^/capturedargs/(.*)$ { proxy_pass http://@upstream@/new/$1$is_args$args; }
        location /variable/ { proxy_pass http://$arg_to; }
        location /variablenamed/ { proxy_pass http://$arg_name/fixed; }
        location /variableuri/ { proxy_pass http://@upstream@$uri; }
        location /variablerequest/ { proxy_pass http://@upstream@$request_uri; }
        location /method/ { proxy_pass http://@upstream@; proxy_method POST; }
        location /encoded/ { proxy_pass http://@upstream@/with%20space/; }
        location ~ /inner/ {
            location ~ /inner/deep/ { proxy_pass http://@upstream@; }
            return 404;
        }
    }
"""


def passed(name: str, target: str | bytes, line: str, method: str = "GET") -> Exchange:
    """The request line that the upstream gets."""
    return Exchange(name, request(method, target), contains=f"{line} HTTP/1.1")


FRAGMENT = Deviation(
    200, "a fragment goes no further (RFC 9112, 3.2): an upstream might take it for a part of the path", lacks="#b"
)

EXCHANGES = [
    passed("as it came", "/a/b?c=d", "GET /a/b?c=d"),
    passed("as it came, encoded", "/a%2Fb%20c%41?d=%20", "GET /a%2Fb%20c%41?d=%20"),
    passed("as it came, dots and slashes", "//a/./b/../c", "GET //a/./b/../c"),
    passed("as it came, beyond ASCII", b"/gr\xc3\xbc", "GET /gr\\xc3\\xbc"),
    Exchange("as it came, with a fragment", get("/a#b"), contains="GET /a#b HTTP/1.1", deviates=FRAGMENT),
    passed("as it came, empty query", "/a?", "GET /a?"),
    passed("as it came, odd characters", '/a|b^c{d}e"f<g>h`i?k|l^m{n}"o', 'GET /a|b^c{d}e"f<g>h`i?k|l^m{n}"o'),
    passed("absolute form", "http://other.example/a?b", "GET /a?b"),
    passed("absolute form without path", "http://other.example", "GET /"),
    passed("absolute form, query only", "http://other.example?b", "GET /?b"),
    passed("prefix replaced by a slash", "/slash/a/b?c", "GET /a/b?c"),
    passed("only the prefix", "/slash/", "GET /"),
    passed("only the prefix and a query", "/slash/?a", "GET /?a"),
    passed("prefix replaced by a path", "/path/a", "GET /new/path/a"),
    passed("prefix with slash by path without", "/cut/a", "GET /newa"),
    passed("prefix without slash by path with", "/nocut/a", "GET /new//a"),
    passed("prefix without slash, more letters", "/nocuta", "GET /new/a"),
    passed("exact with a fixed query", "/exact", "GET /other?fixed=1"),
    passed("exact with a fixed query and another", "/exact?a=b", "GET /other?fixed=1?a=b"),
    passed("replaced: decoded and encoded again", "/path/a%20b%41%2Fc", "GET /new/path/a%20bA/c"),
    passed("replaced: percent", "/path/a%25b", "GET /new/path/a%25b"),
    passed("replaced: question mark", "/path/a%3Fb?c", "GET /new/path/a%3Fb?c"),
    passed("replaced: hash", "/path/a%23b", "GET /new/path/a%23b"),
    passed("replaced: plus and semicolon", "/path/a+b;c=d&e", "GET /new/path/a+b;c=d&e"),
    passed("replaced: beyond ASCII", "/path/%E4%B8%AD", "GET /new/path/%E4%B8%AD"),
    passed("replaced: beyond ASCII, not encoded", b"/path/\xe4\xb8\xad", "GET /new/path/\\xe4\\xb8\\xad"),
    passed("replaced: control bytes", "/path/%01%1F%7F", "GET /new/path/%01%1F%7F"),
    passed("replaced: newline", "/path/a%0D%0AX-Evil:1", "GET /new/path/a%0D%0AX-Evil:1"),
    passed(
        "replaced: quotes and brackets",
        "/path/%22%27%3C%3E%5B%5D%7B%7D%7C%5C%5E%60",
        "GET /new/path/%22'%3C%3E[]%7B%7D%7C%5C%5E%60",
    ),
    passed("replaced: dots and slashes are gone", "/path//a/./b/../c", "GET /new/path/a/c"),
    passed("replaced: the query stays as it is", "/path/a?b=%20%2f//../c", "GET /new/path/a?b=%20%2f//../c"),
    passed("prefix asked in another spelling", "/%70ath/a", "GET /new/path/a"),
    passed("prefix asked with two slashes", "//path/a", "GET /new/path/a"),
    passed("encoded slash after the prefix", "/path%2Fa", "GET /new/path/a"),
    passed("encoded space in the path of proxy_pass", "/encoded/a", "GET /with%20space/a"),
    passed("unix socket with a path", "/unix/a", "GET /new/a"),
    passed("unix socket", "/unixbare/a", "GET /unixbare/a"),
    passed("upstream group", "/named/a", "GET /named/a"),
    passed("upstream group with a path", "/namedpath/a", "GET /new/a"),
    passed("regex location", "/regex/a%20b", "GET /regex/a%20b"),
    passed("capture", "/captured/a/b", "GET /new/a/b"),
    passed("capture drops the query", "/captured/a?b=c", "GET /new/a"),
    passed("capture with the query", "/capturedargs/a?b=c", "GET /new/a?b=c"),
    passed("capture without a query", "/capturedargs/a", "GET /new/a"),
    passed("variable group", "/variable/a?to=named", "GET /variable/a?to=named"),
    passed("variable group with a path", "/variablenamed/a?name=named", "GET /fixed"),
    passed("variable URI", "/variableuri/a%41?b", "GET /variableuri/aA"),
    passed("variable request URI", "/variablerequest/a%41//b?c", "GET /variablerequest/a%41//b?c"),
    passed("nested regex locations", "/inner/deep/a", "GET /inner/deep/a"),
    passed("proxy_method", "/method/a", "POST /method/a"),
    passed("proxy_method for HEAD", "/method/a", "POST /method/a", method="HEAD"),
    Exchange(
        "variable URI with a newline",
        get("/variableuri/a%20HTTP/1.1%0D%0AX-Evil:1"),
        contains="X-Evil:",
        deviates=Deviation(
            200,
            "spaces and control bytes in a request line are encoded",
            contains="GET /variableuri/a%20HTTP/1.1%0D%0AX-Evil:1 HTTP/1.1",
        ),
    ),
    Exchange("variable host that is missing", get("/variable/a"), 500),
]

EXCHANGES += [
    Exchange(f"method {method}", request(method, "/a"), contains=f"{method} /a HTTP/1.1")
    for method in (
        "GET",
        "HEAD",
        "POST",
        "PUT",
        "DELETE",
        "OPTIONS",
        "PATCH",
        "PROPFIND",
        "MKCOL",
        "LOCK",
        "BREW",
        "X_Y",
    )
]


@pytest.mark.parametrize("exchange", EXCHANGES, ids=str)
def test_proxy_pass_uri(pair: Pair, exchange: Exchange) -> None:
    pair.compare(exchange)
