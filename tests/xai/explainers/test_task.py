from __future__ import annotations

import threading
from types import SimpleNamespace

import numpy as np

from xai.budget import Budget
from xai.explainers.task import Task

LONG = 60.0


def task_of(budget: Budget) -> Task:
    classifier = SimpleNamespace(prepare=lambda film: film, answer=lambda canvas: np.array([1.5], np.float32))
    return Task(classifier, np.zeros((4, 4), np.float32), [0], budget, planned=1, seed=0)


def test_a_task_that_waits_for_its_turn_holds_up_no_other():
    asked, turn, came = threading.Event(), threading.Event(), []

    def wait_for_turn() -> bool:
        asked.set()
        return not turn.wait(LONG)

    waiting = task_of(Budget(cancelled=wait_for_turn))
    first = threading.Thread(target=lambda: came.append(float(waiting.logits[0])), daemon=True)
    first.start()
    assert asked.wait(LONG)
    other = threading.Thread(target=lambda: came.append(float(task_of(Budget()).logits[0]) + 1), daemon=True)
    other.start()
    other.join(10)
    assert came == [2.5]
    turn.set()
    first.join(LONG)
    assert came == [2.5, 1.5]


def test_waiting_for_its_turn_is_none_of_the_seconds_that_a_map_took():
    turn = threading.Event()
    task = task_of(Budget(cancelled=lambda: turn.wait(0.3)))
    task.check()
    assert task.seconds < 0.25
