"""What ``-v`` and ``-V`` print. Scripts ask this often: nothing that the rest of pyproxy needs is imported here."""

from __future__ import annotations

import pkgutil
import platform
import sys
from collections.abc import Iterator
from importlib import metadata

import pyproxy.modules

NGINX = "1.31.3"
"""The nginx whose directives, defaults and behaviour are the model."""
LIBRARIES = ("aiohttp", "uvloop", "nginx-crossplane", "supervisor")
STANDARD = (
    "access auth_basic autoindex browser charset empty_gif fastcgi geo grpc gzip limit_conn limit_req map memcached "
    "mirror proxy referer rewrite scgi split_clients ssi tunnel upstream_hash upstream_ip_hash upstream_least_conn "
    "upstream_least_time upstream_random upstream_sticky upstream_zone userid uwsgi"
)
"""nginx's modules that it has unless it is built without them."""
OPTIONAL = (
    "addition auth_request dav flv gunzip gzip_static mp4 random_index realip secure_link slice ssl stub_status sub "
    "v2 v3"
)
"""nginx's modules that it has only if it is built with them."""


def version() -> str:
    """One line."""
    return f"pyproxy version: pyproxy/{pyproxy.__version__}"


def details() -> str:
    """What it is made of, and in the words of ``nginx -V`` what it can do: nginx's own test suite asks for that."""
    lines = [
        version(),
        f"follows nginx version: nginx/{NGINX}",
        f"built on {platform.python_implementation()} {platform.python_version()} ({sys.platform})",
        *map(_library, LIBRARIES),
        f"configure arguments: {' '.join(_arguments())}",
    ]
    return "\n".join(lines)


def _library(name: str) -> str:
    try:
        return f"  {name} {metadata.version(name)}"
    except metadata.PackageNotFoundError:
        return f"  {name} is not installed"


def _arguments() -> Iterator[str]:
    there = {found.name for found in pkgutil.iter_modules(pyproxy.modules.__path__)}
    yield from (f"--with-http_{name}_module" for name in OPTIONAL.split() if name in there)
    yield from (f"--without-http_{name}_module" for name in STANDARD.split() if name not in there)
