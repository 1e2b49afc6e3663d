"""Lists where pyproxy differs from nginx on purpose, as Markdown: ``python -m tests.against_nginx.deviations``."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path

from .exchange import Exchange, as_tuple


def exchanges() -> Iterator[Exchange]:
    """Every exchange of every table in this folder."""
    for file in sorted(Path(__file__).parent.glob("test_*.py")):
        module = importlib.import_module(f"{__package__}.{file.stem}")
        yield from getattr(module, "EXCHANGES", ())


def table() -> str:
    """One row for each reason, with the exchanges that show it."""
    rows: dict[tuple[str, str, str], list[str]] = {}
    for exchange in exchanges():
        if exchange.deviates:
            key = (exchange.deviates.why, _statuses(exchange.status), _statuses(exchange.deviates.status))
            rows.setdefault(key, []).append(exchange.name)
    lines = ["| pyproxy's rule | nginx | pyproxy | for example |", "|---|---|---|---|"]
    lines += [f"| {why} | {theirs} | {ours} | {', '.join(names)} |" for (why, theirs, ours), names in rows.items()]
    return "\n".join(lines)


def _statuses(status: int | tuple[int, ...]) -> str:
    names = {9: "HTTP/0.9"}
    return " ".join(names.get(code, str(code)) for code in as_tuple(status)) or "closes"


if __name__ == "__main__":
    print(table())
