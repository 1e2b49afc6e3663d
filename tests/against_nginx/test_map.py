"""map, geo and split_clients: the values of variables that follow from others."""

from __future__ import annotations

import pytest

from .exchange import Exchange, get
from .pair import Pair

CONFIG = """
    map $arg_x $simple {
        one 1;
        TWO 2;
        "with space" spaced;
        "" empty;
        \\default escaped;
        \\~tilde tilde;
        default other;
    }
    map $arg_x $nodefault { one 1; }
    map $arg_x $regex {
        exact text;
        ~^(\\d+)-(\\d+)$ "$2-$1";
        ~*^UPPER any;
        ~^upper case;
        "~^(?<word>[a-z]+)=(?<rest>.*)$" "$word is $rest";
        ~^$ never;
        default none;
    }
    map $arg_x$arg_y $joined { ab both; default $arg_x; }
    map "$arg_x:$arg_y" $quoted { a:b both; }
    map $arg_x $chained { one $simple$simple; default $later; }
    map $arg_y $later { default later-$arg_y; }
    map $http_host $hosts {
        hostnames;
        default none;
        exact.example exact;
        .dotted.example dotted;
        *.wild.example wild;
        *.deep.wild.example deep;
        prefix.* prefix;
        ~^re\\d+\\.example$ regex;
    }
    map $uri $kept { default $uri; }
    map $uri $fresh { volatile; default $uri; }
    map $http_upgrade $connection_upgrade { default upgrade; "" close; }
    map $arg_x $settable { default mapped; }
    map $status $by_status { ~^2 fine; default odd; }
    map $request_method $methods { GET read; default write; }
    map $arg_x $captured { ~(.) $1; }
    map $host $constant { default constant; }

    geo $arg_ip $place {
        default nowhere;
        127.0.0.0/8 loop;
        10.0.0.0/8 ten;
        10.1.0.0/16 ten-one;
        10.1.2.3 single;
        192.168.0.0/16 gone;
        delete 192.168.0.0/16;
        10.2.0.0/15 wider;
        255.255.255.255 unknown;
        2001:db8::/32 six;
        2001:db8:1::/48 six-one;
        ::1 six-loop;
    }
    geo $arg_ip $bare { 127.0.0.1 1; }
    geo $mine { default other; 127.0.0.1/32 me; }
    geo $arg_ip $ranges {
        ranges;
        default nowhere;
        127.0.0.0-127.0.0.255 loop;
        127.0.0.10-127.0.0.20 inner;
        10.0.0.0-10.3.255.255 wide;
        10.1.0.0-10.1.255.255 block;
        10.5.0.0-10.5.0.9 deleted;
        delete 10.5.0.0-10.5.0.9;
    }
    geo $forwarded { default other; proxy 127.0.0.1; 127.0.0.1 me; 192.0.2.0/24 client; 198.51.100.0/24 proxy2; }
    geo $recursive {
        proxy_recursive; proxy 127.0.0.1; proxy 198.51.100.0/24;
        default other; 127.0.0.1 me; 192.0.2.0/24 client; 198.51.100.0/24 proxy2;
    }

    split_clients $arg_x $half { 50% a; * b; }
    split_clients "$arg_x$arg_y" $thirds { 33.33% one; 33.3% two; * three; }
    split_clients $arg_x $leftover { 0.01% rare; 10% some; }
    split_clients $arg_x $all { 25% a; 25% b; 50% c; }

    upstream kept { server @upstream@; keepalive 1; }

    server {
        listen 127.0.0.1:@main@;
        location /simple { return 200 "$simple $nodefault"; }
        location /regex { return 200 "$regex word=$word rest=$rest"; }
        location /joined { return 200 "$joined $quoted"; }
        location /chained { return 200 "$chained"; }
        location /hosts { return 200 "$hosts"; }
        location /kept/ {
            set $before "$kept $fresh";
            rewrite ^ /rewritten/;
        }
        location /rewritten/ { return 200 "$before then $kept $fresh"; }
        location /settable { set $settable set; return 200 "$settable"; }
        location /unset { return 200 "$settable"; }
        location /upgrade {
            proxy_pass http://kept;
            proxy_set_header Connection $connection_upgrade;
            proxy_set_header X-Word "$regex$word";
        }
        location /status { return 200; add_header X-Status $by_status; }
        location /status404 { return 404; add_header X-Status $by_status always; }
        location /methods { if ($methods = write) { return 405; } return 200 "$methods"; }
        location ~ ^/captures/(.*)$ { return 200 "$captured $1"; }
        location /constant { return 200 "$constant"; }
        location /place { return 200 "$place $bare"; }
        location /mine { return 200 "$mine"; }
        location /ranges { return 200 "$ranges"; }
        location /forwarded { return 200 "$forwarded $recursive"; }
        location /half { return 200 "$half $all"; }
        location /thirds { return 200 "$thirds [$leftover]"; }
    }
"""


def said(name: str, target: str, text: str, *fields: str, host: str = "localhost") -> Exchange:
    return Exchange(name, get(target, *fields, host=host), contains=f"'{text}'")


def placed(ip: str, text: str) -> Exchange:
    return said(f"geo {ip}", f"/place?ip={ip}", text)


def ranged(ip: str, text: str) -> Exchange:
    return said(f"geo range {ip}", f"/ranges?ip={ip}", text)


def forwarded(value: str, text: str) -> Exchange:
    return said(f"geo X-Forwarded-For: {value}", "/forwarded", text, f"X-Forwarded-For: {value}")


WORDS = ["", "a", "ab", "abc", "abcd", "abcde", "192.0.2.1", "some-session-id", "z" * 33]

EXCHANGES = [
    said("text", "/simple?x=one", "1 1"),
    said("text in another case", "/simple?x=One", "1 1"),
    said("a key in capitals", "/simple?x=two", "2 "),
    said("an empty key", "/simple", "empty "),
    said("default", "/simple?x=three", "other "),
    said("a key named default", "/simple?x=default", "escaped "),
    said("a key that begins as a regex would", "/simple?x=~tilde", "tilde "),
    said("exact goes before regex", "/regex?x=exact", "text word= rest="),
    said("regex with groups", "/regex?x=12-34", "34-12 word= rest="),
    said("regex in any case", "/regex?x=upper", "any word= rest="),
    said("regex with names", "/regex?x=abc=de", "abc is de word=abc rest=de"),
    said("no regex for nothing", "/regex", "none word= rest="),
    said("two variables", "/joined?x=a&y=b", "both both"),
    said("a variable for default", "/joined?x=z&y=b", "z "),
    said("a map of a map", "/chained?x=one", "11"),
    said("a map of a later map", "/chained?y=2", "later-2"),
    said("hostnames: exact", "/hosts", "exact", host="Exact.Example"),
    said("hostnames: with a dot at the end", "/hosts", "exact", host="exact.example."),
    said("hostnames: dotted", "/hosts", "dotted", host="dotted.example"),
    said("hostnames: below dotted", "/hosts", "dotted", host="a.b.dotted.example"),
    said("hostnames: wildcard", "/hosts", "wild", host="a.wild.example"),
    said("hostnames: wildcard is not the name itself", "/hosts", "none", host="wild.example"),
    said("hostnames: longer wildcard", "/hosts", "deep", host="a.deep.wild.example"),
    said("hostnames: prefix", "/hosts", "prefix", host="prefix.anything"),
    said("hostnames: regex", "/hosts", "regex", host="re12.example"),
    said("found once, and found anew", "/kept/", "/kept/ /kept/ then /kept/ /rewritten/"),
    said("set", "/settable", "set"),
    said("not set", "/unset", "mapped"),
    Exchange("a header of a map", get("/upgrade"), contains="Connection: close"),
    Exchange("another value of it", get("/upgrade", "Upgrade: x"), contains="Connection: upgrade"),
    Exchange(
        "the same head again",
        [get("/upgrade?x=a=1") + get("/upgrade?x=a=1") + get("/upgrade?x=b=2")],
        (200, 200, 200),
        contains="X-Word: b is 2b",
    ),
    Exchange("of the status", get("/status"), contains="X-Status: fine"),
    Exchange("of another status", get("/status404"), 404, contains="X-Status: odd"),
    said("of the method", "/methods", "read"),
    said("captures of a location, then of a map", "/captures/ab?x=yz", "y y"),
    said("a constant", "/constant", "constant"),
    *(
        placed(ip, text)
        for ip, text in (
            ("127.0.0.1", "loop 1"),
            ("127.9.9.9", "loop "),
            ("10.9.9.9", "ten "),
            ("10.1.9.9", "ten-one "),
            ("10.1.2.3", "single "),
            ("10.2.3.4", "wider "),
            ("10.3.3.4", "wider "),
            ("192.168.1.1", "nowhere "),
            ("8.8.8.8", "nowhere "),
            ("", "unknown "),
            ("nonsense", "unknown "),
            ("10.1.2", "unknown "),
            ("2001:db8::1", "six "),
            ("2001:db8:1::1", "six-one "),
            ("::1", "six-loop "),
            ("::ffff:10.1.2.3", "single "),
            ("fe80::1", "nowhere "),
        )
    ),
    said("geo of the client", "/mine", "me"),
    *(
        ranged(ip, text)
        for ip, text in (
            ("127.0.0.1", "loop"),
            ("127.0.0.10", "inner"),
            ("127.0.0.20", "inner"),
            ("127.0.0.21", "loop"),
            ("127.0.1.0", "nowhere"),
            ("10.0.0.0", "wide"),
            ("10.1.2.3", "block"),
            ("10.2.0.0", "wide"),
            ("10.3.255.255", "wide"),
            ("10.4.0.0", "nowhere"),
            ("10.5.0.1", "nowhere"),
            ("nonsense", "nowhere"),
            ("::ffff:127.0.0.15", "inner"),
            ("::1", "nowhere"),
        )
    ),
    said("geo without X-Forwarded-For", "/forwarded", "me me"),
    *(
        forwarded(value, text)
        for value, text in (
            ("192.0.2.1", "client client"),
            ("203.0.113.1, 192.0.2.1", "client client"),
            ("192.0.2.1, 198.51.100.1", "proxy2 client"),
            ("192.0.2.1 198.51.100.1", "proxy2 client"),
            ("8.8.8.8, 198.51.100.1, 198.51.100.2", "proxy2 other"),
            ("nonsense", "me me"),
            ("nonsense, 198.51.100.1", "proxy2 proxy2"),
            ("192.0.2.1:80", "client client"),
            ("", "me me"),
        )
    ),
    *(Exchange(f"split {word}", get(f"/half?x={word}")) for word in WORDS),
    *(Exchange(f"split in three {word}", get(f"/thirds?x={word}&y=1")) for word in WORDS),
]


@pytest.mark.parametrize("exchange", EXCHANGES, ids=str)
def test_map(pair: Pair, exchange: Exchange) -> None:
    pair.compare(exchange)
