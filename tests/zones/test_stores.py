"""Stores that are near: both keep the same promises."""

from __future__ import annotations

import pytest

from pyproxy.zones.store import LONGEST_KEY, ZoneFull

from .conftest import COUNT, LEAVE, READ, Clock, MakeStore, Refusing, zone


def test_a_record_is_made_changed_and_removed(store: MakeStore) -> None:
    numbers = store(zone())
    assert [numbers.update(COUNT, b"a", 2), numbers.update(COUNT, b"a", 3), numbers.update(COUNT, b"b", 1)] == [2, 5, 1]
    assert numbers.update(LEAVE, b"a") == 5
    assert [numbers.update(READ, b"a"), numbers.update(READ, b"b")] == [0, 1]


@pytest.mark.parametrize("length", [0, 1, LONGEST_KEY, LONGEST_KEY + 1, 100, 65535])
def test_keys_of_any_length(store: MakeStore, length: int) -> None:
    numbers = store(zone())
    assert numbers.update(COUNT, b"a" * length, 1) == 1
    assert numbers.update(COUNT, b"a" * length, 1) == 2
    assert numbers.update(COUNT, b"a" * length + b"b", 1) == 1


def test_numbers_of_any_size(store: MakeStore) -> None:
    numbers = store(zone())
    assert numbers.update(COUNT, b"a", 1 << 62) == 1 << 62
    assert numbers.update(COUNT, b"a", -1 << 63) == -1 << 62


def test_a_full_zone_loses_what_was_not_used_for_longest(store: MakeStore, clock: Clock) -> None:
    numbers = store(zone(records=256))
    for number in range(256):
        clock.now += 1
        numbers.update(COUNT, b"%d" % number, 1)
    for number in (0, 1, 3):
        clock.now += 1
        numbers.update(COUNT, b"%d" % number, 1)
    for number in range(3):
        clock.now += 1
        numbers.update(COUNT, b"new%d" % number, 1)
    kept = [number for number in range(256) if numbers.update(READ, b"%d" % number)]
    assert sorted(set(range(256)) - set(kept)) == [2, 4, 5]
    assert [numbers.update(READ, b"new%d" % number) for number in range(3)] == [1, 1, 1]


def test_a_full_zone_may_refuse(store: MakeStore) -> None:
    numbers = store(zone(Refusing, 512))
    for number in range(512):
        numbers.update(COUNT, b"%d" % number, 1)
    with pytest.raises(ZoneFull):
        numbers.update(COUNT, b"new", 1)
    assert numbers.update(READ, b"new") == 0
    assert numbers.update(COUNT, b"5", 1) == 2
    numbers.update(LEAVE, b"5")
    assert numbers.update(COUNT, b"new", 1) == 1


@pytest.mark.parametrize("key", [b"%d", b"%07d", b"%019d", b"%040d"])
def test_a_zone_that_overflows_all_the_time(store: MakeStore, clock: Clock, key: bytes) -> None:
    records = 2048
    numbers = store(zone(records=records))
    for number in range(5 * records):
        clock.now += number % 2
        # spread, so that pages are split in the middle
        numbers.update(COUNT, key % (number * 7919 % (5 * records)), 1)
        numbers.update(COUNT, b"always", 1)
    assert numbers.update(READ, b"always") == 5 * records


def test_what_raises_changes_nothing(store: MakeStore) -> None:
    numbers = store(zone())
    numbers.update(COUNT, b"a", 1)
    with pytest.raises(TypeError):
        numbers.update(COUNT, b"a")
    assert numbers.update(READ, b"a") == 1
