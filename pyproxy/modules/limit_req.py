"""ngx_http_limit_req_module: requests for each key at a steady rate, by nginx's leaky bucket."""

from __future__ import annotations

from typing import ClassVar, Final, NamedTuple

from pyproxy.config import values
from pyproxy.config.schema import ANYWHERE, Context, Module, Spec, choice, flag, number
from pyproxy.config.scope import Scope
from pyproxy.config.tree import Directive
from pyproxy.core.limiter import LOG_LEVELS, KeyedZone, Limiter
from pyproxy.core.location import Location, Phase
from pyproxy.core.logs.log import INFO
from pyproxy.core.outcome import Outcome
from pyproxy.core.pause import pause
from pyproxy.core.request import Request
from pyproxy.core.variables import Variable, given
from pyproxy.zones.steps import Steps
from pyproxy.zones.store import Operation, Record, ZoneAbsent

UNLIMITED: Final = 1 << 42
"""More requests than any excess: a burst that none exceeds, or that need not wait."""


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


class RequestZone(KeyedZone):
    """A zone of buckets."""

    directive = "limit_req_zone"
    record_size: ClassVar = 128
    evicts: ClassVar = True
    longest_key: ClassVar = 65535
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


class RequestLimiter(Limiter):
    """The limits of a location."""

    variable = "limit_req_status"

    def __init__(self, limits: list[Limit], log_level: str, status: int, dry_run: bool) -> None:
        super().__init__(log_level, status, dry_run)
        self._limits = limits

    def _count(self, request: Request) -> Steps[Outcome]:
        asked = [(limit, key) for limit in self._limits if (key := limit.zone.key_of(request))]
        if not asked:
            return None
        # all but the last are looked at before any is counted: what one of them rejects is counted nowhere
        for position, (limit, key) in enumerate(asked, 1):
            excess = yield from limit.pour(key, limit.burst, position == len(asked))
            if excess > limit.burst:
                return self._reject(request, self._message("limiting requests", f"{_shown(excess)} by", limit))
        delay = limit.wait(excess)
        for other, key in asked[-2::-1]:
            poured = yield from other.pour(key, UNLIMITED, True)
            if other.wait(poured) > delay:
                delay, limit, excess = other.wait(poured), other, poured
        if delay:
            return self._delay(request, limit, excess, delay)
        request.set_variable(self.variable, b"PASSED")
        return None

    def _delay(self, request: Request, limit: Limit, excess: int, delay: int) -> Outcome:
        level = self._level if self._level == INFO else self._level + 1
        request.complain(level, self._message("delaying request", f"{_shown(excess)}, by", limit))
        self._note(request, b"DELAYED")
        return None if self._dry_run else pause(request, delay / 1000)

    def _message(self, what: str, excess: str, limit: Limit) -> str:
        trial = ", dry run" if self._dry_run else ""
        return f'{what}{trial}, excess: {excess} zone "{limit.zone.name}"'


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
    zone = RequestZone(name, size, scope.template(key), directive.source)
    zone.rate = rate
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
            burst = values.number(value, least=1)
        elif what == "delay":
            delay = values.number(value, least=1)
        elif option == "nodelay":
            delay = UNLIMITED
        else:
            raise ValueError(f'invalid parameter "{option}", expected zone=NAME, burst=5, delay=5 or nodelay')
    if not name:
        raise ValueError('it must have a "zone" parameter, such as zone=one')
    if any(name == other for other, *_ in scope.own("limit_req") or ()):
        raise ValueError(f'the zone "{name}" is used twice, once is enough')
    return name, burst * 1000, delay * 1000, directive


def _compile(scope: Scope, location: Location) -> None:
    limits = [
        Limit(scope.site.zone(name, RequestZone, directive), burst, delay)
        for name, burst, delay, directive in scope.get("limit_req") or ()
    ]
    if limits:
        level, status = scope.get("limit_req_log_level"), scope.get("limit_req_status")
        location.add_handler(Phase.PREACCESS, RequestLimiter(limits, level, status, scope.get("limit_req_dry_run")))


MODULE = Module(
    name="limit_req",
    directives=(
        Spec("limit_req_zone", Context.HTTP, _zone, (3, 3), repeat=True, summary="A zone of rates: KEY zone= rate=."),
        Spec("limit_req", ANYWHERE, _limit, (1, 3), repeat=True, summary="Limit the rate of requests by a zone."),
        choice("limit_req_log_level", ANYWHERE, LOG_LEVELS, "error", "The level of rejections."),
        number("limit_req_status", ANYWHERE, 503, "The status of rejected requests.", least=400, most=599),
        flag("limit_req_dry_run", ANYWHERE, False, "Only log what would be limited."),
    ),
    variables=(Variable("limit_req_status", given("limit_req_status")),),
    location=_compile,
)
