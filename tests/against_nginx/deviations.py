"""Lists where pyproxy differs from nginx on purpose: ``python -m tests.against_nginx.deviations [--write]``."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

from .exchange import Exchange, as_tuple


def exchanges() -> Iterator[Exchange]:
    """Every exchange of every table in this folder."""
    for file in sorted(Path(__file__).parent.glob("test_*.py")):
        module = importlib.import_module(f"{__package__}.{file.stem}")
        yield from getattr(module, "EXCHANGES", ())


def table() -> str:
    """One row for each reason, with an exchange for each way in which it shows."""
    rows: dict[str, dict[tuple[str, str], str]] = {}
    for exchange in exchanges():
        if exchange.deviates:
            statuses = (_statuses(exchange.status), _statuses(exchange.deviates.status))
            rows.setdefault(exchange.deviates.why, {}).setdefault(statuses, exchange.name)
    lines = ["| pyproxy's rule | for example |", "|---|---|"]
    for why, examples in rows.items():
        shown = "; ".join(_example(name, *statuses) for statuses, name in examples.items())
        lines.append(f"| {why} | {shown} |")
    return "\n".join(lines)


def _example(name: str, nginx: str, pyproxy: str) -> str:
    return f"{name} ({nginx})" if nginx == pyproxy else f"{name} (nginx {nginx}, here {pyproxy})"


def _statuses(status: int | tuple[int, ...]) -> str:
    names = {9: "HTTP/0.9"}
    return " ".join(names.get(code, str(code)) for code in as_tuple(status)) or "closes"


def write() -> None:
    """Put the list where the documentation shows it."""
    page = Path(__file__).parents[2] / "docs" / "nginx.md"
    before, rest = page.read_text().split("<!-- deviations -->\n")
    after = rest.split("<!-- end -->")[1]
    page.write_text(f"{before}<!-- deviations -->\n{table()}\n<!-- end -->{after}")


if __name__ == "__main__":
    write() if sys.argv[1:] == ["--write"] else print(table())
