"""ngx_http_limit_conn_module: requests of one key that are served at the same time."""

from __future__ import annotations

from functools import partial
from typing import ClassVar, NamedTuple

from pyproxy.config import values
from pyproxy.config.schema import ANYWHERE, Context, Module, Spec, choice, flag, number
from pyproxy.config.scope import Scope
from pyproxy.config.tree import Directive
from pyproxy.core.limiter import LOG_LEVELS, KeyedZone, Limiter
from pyproxy.core.location import Location, Phase
from pyproxy.core.outcome import Outcome
from pyproxy.core.request import Request
from pyproxy.core.variables import Variable, given
from pyproxy.zones.steps import Steps, take
from pyproxy.zones.store import Operation, Record, Store, ZoneAbsent, ZoneFull

# A record says who holds how many: (holder, count, holder, count, ...). So a process that dies takes its own along.


def _with(record: Record | None, holder: int, change: int) -> Record | None:
    others = record or ()
    count = change
    if holder in others[::2]:
        at = 2 * others[::2].index(holder)
        count += others[at + 1]
        others = others[:at] + others[at + 2 :]
    return (holder, count, *others) if count > 0 else others or None


def _take(record: Record | None, now: int, holder: int, limit: int) -> tuple[Record | None, int]:
    if record is not None and sum(record[1::2]) >= limit:
        return record, 0
    return _with(record, holder, 1), 1


def _give_back(record: Record | None, now: int, holder: int) -> tuple[Record | None, int]:
    return _with(record, holder, -1), 1


def _keep(record: Record | None, now: int, *holders: int) -> tuple[Record | None, int]:
    pairs = zip((record or ())[::2], (record or ())[1::2], strict=True)
    return tuple(number for pair in pairs if pair[0] in holders for number in pair) or None, 1


TAKE = Operation(
    _take,
    """
    local holder, limit = ARGV[1], tonumber(ARGV[2])
    redis.call('SET', KEYS[2] .. holder, 1, 'EX', 30)
    local total, held = 0, redis.call('HGETALL', KEYS[1])
    for i = 1, #held, 2 do
        if redis.call('EXISTS', KEYS[2] .. held[i]) == 1 then
            total = total + held[i + 1]
        else
            redis.call('HDEL', KEYS[1], held[i])
        end
    end
    if total >= limit then return 0 end
    redis.call('HINCRBY', KEYS[1], holder, 1)
    redis.call('EXPIRE', KEYS[1], 86400)
    return 1
    """,
)
GIVE_BACK = Operation(
    _give_back,
    """
    if redis.call('HINCRBY', KEYS[1], ARGV[1], -1) <= 0 then redis.call('HDEL', KEYS[1], ARGV[1]) end
    return 1
    """,
)


class ConnectionZone(KeyedZone):
    """A zone of counts."""

    directive = "limit_conn_zone"
    record_size: ClassVar = 64
    evicts: ClassVar = False
    longest_key: ClassVar = 255
    keep_holders = Operation(_keep, "")


class Held(NamedTuple):
    """What a request has taken."""

    store: Store
    holder: int
    key: bytes

    def give_back(self) -> Steps[None]:
        try:
            result = self.store.update(GIVE_BACK, self.key, self.holder)
            if not isinstance(result, int):
                yield result
        except ZoneAbsent:
            pass


class Limit(NamedTuple):
    """One ``limit_conn``."""

    zone: ConnectionZone
    most: int

    def take(self, key: bytes) -> Steps[Held | None]:
        """Count one more; None if these are too many, or the zone is full."""
        store = self.zone.store
        held = Held(store, store.holder, key)
        try:
            result = store.update(TAKE, key, held.holder, self.most)
            if not isinstance(result, int):
                result = yield result
        except ZoneAbsent:
            return held
        except ZoneFull:
            return None
        return held if result else None


class ConnectionLimiter(Limiter):
    """The limits of a location."""

    variable = "limit_conn_status"

    def __init__(self, limits: list[Limit], log_level: str, status: int, dry_run: bool) -> None:
        super().__init__(log_level, status, dry_run)
        self._limits = limits

    def _count(self, request: Request) -> Steps[Outcome]:
        taken: list[Held] = []
        for limit in self._limits:
            if key := limit.zone.key_of(request):
                request.set_variable(self.variable, b"PASSED")
                held = yield from limit.take(key)
                if held is None:
                    for earlier in taken:
                        yield from earlier.give_back()
                    trial = ", dry run," if self._dry_run else ""
                    return self._reject(request, f'limiting connections{trial} by zone "{limit.zone.name}"')
                taken.append(held)
        if taken:
            request.main.at_end(partial(_let_go, request, taken))
        return None


def _let_go(request: Request, taken: list[Held]) -> None:
    for held in taken:
        waiting = take(held.give_back())
        if waiting is not None:
            request.stream.worker.spawn(waiting)


def _zone(directive: Directive, scope: Scope) -> ConnectionZone:
    key, option = directive.args
    what, _, value = option.partition("=")
    if what != "zone":
        raise ValueError(f'invalid parameter "{option}", expected zone=NAME:SIZE')
    zone = ConnectionZone(*values.zone(value), scope.template(key), directive.source)
    scope.site.declare_zone(zone)
    return zone


def _limit(directive: Directive, scope: Scope) -> tuple[str, int, Directive]:
    name, most = directive.args
    if any(name == other for other, *_ in scope.own("limit_conn") or ()):
        raise ValueError(f'the zone "{name}" is used twice, once is enough')
    return name, values.number(most, 1, 65535), directive


def _compile(scope: Scope, location: Location) -> None:
    limits = [
        Limit(scope.site.zone(name, ConnectionZone, directive), most)
        for name, most, directive in scope.get("limit_conn") or ()
    ]
    if limits:
        level, status = scope.get("limit_conn_log_level"), scope.get("limit_conn_status")
        location.add_handler(Phase.PREACCESS, ConnectionLimiter(limits, level, status, scope.get("limit_conn_dry_run")))


MODULE = Module(
    name="limit_conn",
    order=51,  # after limit_req: a request that is delayed is not served yet
    directives=(
        Spec("limit_conn_zone", Context.HTTP, _zone, (2, 2), repeat=True, summary="A zone of counts: KEY zone=."),
        Spec("limit_conn", ANYWHERE, _limit, (2, 2), repeat=True, summary="Limit what is served at once by a zone."),
        choice("limit_conn_log_level", ANYWHERE, LOG_LEVELS, "error", "The level of rejections."),
        number("limit_conn_status", ANYWHERE, 503, "The status of rejected requests.", least=400, most=599),
        flag("limit_conn_dry_run", ANYWHERE, False, "Only log what would be limited."),
    ),
    variables=(Variable("limit_conn_status", given("limit_conn_status")),),
    location=_compile,
)
