"""ngx_http_range_filter_module: parts of an answer. The last of the header filters: others may change the length."""

from __future__ import annotations

from pyproxy.config.schema import Module
from pyproxy.config.scope import Scope
from pyproxy.core import phases
from pyproxy.core.filters.chain import Refused
from pyproxy.core.location import Location
from pyproxy.core.parts import Multipart, Part
from pyproxy.core.ranges import NotSatisfiable, requested_ranges
from pyproxy.core.request import Request
from pyproxy.core.response import Response


def _cut(request: Request, response: Response) -> None:
    length = response.length
    if not response.allow_ranges or response.status != 200 or length is None:
        return
    most = request.location.max_ranges
    try:
        ranges = requested_ranges(
            request.head.fields, length, response.etag, response.modified, 1 if response.single_range else most
        )
    except NotSatisfiable:
        request.give_up()
        phases.finalize(request, 416, ((b"Content-Range", b"bytes */%d" % length),))
        raise Refused from None
    if ranges is None:
        return
    response.allow_ranges = False
    response.status, response.reason = 206, b""
    response.remove(b"content-range")
    parts: Part | Multipart
    if len(ranges) == 1:
        start, end = ranges[0]
        parts = Part(start, end)
        response.fields.append((b"Content-Range", b"bytes %d-%d/%d" % (start, end - 1, length)))
    else:
        parts = Multipart(ranges, length, response.get(b"content-type") or b"")
        response.remove(b"content-type")
        response.fields.append((b"Content-Type", parts.content_type))
    response.parts, response.length = parts, parts.length


def _compile(scope: Scope, location: Location) -> None:
    location.add_filter(_cut, conditional=True)


MODULE = Module(name="range", location=_compile, order=95)
