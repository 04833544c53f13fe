from __future__ import annotations

import asyncio
import threading
import time
from dataclasses import replace

import pytest

from dashboard.server.awaited import Want
from dashboard.server.jobs import Jobs
from dashboard.server.page import Page
from dashboard.server.pages import Pages
from tests.dashboard.server.coroutines import run_to_end
from xai.budget import Cancelled
from xai.models.errors import ModelError

SOON = 10.0


@pytest.fixture
def jobs() -> Jobs:
    return Jobs()


class Work:
    """Work that waits until it is let go, and keeps what it made."""

    def __init__(self, jobs: Jobs, page: Page, name: str = "map", slow: bool = False) -> None:
        self.jobs, self.page, self.name, self.slow = jobs, page, name, slow
        self.go, self.made, self.runs, self.stopped = threading.Event(), False, 0, threading.Event()
        self.error: Exception | None = None

    def run(self, budget):
        self.runs += 1
        while not self.go.wait(0.005):
            if budget.cancelled():
                self.stopped.set()
                raise Cancelled
        if self.error is not None:
            raise self.error
        budget.progress(1.0)
        self.made = True

    @property
    def want(self) -> Want:
        ask = lambda: self.jobs.ask(self.page.id, f"job {self.name}", self.run, slow=self.slow)  # noqa: E731
        find = lambda: f"part {self.name}" if self.made else None  # noqa: E731
        return Want(f"key {self.name}", self.name, self.name.title(), ask, find)


def until(condition) -> None:
    end = time.monotonic() + SOON
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def states(page: Page, group: str = "maps") -> list[str]:
    return [one.state for one in page.items(group)]


def test_what_is_there_is_ready_at_once_and_nothing_is_asked_for(jobs):
    page = Page("ada")
    work = Work(jobs, page)
    work.made = True
    standing = page.expect("maps", [work.want])
    (item,) = standing["groups"]["maps"]["items"]
    assert (item["state"], item["part"], item["title"]) == ("ready", "part map", "Map")
    assert standing["rests"]
    assert work.runs == 0


def test_what_is_not_there_is_asked_for_and_told_when_it_comes(jobs):
    page = Page("ada")
    work = Work(jobs, page)
    before = page.expect("maps", [work.want])
    assert not before["rests"]
    until(lambda: states(page) == ["running"])
    work.go.set()
    until(lambda: states(page) == ["ready"])
    after = page.snapshot()
    assert after["version"] > before["version"]
    assert after["groups"]["maps"]["items"][0]["part"] == "part map"
    assert after["groups"]["maps"]["view"] == before["groups"]["maps"]["view"]
    assert after["rests"]


def test_a_view_is_named_by_what_is_waited_for(jobs):
    page = Page("ada")
    views = [page.expect("maps", [Work(jobs, page, name).want])["groups"]["maps"]["view"] for name in "aba"]
    assert views[0] == views[2] != views[1]


def test_how_many_are_before_it_is_said_and_told_when_that_changes(jobs):
    page = Page("ada")
    first, second, third = (Work(jobs, page, name) for name in "abc")
    page.expect("maps", [first.want, second.want, third.want])
    until(lambda: states(page)[0] == "running")
    assert [one.ahead for one in page.items("maps")] == [0, 1, 2]
    version = page.snapshot()["version"]
    first.go.set()
    until(lambda: states(page)[:2] == ["ready", "running"])
    assert page.items("maps")[2].ahead == 1
    assert page.snapshot()["version"] > version
    second.go.set()
    third.go.set()
    until(lambda: page.snapshot()["rests"])


def test_stopping_keeps_what_is_ready_and_going_on_asks_again(jobs):
    page = Page("ada")
    done, slow = Work(jobs, page, "done"), Work(jobs, page, "slow")
    done.made = True
    page.expect("maps", [done.want, slow.want])
    until(lambda: states(page) == ["ready", "running"])
    page.stop("maps")
    assert states(page) == ["ready", "cancelled"]
    assert slow.stopped.wait(SOON)
    assert page.snapshot()["rests"]
    page.expect("maps", [done.want, slow.want])  # the page runs again: it stays stopped
    assert states(page) == ["ready", "cancelled"]
    page.expect("maps", [Work(jobs, page, "other").want])  # of another view it says nothing
    assert states(page) != ["cancelled"]
    page.expect("maps", [done.want, slow.want])
    page.go_on("maps")
    slow.go.set()
    until(lambda: states(page) == ["ready", "ready"])


def test_what_failed_says_why_and_is_made_again_when_asked(jobs):
    page = Page("ada")
    work = Work(jobs, page)
    work.error = ModelError("No such layer.")
    work.go.set()
    page.expect("maps", [work.want])
    until(lambda: states(page) == ["failed"])
    assert page.items("maps")[0].message == "No such layer."
    page.expect("maps", [work.want])
    assert (states(page), work.runs) == (["failed"], 1)
    work.error = None
    page.go_on("maps")
    until(lambda: states(page) == ["ready"])


def test_a_first_look_is_shown_until_the_map_is_there_and_stays_when_it_is_stopped(jobs):
    page = Page("ada")
    work = Work(jobs, page)
    looks: list[str | None] = [None]
    kept: list[str | None] = []
    preview = lambda: kept[0] if kept else looks[0]  # noqa: E731
    page.expect("maps", [replace(work.want, preview=preview, stop=lambda: kept.append(looks[0]))])
    until(lambda: states(page) == ["running"])
    assert page.items("maps")[0].part is None
    looks[0] = "first look"
    assert page.items("maps")[0].part == "first look"
    page.stop("maps")
    looks[0] = "later look"  # of somebody else, who goes on with it
    assert [(one.state, one.part) for one in page.items("maps")] == [("cancelled", "first look")]
    page.go_on("maps")
    work.go.set()
    until(lambda: states(page) == ["ready"])
    assert page.items("maps")[0].part == "part map"


def test_another_view_stops_the_work_for_the_one_before(jobs):
    page = Page("ada")
    work, other = Work(jobs, page, "a"), Work(jobs, page, "b", slow=True)
    page.expect("maps", [work.want])
    until(lambda: states(page) == ["running"])
    page.expect("maps", [other.want])
    assert work.stopped.wait(SOON)


def test_a_group_that_a_run_does_not_declare_is_waited_for_no_longer(jobs):
    page = Page("ada")
    work = Work(jobs, page)
    page.begin()
    page.expect("maps", [work.want])
    page.end()
    until(lambda: states(page) == ["running"])
    page.begin()
    page.end()
    assert page.snapshot()["groups"] == {}
    assert work.stopped.wait(SOON)


def test_work_that_goes_on_is_left_alone_when_the_page_turns_away(jobs):
    page = Page("ada")
    work = Work(jobs, page)
    want = Want("key", "fetch", "Fetching", work.want.ask, goes_on=True)
    page.begin()
    page.expect("lines", [want])
    page.end()
    until(lambda: states(page, "lines") == ["running"])
    page.begin()
    page.end()
    assert not work.stopped.wait(0.1)
    work.go.set()
    until(lambda: work.made)
    page.expect("lines", [want])
    until(lambda: states(page, "lines") == ["ready"])


def test_two_pages_of_one_visitor_share_the_work_and_one_may_leave(jobs):
    pages = [Page("ada"), Page("ada")]
    one = Work(jobs, pages[0])
    other = one.want
    pages[0].expect("maps", [one.want])
    one.page = pages[1]
    pages[1].expect("maps", [other])
    until(lambda: states(pages[0]) == ["running"])
    pages[0].close()
    assert not one.stopped.wait(0.1)
    one.go.set()
    until(lambda: one.made)
    assert one.runs == 1


def test_what_the_queue_forgot_is_asked_for_again_when_somebody_looks():
    jobs = Jobs(patience=0.05)
    page = Page("ada")
    work = Work(jobs, page)
    page.expect("maps", [work.want])
    assert work.stopped.wait(SOON)  # the laptop slept
    work.go.set()
    page.hear()
    until(lambda: states(page) == ["ready"])


def test_who_looks_keeps_the_work_alive():
    jobs = Jobs(patience=0.3)
    page = Page("ada")
    work = Work(jobs, page)
    page.expect("maps", [work.want])
    for _ in range(20):
        page.hear()
        time.sleep(0.03)
    assert not work.stopped.is_set()


def test_a_result_that_was_put_away_is_made_again(jobs):
    page = Page("ada")
    work = Work(jobs, page)
    work.go.set()
    page.expect("maps", [work.want])
    until(lambda: states(page) == ["ready"])
    work.made = False
    page.go_on("maps")
    until(lambda: states(page) == ["ready"])
    assert work.runs == 2


def test_work_that_ends_before_it_is_watched_is_ready_all_the_same(jobs):
    page = Page("ada")
    work = Work(jobs, page)
    work.go.set()

    def ask():
        job = jobs.ask(page.id, "job", work.run, slow=False)
        until(lambda: job.ended)
        return job

    page.expect("maps", [Want("key", "map", "Map", ask, lambda: "part" if work.made else None)])
    assert states(page) == ["ready"]


def test_what_is_made_and_cannot_be_kept_is_not_made_for_ever(jobs):
    page = Page("ada")
    page.is_connected = lambda: True
    work = Work(jobs, page)
    work.go.set()
    want = Want("key", "map", "Map", work.want.ask, lambda: None)
    page.expect("maps", [want])
    until(lambda: states(page) == ["failed"])
    assert work.runs == 3
    assert "no room to keep it" in page.items("maps")[0].message


def test_choices_in_the_browser_are_taken_once_and_checked():
    page = Page("ada")
    with pytest.raises(ValueError, match="nothing can be chosen"):
        page.choose({"finding": "Mass"}, 1)

    def link(changes):
        if changes.get("finding") == "Plague":
            raise ValueError("no such finding")
        return "&".join(f"{name}={value}" for name, value in changes.items()), changes

    page.link = link
    assert page.choose({"finding": "Mass"}, 1) == {"query": "finding=Mass"}
    assert page.choose({"display": 3}, 1) == {"query": "finding=Mass&display=3"}
    with pytest.raises(ValueError, match="no such finding"):
        page.choose({"finding": "Plague"}, 2)
    assert page.take_chosen() == ({"finding": "Mass", "display": 3}, 1)
    assert page.take_chosen() == ({}, 1)


def test_a_page_is_found_by_its_own_visitor_only():
    pages = Pages(lambda visitor: None)
    page = pages.begin("ada")
    assert pages.find(page.id, "ada") is page
    assert pages.find(page.id, "bob") is None
    assert pages.find(page.id, "") is None
    assert pages.find("0" * 32, "ada") is None


def test_a_visitor_is_forgotten_a_while_after_the_last_page():
    forgotten = []
    pages = Pages(forgotten.append, grace=0.05)
    first, second = pages.begin("ada"), pages.begin("ada")
    pages.leave(first)
    until(lambda: pages.find(first.id, "ada") is None)
    assert forgotten == []
    pages.leave(second)
    until(lambda: forgotten == ["ada"])


def test_a_page_that_comes_back_in_time_stays():
    forgotten = []
    pages = Pages(forgotten.append, grace=0.2)
    page = pages.begin("ada")
    pages.leave(page)
    pages.stay(page)
    time.sleep(0.4)
    assert pages.find(page.id, "ada") is page
    assert forgotten == []


def test_a_page_whose_browser_came_back_without_a_word_stays_until_it_goes():
    forgotten = []
    pages = Pages(forgotten.append, grace=0.05)
    page = pages.begin("ada")
    is_there = [True]
    page.is_connected = lambda: is_there[0]
    pages.leave(page)
    time.sleep(0.3)
    assert pages.find(page.id, "ada") is page
    is_there[0] = False
    until(lambda: forgotten == ["ada"])


def test_nothing_is_computed_for_a_page_whose_browser_has_gone_until_it_is_back(jobs):
    pages = Pages(lambda visitor: None, absence=0.05)
    page = pages.begin("ada")
    work = Work(jobs, page)
    page.expect("maps", [work.want])
    until(lambda: states(page) == ["running"])
    pages.leave(page)
    assert work.stopped.wait(SOON)
    time.sleep(0.1)
    assert (work.runs, states(page)) == (1, ["waiting"])
    page.hear()
    until(lambda: (work.runs, states(page)) == (2, ["running"]))
    work.go.set()
    until(lambda: states(page) == ["ready"])


def test_what_another_page_waits_for_too_goes_on_when_one_has_gone(jobs):
    pages = Pages(lambda visitor: None, absence=0.05)
    gone, there = pages.begin("ada"), pages.begin("ada")  # as after a reload
    work = Work(jobs, gone)
    for page in (gone, there):
        work.page = page
        page.expect("maps", [work.want])
    pages.leave(gone)
    assert not work.stopped.wait(0.3)
    work.go.set()
    until(lambda: states(there) == ["ready"])
    assert work.runs == 1


def test_what_is_cancelled_for_silence_is_asked_for_anew_only_where_somebody_is_there():
    jobs = Jobs(patience=0.1)
    gone, there = Page("ada"), Page("ben")
    there.is_connected = lambda: True
    works = [Work(jobs, gone, "one"), Work(jobs, there, "other", slow=True)]
    for work in works:
        work.page.expect("maps", [work.want])
    assert all(work.stopped.wait(SOON) for work in works)
    until(lambda: works[1].runs > 1)
    assert works[0].runs == 1
    works[1].go.set()
    until(lambda: states(there) == ["ready"])


def test_what_can_no_longer_be_looked_up_has_failed_and_says_so_until_it_can_again(jobs):
    page, models = Page("ada"), {"net": "part"}
    work = Work(jobs, page, "other")
    want = Want("key", "map", "Map", work.want.ask, lambda: models["net"], lambda: models["net"])
    del models["net"]
    standing = page.expect("maps", [want, work.want])
    first, other = standing["groups"]["maps"]["items"]
    assert (first["state"], first["message"]) == (
        "failed",
        "The model or the film that it is made of is no longer there.",
    )
    assert other["state"] in ("waiting", "running")
    work.go.set()
    until(lambda: states(page) == ["failed", "ready"])
    page.hear()
    models["net"] = "part"
    page.go_on("maps")
    assert states(page) == ["ready", "ready"]


def test_looking_things_up_keeps_nobody_from_listening(jobs):
    page, is_slow, may_end = Page("ada"), threading.Event(), threading.Event()

    def find() -> str:
        is_slow.set()
        may_end.wait(SOON)
        return "part"

    thread = threading.Thread(target=page.expect, args=("maps", [Want("key", "map", "Map", lambda: None, find)]))
    thread.start()
    assert is_slow.wait(SOON)

    async def listen() -> bool:
        with page.listening() as bell:
            return page.listens(bell)

    began = time.monotonic()
    assert run_to_end(listen())
    assert time.monotonic() - began < SOON / 2
    may_end.set()
    thread.join(SOON)


def test_one_bell_a_page_rings_for_every_change(jobs):
    page = Page("ada")

    async def listen() -> list[bool]:
        with page.listening() as old, page.listening() as new:
            await asyncio.sleep(0)
            gone = old.is_set() and not page.listens(old) and page.listens(new)
            new.clear()
            await asyncio.to_thread(page.expect, "maps", [])
            await asyncio.wait_for(new.wait(), SOON)
            return [gone]

    assert run_to_end(listen()) == [True]


def test_what_would_go_on_ends_when_the_visitor_stops_it_or_wants_something_else(jobs):
    page = Page("ada")
    first, second = Work(jobs, page, "first"), Work(jobs, page, "second", slow=True)
    going = [Want(one.name, one.name, one.name, one.want.ask, goes_on=True) for one in (first, second)]
    page.expect("lines", going)
    until(lambda: states(page, "lines") == ["running"] * 2)
    page.expect("lines", going[1:])
    assert first.stopped.wait(SOON)
    page.stop("lines")
    assert second.stopped.wait(SOON)
    assert states(page, "lines") == ["cancelled"]
    page.resume("second")
    page.expect("lines", going[1:])
    until(lambda: states(page, "lines") == ["running"])
    second.go.set()


def test_leaving_one_thing_leaves_what_else_goes_on_in_the_same_queue(jobs):
    page = Page("ada")
    left, kept = Work(jobs, page, "left"), Work(jobs, page, "kept", slow=True)
    page.expect("kept", [Want("kept", "kept", "Kept", kept.want.ask, goes_on=True)])
    page.expect("left", [left.want])
    until(lambda: (states(page, "left"), states(page, "kept")) == (["running"], ["running"]))
    page.begin()
    page.end()
    assert left.stopped.wait(SOON)
    assert not kept.stopped.wait(0.1)
    kept.go.set()


def test_what_the_work_does_just_now_is_told_while_it_runs(jobs):
    page, step = Page("ada"), ["reading"]
    work = Work(jobs, page)
    page.expect("lines", [Want("key", "work", "Importing", work.want.ask, step=lambda: step[0])])
    until(lambda: states(page, "lines") == ["running"])
    assert page.items("lines")[0].message == "reading"
    step[0] = "writing"
    assert page.items("lines")[0].message == "writing"
    work.go.set()
    until(lambda: states(page, "lines") == ["ready"])
    assert page.items("lines")[0].message == ""


def test_work_of_nobody_in_particular_is_stopped_for_all_and_the_others_see_that_it_is_over(jobs):
    ada, ben = Page("ada"), Page("ben")
    work = Work(jobs, ada)
    job = jobs.ask("library", "job map", work.run, slow=False)
    want = Want("key", "fetch", "Fetching", lambda: jobs.find("job map"), stop=lambda: jobs.leave("library", "job map"))
    for page in (ada, ben):
        page.expect("lines", [want])
    until(lambda: states(ben, "lines") == ["running"])
    ada.stop("lines")
    assert work.stopped.wait(SOON)
    until(lambda: not job.is_known)
    ben.hear()
    assert (states(ada, "lines"), states(ben, "lines")) == (["cancelled"], ["ready"])


def test_a_question_is_waited_for_until_another_of_its_group_is_asked_or_the_page_runs(jobs):
    page = Page("ada")
    first, second = Work(jobs, page, "first"), Work(jobs, page, "second")
    page.questions = {"hand": lambda about: [{"first": first, "second": second}[about].want]}
    standing = page.ask("hand", "first")
    assert [item["name"] for item in standing["groups"]["hand"]["items"]] == ["first"]
    until(lambda: first.runs == 1)
    view = page.ask("hand", "second")["groups"]["hand"]["view"]
    assert view != standing["groups"]["hand"]["view"]
    assert first.stopped.wait(SOON)
    until(lambda: second.runs == 1)
    page.begin()
    page.end()
    assert page.snapshot()["groups"] == {}
    assert second.stopped.wait(SOON)


def test_what_cannot_be_asked_is_refused_and_changes_nothing(jobs):
    page = Page("ada")
    asked = Work(jobs, page)
    asked.made = True
    page.expect("maps", [asked.want])
    page.questions = {"hand": lambda about: [] if about == "known" else [][about]}
    for group, about in (("maps", "known"), ("behind", "known"), ("", None)):
        with pytest.raises(ValueError, match="cannot be asked"):
            page.ask(group, about)
    with pytest.raises(TypeError):
        page.ask("hand", "unknown")
    assert states(page) == ["ready"]
    page.close()
    with pytest.raises(ValueError, match="cannot be asked"):
        page.ask("hand", "known")
