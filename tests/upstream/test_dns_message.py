"""DNS messages as bytes, beside a well-kept library's reading of them."""

from __future__ import annotations

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyproxy.upstream.dns_message import AAAA, A, Answer, make_query, read_answer

QUERY = make_query(0x1234, "www.example.net", A)


def reply(*records: str, query: bytes = QUERY, code: int = 0, flags: int = 0) -> bytes:
    """``OWNER TTL TYPE VALUE`` each."""
    message = dns.message.make_response(dns.message.from_wire(query))
    message.set_rcode(dns.rcode.Rcode(code))
    message.flags |= flags
    for record in records:
        owner, ttl, kind, value = record.split(" ")
        message.answer.append(dns.rrset.from_text(owner, int(ttl), "IN", kind, value))
    return message.to_wire()


@pytest.mark.parametrize("name", ["a", "www.example.net", "www.example.net.", "a" * 63 + ".b"])
@pytest.mark.parametrize("kind", [A, AAAA])
def test_queries_are_what_the_library_makes(name: str, kind: int) -> None:
    expected = dns.message.make_query(name, dns.rdatatype.RdataType(kind), id=77)
    assert make_query(77, name, kind) == expected.to_wire()


@pytest.mark.parametrize("name", ["", ".", "a..b", ".a", "a" * 64, "a." + "b" * 64 + ".c"])
def test_names_that_no_server_can_know(name: str) -> None:
    with pytest.raises(ValueError, match="no name of a host"):
        make_query(1, name, A)


def test_addresses_in_their_order() -> None:
    answer = read_answer(reply("www.example.net. 60 A 192.0.2.2", "www.example.net. 30 A 192.0.2.1"), QUERY)
    assert answer == Answer(0, False, ["192.0.2.2", "192.0.2.1"], None, 30)


def test_an_address_that_is_told_twice() -> None:
    once = reply("www.example.net. 60 A 192.0.2.2")
    record = once[len(QUERY) :]
    twice = once[:6] + b"\0\2" + once[8:] + record
    answer = read_answer(twice, QUERY)
    assert answer is not None
    assert answer.addresses == ["192.0.2.2"] * 2


def test_addresses_of_the_other_family() -> None:
    query = make_query(5, "a.test", AAAA)
    answer = read_answer(reply("a.test. 60 AAAA 2001:db8::1", query=query), query)
    assert answer == Answer(0, False, ["2001:db8::1"], None, 60)
    assert read_answer(reply("a.test. 60 A 192.0.2.1", query=query), query) is None


def test_an_alias_and_its_address() -> None:
    told = reply("www.example.net. 60 CNAME other.example.net.", "other.example.net. 90 A 192.0.2.1")
    assert read_answer(told, QUERY) == Answer(0, False, ["192.0.2.1"], "other.example.net", 60)


def test_what_is_no_address() -> None:
    assert read_answer(reply("www.example.net. 60 TXT hello"), QUERY) == Answer(0, False, [], None, 60)


def test_an_alias_longer_than_the_rfc_allows() -> None:
    label = b"\x3f" + b"a" * 63
    record = b"\xc0\x0c\0\5\0\1\0\0\0\x3c\1\1" + label * 4 + b"\0"
    answer = read_answer(reply()[:6] + b"\0\1" + reply()[8:] + record, QUERY)
    assert answer is not None
    assert answer.alias == ".".join(["a" * 63] * 4)
    assert len(make_query(1, answer.alias, A)) == 12 + 257 + 4


@pytest.mark.parametrize("code", [1, 2, 3, 5])
def test_errors(code: int) -> None:
    assert read_answer(reply(code=code), QUERY) == Answer(code, False)


def test_an_error_about_a_question_that_the_server_could_not_read() -> None:
    assert read_answer(b"\x12\x34\x80\x01" + bytes(8), QUERY) == Answer(1, False)


def test_more_than_fits() -> None:
    assert read_answer(reply(flags=dns.flags.TC), QUERY) == Answer(0, True)


def test_names_in_other_letters() -> None:
    assert read_answer(reply().replace(b"www", b"wWw"), QUERY) == Answer(0, False)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        QUERY,
        b"\x12\x35" + reply()[2:],
        reply(query=make_query(0x1234, "www.example.org", A)),
        reply(query=make_query(0x1234, "www.example.net", AAAA)),
        reply()[:4] + b"\0\2" + reply()[6:],
        reply("www.example.net. 60 A 192.0.2.1").replace(b"\xc0\x0c\0\1\0\1", b"\xc0\x0c\0\1\0\3"),
    ],
    ids=[
        "nothing",
        "the question",
        "another ident",
        "another name",
        "another kind",
        "two questions",
        "another network",
    ],
)
def test_what_is_no_answer(data: bytes) -> None:
    assert read_answer(data, QUERY) is None


def test_an_alias_that_never_ends() -> None:
    record = b"\xc0\x0c\0\5\0\1\0\0\0\x3c\0\2\xc0" + bytes([len(QUERY) + 12])
    assert read_answer(reply()[:6] + b"\0\1" + reply()[8:] + record, QUERY) is None


def test_an_answer_that_is_cut() -> None:
    whole = reply("www.example.net. 60 CNAME other.example.net.", "other.example.net. 90 A 192.0.2.1")
    assert all(read_answer(whole[:end], QUERY) is None for end in range(len(whole)))


@given(st.binary(max_size=200))
def test_anything_at_all(rest: bytes) -> None:
    """It is an answer or none, and nothing else happens."""
    read_answer(reply()[:6] + b"\0\4" + reply()[8:] + rest, QUERY)
    read_answer(rest, QUERY)
