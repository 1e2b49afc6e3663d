"""ngx_http_limit_conn_module: requests of one key that are served at the same time."""

from __future__ import annotations

from functools import partial
from typing import ClassVar, Final, NamedTuple

from pyproxy.config import values
from pyproxy.config.schema import ANYWHERE, Context, Module, Scope, Spec, flag
from pyproxy.config.tree import Directive
from pyproxy.core.location import Location, Phase
from pyproxy.core.logs.log import ERROR, LEVELS
from pyproxy.core.outcome import Outcome
from pyproxy.core.request import Request
from pyproxy.core.variables import Template, Variable
from pyproxy.zones.steps import Steps, take
from pyproxy.zones.store import Operation, Record, Store, ZoneAbsent, ZoneFull
from pyproxy.zones.zone import Zone

LONGEST_KEY: Final = 255
STATUS: Final = "limit_conn_status"

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


class ConnectionZone(Zone):
    """A zone of counts."""

    directive = "limit_conn_zone"
    record_size: ClassVar = 64
    evicts: ClassVar = False
    keep_holders = Operation(_keep, "")
    template: Template


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
        taken: list[Held] = []
        for limit in self._limits:
            key = limit.zone.template.render(request)
            if len(key) > LONGEST_KEY:
                request.complain(ERROR, f'the value of the "{limit.zone.key}" key is more than {LONGEST_KEY} bytes')
            elif key:
                request.set_variable(STATUS, b"PASSED")
                held = yield from limit.take(key)
                if held is None:
                    for earlier in taken:
                        yield from earlier.give_back()
                    return self._reject(request, limit)
                taken.append(held)
        if taken:
            request.main.at_end(partial(_let_go, request, taken))
        return None

    def _reject(self, request: Request, limit: Limit) -> Outcome:
        trial = ", dry run," if self._dry_run else ""
        request.complain(self._level, f'limiting connections{trial} by zone "{limit.zone.name}"')
        request.set_variable(STATUS, b"REJECTED_DRY_RUN" if self._dry_run else b"REJECTED")
        return None if self._dry_run else self._status


def _let_go(request: Request, taken: list[Held]) -> None:
    for held in taken:
        waiting = take(held.give_back())
        if waiting is not None:
            request.stream.worker.spawn(waiting)


def _noted(request: Request) -> bytes | None:
    return None if request.values is None else request.values.get(STATUS)


def _zone(directive: Directive, scope: Scope) -> ConnectionZone:
    key, option = directive.args
    what, _, value = option.partition("=")
    if what != "zone":
        raise ValueError(f'invalid parameter "{option}", expected zone=NAME:SIZE')
    zone = ConnectionZone(*values.zone(value), key, directive.source)
    zone.template = scope.template(key)
    scope.site.declare_zone(zone)
    return zone


def _limit(directive: Directive, scope: Scope) -> tuple[str, int, Directive]:
    name, number = directive.args
    if any(name == other for other, *_ in scope.own("limit_conn") or ()):
        raise ValueError(f'the zone "{name}" is used twice, once is enough')
    return name, values.number_between(number, 1, 65535), directive


def _compile(scope: Scope, location: Location) -> None:
    limits = [
        Limit(scope.site.zone(name, ConnectionZone, directive), most)
        for name, most, directive in scope.get("limit_conn") or ()
    ]
    if limits:
        level, status = LEVELS[scope.get("limit_conn_log_level")], scope.get("limit_conn_status")
        location.add_handler(Phase.PREACCESS, Limiter(limits, level, status, scope.get("limit_conn_dry_run")))


def _status(directive: Directive, scope: Scope) -> int:
    return values.number_between(directive.args[0], 400, 599)


def _log_level(directive: Directive, scope: Scope) -> str:
    return values.choice(directive.args[0], ("info", "notice", "warn", "error"))


MODULE = Module(
    name="limit_conn",
    order=51,  # after limit_req: a request that is delayed is not served yet
    directives=(
        Spec("limit_conn_zone", Context.HTTP, _zone, (2, 2), repeat=True, summary="A zone of counts: KEY zone=."),
        Spec("limit_conn", ANYWHERE, _limit, (2, 2), repeat=True, summary="Limit what is served at once by a zone."),
        Spec("limit_conn_log_level", ANYWHERE, _log_level, default="error", summary="The level of rejections."),
        Spec("limit_conn_status", ANYWHERE, _status, default=503, summary="The status of rejected requests."),
        flag("limit_conn_dry_run", ANYWHERE, False, "Only log what would be limited."),
    ),
    variables=(Variable(STATUS, _noted),),
    location=_compile,
)
