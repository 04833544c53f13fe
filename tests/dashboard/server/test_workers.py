from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from dashboard.server.library import Library
from dashboard.server.services import Request, Services
from dashboard.server.workers import DIED, NoWorkers, Workers
from xai.budget import Budget, Cancelled
from xai.explainers.explanation import Explanation
from xai.many.cluster import ClusterError

distributed = pytest.importorskip("distributed", reason="Dask is not installed: requirements-cluster.txt")

SETTINGS = {"threads_per_worker": 1, "dashboard_address": None, "silence_logs": 50}
STATE = [Explanation("rise", "Mass", np.eye(2, dtype=np.float32), 0.5, 0.0, 0, 8, 1.0, {})]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with distributed.LocalCluster(n_workers=2, **SETTINGS) as cluster:
        yield cluster.scheduler_address


@pytest.fixture
def workers(address) -> Iterator[Workers]:
    one = Workers(address)
    yield one
    one.close()


def tell_all(budget: Budget, states: int) -> int:
    for _ in range(states):
        budget.refined(STATE)
    budget.progress(0.75)
    time.sleep(0.5)  # for one look
    return os.getpid()


def refuse(budget: Budget) -> None:
    raise ValueError("no film is as large as this")


def go_on_for_ever(budget: Budget, started: Path, left: Path) -> None:
    started.touch()
    while not budget.cancelled():
        time.sleep(0.01)
    left.touch()
    raise Cancelled


def die(budget: Budget, alive: Path, times: int) -> str:
    """End as a process does that the system kills for its memory."""
    alive.touch()
    with (alive.parent / "deaths").open("a") as deaths:
        deaths.write("x")
        deaths.flush()
    if (alive.parent / "deaths").stat().st_size <= times:
        os.kill(os.getpid(), signal.SIGKILL)
    return "done"


def test_what_a_worker_tells_arrives_here_while_it_works(workers):
    heard, seen = [], []
    pid = workers.run(tell_all, 2, budget=Budget(progress=heard.append, refined=seen.extend))
    assert pid != os.getpid() and heard == [0.75]
    assert [one.method for one in seen] == ["rise", "rise"]
    np.testing.assert_array_equal(seen[0].map, STATE[0].map)


def test_an_error_of_the_work_is_raised_as_it_is(workers):
    with pytest.raises(ValueError, match="no film is as large as this"):
        workers.run(refuse, budget=Budget())


def test_a_worker_leaves_what_nobody_waits_for(workers, tmp_path):
    started, left = tmp_path / "started", tmp_path / "left"
    with pytest.raises(Cancelled):
        workers.run(go_on_for_ever, started, left, budget=Budget(), is_abandoned=started.exists)
    end = time.monotonic() + 10
    while not left.exists():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_what_a_killed_worker_did_another_one_does_again(workers, tmp_path):
    assert workers.run(die, tmp_path / "alive", 1, budget=Budget()) == "done"
    assert (tmp_path / "deaths").read_text() == "xx"


@pytest.mark.slow  # two workers load TensorFlow
def test_a_map_whose_worker_is_killed_is_made_by_another_one_as_it_would_have_been_here(workers, address, tmp_path):
    services = Services(Library(tmp_path), workers)
    request = Request(
        services.film("simulated", "s00002"), "lightbox", "lime", (("samples", 3000),), seed=5, of_dataset=True
    )
    with distributed.Client(address) as client:
        before = client.run(os.getpid)
        job, killed = services.explain("visitor", request), None
        while not job.ended:
            services.jobs.hear("visitor")  # as the page of somebody who waits does
            if killed is None and job.progress > 0.1:
                (killed,) = [worker for worker, tasks in client.processing().items() if tasks]
                os.kill(before[killed], signal.SIGKILL)
            time.sleep(0.02)
        assert job.state == "done" and killed is not None
        assert before[killed] not in client.run(os.getpid).values()
    alone = Services(Library(tmp_path / "alone"))
    here = alone.explain("visitor", request)
    while not here.ended:
        alone.jobs.hear("visitor")
        time.sleep(0.02)
    made, as_here = services.found(request), alone.found(request)
    assert [one.finding for one in made] == [one.finding for one in as_here]
    np.testing.assert_allclose([one.map for one in made], [one.map for one in as_here], atol=1e-5)


@pytest.mark.slow
def test_work_that_every_worker_dies_of_is_told_in_a_sentence_and_the_next_is_done(workers, tmp_path):
    with pytest.raises(ClusterError, match="may have too little memory") as raised:
        workers.run(die, tmp_path / "alive", 100, budget=Budget())
    assert str(raised.value) == DIED and len((tmp_path / "deaths").read_text()) == 4
    assert workers.run(tell_all, 0, budget=Budget()) != os.getpid()


def test_a_cluster_that_is_not_there_or_has_no_workers_or_goes_away_is_done_without(tmp_path, monkeypatch):
    monkeypatch.setattr("xai.many.cluster.PATIENCE", "1s")
    nowhere = Workers("tcp://127.0.0.1:9")
    for _ in range(2):  # the second time without asking again
        with pytest.raises(NoWorkers):
            nowhere.run(tell_all, 0, budget=Budget())
    with distributed.LocalCluster(n_workers=0, processes=False, **SETTINGS) as cluster:
        lonely = Workers(cluster.scheduler_address, lonely=0.3)
        with pytest.raises(NoWorkers):
            lonely.run(tell_all, 0, budget=Budget())
    with pytest.raises(NoWorkers):
        lonely.run(tell_all, 0, budget=Budget())
    lonely.close()
