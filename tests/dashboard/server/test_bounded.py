from __future__ import annotations

import threading

import numpy as np

from dashboard.server.bounded import Bounded


def test_what_was_used_longest_ago_goes_first():
    kept: Bounded[str] = Bounded(10, len)
    kept.put("a", "aaaa")
    kept.put("b", "bbbb")
    assert kept.get("a") == "aaaa"
    kept.put("c", "cccc")
    assert [kept.get(name) for name in "abc"] == ["aaaa", None, "cccc"]


def test_exactly_full_is_not_too_full():
    kept: Bounded[str] = Bounded(8, len)
    kept.put("a", "aaaa")
    kept.put("b", "bbbb")
    assert (kept.get("a"), kept.get("b")) == ("aaaa", "bbbb")


def test_a_name_that_is_kept_again_counts_once():
    kept: Bounded[str] = Bounded(8, len)
    for _ in range(5):
        kept.put("a", "aaaa")
    kept.put("b", "bbbb")
    assert (kept.get("a"), kept.get("b")) == ("aaaa", "bbbb")


def test_one_value_that_is_too_large_is_kept_alone():
    kept: Bounded[str] = Bounded(4, len)
    kept.put("small", "s")
    kept.put("large", "l" * 100)
    assert (kept.get("small"), kept.get("large")) == (None, "l" * 100)
    kept.put("next", "n")
    assert (kept.get("large"), kept.get("next")) == (None, "n")


def test_what_is_held_never_outgrows_the_limit():
    rng = np.random.default_rng(0)
    kept: Bounded[str] = Bounded(100, len)
    names = [str(number) for number in range(30)]
    for _ in range(2000):
        kept.put(str(rng.choice(names)), "x" * int(rng.integers(0, 40)))
        held = sum(len(value) for name in names if (value := kept.get(name)) is not None)
        assert held <= 100


def test_threads_do_not_disturb_the_count():
    kept: Bounded[str] = Bounded(1000, len)

    def fill(thread: int) -> None:
        for number in range(500):
            kept.put(f"{thread} {number % 7}", "x" * (number % 11))

    threads = [threading.Thread(target=fill, args=(thread,)) for thread in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept.put("last", "x" * 1000)
    assert kept.get("last") == "x" * 1000
    assert all(kept.get(f"{thread} {number}") in (None, "") for thread in range(8) for number in range(7))
