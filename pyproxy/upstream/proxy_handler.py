"""The content handler of a location that passes its requests to HTTP servers."""

from __future__ import annotations

from collections.abc import Sequence

from pyproxy.core import phases
from pyproxy.core.filters.chain import share
from pyproxy.core.location import Location
from pyproxy.core.logs.log import ERROR, INFO
from pyproxy.core.message import Pair, ResponseHead
from pyproxy.core.outcome import DONE, Outcome
from pyproxy.core.request import Request
from pyproxy.core.response import Response
from pyproxy.core.spool import Spool
from pyproxy.core.throttle import throttle
from pyproxy.core.variables import Depends, Template
from pyproxy.core.whole_body import BodySpooler
from pyproxy.http1.head import ResponseParser
from pyproxy.http1.memory import Memory
from pyproxy.upstream.accel import CARRIED, Accel, redirect
from pyproxy.upstream.exchange import Exchange
from pyproxy.upstream.options import Options
from pyproxy.upstream.request_body import SpooledBody, StreamedBody
from pyproxy.upstream.request_head import RequestHeadWriter
from pyproxy.upstream.response_head import ResponseHeadReader
from pyproxy.upstream.target import FixedTarget, Target, VariableTarget


class ProxyHandler:
    """Serves one location with ``proxy_pass``."""

    def __init__(
        self,
        location: Location,
        target: FixedTarget | VariableTarget,
        options: Options,
        writer: RequestHeadWriter,
        reader: ResponseHeadReader,
        accel: Accel,
        version: int,
        pass_body: bool,
        set_body: Template | None,
        buffer_size: int,
    ) -> None:
        self.options = options
        self.parser = ResponseParser(buffer_size)
        self.remembered: Memory[tuple[ResponseHead, Response]] = Memory()
        self._location = location
        self.target = target
        self._writer = writer
        self._reader = reader
        self._accel = accel
        self._version = version
        self._pass_body = pass_body and set_body is None
        self._set_body = set_body
        self._buffer_size = buffer_size
        by_head = writer.repeats and not target.varies and (set_body is None or set_body.depends <= Depends.HEAD)
        self._repeats = by_head and location.limits.body_in_file_only == "off"
        self._reads_body = not (self._pass_body or self._repeats)
        """Whether a body is read though it is not sent: variables may speak of it, or files of it are wanted."""

    def __call__(self, request: Request) -> Outcome:
        route = request.route
        head = route.head
        if route.memo is not None and not request.moved:
            target, block, method = route.memo
        elif (
            pending := (head.content_length or head.chunked or head.expect_continue) and request.stream.body_pending
        ) and self._reads_body:
            request.stream.read_body(BodySpooler(request, lambda spool: self._after_body(request)))
            return DONE
        elif self._pass_body and (pending or request.body is not None):
            return self._with_body(request)
        else:
            try:
                target = self.target.find(request)
            except ValueError as error:
                request.complain(ERROR, str(error))
                return 500
            framing = b""
            if (
                self._set_body is not None
                or head.fields.controls.content_length is not None
                or request.body is not None
            ):
                framing = b"" if (length := self.body_length(request)) is None else b"Content-Length: %d\r\n" % length
            method = self._writer.method(request)
            block = self._writer.write(request, method, target, self.target.uri(request, target), framing)
            if self._set_body is not None:
                block += self._set_body.render(request)
            if self._repeats and not request.moved:
                # nothing is remembered of a request with a body: it comes by another way
                route.memo = (target, block, method)
        exchange = Exchange(request, self, target.group, block, method, target.url)
        if head.fields.controls.upgrade is not None:
            exchange.upgrading = self._writer.upgrades(request)
        exchange.start()
        return DONE

    def body_length(self, request: Request) -> int | None:
        """Bytes of the body that goes to the upstream; None where Content-Length is left out."""
        if self._set_body is not None:
            return len(self._set_body.render(request))
        if request.body is not None and self._pass_body:
            return request.body.size
        length = 0 if request.body_refused else request.head.fields.controls.content_length
        # of another length, an error page's request has no body left to send, and a subrequest none of its own
        return length if self._pass_body and (not length or (request.is_main and not request.internal)) else None

    def _after_body(self, request: Request) -> None:
        """The client's body is there, for variables to speak of; it is not sent."""
        outcome = ProxyHandler.__call__(self, request)
        if outcome is not DONE:
            assert isinstance(outcome, int)
            phases.finalize(request, outcome)

    def _with_body(self, request: Request) -> Outcome:
        try:
            target = self.target.find(request)
        except ValueError as error:
            request.complain(ERROR, str(error))
            return 500
        if request.body is not None:
            # an error page has led here from another upstream
            self._send_spooled(request, target, request.body)
            return DONE
        chunked = request.head.chunked
        # a body that has come with its head is whole already: there is nothing to wait for
        buffered = self.options.request_buffering or request.stream.body_at_hand
        if buffered or (chunked and self._version == 10):
            request.stream.read_body(BodySpooler(request, lambda spool: self._send_spooled(request, target, spool)))
            return DONE
        framing = (
            b"Transfer-Encoding: chunked\r\n" if chunked else b"Content-Length: %d\r\n" % request.head.content_length
        )
        exchange = self._exchange(request, target, framing)
        exchange.body = StreamedBody(exchange, chunked)
        exchange.start()
        return DONE

    def _send_spooled(self, request: Request, target: Target, spool: Spool) -> None:
        told = spool.size or request.head.chunked or request.head.fields.controls.content_length is not None
        exchange = self._exchange(request, target, b"Content-Length: %d\r\n" % spool.size if told else b"")
        exchange.body = SpooledBody(spool)
        exchange.start()

    def _exchange(self, request: Request, target: Target, framing: bytes) -> Exchange:
        method = self._writer.method(request)
        block = self._writer.write(request, method, target, self.target.uri(request, target), framing)
        return Exchange(request, self, target.group, block, method, target.url)

    def response(self, request: Request, exchange: Exchange, block: bytes, head: ResponseHead) -> Response | None:
        """The client's response head; remembered where the same bytes will always make the same one."""
        response, repeats = self._reader.response(request, head)
        if not repeats and (target := self._accel.obey(request, exchange, head.fields)) is not None:
            carried = self._reader.only(request, head, CARRIED)
            exchange.leave()
            redirect(request, target, carried)
            return None
        if not repeats:
            response.override_charset = self._accel.charset(head.fields)
        response.allow_ranges = self.options.force_ranges
        if not exchange.buffering:
            # as in nginx: what is passed on as it comes has its own pace
            throttle(request, 0)
        if self.options.pass_trailers and head.chunked:
            response.trailers = []
        elif repeats and head.status >= 200 and share(request, response):
            self.remembered.put(block, (head, response))
        return response

    def trailers(self, request: Request, pairs: Sequence[Pair]) -> None:
        """What has come after the answer's body goes on after the client's."""
        if request.response is not None and request.response.trailers is not None:
            request.response.trailers += self._reader.passed(pairs)

    def early_hints(self, request: Request, head: ResponseHead, size: int) -> None:
        """Pass a 103 on, where ``early_hints`` wants that."""
        if not any(hint.render(request) not in (b"", b"0") for hint in self._location.early_hints):
            return
        if size > self._buffer_size:
            request.complain(INFO, "upstream sent too big early hints")
        elif fields := self._reader.passed(head.fields.pairs):
            request.stream.inform(request, fields)
