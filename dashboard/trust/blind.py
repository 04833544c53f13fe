"""The blind test: twelve films, six maps by either model, and what the visitor makes of them."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dashboard.page.kinds import Kind

FILMS = 12
CLEAN, LEANING, OPEN = "c", "l", "-"
NOTHING = OPEN * FILMS


@dataclass(frozen=True)
class Trial:
    """One film of the test.

    Attributes
    ----------
    place : int
        Of the film.
    leans : bool
        Whether its map is the leaning model's.
    """

    place: int
    leans: bool


@dataclass(frozen=True)
class Outcome:
    """How a test ended.

    Attributes
    ----------
    right, said : int
        Answers that are right; films that were called the leaning model's.
    chance : float
        How often guessing, with as many films called so, gets as many right or more.
    """

    right: int
    said: int
    chance: float


def draw_trials(seed: int, method: str, places: Sequence[int]) -> list[Trial]:
    """Draw the films of a test, and whose map each shows: another draw for each method.

    Raises
    ------
    ValueError
        If there are fewer films than a test has.
    """
    if len(places) < FILMS:
        raise ValueError(f"expected at least {FILMS} films with maps, got {len(places)}")
    rng = np.random.default_rng([seed, zlib.crc32(method.encode())])
    chosen = rng.choice(np.asarray(places), FILMS, replace=False)
    leans = rng.permutation(np.arange(FILMS) < FILMS // 2)
    return [Trial(int(place), bool(one)) for place, one in zip(chosen, leans, strict=True)]


def judge_answers(trials: Sequence[Trial], answers: str) -> Outcome:
    """Count what is right of answers that are all given."""
    from training.benchmark.telling import chance_of  # scipy.stats, which no link needs

    said = [answer == LEANING for answer in answers]
    right = sum(one == trial.leans for one, trial in zip(said, trials, strict=True))
    return Outcome(right, sum(said), chance_of(right, sum(said), len(trials), sum(one.leans for one in trials)))


def answered(answers: str, number: int, answer: str | None) -> str:
    """Give the answers with another one for a film."""
    return answers[:number] + (answer or OPEN) + answers[number + 1 :]


def _read_answers(text: str) -> str:
    if len(text) != FILMS or set(text) - {CLEAN, LEANING, OPEN}:
        raise ValueError(f"expected {FILMS} letters, each {CLEAN}, {LEANING} or {OPEN}")
    return text


ANSWERS = Kind(_read_answers)
