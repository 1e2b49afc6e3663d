from __future__ import annotations

from collections import OrderedDict

from hypothesis import given
from hypothesis import strategies as st

from pyproxy.http1.memory import Memory


def test_what_was_put_is_found() -> None:
    memory: Memory[int] = Memory()
    assert memory.get(b"a") is None
    memory.put(b"a", 1)
    assert memory.get(b"a") == 1
    assert memory.get(b"b") is None


def test_what_is_in_use_stays_and_the_rest_is_forgotten() -> None:
    memory: Memory[int] = Memory(entries=4)
    memory.put(b"used", 0)
    for i in range(100):
        memory.put(b"%d" % i, i)
        assert memory.get(b"used") == 0
    assert memory.get(b"0") is None
    assert memory.get(b"99") == 99


def test_long_keys_are_not_kept() -> None:
    memory: Memory[int] = Memory(longest=3)
    memory.put(b"1234", 1)
    memory.put(b"123", 2)
    assert memory.get(b"1234") is None
    assert memory.get(b"123") == 2


def test_bytes_are_bounded_as_well_as_entries() -> None:
    memory: Memory[int] = Memory(entries=1000, size=100, longest=50)
    for i in range(1000):
        memory.put(b"%050d" % i, i)
        assert len(memory) <= 4


def test_a_key_put_again_holds_its_new_value() -> None:
    memory: Memory[int] = Memory(entries=2)
    for value in range(10):
        memory.put(b"a", value)
        assert memory.get(b"a") == value
    assert len(memory) == 1


@given(st.lists(st.tuples(st.booleans(), st.binary(max_size=12)), max_size=200))
def test_bounds_hold_and_an_answer_is_always_the_last_value_put(steps: list[tuple[bool, bytes]]) -> None:
    memory: Memory[int] = Memory(entries=5, size=30, longest=10)
    truth: OrderedDict[bytes, int] = OrderedDict()
    for number, (is_put, key) in enumerate(steps):
        if is_put:
            memory.put(key, number)
            truth[key] = number
        elif (value := memory.get(key)) is not None:
            assert value == truth[key]
        held = memory._young.keys() | memory._old.keys()
        assert len(held) <= 10
        assert sum(map(len, held)) <= 60
