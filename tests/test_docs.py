"""What the documentation says of the code is so."""

from __future__ import annotations

import re
from pathlib import Path

from pyproxy import directives
from pyproxy.compile import load_schema
from tests.against_nginx.deviations import table

REPOSITORY = Path(__file__).resolve().parents[1]


def test_the_list_of_deviations_is_the_one_that_is_tested() -> None:
    text = (REPOSITORY / "docs" / "nginx.md").read_text()
    listed = re.search(r"<!-- deviations -->\n(.*)\n<!-- end -->", text, re.DOTALL)
    assert listed, "docs/nginx.md has lost its place for the list"
    assert listed[1] == table(), "update it with `python -m tests.against_nginx.deviations --write`"


def test_the_list_of_directives_is_what_the_modules_declare() -> None:
    text = (REPOSITORY / "docs" / "directives.md").read_text()
    assert text == directives.page(), "update it: python -m pyproxy.directives > docs/directives.md"


def test_every_directive_says_what_it_is_for() -> None:
    silent = [name for name, specs in load_schema().specs.items() if not all(spec.summary for spec in specs)]
    assert not silent


def test_links_lead_somewhere() -> None:
    pages = [*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").glob("*.md")]
    for page in pages:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_every_signal_that_is_handled_is_in_the_table() -> None:
    handled = set(re.findall(r"signal\.SIG([A-Z0-9]+): ", (REPOSITORY / "pyproxy/process/run.py").read_text()))
    table = (REPOSITORY / "docs/operations.md").read_text().partition("## Signals")[2].partition("## ")[0]
    listed = {name for row in re.findall(r"^\| ([A-Z0-9, ]+) \|", table, re.MULTILINE) for name in row.split(", ")}
    assert handled
    assert listed == handled
