from __future__ import annotations

import math

from dashboard.rooms import limits
from dashboard.rooms.limits import Buckets


def test_a_bucket_gives_its_burst_at_once_and_its_rate_in_the_long_run():
    now = [0.0]
    buckets = Buckets(3, 0.5, lambda: now[0])
    assert [buckets.take("ada") for _ in range(5)] == [True, True, True, False, False]
    assert buckets.wait("ada") == 2.0
    now[0] = 1.9
    assert not buckets.take("ada")
    now[0] = 2.0
    assert [buckets.take("ada") for _ in range(2)] == [True, False]
    now[0] = 1000.0
    assert sum(buckets.take("ada") for _ in range(10)) == 3


def test_a_thousand_uses_a_second_for_ten_seconds_come_to_burst_and_rate():
    now = [0.0]
    buckets = Buckets(10, 2, lambda: now[0])
    taken = 0
    for k in range(10_000):
        now[0] = k / 1000
        taken += buckets.take("ada")
    assert taken == 10 + 19  # two a second, the last one due at second 10


def test_one_name_takes_nothing_from_another_and_looking_takes_nothing():
    buckets = Buckets(1, 0, lambda: 0.0)
    assert buckets.take("ada")
    assert buckets.wait("ada") == math.inf
    assert [buckets.wait("bob") for _ in range(3)] == [0.0] * 3
    assert buckets.take("bob")


def test_the_names_that_are_kept_are_bounded(monkeypatch):
    monkeypatch.setattr(limits, "MOST_KNOWN", 2)
    buckets = Buckets(1, 0, lambda: 0.0)
    assert [buckets.take(name) for name in ("a", "b", "c")] == [True] * 3
    assert buckets.take("a")  # forgotten, and new again
    assert not buckets.take("c")
