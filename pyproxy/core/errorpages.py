"""The answers that nginx makes up itself: status pages, and ``error_page`` in their place."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from pyproxy import __version__
from pyproxy.core.uri import escape_in_quotes

if TYPE_CHECKING:
    from pyproxy.core.variables import Template

SERVER = b"pyproxy/" + __version__.encode()
SERVER_WITHOUT_VERSION = b"pyproxy"

TITLES = {
    301: "301 Moved Permanently",
    302: "302 Found",
    303: "303 See Other",
    307: "307 Temporary Redirect",
    308: "308 Permanent Redirect",
    400: "400 Bad Request",
    401: "401 Authorization Required",
    402: "402 Payment Required",
    403: "403 Forbidden",
    404: "404 Not Found",
    405: "405 Not Allowed",
    406: "406 Not Acceptable",
    407: "407 Proxy Authentication Required",
    408: "408 Request Time-out",
    409: "409 Conflict",
    410: "410 Gone",
    411: "411 Length Required",
    412: "412 Precondition Failed",
    413: "413 Request Entity Too Large",
    414: "414 Request-URI Too Large",
    415: "415 Unsupported Media Type",
    416: "416 Requested Range Not Satisfiable",
    421: "421 Misdirected Request",
    429: "429 Too Many Requests",
    494: "400 Request Header Or Cookie Too Large",
    495: "400 The SSL certificate error",
    496: "400 No required SSL certificate was sent",
    497: "400 The plain HTTP request was sent to HTTPS port",
    498: "404 Not Found",
    500: "500 Internal Server Error",
    501: "501 Not Implemented",
    502: "502 Bad Gateway",
    503: "503 Service Temporarily Unavailable",
    504: "504 Gateway Time-out",
    505: "505 HTTP Version Not Supported",
    507: "507 Insufficient Storage",
}

CLOSING = frozenset({400, 413, 414, 495, 496, 497, 500, 501})
"""Statuses after which nginx does not keep a connection alive."""
SENT_AS_400 = frozenset({494, 495, 496, 497})
"""nginx's own statuses, which only ``error_page`` and its texts tell apart."""
WITHOUT_ANSWER = frozenset({408, 444, 499})
"""Statuses that end the connection and are only logged."""


@dataclass(frozen=True, slots=True)
class ErrorPage:
    """One ``error_page``: where to, and the status to answer with (-1: the error's own, 0: the page's)."""

    uri: Template
    overwrite: int


@cache
def special_page(status: int, server_tokens: bool) -> bytes:
    """The body of a made-up answer; empty for a status that has none."""
    title = TITLES.get(status)
    if title is None:
        return b""
    heading = title
    detail = ""
    if status in SENT_AS_400:
        heading, detail = TITLES[400], title.removeprefix("400 ")
    signature = (SERVER if server_tokens else SERVER_WITHOUT_VERSION).decode()
    lines = [
        "<html>",
        f"<head><title>{title}</title></head>",
        "<body>",
        f"<center><h1>{heading}</h1></center>",
        *([f"<center>{detail}</center>"] if detail else []),
        f"<hr><center>{signature}</center>",
        "</body>",
        "</html>",
    ]
    return "\r\n".join([*lines, ""]).encode()


def refresh_page(url: bytes) -> bytes:
    """A page that leads its reader to ``url`` (``msie_refresh``)."""
    meta = b'<meta http-equiv="Refresh" content="0; URL=%b">' % escape_in_quotes(url)
    return b"<html><head>%b</head><body></body></html>\r\n" % meta
