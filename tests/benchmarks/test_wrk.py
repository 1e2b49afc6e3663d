"""What wrk prints, read."""

from __future__ import annotations

import math

import pytest

from benchmarks.load.wrk import parse

PLAIN = """\
Running 2s test @ http://127.0.0.1:8080/p/x
  1 threads and 32 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.21ms    2.00ms  30.02ms   93.20%
    Req/Sec    41.18k     3.11k   47.00k    70.00%
  Latency Distribution
     50%  680.00us
     75%    1.01ms
     90%    1.70ms
     99%    2.53ms
  82000 requests in 2.00s, 14.50MB read
Requests/sec:  41000.00
Transfer/sec:      7.25MB
"""
TROUBLED = PLAIN.replace(
    "Requests/sec",
    "  Socket errors: connect 1, read 2, write 3, timeout 4\n  Non-2xx or 3xx responses: 90\nRequests/sec",
)


def test_figures_in_base_units() -> None:
    load = parse(PLAIN)
    assert (load.amount, load.seconds, load.errors) == (82000, pytest.approx(2.0), 0)
    assert load.received == 14.5 * (1 << 20)
    assert (load.p50, load.p99) == (pytest.approx(680e-6), pytest.approx(2.53e-3))


def test_every_kind_of_failure_counts() -> None:
    assert parse(TROUBLED).errors == 1 + 2 + 3 + 4 + 90


def test_a_second_is_a_second() -> None:
    assert parse(PLAIN.replace("2.53ms", "1.20s")).p99 == pytest.approx(1.2)


def test_nothing_answered() -> None:
    load = parse("  0 requests in 1.10m, 0.00B read\nRequests/sec:      0.00\n")
    assert (load.amount, load.seconds) == (0, pytest.approx(66))
    assert math.isnan(load.p50)


def test_what_is_no_report_is_shown() -> None:
    with pytest.raises(RuntimeError, match="unable to connect"):
        parse("unable to connect to 127.0.0.1:1 Connection refused\n")
