from __future__ import annotations

import names
import pytest
from hypothesis import given
from hypothesis import strategies as st


@given(st.text(max_size=20))
def test_key_is_stable(text: str) -> None:
    assert names.key(names.key(text)) == names.key(text)


@given(st.text(alphabet="/\\ \t\r\n:.@aevil", max_size=12))
def test_local_path_stays_here(target: str) -> None:
    # What a browser does with a Location: tabs and newlines go, spaces at the ends too, "\" is "/".
    path = names.local_path(target, "/default").strip().translate({9: None, 10: None, 13: None}).replace("\\", "/")
    assert path.startswith("/")
    assert not path.startswith("//")


def test_split_tags() -> None:
    assert names.split_tags(" #Python, python;docs\uff0c中文\u3001# ,,") == ["python", "docs", "中文"]


@pytest.mark.parametrize("name", ["a", "A.b-c_d", "9", "文档", "\u00e9t\u00e9"])
def test_is_name(name: str) -> None:
    assert names.is_name(name, longest=10)


def test_a_name_that_grows_when_it_is_compared() -> None:
    # One character, eighteen in the compared form, with spaces among them.
    assert not names.is_name("\ufdfa", longest=10)
