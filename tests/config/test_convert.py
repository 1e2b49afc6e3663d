"""There and back: over the ready configurations and every golden configuration that is valid."""

from __future__ import annotations

from pathlib import Path

import pytest

from pyproxy.config.convert import convert
from pyproxy.config.load import load
from pyproxy.config.toml import Shapes

HERE = Path(__file__).parent
CONF = HERE.parents[1] / "conf"
READY = [CONF / name for name in ("app.toml", "nginx.conf", "sites/app.conf", "supervisor/golink.conf", "mime.types")]
GOLDEN = [path for path in sorted((HERE / "golden").iterdir()) if "\nerror:" not in path.read_text()]


@pytest.mark.parametrize("path", READY + GOLDEN, ids=lambda path: path.name)
def test_there_and_back(path: Path, tmp_path: Path, shapes: Shapes) -> None:
    if path in GOLDEN:
        # NAME.toml.txt holds the text of a NAME.toml
        copy = tmp_path / path.stem
        copy.write_text(path.read_text().partition("----------\n")[0])
        path = copy
    loaded = load(path, shapes)
    as_nginx, as_toml = tmp_path / "there.conf", tmp_path / "there.toml"
    as_nginx.write_text(convert(loaded, "nginx", shapes))
    as_toml.write_text(convert(loaded, "toml", shapes))
    assert load(as_nginx, shapes).directives == loaded.directives
    back = convert(load(as_toml, shapes), "nginx", shapes)
    if path.name in ("app.conf", "mime.types"):
        # Parts of an http block, which TOML as a whole file completes.
        assert back.startswith("events {\n}\n\nhttp {\n")
    else:
        assert back == as_nginx.read_text()
        assert load(as_toml, shapes).directives == loaded.directives


def test_supervised_programs_do_not_disturb_nginx(shapes: Shapes) -> None:
    text = convert(load(CONF / "app.toml", shapes), "nginx", shapes)
    assert "\n#pyproxy program golink {\n#pyproxy     command " in text
    assert text.startswith("events {\n}\n\nhttp {\n")
