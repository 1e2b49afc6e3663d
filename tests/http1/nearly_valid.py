"""Messages that are nearly valid: parts that are right, or wrong in ways that have split parsers before; then a few
bytes are changed anywhere."""

from __future__ import annotations

from hypothesis import strategies as st

usual = st.sampled_from
ODD_BYTES = b'\r\n\t \x00\x0b\x0c\x1f\x7f\x80\x85\xa0\xff:;,="#/?@[]%+-_0159aAfFxgGH.'

METHODS = [b"GET", b"POST", b"HEAD", b"OPTIONS", b"DELETE", b"PUT"]
TARGETS = [b"/"] * 5 + [
    b"/a?b=c",
    b"/%00",
    b"//a/../b",
    b"http://b/c",
    b"http://b",
    b"http://b?c",
    b"*",
    b"/\xe9",
    b"/a#b",
]
VERSIONS = [b"HTTP/1.1"] * 20 + [b"HTTP/1.0", b"HTTP/1.2", b"HTTP/2.0", b"http/1.1", b"HTTP/1.10"]
GOOD_LINE_ENDS = [b"\r\n"] * 15 + [b"\n"] * 2
LINE_ENDS = GOOD_LINE_ENDS * 9 + [b"\r", b"\r\r\n", b"\n\r", b" \r\n", b"\r\n "]
NAMES = [b"Content-Length", b"content-length", b"Transfer-Encoding", b"Connection", b"Host", b"X", b"X_Y", b"Expect"]
NAMES += [b"Upgrade", b"Content_Length", b"Transfer-Encoding ", b"Content-Length\x00", b"TE", b"Trailer", b"A.B"]
VALUES = [b"3", b"0", b"11", b"03", b"+3", b"3,3", b"3, 3", b"0x3", b"", b"chunked", b"Chunked", b"chunked, chunked"]
VALUES += [
    b"gzip, chunked",
    b"identity",
    b"close",
    b"keep-alive",
    b"upgrade",
    b"websocket",
    b"h2c",
    b"a\r\n b",
    b"\xa03",
]
VALUES += [b"100-continue", b"a b", b"-1", b"1e1", b"\xb2", b"99999999999999999999", b"chunked;q=1", b"\x0bchunked"]
FIELDS = [b"X: a", b"Connection: keep-alive", b"connection: close", b"Expect: 100-continue", b"A_B: c", b"Cookie: \xe9"]
FIELDS += [b"Connection: upgrade", b"Upgrade: websocket", b"Transfer-encoding: Chunked", b"Content-length: 3", b"Y:"]
FIELDS += [b"Content_Length: 9", b"X-Content-Length: 9", b"Transfer.Encoding: chunked", b"TE: trailers, chunked"]
SEPARATORS = [b": "] * 8 + [b":", b":\t ", b" : ", b":  ", b""]
BODIES = [b"", b"abc", b"abcdefghijk", b"0\r\n\r\n", b"3\r\nabc\r\n0\r\n\r\n", b"3;a=b\r\nabc\r\n0\r\n\r\n"]
BODIES += [
    b"b\r\nabcdefghijk\r\n0\r\nX: 1\r\n\r\n",
    b"3 \r\nabc\r\n0\r\n\r\n",
    b"3\nabc\r\n0\r\n\r\n",
    b"3\r\nabc\n0\r\n\r\n",
]
BODIES += [
    b'3;a="\r\n"\r\nabc\r\n0\r\n\r\n',
    b"03\r\nabc\r\n00\r\n\r\n",
    b"+3\r\nabc\r\n0\r\n\r\n",
    b"0x3\r\nabc\r\n0\r\n\r\n",
]
STATUSES = [b"200 OK"] * 5 + [
    b"200",
    b"200 ",
    b"204 No Content",
    b"304 Not Modified",
    b"100 Continue",
    b"500 \xe9",
    b"20 OK",
]
STATUSES += [b"2000 OK", b"404\tNot Found", b"103 Early Hints", b"200  two"]


@st.composite
def field_lines(draw: st.DrawFn) -> bytes:
    lines = b""
    for kind in draw(st.lists(usual("ggggggo"), max_size=3)):
        odd = kind == "o"
        lines += draw(usual(NAMES)) + draw(usual(SEPARATORS)) + draw(usual(VALUES)) if odd else draw(usual(FIELDS))
        lines += draw(usual(LINE_ENDS))
    return lines


@st.composite
def framed(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """A framing field and a body that agree; or any fields and any body."""
    choice = draw(st.integers(0, 4))
    if choice == 0:
        content = draw(st.binary(max_size=12))
        return b"Content-Length: %d\r\n" % len(content), content
    if choice == 1:
        chunks = draw(st.lists(st.binary(min_size=1, max_size=12), max_size=3))
        body = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"
        return b"Transfer-Encoding: chunked\r\n", body
    if choice == 2:
        return b"Transfer-Encoding: chunked\r\n", draw(usual(BODIES))
    if choice == 3:
        return b"Content-Length: " + draw(usual(VALUES)) + b"\r\n", draw(usual(BODIES))
    return draw(field_lines()), draw(usual(BODIES))


@st.composite
def mutated(draw: st.DrawFn, data: bytes) -> bytes:
    for _ in range(draw(usual([0, 0, 0, 1, 1, 2]))):
        at = draw(st.integers(0, len(data)))
        cut = draw(st.integers(0, 2))
        added = draw(st.lists(usual(list(ODD_BYTES)), max_size=2))
        data = data[:at] + bytes(added) + data[at + cut :]
    return data


@st.composite
def request_streams(draw: st.DrawFn) -> bytes:
    data = b""
    for _ in range(draw(st.integers(1, 3))):
        line = b" ".join([draw(usual(METHODS)), draw(usual(TARGETS)), draw(usual(VERSIONS))]) + draw(usual(LINE_ENDS))
        framing, body = draw(framed())
        data += line + draw(usual([b"Host: a\r\n"] * 20 + [b"Host: a\n", b""])) + framing + draw(field_lines())
        data += draw(usual(GOOD_LINE_ENDS)) + body
    return draw(mutated(data))


@st.composite
def responses(draw: st.DrawFn) -> bytes:
    line = draw(usual(VERSIONS)) + b" " + draw(usual(STATUSES)) + draw(usual(LINE_ENDS))
    framing, body = draw(framed())
    return draw(mutated(line + framing + draw(field_lines()) + draw(usual(GOOD_LINE_ENDS)) + body))
