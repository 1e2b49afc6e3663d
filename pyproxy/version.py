"""What ``-v`` and ``-V`` print. Scripts ask this often: nothing that the rest of pyproxy needs is imported here."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from functools import cache

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
    version = _versions().get(name.replace("-", "_"))
    return f"  {name} {version}" if version else f"  {name} is not installed"


@cache
def _versions() -> dict[str, str]:
    """By the names of their folders: importlib.metadata takes as long to import as everything else here together."""
    found: dict[str, str] = {}
    for folder in reversed(sys.path):
        if os.path.isdir(folder):
            names = (name.removesuffix(".dist-info") for name in os.listdir(folder) if name.endswith(".dist-info"))
            found |= {library.lower(): version for library, _, version in (name.partition("-") for name in names)}
    return found


def _arguments() -> Iterator[str]:
    there = {name.removesuffix(".py") for folder in pyproxy.modules.__path__ for name in os.listdir(folder)}
    yield from (f"--with-http_{name}_module" for name in OPTIONAL.split() if name in there)
    yield from (f"--without-http_{name}_module" for name in STANDARD.split() if name not in there)
    # modules/proxy_cache.py only says that it is off
    yield "--without-http-cache"
