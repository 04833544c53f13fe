"""The history of how fast the app is: its lines can be read, added to and compared."""

from __future__ import annotations

from tests.benchmarks.history import COLUMNS, HISTORY, TIMES, append, compared, read_history

SLOW = dict.fromkeys(COLUMNS, "") | dict.fromkeys(TIMES, "4.000") | {"commit": "abc"}


def test_every_recorded_line_has_a_commit_and_all_times():
    lines = read_history(HISTORY)
    assert lines
    for line in lines:
        assert tuple(line) == COLUMNS
        assert line["commit"] and line["python"].startswith("3.")
        assert all(float(line[name]) > 0 for name in TIMES)


def test_a_line_that_was_added_is_the_last_one(tmp_path):
    path = tmp_path / "history.csv"
    path.write_bytes(HISTORY.read_bytes())
    before = read_history(path)
    append(path, SLOW)
    assert read_history(path) == [*before, SLOW]


def test_times_are_compared_in_yardsticks_so_that_a_slower_machine_makes_no_difference():
    twice_as_slow = SLOW | dict.fromkeys(TIMES, "8.000") | {"first_map": "16.000"}
    rows = {row.split()[0]: row.split()[1:] for row in compared(twice_as_slow, SLOW).splitlines()}
    assert rows["seconds"] == ["to", "abc"]
    assert rows["yardstick"] == ["8.000", "2.00x"]
    assert rows["first_page"] == ["8.000", "1.00x"]
    assert rows["first_map"] == ["16.000", "2.00x"]
