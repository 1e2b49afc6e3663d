"""Each file of golden/ holds a configuration, a line of dashes, and the tree or the error that it must give.

``NAME.toml.txt`` is read as ``NAME.toml``. A directive of the tree is shown as ``LINE name |arg |arg``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from pyproxy.config.load import load
from pyproxy.config.toml import Shapes
from pyproxy.config.tree import ConfigError, Directive

GOLDEN = Path(__file__).parent / "golden"


def shown(directives: Sequence[Directive], depth: int = 0) -> Iterator[str]:
    for directive in directives:
        words = " |".join([directive.name, *(arg.replace("\n", "\\n") for arg in directive.args)])
        block = "" if directive.children is None else " {}" if not directive.children else " {"
        yield f"{directive.source.line:>3} {'    ' * depth}{words}{block}\n"
        yield from shown(directive.children or (), depth + 1)


@pytest.mark.parametrize("path", sorted(GOLDEN.iterdir()), ids=lambda path: path.stem)
def test_golden(path: Path, tmp_path: Path, shapes: Shapes, monkeypatch: pytest.MonkeyPatch) -> None:
    text, dashes, expected = path.read_text().partition("----------\n")
    assert dashes
    monkeypatch.chdir(tmp_path)
    Path(path.stem).write_text(text)
    try:
        found = "".join(shown(load(path.stem, shapes).directives))
    except ConfigError as error:
        found = f"error: {error}\n"
    assert found == expected
