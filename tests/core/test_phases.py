"""The way through a location's handlers: those that answer, decline, wait and fail."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, cast

import pytest

from pyproxy.config.tree import Source
from pyproxy.core import phases
from pyproxy.core.location import Location, Phase
from pyproxy.core.logs.log import ERROR, ErrorLog
from pyproxy.core.outcome import DONE, Handler, Outcome
from pyproxy.core.request import Request
from pyproxy.core.response import Response
from pyproxy.core.route import Route
from pyproxy.core.site import Server
from pyproxy.core.worker import Worker
from pyproxy.http1.head import RequestParser


class Client:
    """The stream of one request; ``answers`` are the statuses that were sent, "cut" an answer that was ended."""

    serial = 1
    remote_addr = b"192.0.2.1"
    keep_alive = True

    def __init__(self, *handlers: Handler) -> None:
        self.answers: list[int | str] = []
        self.complaints: list[str] = []
        server = Server(Source("test", 1))
        location = server.default_location = Location(server, "", Source("test", 1))
        location.limits.max_body_size = 10
        location.error_log = cast(ErrorLog, self)
        for handler in handlers:
            location.add_handler(Phase.ACCESS, handler)
        location.seal()
        self.location = location
        head = RequestParser().parse(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n")
        self.request = Request(cast(Any, self), Route(head, b"/", b"", server, location, None), 0.0)

    level = ERROR

    def write(self, level: int, message: str) -> None:
        self.complaints.append(message.partition(", client")[0])

    def start(self, request: Request, response: Response, data: bytes = b"", last: bool = False) -> None:
        self.answers.append(response.status)
        if last:
            request.finished = True

    def abort(self) -> None:
        self.answers.append("cut")
        self.request.finished = True

    def client_may_be_gone(self, request: Request) -> None: ...

    def run(self) -> list[int | str]:
        phases.run(self.request)
        return self.answers

    async def run_async(self) -> list[int | str]:
        """Run, and wait for what the handlers started; a failure is reported to the loop."""
        loop = asyncio.get_running_loop()
        failures: list[Any] = []
        loop.set_exception_handler(lambda loop, context: failures.append(context["exception"]))
        self.worker = Worker(loop)
        try:
            phases.run(self.request)
            while self.worker.tasks:
                await asyncio.wait(self.worker.tasks)
        finally:
            self.worker.close()
        self.failures = failures
        return self.answers


def answer(status: int) -> Handler:
    def handler(request: Request) -> Outcome:
        request.respond(Response(status, [], 0))
        return DONE

    return handler


def after_a_while(outcome: Outcome | Exception) -> Handler:
    async def wait() -> Outcome:
        await asyncio.sleep(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    return lambda request: wait()


def decline(request: Request) -> Outcome:
    return None


def refuse(request: Request) -> Outcome:
    return 403


def begin_and_fail(request: Request) -> Outcome:
    async def fail() -> Outcome:
        request.start(Response(200, [], 5))
        raise RuntimeError("late")

    return fail()


@pytest.mark.parametrize(
    ("handlers", "answers"),
    [
        ([], [404]),
        ([decline], [404]),
        ([decline, answer(200), answer(201)], [200]),
        ([refuse, answer(200)], [403]),
    ],
)
def test_handlers_run_until_one_answers(handlers: list[Handler], answers: list[int]) -> None:
    assert Client(*handlers).run() == answers


@pytest.mark.parametrize(
    ("handlers", "answers"),
    [
        ([after_a_while(None), answer(200)], [200]),
        ([after_a_while(403), answer(200)], [403]),
        ([after_a_while(None), after_a_while(None), after_a_while(401)], [401]),
        ([after_a_while(None)], [404]),
        ([after_a_while(RuntimeError("a")), answer(200)], [500]),
        ([begin_and_fail], [200, "cut"]),
    ],
)
async def test_handlers_that_wait(handlers: list[Handler], answers: list[int | str]) -> None:
    assert await Client(*handlers).run_async() == answers


async def test_a_fault_is_logged_and_reported() -> None:
    client = Client(after_a_while(ValueError("what")))
    await client.run_async()
    assert client.complaints == ["*1 ValueError: what"]
    assert [str(failure) for failure in client.failures] == ["what"]


async def test_a_client_that_left_in_the_meantime_gets_nothing() -> None:
    def leave(request: Request) -> Awaitable[Outcome]:
        async def wait() -> Outcome:
            request.finished = True
            return None

        return wait()

    assert await Client(leave, answer(200)).run_async() == []


@pytest.mark.parametrize(
    ("change", "answers"),
    [
        (lambda client: None, [200]),
        (lambda client: setattr(client.location, "internal", True), [404]),
        (lambda client: setattr(client.location.limits, "max_body_size", 9), [413]),
        (lambda client: setattr(client.location.limits, "max_body_size", 0), [200]),
    ],
)
def test_who_may_enter_a_location(change: Callable[[Client], None], answers: list[int]) -> None:
    client = Client(answer(200))
    change(client)
    assert client.run() == answers


def test_a_body_that_is_too_large_is_logged() -> None:
    client = Client()
    client.location.limits.max_body_size = 9
    client.run()
    assert client.complaints == ["*1 client intended to send too large body: 10 bytes"]
    assert client.keep_alive is False
