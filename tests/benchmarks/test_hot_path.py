"""The profile still drives the engine that there is."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import hot_path


@pytest.mark.parametrize("varying", [False, True])
def test_the_engine_answers_without_sockets(varying: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hot_path, "REQUESTS", 50)
    monkeypatch.setattr(hot_path, "ROUNDS", 2)
    microseconds, stats = hot_path.profile(varying, tmp_path)
    assert microseconds > 0
    assert any(name == "data_received" for _, _, name in stats.stats)  # type: ignore[attr-defined]
    assert (tmp_path / "access.log").read_text().count("GET /p/") == 3 * 50 + 1
