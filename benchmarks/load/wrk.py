"""wrk, as Debian packages it: one thread, latencies recorded."""

from __future__ import annotations

import math
import re
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from .result import Load

INSTALL = "sudo apt install wrk"
SCRIPTS = Path(__file__).parent
SLACK = 30.0
"""Seconds that wrk may take beyond what it was told, for it waits for nobody."""
STARTS = 3
UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
BINARY = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


def run(
    url: str,
    connections: int,
    seconds: float,
    *,
    fields: Mapping[str, str] | None = None,
    script: str = "",
    arguments: Sequence[str] = (),
) -> Load:
    """Ask again and again for so long. Raises RuntimeError if wrk says nothing that can be read."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{math.ceil(seconds) + 1}s", "--latency", "--timeout", "10s"]
    for name, value in (fields or {}).items():
        command += ["-H", f"{name}: {value}"]
    if script:
        command += ["-s", str(SCRIPTS / script)]
    command += [url, "--", *arguments] if arguments else [url]
    for _ in range(STARTS - 1):
        said, ended_early = _run(command, seconds)
        if not ended_early:
            return parse(said)
    return parse(_run(command, seconds)[0])


def _run(command: Sequence[str], seconds: float) -> tuple[str, bool]:
    """What it says; True if it was interrupted before it was ready to be, as happens on a busy machine."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        try:
            said, _ = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            # It knows whole seconds only; at an interrupt it ends and reports what it measured.
            process.send_signal(signal.SIGINT)
            said, _ = process.communicate(timeout=SLACK)
    finally:
        process.kill()
        process.wait()
    return said, process.returncode == -signal.SIGINT


def parse(said: str) -> Load:
    """wrk's report as figures. Raises RuntimeError if it is none."""
    total = re.search(r"(\d+) requests in +([\d.]+)(us|ms|s|m|h)\b", said)
    if not total:
        raise RuntimeError(f"wrk reported nothing: {said.strip()}")
    rate = re.search(r"Requests/sec: +([\d.]+)", said)
    amount = int(total[1])
    # The seconds are printed with two digits, the rate is computed from all of them.
    seconds = amount / float(rate[1]) if rate and float(rate[1]) else float(total[2]) * UNITS[total[3]]
    failed = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", said)
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    errors = sum(map(int, failed.groups())) if failed else 0
    errors += int(refused[1]) if refused else 0
    read = re.search(r", ([\d.]+)([KMGT]?)B read", said)
    received = float(read[1]) * BINARY[read[2]] if read else math.nan
    return Load(amount, seconds, _latency(said, "50%"), _latency(said, "99%"), errors, received)


def _latency(said: str, part: str) -> float:
    found = re.search(rf"^ +{part} +([\d.]+)(us|ms|s|m|h)\b", said, re.MULTILINE)
    return float(found[1]) * UNITS[found[2]] if found else math.nan
