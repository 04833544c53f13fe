from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable, Iterator

import pytest

from dashboard.server.jobs import Job, Jobs
from xai.budget import Budget, Cancelled
from xai.models.errors import ModelError

LONG = 60.0  # seconds that a test waits for what should come at once


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + LONG
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.002)


class Work:
    """Work that a test holds back, lets go, and counts."""

    def __init__(self, result: object = "result") -> None:
        self.runs = 0
        self.started = threading.Event()
        self.released = threading.Event()
        self.result = result

    def __call__(self, budget: Budget) -> object:
        self.runs += 1
        self.started.set()
        end = time.monotonic() + LONG
        while not self.released.wait(0.002):
            if budget.cancelled() or time.monotonic() > end:
                raise Cancelled
        return self.result


@pytest.fixture
def jobs() -> Jobs:
    return Jobs()


@pytest.fixture
def work() -> Iterator[Callable[..., Work]]:
    made: list[Work] = []

    def make(result: object = "result") -> Work:
        made.append(Work(result))
        return made[-1]

    yield make
    for one in made:
        one.released.set()


def test_two_visitors_share_one_run(jobs, work):
    shared = work()
    first = jobs.ask("Ada", "map", shared, slow=True)
    second = jobs.ask("Ben", "map", shared, slow=True)
    assert first is second
    shared.released.set()
    until(lambda: first.ended)
    assert (first.state, first.result, first.progress, shared.runs) == ("done", "result", 1.0, 1)


def test_thirty_visitors_at_once_are_one_run(jobs, work):
    shared, line, got = work(), threading.Barrier(30), []

    def visit(name: str) -> None:
        line.wait(LONG)
        got.append(jobs.ask(name, "map", shared, slow=True))

    visitors = [threading.Thread(target=visit, args=(f"visitor {i}",)) for i in range(30)]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join(LONG)
    shared.released.set()
    until(lambda: got[0].ended)
    assert len(set(got)) == 1
    assert len(got[0].waiting) == 30
    assert shared.runs == 1


def test_a_run_ends_only_when_nobody_waits(jobs, work):
    shared = work()
    job = jobs.ask("Ada", "map", shared, slow=True)
    jobs.ask("Ben", "map", shared, slow=True)
    until(shared.started.is_set)
    jobs.keep_only("Ada", [])
    time.sleep(0.05)
    assert (job.state, jobs.find("map")) == ("running", job)
    jobs.keep_only("Ben", [])
    until(lambda: jobs.find("map") is None)
    assert not job.ended


def test_a_visitor_keeps_what_is_named_and_nothing_else(jobs, work):
    blocker, kept, left = work(), work(), work()
    jobs.ask("Ada", "blocker", blocker, slow=True)
    until(blocker.started.is_set)
    jobs.ask("Ada", "kept", kept, slow=True)
    jobs.ask("Ada", "left", left, slow=True)
    jobs.keep_only("Ada", ["blocker", "kept"])
    assert jobs.find("left") is None
    blocker.released.set()
    until(kept.started.is_set)
    assert left.runs == 0


def test_a_visitor_who_fell_silent_no_longer_counts(work):
    jobs, shared = Jobs(patience=0.05), work()
    jobs.ask("Ada", "map", shared, slow=True)
    until(shared.started.is_set)
    until(lambda: jobs.find("map") is None)


def test_a_visitor_who_is_heard_of_keeps_the_job(work):
    jobs, shared = Jobs(patience=1.0), work()
    job = jobs.ask("Ada", "map", shared, slow=True)
    until(shared.started.is_set)
    for _ in range(12):
        time.sleep(0.1)
        jobs.keep_only("Ada", ["map"])
    assert jobs.find("map") is job
    shared.released.set()
    until(lambda: job.ended)
    assert job.state == "done"


def test_a_job_that_was_stopped_can_be_asked_for_again(jobs, work):
    stopped, again = work("old"), work("new")
    jobs.ask("Ada", "map", stopped, slow=True)
    until(stopped.started.is_set)
    jobs.keep_only("Ada", [])
    until(lambda: jobs.find("map") is None)
    again.released.set()
    job = jobs.ask("Ada", "map", again, slow=True)
    until(lambda: job.ended)
    assert job.result == "new"


def test_quick_work_overtakes_slow_work(jobs, work):
    slow, quick = work(), work()
    for number in range(5):
        jobs.ask("Ada", f"LIME {number}", slow, slow=True)
    until(slow.started.is_set)
    quick.released.set()
    job = jobs.ask("Ben", "Grad-CAM", quick, slow=False)
    until(lambda: job.ended)
    assert not slow.released.is_set()


def test_a_visitor_with_many_jobs_does_not_hold_up_one_with_few(jobs):
    order: list[str] = []
    gate = threading.Event()
    jobs.ask("Ada", "gate", lambda budget: gate.wait(LONG), slow=True)
    until(lambda: jobs.find("gate").state == "running")

    def note(key: str) -> Callable[[Budget], None]:
        return lambda budget: order.append(key)

    asked = [("Ada", f"a{number}") for number in range(4)] + [("Ben", "b0"), ("Ben", "b1"), ("Eve", "e0")]
    for visitor, key in asked:
        jobs.ask(visitor, key, note(key), slow=True)
    gate.set()
    until(lambda: len(order) == len(asked))
    assert order[:2] == ["b0", "e0"]  # what comes then is a matter of microseconds: see test_fairness.py


def test_visitors_come_and_go_while_a_job_asks_whether_it_is_waited_for(jobs):
    def work(budget: Budget) -> str:
        end = time.monotonic() + 0.4
        while time.monotonic() < end:
            if budget.cancelled():
                raise Cancelled
        return "done"

    job = jobs.ask("Ada", "map", work, slow=True)
    number = 0
    while not job.ended:
        jobs.ask(f"visitor {number}", "map", work, slow=True)
        number += 1
        if number % 50 == 0:
            for gone in range(number - 50, number):
                jobs.keep_only(f"visitor {gone}", [])
    assert (job.state, job.error, job.result) == ("done", None, "done")


def test_progress_is_that_of_the_work(jobs):
    told, gate = threading.Event(), threading.Event()

    def work(budget: Budget) -> None:
        budget.progress(0.25)
        told.set()
        gate.wait(LONG)

    job = jobs.ask("Ada", "map", work, slow=False)
    until(told.is_set)
    assert (job.state, job.progress) == ("running", 0.25)
    gate.set()
    until(lambda: job.ended)
    assert job.progress == 1.0


def explode(error: Exception) -> Callable[[Budget], None]:
    def work(budget: Budget) -> None:
        raise error

    return work


@pytest.mark.parametrize("slow", [False, True])
@pytest.mark.parametrize("error", [RuntimeError("secret"), MemoryError("secret"), KeyError("secret")])
def test_an_explosion_does_not_end_the_worker(jobs, error, slow):
    broken = jobs.ask("Ada", "broken", explode(error), slow=slow)
    until(lambda: broken.ended)
    assert broken.error == "This failed unexpectedly; the server's log has the details."
    sound = jobs.ask("Ada", "sound", lambda budget: "fine", slow=slow)
    until(lambda: sound.ended)
    assert sound.result == "fine"


def test_a_failed_job_keeps_its_sentence_until_it_is_dropped(jobs):
    work = explode(ModelError("The model has no spatial layer: choose another method."))
    job = jobs.ask("Ada", "map", work, slow=False)
    until(lambda: job.ended)
    assert (job.state, job.error) == ("failed", "The model has no spatial layer: choose another method.")
    assert jobs.ask("Ben", "map", work, slow=False) is job
    jobs.drop("map")
    assert jobs.ask("Ben", "map", lambda budget: None, slow=False) is not job


def test_a_running_job_cannot_be_dropped(jobs, work):
    held = work()
    job = jobs.ask("Ada", "map", held, slow=True)
    until(held.started.is_set)
    jobs.drop("map")
    assert jobs.find("map") is job


def test_jobs_that_nobody_waits_for_are_forgotten(jobs):
    job: Job = jobs.ask("Ada", "map", lambda budget: None, slow=False)
    until(lambda: job.ended)
    assert jobs.find("map") is job
    jobs.keep_only("Ben", [])
    assert jobs.find("map") is job
    jobs.keep_only("Ada", [])
    assert jobs.find("map") is None


def test_who_watches_is_told_of_every_change_and_of_a_turn_that_comes_nearer(jobs):
    go = [threading.Event(), threading.Event()]
    told: list[tuple[int, str, int]] = []
    watched = []
    for number, event in enumerate(go):
        job = jobs.ask("ada", f"job {number}", lambda budget, event=event: event.wait(10), slow=False)
        watched.append(job)
        job.watch(lambda job=job, number=number: told.append((number, job.state, jobs.ahead(job))))
    go[0].set()
    until(lambda: (0, "done", 0) in told)
    until(lambda: (1, "running", 0) in told)
    assert watched[0].is_known
    go[1].set()
    until(lambda: (1, "done", 0) in told)
    jobs.keep_only("ada", [])
    assert not watched[1].is_known


def test_closing_the_queue_stops_what_is_under_way(jobs):
    stopped = threading.Event()

    def work(budget):
        while not budget.cancelled():
            time.sleep(0.005)
        stopped.set()

    job = jobs.ask("ada", "job", work, slow=False)
    until(lambda: job.state == "running")
    jobs.close()
    assert stopped.wait(10)


def test_leaving_one_job_leaves_the_others_and_other_visitors_alone(jobs, work):
    first, second = work(), work()
    one = jobs.ask("Ada", "one", first, slow=False)
    other = jobs.ask("Ada", "other", second, slow=True)
    jobs.ask("Ben", "one", first, slow=False)
    until(lambda: first.started.is_set() and second.started.is_set())
    jobs.leave("Ada", "one")
    jobs.leave("Ada", "nothing of this name")
    assert (one.is_known, list(one.waiting), list(other.waiting)) == (True, ["Ben"], ["Ada"])
    jobs.leave("Ben", "one")
    until(lambda: not one.is_known)
    assert other.is_known


def test_a_page_that_cannot_be_told_ends_no_worker(jobs, work):
    def fail() -> None:
        raise KeyError("a model that was deleted")

    first, second = work(), work()
    job = jobs.ask("Ada", "first", first, slow=False)
    job.watch(fail)
    first.released.set()
    until(lambda: job.ended)
    second.released.set()
    other = jobs.ask("Ben", "second", second, slow=False)
    until(lambda: other.ended)
    assert (job.state, other.state) == ("done", "done")


def test_a_job_that_has_ended_holds_nothing_of_its_work(jobs):
    film = Work()
    film.released.set()
    gone = weakref.ref(film)
    job = jobs.ask("Ada", "map", film, slow=False)
    del film
    until(lambda: job.ended)
    until(lambda: gone() is None)


def test_what_is_done_is_not_done_again_unless_it_is_asked_for_plainly(jobs, work):
    done = work()
    done.released.set()
    first = jobs.ask_once("Ada", "map", done, slow=True)
    until(lambda: first.ended)
    assert jobs.ask_once("Ben", "map", done, slow=True) is first
    jobs.leave("Ada", "map")
    assert jobs.ask_once("Ben", "map", done, slow=True) is first
    assert done.runs == 1
    again = jobs.ask("Ada", "map", done, slow=True)
    until(lambda: again.ended)
    assert done.runs == 2
