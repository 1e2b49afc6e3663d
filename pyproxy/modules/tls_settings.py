"""ngx_http_ssl_module's settings, which stock configurations have for all servers: without TLS they say nothing.

A server that needs TLS says so in its ``listen``, which is refused. What would protect clients or data is not accepted.
"""

from __future__ import annotations

from pyproxy.config.schema import MANY, Context, Module, Spec
from pyproxy.config.scope import Scope
from pyproxy.config.tree import Directive

NAMES = (
    "ssl_buffer_size",
    "ssl_ciphers",
    "ssl_conf_command",
    "ssl_dhparam",
    "ssl_early_data",
    "ssl_ecdh_curve",
    "ssl_prefer_server_ciphers",
    "ssl_protocols",
    "ssl_session_cache",
    "ssl_session_ticket_key",
    "ssl_session_tickets",
    "ssl_session_timeout",
    "ssl_stapling",
    "ssl_stapling_verify",
)


def _as_written(directive: Directive, scope: Scope) -> tuple[str, ...]:
    return directive.args


MODULE = Module(
    name="tls_settings",
    directives=tuple(
        Spec(
            name,
            Context.HTTP | Context.SERVER,
            _as_written,
            (1, MANY),
            repeat=True,
            summary="Accepted; has no effect without TLS.",
        )
        for name in NAMES
    ),
)
