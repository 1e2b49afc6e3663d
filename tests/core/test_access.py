"""satisfy all and satisfy any, with handlers that answer at once or later."""

from __future__ import annotations

from collections.abc import Awaitable
from types import SimpleNamespace
from typing import cast

import pytest

from pyproxy.core.access import AccessPhase
from pyproxy.core.outcome import DONE, GRANTED, Handler, Outcome, Refusal
from pyproxy.core.request import Request

BASIC = Refusal(401, ((b"WWW-Authenticate", b"Basic"),))


def a_request(is_main: bool = True) -> Request:
    complaints: list[str] = []
    return cast(
        Request,
        SimpleNamespace(
            is_main=is_main,
            finished=False,
            complaints=complaints,
            complain=lambda level, message: complaints.append(message),
        ),
    )


def says(outcome: Outcome) -> Handler:
    return lambda request: outcome


def says_later(outcome: Outcome) -> Handler:
    async def later() -> Outcome:
        return outcome

    return lambda request: later()


async def decide(handlers: list[Handler], any_suffices: bool, request: Request | None = None) -> Outcome:
    outcome = AccessPhase(tuple(handlers), any_suffices, 0.0)(request or a_request())
    while isinstance(outcome, Awaitable):
        outcome = await outcome
    return outcome


@pytest.mark.parametrize("say", [says, says_later])
@pytest.mark.parametrize(
    ("outcomes", "of_all", "of_any"),
    [
        ([None], None, None),
        ([GRANTED], None, None),
        ([GRANTED, GRANTED], None, None),
        ([403], Refusal(403), Refusal(403)),
        ([GRANTED, 403], Refusal(403), None),
        ([403, GRANTED], Refusal(403), None),
        ([None, BASIC], BASIC, BASIC),
        ([BASIC, 403], BASIC, BASIC),
        ([403, BASIC], Refusal(403), BASIC),
        ([BASIC, GRANTED], BASIC, None),
        ([403, None], Refusal(403), Refusal(403)),
        ([500, GRANTED], Refusal(500), Refusal(500)),
        ([403, 500, GRANTED], Refusal(403), Refusal(500)),
        ([DONE, 403], DONE, DONE),
    ],
)
async def test_satisfy(say: object, outcomes: list[Outcome], of_all: Outcome, of_any: Outcome) -> None:
    handlers = [say(outcome) for outcome in outcomes]  # type: ignore[operator]
    assert await decide(handlers, any_suffices=False) == of_all
    handlers = [say(outcome) for outcome in outcomes]  # type: ignore[operator]
    assert await decide(handlers, any_suffices=True) == of_any


async def test_the_rule_is_logged_where_any_would_have_sufficed() -> None:
    request = a_request()
    await decide([says(403), says(None)], True, request)
    assert request.complaints == ["access forbidden by rule"]  # type: ignore[attr-defined]


async def test_subrequests_are_not_asked() -> None:
    assert await decide([says(403)], False, a_request(is_main=False)) is None


async def test_wrong_credentials_wait() -> None:
    request = a_request()
    outcome = AccessPhase((says(401), says(403)), False, 0.001)(request)
    assert isinstance(outcome, Awaitable)
    assert await outcome == Refusal(401)
    assert request.complaints == ["delaying unauthorized request"]  # type: ignore[attr-defined]
    assert AccessPhase((says(403),), False, 0.001)(request) == Refusal(403)
