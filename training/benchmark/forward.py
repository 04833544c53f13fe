"""Do maps help? People say what a model will answer on films that they have not seen, half of them with its maps.

After the Meta-predictor of Colin, Fel, Cadène and Serre (What I Cannot Predict, I Do Not Understand, NeurIPS 2022): a
map is of use where people who see it predict the model better. Here everybody does both, with maps and without, and
the map of the very film that is asked about is shown.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

FILMS = 12  # that each participant predicts: flagged or not, with a map or without, three each
LESSONS = 4  # films before, with the model's answer
WRONG = 1 / 3  # of the films the model is wrong on, where there are so many: truth alone must not tell its answer
LEVEL = 0.95
FEWEST = 5  # participants below which nothing is said of others than them


@dataclass(frozen=True)
class Asked:
    """One film, and what the model answers.

    Attributes
    ----------
    film : str
    flagged : bool
        Whether the model's probability reaches its threshold.
    present : bool
        Whether the finding is there.
    """

    film: str
    flagged: bool
    present: bool


@dataclass(frozen=True)
class Pool:
    """The films of an experiment: those to learn from, and those that are asked about; half of either are flagged."""

    lessons: tuple[Asked, ...]
    films: tuple[Asked, ...]


@dataclass(frozen=True)
class Trial:
    """One film that a participant is asked about, and whether its map is shown."""

    asked: Asked
    with_map: bool


@dataclass(frozen=True)
class Helped:
    """How much better predictions are with maps.

    Attributes
    ----------
    with_maps, without : float
        Share of right predictions.
    gain, low, high : float
        ``with_maps`` minus ``without``, and its 95 % interval.
    participants, films : int
        Behind it.
    """

    with_maps: float
    without: float
    gain: float
    low: float
    high: float
    participants: int
    films: int


def draw_pool(answers: pd.DataFrame, seed: int, films: int = FILMS) -> Pool:
    """Draw the films of an experiment: half flagged, up to `WRONG` of either half wrong, one a patient.

    As many as `most_films` says are there, whatever the seed.

    Parameters
    ----------
    answers : DataFrame
        Columns film, patient, flagged (bool) and present (bool).
    seed : int
        The same seed draws the same films of the same answers.
    films : int
        To be asked about, even.

    Raises
    ------
    ValueError
        If the model flags too few films, or leaves too few unflagged.
    """
    rng = np.random.default_rng(seed)
    mixed = _one_each(answers.sort_values("film").sample(frac=1, random_state=rng))
    lessons: list[Asked] = []
    drawn: list[Asked] = []
    count = (LESSONS + films) // 2
    for flagged in (True, False):
        own = mixed[mixed["flagged"] == flagged]
        wrong, right = (own[(own["present"] != flagged) == is_wrong] for is_wrong in (True, False))
        few = max(min(1 + round(WRONG * films / 2), len(wrong)), count - len(right))  # one to learn from
        if len(own) < count:
            said = "flagged" if flagged else "not flagged"
            raise ValueError(f"An experiment needs {count} films that are {said}; there are {len(own)}.")
        taken = pd.concat([wrong[:few], right[: count - few]])
        one_each = [Asked(str(row.film), bool(row.flagged), bool(row.present)) for row in taken.itertuples()]
        # of the lessons one is wrong, as of the others a good part
        first = {0, len(one_each) - 1}
        lessons += [one for place, one in enumerate(one_each) if place in first]
        drawn += [one for place, one in enumerate(one_each) if place not in first]
    return Pool(tuple(_mixed(lessons, rng)), tuple(_mixed(drawn, rng)))


def most_films(answers: pd.DataFrame) -> int:
    """Say how many films `draw_pool` can ask about; 0 or less where there are none beside those to learn from."""
    flags = _one_each(answers)["flagged"].astype(bool)
    return 2 * int(min(flags.sum(), (~flags).sum())) - LESSONS


def _one_each(answers: pd.DataFrame) -> pd.DataFrame:
    """Keep one film a patient: of those with flagged and unflagged ones, the side that has fewer patients gains."""
    first = answers.drop_duplicates(["patient", "flagged"])
    both = first[first["patient"].duplicated(keep=False)].drop_duplicates("patient")["patient"]
    alone = first[~first["patient"].isin(both)]["flagged"].astype(bool)
    to_flagged = min(max((len(both) + int((~alone).sum()) - int(alone.sum())) // 2, 0), len(both))
    dropped = dict(zip(both, [False] * to_flagged + [True] * (len(both) - to_flagged), strict=True))
    return first[first["flagged"].astype(object) != first["patient"].map(dropped).astype(object)]


def draw_trials(pool: Pool, seed: int, participant: str) -> list[Trial]:
    """Draw which films a participant is asked about, in which order, and which of them come with a map.

    `FILMS` of the pool, or all where it is no larger: half flagged, and of either half `WRONG` wrong as far as there
    are so many. Of either half, half with maps, and of the wrong ones among them half, or one more. The same for the
    same participant, at random and apart from all others.
    """
    rng = np.random.default_rng([seed, *participant.encode()])
    count = min(FILMS, len(pool.films)) // 2
    trials = []
    more = bool(rng.integers(2))  # of an odd number one arm gets one more
    for flagged in (True, False):
        own = _mixed([one for one in pool.films if one.flagged == flagged], rng)
        wrong, right = ([one for one in own if (one.present != flagged) == is_wrong] for is_wrong in (True, False))
        few = max(min(round(WRONG * count), len(wrong)), count - len(right))
        # maps go to every other film, the wrong ones first: both arms have as many of each
        trials += [
            Trial(one, (place % 2 == 0) == (more == flagged))
            for place, one in enumerate([*wrong[:few], *right[: count - few]])
        ]
    return _mixed(trials, rng)


def helped(answers: pd.DataFrame) -> Helped:
    """Say how much better predictions are with maps.

    The interval is for other participants and other films of the kind: both are a sample, and everybody who looked at a
    film shares its difficulty. Its variance is that between participants, each with both arms, and that between films,
    less what both count (Cameron, Gelbach and Miller, Robust inference with multiway clustering, Journal of Business
    and Economic Statistics 2011), and no less than the former; where an arm is all right or all wrong, also no less
    than that of independent answers. The factor is Student's, of
    one less than there are participants or films, whichever are fewer. `tests/training/benchmark/test_forward.py`
    says what it covers: of 5 people or 30 who share 36 films, 95 to 97 %.
    Of fewer than `FEWEST` participants it is for the same people on other films, as if answers were independent
    (Agresti and Caffo, The American Statistician 2000).

    Parameters
    ----------
    answers : DataFrame
        A row an answer: participant, film, with_map (bool), right (bool). Each participant in both arms.

    Raises
    ------
    ValueError
        If there is no answer in one of the arms.
    """
    with_map = answers["with_map"].to_numpy(bool)
    right = answers["right"].to_numpy(float)
    counts = {arm: int((with_map == arm).sum()) for arm in (True, False)}
    if not all(counts.values()):
        raise ValueError("Expected answers with maps and without.")
    means = {arm: float(right[with_map == arm].mean()) for arm in (True, False)}
    gain = means[True] - means[False]
    pulls = np.where(with_map, (right - means[True]) / counts[True], (means[False] - right) / counts[False])
    people, films = answers["participant"].nunique(), answers["film"].nunique()
    middle, variance = _apart(right, with_map)
    freedom = math.inf
    if people >= FEWEST:
        by_people, by_films = (_between(pulls, answers[name]) for name in ("participant", "film"))
        least = variance if {0.0, 1.0} & set(means.values()) else 0.0
        variance = max(by_people + by_films - float(pulls @ pulls), by_people, least)
        middle, freedom = gain, min(people, films) - 1
    half = float(stats.t.ppf((1 + LEVEL) / 2, freedom)) * math.sqrt(variance)
    return Helped(means[True], means[False], gain, max(middle - half, -1.0), min(middle + half, 1.0), people, films)


def _between(pulls: np.ndarray, owners: pd.Series) -> float:
    """Give the variance of a sum between those who own its parts."""
    sums = pd.Series(pulls).groupby(owners.to_numpy()).sum().to_numpy()
    return float(sums @ sums) * len(sums) / max(len(sums) - 1, 1)


def _apart(right: np.ndarray, with_map: np.ndarray) -> tuple[float, float]:
    """Give a difference of two shares of independent answers and its variance, one right and one wrong added."""
    difference = variance = 0.0
    for arm in (True, False):
        count = int((with_map == arm).sum()) + 2
        share = float(right[with_map == arm].sum() + 1) / count
        difference += share if arm else -share
        variance += share * (1 - share) / count
    return difference, variance


def _mixed(items: list, rng: np.random.Generator) -> list:
    return [items[place] for place in rng.permutation(len(items))]
