"""ngx_http_core_module: the ``$proxy_protocol_*`` variables of ``listen ... proxy_protocol``."""

from __future__ import annotations

from collections.abc import Callable

from pyproxy.config.schema import Module
from pyproxy.core.addresses.proxy_protocol import BrokenHeader, Proxied
from pyproxy.core.logs.log import ERROR
from pyproxy.core.request import Request
from pyproxy.core.variables import Depends, Getter, Variable, VariableFamily

CONNECTION = Depends.CONNECTION


def _of(show: Callable[[Proxied], bytes | None]) -> Getter:
    def get(request: Request) -> bytes | None:
        proxied = request.stream.proxied
        return None if proxied is None else show(proxied)

    return get


def _tlv(name: str) -> Getter:
    def get(request: Request) -> bytes | None:
        proxied = request.stream.proxied
        try:
            return None if proxied is None else proxied.tlv(name)
        except BrokenHeader as error:
            request.complain(ERROR, str(error))
            return None

    return get


MODULE = Module(
    name="proxy_protocol",
    variables=(
        Variable("proxy_protocol_addr", _of(lambda proxied: proxied.source[0]), CONNECTION),
        Variable("proxy_protocol_port", _of(lambda proxied: b"%d" % proxied.source[1]), CONNECTION),
        Variable("proxy_protocol_server_addr", _of(lambda proxied: proxied.destination[0]), CONNECTION),
        Variable("proxy_protocol_server_port", _of(lambda proxied: b"%d" % proxied.destination[1]), CONNECTION),
        VariableFamily("proxy_protocol_tlv_", _tlv, CONNECTION),
    ),
)
