"""ngx_http_limit_req_module: requests for each key at a steady rate, by nginx's leaky bucket."""

from __future__ import annotations

from typing import ClassVar, Final, NamedTuple

from pyproxy.config import values
from pyproxy.config.schema import ANYWHERE, Context, Module, Scope, Spec, flag
from pyproxy.config.tree import Directive
from pyproxy.core.location import Location, Phase
from pyproxy.core.logs.log import ERROR, INFO, LEVELS
from pyproxy.core.outcome import Outcome
from pyproxy.core.pause import pause
from pyproxy.core.request import Request
from pyproxy.core.variables import Template, Variable
from pyproxy.zones.steps import Steps, take
from pyproxy.zones.store import Operation, Record, ZoneAbsent
from pyproxy.zones.zone import Zone

LONGEST_KEY: Final = 65535
UNLIMITED: Final = 1 << 42
"""More requests than any excess: a burst that none exceeds, or that need not wait."""
STATUS: Final = "limit_req_status"


def _pour(record: Record | None, now: int, rate: int, burst: int, account: int) -> tuple[Record | None, int]:
    """Let a request into the bucket that ``record`` is: (excess, last); the result is the excess with it.

    Requests count in thousandths. One that exceeds the burst changes nothing, nor does one that is not to be counted.
    """
    if record is None:
        return (0, now) if account else None, 0
    excess, last = record
    elapsed = now - last
    if elapsed <= 0:
        elapsed = 1 if elapsed < -60000 else 0
    excess = max(0, excess - rate * elapsed // 1000 + 1000)
    if excess > burst or not account:
        return record, excess
    return (excess, now if elapsed else last), excess


POUR = Operation(
    _pour,
    """
    local rate, burst, account = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3] == '1'
    local time = redis.call('TIME')
    local now = time[1] * 1000 + math.floor(time[2] / 1000)
    local record = redis.call('HMGET', KEYS[1], 'excess', 'last')
    local excess, last = 0, now
    if record[1] then
        local elapsed = now - record[2]
        if elapsed <= 0 then
            if elapsed < -60000 then elapsed = 1 else elapsed, last = 0, record[2] end
        end
        excess = math.max(0, record[1] - math.floor(rate * elapsed / 1000) + 1000)
    end
    if account and excess <= burst then
        redis.call('HSET', KEYS[1], 'excess', excess, 'last', last)
        redis.call('PEXPIRE', KEYS[1], math.ceil((excess + 1000) * 1000 / rate) + 1000)
    end
    return excess
    """,
)


class RequestZone(Zone):
    """A zone of buckets."""

    directive = "limit_req_zone"
    record_size: ClassVar = 128
    evicts: ClassVar = True
    template: Template
    rate: int
    """Thousandths of a request a second."""


class Limit(NamedTuple):
    """One ``limit_req``; numbers in thousandths of a request."""

    zone: RequestZone
    burst: int
    delay: int

    def pour(self, key: bytes, burst: int, account: bool) -> Steps[int]:
        """The excess with this request. Where nothing can be known of others, it is the first one."""
        try:
            excess = self.zone.store.update(POUR, key, self.zone.rate, burst, int(account))
            return excess if isinstance(excess, int) else (yield excess)
        except ZoneAbsent:
            return 0

    def wait(self, excess: int) -> int:
        """Milliseconds until the bucket has no more than may pass without delay."""
        return max(0, excess - self.delay) * 1000 // self.zone.rate


class Limiter:
    """The limits of a location."""

    def __init__(self, limits: list[Limit], level: int, status: int, dry_run: bool) -> None:
        self._limits = limits
        self._level = level
        self._status = status
        self._dry_run = dry_run

    def __call__(self, request: Request) -> Outcome:
        if request.values is not None and STATUS in request.values:
            return None  # an internal redirect is no second request
        return take(self._steps(request))

    def _steps(self, request: Request) -> Steps[Outcome]:
        asked = [(limit, key) for limit in self._limits if (key := self._key(limit, request))]
        if not asked:
            return None
        # all but the last are looked at before any is counted: what one of them rejects is counted nowhere
        for position, (limit, key) in enumerate(asked, 1):
            excess = yield from limit.pour(key, limit.burst, position == len(asked))
            if excess > limit.burst:
                return self._reject(request, limit, excess)
        delay = limit.wait(excess)
        for other, key in asked[-2::-1]:
            poured = yield from other.pour(key, UNLIMITED, True)
            if other.wait(poured) > delay:
                delay, limit, excess = other.wait(poured), other, poured
        if delay:
            return self._delay(request, limit, excess, delay)
        self._note(request, b"PASSED")
        return None

    @staticmethod
    def _key(limit: Limit, request: Request) -> bytes:
        key = limit.zone.template.render(request)
        if len(key) <= LONGEST_KEY:
            return key
        request.complain(ERROR, f'the value of the "{limit.zone.key}" key is more than {LONGEST_KEY} bytes')
        return b""

    def _reject(self, request: Request, limit: Limit, excess: int) -> Outcome:
        self._complain(request, self._level, "limiting requests", f"{_shown(excess)} by", limit)
        self._note(request, b"REJECTED")
        return None if self._dry_run else self._status

    def _delay(self, request: Request, limit: Limit, excess: int, delay: int) -> Outcome:
        level = self._level if self._level == INFO else self._level + 1
        self._complain(request, level, "delaying request", f"{_shown(excess)}, by", limit)
        self._note(request, b"DELAYED")
        return None if self._dry_run else pause(request, delay / 1000)

    def _complain(self, request: Request, level: int, what: str, excess: str, limit: Limit) -> None:
        trial = ", dry run" if self._dry_run else ""
        request.complain(level, f'{what}{trial}, excess: {excess} zone "{limit.zone.name}"')

    def _note(self, request: Request, status: bytes) -> None:
        if self._dry_run and status != b"PASSED":
            status += b"_DRY_RUN"
        request.set_variable(STATUS, status)


def _shown(excess: int) -> str:
    return f"{excess // 1000}.{excess % 1000:03}"


def _zone(directive: Directive, scope: Scope) -> RequestZone:
    key, *options = directive.args
    name, size, rate = "", 0, 1000
    for option in options:
        what, _, value = option.partition("=")
        if what == "zone":
            name, size = values.zone(value)
        elif what == "rate":
            rate = _rate(value)
        else:
            raise ValueError(f'invalid parameter "{option}", expected zone=NAME:SIZE and rate=10r/s')
    if not name:
        raise ValueError('it must have a "zone" parameter, such as zone=one:10m')
    zone = RequestZone(name, size, key, directive.source)
    zone.template, zone.rate = scope.template(key), rate
    scope.site.declare_zone(zone)
    return zone


def _rate(text: str) -> int:
    number, unit = text[:-3], text[-3:]
    if unit not in ("r/s", "r/m"):
        number, unit = text, "r/s"
    rate = int(number) if number.isascii() and number.isdigit() else 0
    if rate < 1:
        raise ValueError(f'invalid rate "{text}", expected one such as 10r/s or 30r/m')
    return rate * 1000 // (60 if unit == "r/m" else 1)


def _limit(directive: Directive, scope: Scope) -> tuple[str, int, int, Directive]:
    name, burst, delay = "", 0, 0
    for option in directive.args:
        what, _, value = option.partition("=")
        if what == "zone" and value:
            name = value
        elif what == "burst":
            burst = _positive(value)
        elif what == "delay":
            delay = _positive(value)
        elif option == "nodelay":
            delay = UNLIMITED
        else:
            raise ValueError(f'invalid parameter "{option}", expected zone=NAME, burst=5, delay=5 or nodelay')
    if not name:
        raise ValueError('it must have a "zone" parameter, such as zone=one')
    if any(name == other for other, *_ in scope.own("limit_req") or ()):
        raise ValueError(f'the zone "{name}" is used twice, once is enough')
    return name, burst * 1000, delay * 1000, directive


def _positive(text: str) -> int:
    if not (number := values.number(text)):
        raise ValueError(f'invalid number "{text}", expected 1 or more')
    return number


def _compile(scope: Scope, location: Location) -> None:
    limits = [
        Limit(scope.site.zone(name, RequestZone, directive), burst, delay)
        for name, burst, delay, directive in scope.get("limit_req") or ()
    ]
    if limits:
        level, status = LEVELS[scope.get("limit_req_log_level")], scope.get("limit_req_status")
        location.add_handler(Phase.PREACCESS, Limiter(limits, level, status, scope.get("limit_req_dry_run")))


def _status(directive: Directive, scope: Scope) -> int:
    return values.number_between(directive.args[0], 400, 599)


def _log_level(directive: Directive, scope: Scope) -> str:
    return values.choice(directive.args[0], ("info", "notice", "warn", "error"))


def _noted(request: Request) -> bytes | None:
    return None if request.values is None else request.values.get(STATUS)


MODULE = Module(
    name="limit_req",
    directives=(
        Spec("limit_req_zone", Context.HTTP, _zone, (3, 3), repeat=True, summary="A zone of rates: KEY zone= rate=."),
        Spec("limit_req", ANYWHERE, _limit, (1, 3), repeat=True, summary="Limit the rate of requests by a zone."),
        Spec("limit_req_log_level", ANYWHERE, _log_level, default="error", summary="The level of rejections."),
        Spec("limit_req_status", ANYWHERE, _status, default=503, summary="The status of rejected requests."),
        flag("limit_req_dry_run", ANYWHERE, False, "Only log what would be limited."),
    ),
    variables=(Variable(STATUS, _noted),),
    location=_compile,
)
