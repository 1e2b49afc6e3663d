"""A page with SSI commands on its way to the client: a body filter that runs them."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pyproxy.core.logs.log import ERROR
from pyproxy.core.ssi.echo import ENCODINGS, TIME_FORMAT, date
from pyproxy.core.ssi.expression import evaluate, expand, shown
from pyproxy.core.ssi.include import Included, read_include
from pyproxy.core.ssi.parameters import PARAMETERS, check
from pyproxy.core.ssi.parser import Command, CommandParser, Malformed
from pyproxy.core.subrequest import Cycle, Subrequest

if TYPE_CHECKING:
    from pyproxy.core.filters.chain import Piece
    from pyproxy.core.request import Request
    from pyproxy.core.response import Response
    from pyproxy.core.variables import Variable

ERROR_MESSAGE = b"[an error occurred while processing the directive]"
MOST_INCLUSIONS = 64535
"""Inclusions of one request that go on at the same time; nginx allows as many."""

OUTSIDE, IN_IF, IN_ELSE = range(3)
_MAY_STAND = {b"elif": (IN_IF,), b"else": (IN_IF,), b"endif": (IN_IF, IN_ELSE)}


@dataclass(frozen=True, slots=True)
class Settings:
    """What a location says of its pages."""

    silent_errors: bool
    value_length: int
    """Bytes that a parameter's value may have."""
    find: Callable[[bytes], Variable | None]
    """nginx's variables, by name."""


@dataclass(slots=True)
class Shared:
    """What the pages of one request have in common."""

    variables: dict[bytes, bytes] = field(default_factory=dict)
    blocks: dict[bytes, bytearray] = field(default_factory=dict)
    match: re.Match[bytes] | None = None
    """Of the last regular expression that matched."""
    inclusions: int = 0
    """How many are going on."""


def shared_by(request: Request) -> Shared:
    """That of the request and all its subrequests."""
    if request.values is None:
        request.values = {}
    shared: Shared = request.values.setdefault("ssi pages", Shared())
    return shared


class Page:
    """The page of one request or subrequest.

    What it brings is run piece by piece as it comes. Its inclusions begin together when a piece has been run, or one of
    them is to be waited for; their answers go out in the order in which they stand.
    """

    def __init__(self, request: Request, settings: Settings) -> None:
        self._request = request
        self._settings = settings
        self._shared = shared_by(request)
        self._parser = CommandParser(settings.value_length)
        self._queue: deque[bytearray | Included] = deque()
        """What is to go out."""
        self._place = OUTSIDE
        self._output = True
        """Whether this part of the page is wanted, and is not in a block."""
        self._chosen = False
        """Whether a part of this ``if`` has been wanted already."""
        self._block: bytearray | None = None
        self._encode = ENCODINGS[b"entity"]
        self._time_format = TIME_FORMAT
        self._error_message = ERROR_MESSAGE

    # The body filter

    def feed(self, data: bytes) -> Iterator[Piece]:
        try:
            for part in self._parser.feed(data):
                if isinstance(part, bytes):
                    self._text(part)
                else:
                    yield b""  # a page of many commands is not to keep others waiting
                    if self._take(part):
                        yield from self._drain()
            yield from self._drain()
        finally:
            # nothing is left, unless nobody wants the rest
            for item in self._queue:
                self._let_go(item)
            self._queue.clear()

    def flush(self) -> tuple[()]:
        return ()

    def end(self) -> Iterator[Piece]:
        self._text(self._parser.end())
        return self._drain()

    # What goes out

    def _say(self, text: bytes) -> None:
        if self._queue and isinstance(self._queue[-1], bytearray):
            self._queue[-1] += text
        elif text:
            self._queue.append(bytearray(text))

    def _drain(self) -> Iterator[Piece]:
        for item in self._queue:
            if isinstance(item, Included):
                item.begin()
        while self._queue:
            item = self._queue[0]
            if isinstance(item, bytearray):
                yield bytes(item)
            elif item.into is not None:
                yield from item.wait()
                if item.subrequest.status < 300:
                    self._shared.variables[item.into] = item.text
            else:
                yield from item.read()
                if item.instead is not None:
                    yield from self._stand_in(item.instead, item.subrequest)
            self._let_go(self._queue.popleft())

    def _let_go(self, item: bytearray | Included) -> None:
        if isinstance(item, Included):
            self._shared.inclusions -= 1
            item.let_go()

    def _stand_in(self, block: bytes, subrequest: Subrequest) -> Iterator[Piece]:
        """A block in the place of an answer is a page itself, if the answer were one."""
        pages: Callable[[Request, Response], Page | None] | None = subrequest.location.options.get("ssi")
        # instead of an error, it has the type of the page around it
        response = self._request.response if subrequest.error_status >= 300 else subrequest.response
        page = pages(subrequest, response) if pages is not None and response is not None else None
        if page is None:
            yield block
        else:
            yield from page.feed(block)
            yield from page.end()

    # What there is on it

    def _text(self, text: bytes) -> None:
        if self._output:
            self._say(text)
        elif self._block is not None:
            self._block += text

    def _take(self, part: Command | Malformed) -> bool:
        """Run it; whether what it has begun is to be waited for."""
        try:
            if isinstance(part, Malformed):
                raise ValueError(part.reason)
            parameters = self._admit(part)
            return parameters is not None and self._run(part.name, parameters)
        except ValueError as error:
            self._complain(str(error))
        except Cycle:
            pass
        self._report()
        return False

    def _complain(self, reason: str) -> None:
        doing = "sending to client" if self._request.upstream is not None else "sending response to client"
        self._request.complain(ERROR, f"{reason} while {doing}")

    def _report(self) -> None:
        if not self._settings.silent_errors:
            self._say(self._error_message)

    def _admit(self, command: Command) -> dict[bytes, bytes] | None:
        """Its parameters, if it is to be run. Raises ValueError."""
        name = command.name
        if name not in PARAMETERS:
            if self._output:
                raise ValueError(f'invalid SSI command: "{shown(name)}"')
            return None
        if not self._output and name != b"endblock":
            if self._block is not None:
                self._block += command.written()
                return None
            if name not in _MAY_STAND:
                return None
        if self._place not in _MAY_STAND.get(name, (self._place,)):
            raise ValueError(f'invalid context of SSI command: "{shown(name)}"')
        return check(command)

    # Commands

    def _run(self, name: bytes, parameters: dict[bytes, bytes]) -> bool:
        if name == b"include":
            return self._include(parameters)
        if name == b"echo":
            self._echo(parameters)
        elif name == b"config":
            self._time_format = parameters.get(b"timefmt", self._time_format)
            self._error_message = parameters.get(b"errmsg", self._error_message)
        elif name == b"set":
            self._shared.variables[parameters[b"var"].lower()] = expand(parameters[b"value"], self._lookup)
        elif name in (b"if", b"elif"):
            self._if(name, parameters[b"expr"])
        elif name == b"else":
            self._output, self._place = not self._chosen, IN_ELSE
        elif name == b"endif":
            self._output, self._chosen, self._place = True, False, OUTSIDE
        elif name == b"block":
            self._output, self._block = False, bytearray()
            self._shared.blocks.setdefault(parameters[b"name"], self._block)
        else:
            self._output, self._block = True, None
        return False

    def _include(self, parameters: dict[bytes, bytes]) -> bool:
        shared = self._shared
        include = read_include(parameters, self._request.uri, self._lookup)
        stub = None if include.stub is None else shared.blocks.get(include.stub)
        if include.stub is not None and stub is None:
            raise ValueError(f'"stub"="{shown(include.stub)}" for "include" not found')
        if shared.inclusions == MOST_INCLUSIONS:
            raise ValueError(f'too many inclusions while processing "{shown(include.uri)}"')
        self._queue.append(Included(self._request, include, None if stub is None else bytes(stub)))
        shared.inclusions += 1
        if include.into is not None:
            shared.variables.setdefault(include.into, b"")
        return include.wait

    def _echo(self, parameters: dict[bytes, bytes]) -> None:
        value = self._lookup(parameters[b"var"].lower())
        if value is None:
            value = parameters.get(b"default", b"(none)")
        if not value:
            return
        encoding = parameters.get(b"encoding")
        if encoding in ENCODINGS:
            # as in nginx, it holds for what follows, too
            self._encode = ENCODINGS[encoding]
        elif encoding is not None:
            self._complain(f'unknown encoding "{shown(encoding)}" in the "echo" command')
        self._say(self._encode(value))

    def _if(self, name: bytes, expression: bytes) -> None:
        if name == b"if" and self._place != OUTSIDE:
            raise ValueError('the "if" command inside the "if" command')
        if self._chosen:
            self._output = False
            return
        condition = evaluate(expression, self._lookup)
        if condition.match is not None:
            self._shared.match = condition.match
            self._shared.variables.update(
                (key.lower().encode(), value) for key, value in condition.match.groupdict(b"").items()
            )
        self._output = self._chosen = condition.holds
        self._place = IN_IF

    # Variables

    def _lookup(self, name: bytes) -> bytes | None:
        """Of a lower-case name."""
        shared = self._shared
        if len(name) == 1 and name.isdigit() and shared.match is not None and int(name) <= shared.match.re.groups:
            return shared.match[int(name)] or b""
        if name in shared.variables:
            return shared.variables[name]
        if name in (b"date_local", b"date_gmt"):
            return date(self._time_format, name == b"date_gmt")
        variable = self._settings.find(name)
        return None if variable is None else variable.get(self._request)
