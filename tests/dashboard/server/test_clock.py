"""What waits, is shared or is left behind goes by a clock that does not jump, or stands a clock that does."""

from __future__ import annotations

import ast
import threading
import time
from pathlib import Path

import pytest

from dashboard.server.disk_cache import DiskCache
from dashboard.server.jobs import Jobs
from xai.files import sweep, write_file

DASHBOARD = Path(__file__).parents[3] / "dashboard"
DATED = {  # people read the date; nothing is decided by it
    "dashboard/lessons/handout.py",
    "dashboard/models/trash.py",
    "dashboard/roc/report.py",
    "dashboard/rooms/rooms.py",  # which asks once, when the server starts
}
DAY = 86_400.0


@pytest.fixture(params=[-DAY, DAY])
def jump(request, monkeypatch):
    """Give what makes the clock on the wall jump, a day back or ahead."""
    real = time.time
    return lambda: monkeypatch.setattr(time, "time", lambda: real() + request.param)


def test_no_part_of_the_app_decides_anything_by_the_clock_on_the_wall():
    found = set()
    for path in DASHBOARD.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and ast.unparse(node) in (
                "time.time",
                "datetime.now",
                "datetime.datetime.now",
                "datetime.utcnow",
                "date.today",
            ):
                found.add(path.relative_to(DASHBOARD.parent).as_posix())
            if isinstance(node, ast.ImportFrom) and node.module == "time":
                assert "time" not in [one.name for one in node.names], path
    assert found == DATED


def test_jobs_go_on_and_are_given_up_in_their_time_while_the_clock_jumps(jump):
    jobs, goes_on, left = Jobs(patience=0.5), threading.Event(), threading.Event()

    def work(budget):
        goes_on.wait(10)
        return "made"

    def for_ever(budget):
        while not budget.cancelled():
            time.sleep(0.01)
        left.set()

    job = jobs.ask("Ada", "map", work, slow=True)
    jump()
    jobs.hear("Ada")
    goes_on.set()
    end = time.monotonic() + 10
    while not job.ended:
        jobs.hear("Ada")
        assert time.monotonic() < end
        time.sleep(0.01)
    assert job.result == "made"
    start = time.monotonic()
    jobs.ask("Ben", "long", for_ever, slow=True)  # and is not heard of again
    assert left.wait(10) and 0.4 < time.monotonic() - start < 5


def test_a_file_that_is_written_while_the_clock_jumps_is_whole_or_as_it_was(jump, tmp_path):
    write_file(tmp_path / "card.json", "before")

    def write(path: Path) -> None:
        path.write_text("after")
        jump()
        sweep(tmp_path)  # by another server, which takes the unfinished file for an old one where it is a day later

    try:
        write_file(tmp_path / "card.json", write)
        expected = "after"
    except OSError:
        expected = "before"
    assert (tmp_path / "card.json").read_text() == expected
    write_file(tmp_path / "card.json", "again")
    assert [one.name for one in tmp_path.iterdir()] == ["card.json"]


def test_what_was_kept_before_the_clock_jumped_is_there_after(jump, tmp_path):
    kept = DiskCache(tmp_path, 2**20, ".npz")
    kept.put("aa", b"before")
    jump()
    kept.put("bb", b"after")
    assert (kept.get("aa"), kept.get("bb")) == (b"before", b"after")
