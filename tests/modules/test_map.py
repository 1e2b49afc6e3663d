"""map, geo and split_clients: what they refuse and remember. What they mean is tested against nginx."""

from __future__ import annotations

import pytest

from pyproxy.config.tree import ConfigError
from pyproxy.core.murmur import murmur_hash2
from pyproxy.core.variables import Depends, Variable

from .conftest import Ask, MakeSite


@pytest.mark.parametrize(
    ("http", "message"),
    [
        ("map $arg_x y { }", 'invalid variable name "y"'),
        ("map $arg_x $host { }", "the variable `$host` exists already"),
        ("map $none $y { }", 'unknown variable "$none"'),
        ("map $arg_x $y { a b c; }", "`a` takes one value here"),
        ("map $arg_x $y { a $none; }", 'unknown variable "$none"'),
        ("map $arg_x $y { default 1; default 2; }", "duplicate default"),
        ("map $arg_x $y { a 1; A 2; }", 'conflicting parameter "A"'),
        ("map $arg_x $y { ~( 1; }", 'regular expression "(" cannot be used'),
        ("map $arg_x $y { hostnames; a*b 1; }", 'invalid hostname or wildcard "a*b"'),
        ("map $y $z { a 1; } map $z $y { a 1; }", "is made of itself"),
        ("geo $y { 10.0.0.0/33 1; }", 'invalid network "10.0.0.0/33"'),
        ("geo $y { ranges; 10.0.0.0 1; }", 'invalid range "10.0.0.0"'),
        ("geo $y { ranges; 10.0.0.1-10.0.0.0 1; }", "invalid range"),
        ("geo $y { ranges; 10.0.0.1-10.0.0.5 1; 10.0.0.3-10.0.0.7 2; }", 'overlaps "10.0.0.1-10.0.0.5"'),
        ("geo $y { proxy here; }", 'invalid network "here"'),
        ("split_clients $arg_x $y { 60% a; 50% b; }", "greater than 100%"),
        ("split_clients $arg_x $y { 60 a; }", 'invalid percent value "60"'),
        ("split_clients $arg_x $y { 0% a; }", 'invalid percent value "0%"'),
        ("split_clients $arg_x $y { 1.234% a; }", "invalid percent value"),
    ],
)
def test_refused(make_site: MakeSite, http: str, message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        make_site("", http)
    assert message in str(raised.value)
    assert "nginx.conf:" in str(raised.value)


@pytest.mark.parametrize(
    ("http", "warning"),
    [
        ("geo $y { 10.0.0.1/8 1; }", "low address bits of 10.0.0.1/8 are meaningless"),
        ("geo $y { 10.0.0.0/8 1; 10.0.0.0/8 2; }", 'duplicate network "10.0.0.0/8", value: "2", old value: "1"'),
        ("geo $y { delete 10.0.0.0/8; }", 'no network "10.0.0.0/8" to delete'),
        ("geo $y { ranges; delete 10.0.0.0-10.0.0.1; }", 'no address range "10.0.0.0-10.0.0.1" to delete'),
        ("geo $y { ranges; 10.0.0.0-10.0.0.1 1; 10.0.0.0-10.0.0.1 2; }", 'duplicate range "10.0.0.0-10.0.0.1"'),
    ],
)
def test_warned(make_site: MakeSite, http: str, warning: str) -> None:
    assert any(warning in each for each in make_site("", http).warnings)


@pytest.mark.parametrize(
    ("http", "depends"),
    [
        ("map $http_upgrade $y { default upgrade; '' close; }", Depends.HEAD),
        ("map $remote_addr $y { default x; }", Depends.CONNECTION),
        ("map $remote_addr $y { default $uri; }", Depends.HEAD),
        ("map $request_id $y { default x; }", Depends.REQUEST),
        ("map $uri $y { ~^/(?:a|b)$ x; }", Depends.HEAD),
        ("map $uri $y { ~^/(.) x; }", Depends.REQUEST),
        ("map $uri $y { ~^/(?<first>.) $first; }", Depends.REQUEST),
        ("map $z $y { default x; } map $uri $z { default y; }", Depends.HEAD),
        ("geo $y { default x; }", Depends.CONNECTION),
        ("geo $y { default x; proxy 127.0.0.1; }", Depends.HEAD),
        ("split_clients $remote_addr $y { * x; }", Depends.CONNECTION),
    ],
)
def test_what_a_value_depends_on(make_site: MakeSite, http: str, depends: Depends) -> None:
    site = make_site("location / { error_page 404 /$y; }", http)
    location, _ = site.servers[0].locations.find(b"/")
    assert location is not None
    (part,) = (part for part in location.error_pages[404].uri.parts if isinstance(part, Variable))
    assert part.depends is depends


def test_set_of_a_mapped_variable_depends_on_the_request(make_site: MakeSite) -> None:
    site = make_site("location / { set $y 1; error_page 404 /$y; }", "map $uri $y { }")
    location, _ = site.servers[0].locations.find(b"/")
    assert location is not None
    assert location.error_pages[404].uri.depends is Depends.REQUEST


def test_a_map_may_come_after_its_use(stream: Ask) -> None:
    client = stream("return 200 $y;", "map $arg_x $z { default z$y; } map $arg_x $y { a b; }")
    client.ask("/?x=a")
    assert client.body == b"b"


@pytest.mark.parametrize(("data", "number"), [(b"", 0), (b"a", 0x92685F5E), (b"abc", 0x13577C9B)])
def test_murmur(data: bytes, number: int) -> None:
    assert murmur_hash2(data) == number
