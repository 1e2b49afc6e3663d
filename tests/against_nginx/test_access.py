"""Who may have what: access, auth_basic, satisfy, referer and secure_link."""

from __future__ import annotations

from base64 import b64encode, urlsafe_b64encode
from hashlib import md5

import pytest

from .exchange import Exchange, get
from .pair import Pair

CONFIG = """
    server {
        listen 127.0.0.1:@main@;
        root @root@;
        auth_basic_user_file @folder@/users;

        location /ten { alias @root@/ten.txt; }
        location /allow { allow 127.0.0.1; deny all; return 200 rewrite; }
        location /files/allow/ { alias @root@/; allow 127.0.0.1; deny all; }
        location /files/network/ { alias @root@/; deny 10.0.0.0/8; allow 127.0.0.0/24; deny all; }
        location /files/first/ { alias @root@/; deny 127.0.0.1; allow all; }
        location /files/all/ { alias @root@/; deny all; }
        location /files/six/ { alias @root@/; deny ::/0; }
        location /files/unix/ { alias @root@/; deny unix:; }
        location /files/inherited/ {
            alias @root@/; deny all;
            location /files/inherited/open/ { alias @root@/; allow all; }
            location /files/inherited/closed/ { alias @root@/; }
        }
        location /files/page/ { alias @root@/; deny all; error_page 403 /errors/404.html; }

        location /login/ { alias @root@/; auth_basic "members only"; }
        location /login/off/ { alias @root@/; auth_basic off; }
        location /realm/ { alias @root@/; auth_basic "$arg_realm"; }
        location /nofile/ { alias @root@/; auth_basic x; auth_basic_user_file @folder@/none; }
        location /folder/ { alias @root@/; auth_basic x; auth_basic_user_file @folder@; }
        location /named/ { alias @root@/; auth_basic x; auth_basic_user_file @folder@/$arg_file; }
        location /user/ { auth_basic x; proxy_pass http://@upstream@; proxy_set_header X-User "$remote_user"; }
        location /any/ {
            alias @root@/; satisfy any; deny all; auth_basic x;
            location /any/allowed/ { alias @root@/; allow all; auth_basic x; satisfy any; }
        }
        location /both/ { alias @root@/; deny all; auth_basic x; }
        location /both/allowed/ { alias @root@/; allow all; auth_basic x; }
    }
    server {
        listen 127.0.0.1:@links@;
        server_name links.example www.links.*;
        location / {
            valid_referers none blocked server_names *.example.com shop.*/part .dotted.net/ ~\\.google\\. "~^x/(a|b)$";
            return 200 "invalid=$invalid_referer";
        }
        location /strict { valid_referers good.example; return 200 "invalid=$invalid_referer"; }
        location /none { return 200 "invalid=$invalid_referer"; }
    }
    server {
        listen 127.0.0.1:@secure@;
        location / {
            secure_link $arg_md5,$arg_expires; secure_link_md5 "$arg_expires$uri secret";
            return 200 "[$secure_link] [$secure_link_expires]";
        }
        location /short {
            secure_link $arg_md5; secure_link_md5 "$uri secret"; return 200 "[$secure_link] [$secure_link_expires]";
        }
        location /p/ { secure_link_secret secret; return 200 "[$secure_link] [$secure_link_expires]"; }
        location /p/x/ { return 200 "[$secure_link]"; }
        location /unset { secure_link $arg_md5; return 200 "[$secure_link]"; }
    }
"""


def basic(name: str, password: str = "secret") -> str:
    return "Authorization: Basic " + b64encode(f"{name}:{password}".encode()).decode()


def login(name: str, header: str, status: int = 401, target: str = "/login/ten.txt") -> Exchange:
    return Exchange(name, get(target, header), status)


def link(text: str, target: str, name: str, shown: str) -> Exchange:
    digest = urlsafe_b64encode(md5(text.encode(), usedforsecurity=False).digest()).decode().rstrip("=")
    return Exchange(name, get(target.replace("MD5", digest)), at="secure", contains=shown)


def referred(name: str, referer: str | None, invalid: bool, path: str = "/") -> Exchange:
    headers = () if referer is None else (f"Referer: {referer}",)
    return Exchange(name, get(path, *headers), at="links", contains=f"invalid={'1' if invalid else ''}\n".rstrip("\n"))


SCHEMES = ("plain", "apr1", "md5", "sha256", "sha512", "des", "bcrypt", "sha", "ssha", "windows")

EXCHANGES = [
    Exchange("allow comes after rewrite", get("/allow"), contains="rewrite"),
    Exchange("allow", get("/files/allow/ten.txt"), contains="0123456789"),
    Exchange("allow a network", get("/files/network/ten.txt")),
    Exchange("the first rule counts", get("/files/first/ten.txt"), 403, errors=1),
    Exchange("deny all", get("/files/all/ten.txt"), 403),
    Exchange("rules of another family", get("/files/six/ten.txt")),
    Exchange("rules for unix sockets", get("/files/unix/ten.txt")),
    Exchange("inherited", get("/files/inherited/ten.txt"), 403),
    Exchange("inherited below", get("/files/inherited/closed/ten.txt"), 403),
    Exchange("rules below replace all above", get("/files/inherited/open/ten.txt")),
    Exchange("with an error page", get("/files/page/ten.txt"), 403, contains="our own 404"),
    Exchange("no credentials", get("/login/ten.txt"), 401, contains='Basic realm="members only"'),
    *(login(f"a password of {name}", basic(name), 200) for name in SCHEMES),
    *(login(f"a wrong password of {name}", basic(name, "Secret")) for name in SCHEMES),
    login("an empty password", basic("nothing", ""), 200),
    login("not the empty password", basic("nothing")),
    login("nobody of that name", basic("nobody")),
    login("a name that begins so", basic("plai")),
    login("a comment is no name", basic("# names and hashed passwords", " they all have the password `secret`")),
    login("twice on a connection", basic("apr1"), 200),
    login("an empty name", basic("")),
    login("no colon", "Authorization: Basic " + b64encode(b"plain").decode()),
    login("no base64", "Authorization: Basic !!!!"),
    login("nothing", "Authorization: Basic"),
    login("without padding", basic("plain", "secret").rstrip("="), 200),
    login("another scheme", "Authorization: Bearer x"),
    login("the scheme in capitals", basic("plain").replace("Basic", "BASIC"), 200),
    login("spaces before", basic("plain").replace("Basic ", "Basic    "), 200),
    login("a colon in the password", basic("plain", "secret:x")),
    login("off", "X: 1", 200, "/login/off/ten.txt"),
    login("a realm of variables", "X: 1", 401, "/realm/ten.txt?realm=a"),
    login("a realm that is off", "X: 1", 200, "/realm/ten.txt?realm=off"),
    login("no file", basic("plain"), 403, "/nofile/ten.txt"),
    login("a file that cannot be read", basic("plain"), 500, "/folder/ten.txt"),
    login("a file of variables", basic("plain"), 200, "/named/ten.txt?file=users"),
    login("another file of variables", basic("plain"), 403, "/named/ten.txt?file=none"),
    Exchange("the name goes upstream", get("/user/a", basic("plain")), contains="X-User: plain"),
    Exchange("satisfy any: refused by both", get("/any/ten.txt"), 401),
    Exchange("satisfy any: logged in", get("/any/ten.txt", basic("plain"))),
    Exchange("satisfy any: allowed", get("/any/allowed/ten.txt")),
    Exchange("satisfy all: denied", get("/both/ten.txt", basic("plain")), 403),
    Exchange("satisfy all: allowed, not logged in", get("/both/allowed/ten.txt"), 401),
    Exchange("satisfy all: both", get("/both/allowed/ten.txt", basic("plain"))),
    referred("no referer", None, invalid=False),
    referred("an empty referer", "", invalid=False),
    referred("blocked", "hidden", invalid=False),
    referred("a server name", "http://links.example/a", invalid=False),
    referred("a server name's wildcard", "https://www.links.org", invalid=False),
    referred("a head wildcard", "http://a.b.example.com/", invalid=False),
    referred("not the suffix itself", "http://example.com/", invalid=True),
    referred("a tail wildcard", "http://shop.de/part/x", invalid=False),
    referred("another path", "http://shop.de/other", invalid=True),
    referred("no path", "http://shop.de", invalid=True),
    referred("a dot", "http://dotted.net/", invalid=False),
    referred("a dot, below", "http://a.dotted.net:80/", invalid=False),
    referred("a regular expression", "http://www.GOOGLE.com/", invalid=False),
    referred("a regular expression of host and path", "http://x/a", invalid=False),
    referred("a stranger", "http://evil.example/links.example", invalid=True),
    referred("capitals", "HTTP://LINKS.EXAMPLE:8080/", invalid=False),
    referred("a host too long", f"http://{'a' * 300}.example.com/", invalid=True),
    referred("strict: none", None, invalid=True, path="/strict"),
    referred("strict: blocked", "hidden", invalid=True, path="/strict"),
    referred("strict: good", "http://good.example", invalid=False, path="/strict"),
    referred("without valid_referers", "http://evil.example", invalid=False, path="/none"),
    link("2147483647/a secret", "/a?md5=MD5&expires=2147483647", "a link", "[1] [2147483647]"),
    link("1000000000/a secret", "/a?md5=MD5&expires=1000000000", "a link that has ended", "[0] [1000000000]"),
    link("2147483647/b secret", "/a?md5=MD5&expires=2147483647", "a link of another", "[] [2147483647]"),
    link("/a secret", "/a?md5=MD5&expires=x", "an end that is no number", "[] []"),
    link("/a secret", "/a?md5=MD5", "no end", "[] []"),
    link("", "/a?md5=xxx&expires=1", "no hash", "[] [1]"),
    link("", f"/a?md5={'x' * 40}&expires=1", "too long a hash", "[] [1]"),
    link("/short secret", "/short?md5=MD5", "a link without end", "[1] []"),
    link("/short secret", "/short?md5=MD5==", "with padding", "[1] []"),
    Exchange(
        "a secret", get(f"/p/{md5(b'a/bsecret', usedforsecurity=False).hexdigest()}/a/b"), at="secure", contains="[a/b]"
    ),
    Exchange(
        "a wrong secret", get(f"/p/{md5(b'a/b', usedforsecurity=False).hexdigest()}/a/b"), at="secure", contains="[] []"
    ),
    Exchange("a secret of nothing", get("/p/a/b"), at="secure", contains="[] []"),
    Exchange("half of it is set", get("/unset?md5=x"), at="secure", contains="[]"),
]


@pytest.mark.parametrize("exchange", EXCHANGES, ids=str)
def test_access(pair: Pair, exchange: Exchange) -> None:
    pair.compare(exchange)
