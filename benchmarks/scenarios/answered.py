"""Scenarios in which a fast upstream gives every request the same answer."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import ClassVar

from benchmarks.lab import Lab
from benchmarks.upstreams import answers

from .served import Served, fetch, must_be
from .upstreams import answering


class Answered(Served):
    size: ClassVar[int]
    """Bytes of the answer's body."""
    fields: ClassVar[dict[str, str]] = {}
    """Fields of every request."""

    def upstream(self, lab: Lab) -> AbstractContextManager[str]:
        return answering(lab, self.size)

    def check(self, case: str, port: int) -> None:
        must_be(fetch(port, "/p/1", self.fields), answers.body(self.size), "/p/1")

    def least(self, case: str) -> int:
        return self.size
