"""The story as Markdown: its tables, and what happens in them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from benchmarks.report import number, table

from .fronts import FRONTS
from .tale import Cell, Tale

TITLES = {
    "clients": "Act 1: many clients",
    "slow": "Act 2: slow clients",
    "restart": "Act 3: the application restarts",
}
MOST_BESIDE_NGINX = 1.5
"""The mark of the second act: the latency behind pyproxy as a multiple of that behind nginx."""
ABOUT: Mapping[str, str] = {
    "clients": """\
The handler works for 20 ms. Flask's own server does one request at a time, 50 a second at best, and lets about 128
connections wait in the kernel. With more clients the kernel drops attempts to connect; they are repeated after 1, 3 and
7 seconds. A client without a proxy waits for that in silence. A proxy has a limit (10 s here, 60 s by default) and then
answers 504, "the application did not answer in time": the proxy says what the application cannot say.

gunicorn's sync workers do three requests at a time, 150 a second. On a unix socket nobody waits for room: when the
backlog is full, `connect()` fails at once with EAGAIN. nginx then has no server left to try and answers 502. The
failures are fast, so they look like a crash, while the application is well and simply busy. gevent workers accept all
connections and wait for all their work at once, so there is nothing to refuse. The lesson: 502 and 504 are decided by
how many requests the application can hold, not by the proxy, unless the proxy holds them for it; that is what `queue`
is for.""",
    "slow": """\
A sync worker belongs to one client until that client has sent its request and taken its answer. Three clients on bad
lines are enough to stop the site. A proxy takes the request whole before it asks the application, and takes the whole
answer from it at once, so that slow clients cost it memory and the application nothing.""",
    "restart": """\
While the application stops and starts, nobody listens. Without a proxy connections are refused, behind one they are
answered 502. A proxy that holds requests until the application is back loses none.""",
}


def read_all(folder: Path) -> dict[str, Tale]:
    found = ((name, Tale.read(folder, name)) for name in TITLES)
    return {name: tale for name, tale in found if tale}


def markdown(folder: Path, charts: str) -> str:
    """The acts that were played; empty if none was."""
    parts = []
    for name, tale in read_all(folder).items():
        parts += [f"### {TITLES[name]}", "", ABOUT[name], "", act_table(tale), "", notes(tale)]
        parts += ["", f"![{TITLES[name]}]({charts}story-{name}.svg)", ""]
    return "\n".join(["## The story of 502", "", *parts]) if parts else ""


def act_table(tale: Tale) -> str:
    rows = []
    for server in tale.servers():
        for count in tale.counts():
            for front in FRONTS:
                rows.append([server, str(count), front, *_found(tale.cell(server, front, count))])
    head = ["application", "clients", "before it", "answers", "failed, %", "answered/s", "p50 ms", "p99 ms"]
    return table(head, rows)


def _found(cell: Cell | None) -> list[str]:
    if cell is None:
        return ["", "–", "–", "–", "–"]
    statuses = cell.statuses()
    total = sum(statuses.values())
    failed = total - statuses.get("200", 0)
    said = ", ".join(f"{count} × {status}" for status, count in statuses.items())
    figures = [number(cell.median("rate"), 0), number(cell.median("p50") * 1e3, 0), number(cell.median("p99") * 1e3, 0)]
    return [said, number(100 * failed / total, 1) if total else "–", *figures]


def notes(tale: Tale) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in tale.versions.items())
    rounds = max(len(cell.rounds) for cell in tale.cells)
    times = f"{rounds} rounds" if rounds > 1 else "one round"
    lines = [
        f"{tale.date}: {times}; answers of all rounds together, figures are medians. No request begins after "
        f"{tale.seconds:g} s of a cell. {versions}. *refused*: no connection; *closed*: the connection ended without "
        "an answer; *no answer*: none within the patience of a client. Latencies are those of answers 200."
    ]
    if tale.act == "slow":
        lines.append(_beside_nginx(tale))
    if tale.absent:
        lines.append(f"Empty: {', '.join(tale.absent)} (not there in this version).")
    return "\n".join(lines)


def _beside_nginx(tale: Tale) -> str:
    """The mark of the second act."""
    ours, theirs = (next((c for c in tale.cells if c.front == front), None) for front in ("pyproxy", "nginx"))
    if not ours or not theirs:
        return "The mark was not measured."
    parts = [ours.median(quantity) / theirs.median(quantity) for quantity in ("p50", "p99")]
    reached = "reached" if all(part <= MOST_BESIDE_NGINX for part in parts) else "**not reached**"
    return (
        f"The normal client waits {parts[0]:.2f} × as long behind pyproxy as behind nginx at p50, {parts[1]:.2f} × at "
        f"p99; the mark, {MOST_BESIDE_NGINX} ×, is {reached}."
    )
