"""Runs a load generator of ours as a process of its own, so that it shares no interpreter with the harness."""

from __future__ import annotations

import subprocess
import sys

from benchmarks.lab import REPOSITORY

from .result import Load

SLACK = 120.0
"""Seconds that one may take beyond what it was told: a slow machine, a hundred megabytes."""


def run(module: str, *arguments: object, seconds: float) -> Load:
    """Run benchmarks.load.MODULE. Raises RuntimeError with the end of what it said."""
    command = [sys.executable, "-m", f"benchmarks.load.{module}", *map(str, arguments), str(seconds)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + SLACK, cwd=REPOSITORY)
    except subprocess.TimeoutExpired:
        raise RuntimeError(f"{module}: no end within {seconds + SLACK:.0f} s") from None
    if done.returncode:
        raise RuntimeError(f"{module}: {done.stderr.strip().splitlines()[-1:]}")
    return Load.from_json(done.stdout)
