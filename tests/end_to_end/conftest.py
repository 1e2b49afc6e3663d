from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parent))

from golink_site import Site, nginx, pyproxy


@pytest.fixture(scope="session", params=["conf/app.toml", "conf/nginx.conf", "nginx"])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The same site behind pyproxy from TOML, pyproxy from nginx.conf, and nginx."""
    prefix = tmp_path_factory.mktemp("site")
    with nginx(prefix) if request.param == "nginx" else pyproxy(request.param, prefix) as running_site:
        yield running_site
