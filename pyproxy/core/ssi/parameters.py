"""Which parameters SSI commands may have."""

from __future__ import annotations

from pyproxy.core.ssi.expression import shown
from pyproxy.core.ssi.parser import Command

MOST_PARAMETERS = 16

PARAMETERS: dict[bytes, tuple[frozenset[bytes], tuple[bytes, ...]]] = {
    b"include": (frozenset((b"virtual", b"file", b"wait", b"set", b"stub")), ()),
    b"echo": (frozenset((b"var", b"default", b"encoding")), (b"var",)),
    b"config": (frozenset((b"errmsg", b"timefmt")), ()),
    b"set": (frozenset((b"var", b"value")), (b"var", b"value")),
    b"if": (frozenset((b"expr",)), (b"expr",)),
    b"elif": (frozenset((b"expr",)), (b"expr",)),
    b"else": (frozenset(), ()),
    b"endif": (frozenset(), ()),
    b"block": (frozenset((b"name",)), (b"name",)),
    b"endblock": (frozenset(), ()),
}
"""By command: the parameters that it may have, and those that it must have."""


def check(command: Command) -> dict[bytes, bytes]:
    """The parameters of a command that there is. Raises ValueError if one is unknown, missing or there twice."""
    name = command.name
    if len(command.parameters) > MOST_PARAMETERS:
        raise ValueError(f'too many SSI command parameters: "{shown(name)}"')
    allowed, needed = PARAMETERS[name]
    parameters: dict[bytes, bytes] = {}
    for key, value in command.parameters:
        if key not in allowed:
            raise ValueError(f'invalid parameter name: "{shown(key)}" in "{shown(name)}" SSI command')
        if parameters.setdefault(key, value) is not value:
            raise ValueError(f'duplicate "{shown(key)}" parameter in "{shown(name)}" SSI command')
    for key in needed:
        if key not in parameters:
            raise ValueError(f'mandatory "{shown(key)}" parameter is absent in "{shown(name)}" SSI command')
    return parameters
