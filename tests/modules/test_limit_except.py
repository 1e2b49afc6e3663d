"""limit_except: what it refuses. What it means is tested against nginx."""

from __future__ import annotations

import pytest

from pyproxy.config.tree import ConfigError

from .conftest import Ask, MakeSite


@pytest.mark.parametrize(
    ("server", "message"),
    [
        ("location / { limit_except BREW { } }", '"BREW"'),
        ("limit_except GET { }", "`limit_except` is not allowed in `server`"),
        ("location / { limit_except GET { return 403; } }", "`return` is not allowed in `limit_except`"),
        ("location / { limit_except GET { } limit_except POST { } }", "duplicate"),
    ],
)
def test_refused(make_site: MakeSite, server: str, message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        make_site(server)
    assert message in str(raised.value)


def test_methods_in_small_letters(stream: Ask) -> None:
    client = stream("location / { limit_except get { deny all; } return 200 text; }")
    statuses = []
    for method in ("GET", "HEAD", "PUT"):
        client.ask("/", method=method)
        statuses.append(client.status)
    assert statuses == [200, 200, 403]
