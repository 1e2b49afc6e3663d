"""The command line: python -m benchmarks [SCENARIO ...]."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from .lab import FULL, QUICK, REPOSITORY
from .scenarios.all import SCENARIOS

RESULTS = REPOSITORY / "benchmarks" / "results"
SHORT_RESULTS = RESULTS / "short"
ACTS = {
    "clients": "the same 20 ms of work behind three servers, 10 to 1000 clients",
    "slow": "200 clients at 1 KB/s, and one normal client",
    "restart": "the application restarts every 2 s",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit status."""
    options = _parser().parse_args(arguments)
    # `kill` ends us as Ctrl-C does: everything that was started is stopped on the way out.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    names = options.names or ["speed"]
    try:
        if names == ["report"]:
            from .publish import publish

            publish(options.results or RESULTS)
        elif names == ["profile"]:
            from .hot_path import show

            show()
        else:
            return _measure(names, options)
    except KeyboardInterrupt:
        print("\nstopped", file=sys.stderr)
        return 130
    except (OSError, RuntimeError) as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 1
    return 0


def _measure(names: Sequence[str], options: argparse.Namespace) -> int:
    from .session import Session

    extent = FULL if options.full else QUICK
    if options.rounds:
        extent = replace(extent, rounds=options.rounds, story_rounds=options.rounds)
    if options.seconds:
        extent = replace(extent, seconds=options.seconds)
    folder = options.results or (RESULTS if options.full else SHORT_RESULTS)
    session = Session(folder, extent, options.nginx, options.before, options.peers)
    scenarios = [*SCENARIOS] if "speed" in names else [name for name in names if name in SCENARIOS]
    acts = [*ACTS] if "story" in names else [name for name in names if name in ACTS]
    return session.run(scenarios, acts)


def _parser() -> argparse.ArgumentParser:
    words = ["speed", *SCENARIOS, "story", *ACTS, "profile", "report"]
    lists = [f"  {name:16} {scenario.title}" for name, scenario in SCENARIOS.items()]
    story = [f"  {name:16} {title}" for name, title in ACTS.items()]
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="pyproxy beside nginx and others, in interleaved rounds; only ratios of one run count.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="\n".join(
            [
                "scenarios (`speed`, which is the default: all of them; the short version takes three minutes):",
                *lists,
                "\nthe story of 502 (`story`, or one of its acts):",
                *story,
                "\nand:",
                "  profile          where the time of the hot path goes",
                "  report           tables and charts again, from the results there are",
            ]
        ),
    )
    parser.add_argument("names", nargs="*", metavar="NAME", choices=[*words, []], help="what to run, see below")
    parser.add_argument("--full", action="store_true", help=f"all servers, longer, into {_short(RESULTS)} and docs/")
    parser.add_argument("--rounds", type=int, help=f"interleaved rounds (default: {QUICK.rounds}; story: 1, full: 3)")
    parser.add_argument(
        "--seconds", type=float, help=f"of one measurement (default: {QUICK.seconds:g}, full: {FULL.seconds:g})"
    )
    parser.add_argument("--peers", type=_names, help="take only these servers, separated by commas")
    parser.add_argument("--nginx", default="", metavar="PATH", help="the nginx to compare with (default: Debian's)")
    parser.add_argument("--before", type=Path, metavar="DIR", help="another checkout of pyproxy, to compare with")
    parser.add_argument(
        "--results", type=Path, metavar="DIR", help=f"where to write (default: {_short(SHORT_RESULTS)})"
    )
    return parser


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",")]


def _short(path: Path) -> str:
    return os.path.relpath(path, REPOSITORY)


if __name__ == "__main__":
    sys.exit(main())
