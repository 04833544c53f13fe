"""Do maps help: whose films, in which arms, and what the interval of the difference covers."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import expit

from training.benchmark.forward import (
    FEWEST,
    FILMS,
    LESSONS,
    WRONG,
    Asked,
    Pool,
    Trial,
    draw_pool,
    draw_trials,
    helped,
    most_films,
)

COLUMNS = ["participant", "film", "with_map", "right"]
CLASS = 36  # films that a class of thirty shares
PLAYS = 300
RIGHT = [(arm, one, one) for arm in (True, False) for one in (True, False)]
WRONG_ONES = [(arm, one, not one) for arm in (True, False) for one in (True, False)]
NOISE = 2 * np.sqrt(0.05 * 0.95 / PLAYS)


def answers(films: int = 400, seed: int = 0) -> pd.DataFrame:
    """A model that flags two films in five and is wrong on a quarter; two films a patient."""
    rng = np.random.default_rng(seed)
    flagged = rng.random(films) < 0.4
    names = [f"f{k:03}" for k in range(films)]
    patients = [f"p{k // 2}" for k in range(films)]
    present = flagged ^ (rng.random(films) < 0.25)
    return pd.DataFrame({"film": names, "patient": patients, "flagged": flagged, "present": present})


@pytest.mark.parametrize("seed", range(6))
def test_half_are_flagged_a_part_is_wrong_and_no_patient_comes_twice(seed):
    table = answers()
    pool = draw_pool(table, seed, CLASS)
    assert pool == draw_pool(table.sample(frac=1, random_state=seed), seed, CLASS)
    for films, count in ((pool.lessons, LESSONS), (pool.films, CLASS)):
        assert len(films) == count and sum(one.flagged for one in films) == count // 2
    for flagged in (True, False):
        for films, wrong in ((pool.films, round(WRONG * CLASS / 2)), (pool.lessons, 1)):
            assert sum(one.present != flagged for one in films if one.flagged == flagged) == wrong
    drawn = {one.film for one in (*pool.lessons, *pool.films)}
    assert table.loc[table["film"].isin(drawn), "patient"].is_unique
    assert pool != draw_pool(table, seed + 1, CLASS)


def test_a_model_that_is_never_wrong_or_always_gives_what_there_is():
    table = answers()
    right = draw_pool(table.assign(present=table["flagged"]), 0)
    wrong = draw_pool(table.assign(present=~table["flagged"]), 0)
    assert all(one.present == one.flagged for one in right.films)
    assert all(one.present != one.flagged for one in wrong.films)
    with pytest.raises(ValueError, match="8 films that are flagged; there are 0"):
        draw_pool(table.assign(flagged=False), 0)


def test_each_participant_has_both_arms_and_films_arms_and_places_are_at_random():
    pool = draw_pool(answers(), 1, CLASS)
    people = [draw_trials(pool, 7, f"someone {k}") for k in range(400)]
    with_map: Counter[str] = Counter()
    without: Counter[str] = Counter()
    first = 0
    for trials in people:
        assert len(trials) == FILMS == len({one.asked.film for one in trials})
        assert sum(one.asked.flagged for one in trials) == sum(one.with_map for one in trials) == FILMS // 2
        cells = Counter((one.with_map, one.asked.flagged, one.asked.present) for one in trials)
        assert {cell: n for cell, n in cells.items() if cell[1] == cell[2]} == dict.fromkeys(RIGHT, 2)
        assert {cell: n for cell, n in cells.items() if cell[1] != cell[2]} == dict.fromkeys(WRONG_ONES, 1)
        with_map.update(one.asked.film for one in trials if one.with_map)
        without.update(one.asked.film for one in trials if not one.with_map)
        first += trials[0].with_map
    assert abs(first - 200) < 3 * 10  # three standard deviations of a fair coin
    assert len(with_map) == len(without) == CLASS
    even = stats.chisquare(list(with_map.values()) + list(without.values())).pvalue
    assert even > 0.001
    assert people[0] == draw_trials(pool, 7, "someone 0")
    assert people[0] != draw_trials(pool, 8, "someone 0") and people[0] != people[1]


@pytest.mark.parametrize("seed", [0, 9, 55])
def test_as_many_films_are_drawn_as_are_promised_of_patients_with_flagged_films_and_others(seed):
    """Of 40 patients with one film of either kind each 20 are flagged; with 6 more that are never flagged, 23."""
    for alone, most in ((0, 36), (6, 42), (60, 76)):
        rows = [(f"a{k} {flag}", f"a{k}", flag, flag) for k in range(40) for flag in (True, False)]
        rows += [(f"b{k}", f"b{k}", False, True) for k in range(alone)]
        table = pd.DataFrame(rows, columns=["film", "patient", "flagged", "present"])
        assert most_films(table) == most_films(table.sample(frac=1, random_state=seed)) == most
        pool = draw_pool(table, seed, most)
        patients = table.set_index("film")["patient"]
        assert patients[[one.film for one in (*pool.lessons, *pool.films)]].is_unique
        with pytest.raises(ValueError, match="An experiment needs"):
            draw_pool(table, seed, most + 2)


def test_an_experiments_films_are_a_pool_for_one_and_all_of_them_are_asked():
    pool = draw_pool(answers(), 2)
    trials = draw_trials(pool, 2, "alone")
    assert {one.asked for one in trials} == set(pool.films)
    assert isinstance(trials[0], Trial)


def test_the_gain_is_the_difference_of_shares_and_its_interval_that_of_pairs_where_no_film_is_shared():
    """Independent: Student's interval of the participants' own differences."""
    rng = np.random.default_rng(3)
    rows = [(p, f"{p} {k}", k < 5, bool(rng.random() < 0.5 + 0.3 * (k < 5))) for p in range(20) for k in range(10)]
    table = pd.DataFrame(rows, columns=COLUMNS)
    found = helped(table)
    shares = table.groupby(["participant", "with_map"])["right"].mean().unstack()
    apart = (shares[True] - shares[False]).to_numpy()
    low, high = stats.t.interval(0.95, 19, apart.mean(), stats.sem(apart))
    assert found.gain == pytest.approx(apart.mean())
    assert found.with_maps - found.without == pytest.approx(found.gain)
    # films of one answer each add what films and participants both count, times n / (n − 1)
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.001)


def test_one_persons_ten_answers_say_nearly_nothing():
    for right in range(6):
        rows = [("me", str(k), k < 5, k < right) for k in range(10)]
        found = helped(pd.DataFrame(rows, columns=COLUMNS))
        assert found.gain == pytest.approx(right / 5) and (found.low > 0) == (right >= 4)
        assert found.high - found.low > 0.6
    with pytest.raises(ValueError, match="with maps and without"):
        helped(pd.DataFrame([("me", "a", True, True)], columns=COLUMNS))


def test_where_all_is_right_the_interval_is_no_point():
    rows = [(p, str(k), k < 5, True) for p in range(8) for k in range(10)]
    found = helped(pd.DataFrame(rows, columns=COLUMNS))
    assert found.gain == 0 and found.low < -0.02 < 0.02 < found.high


def covered(people: int, spread: tuple[float, float, float, float], plays: int, seed: int) -> float:
    """How often the interval holds the gain of people and films without end, played.

    Logits of a right answer: 0.6 without a map and 1.1 with one, with normal spreads of people, of what maps do for
    people, of films, and of what maps do for films.
    """
    rng = np.random.default_rng(seed)
    of_people, gains_of_people, of_films, gains_of_films = spread
    many = rng.normal(size=(4, 200_000)) * np.array(spread)[:, None]
    base = 0.6 + many[0] + many[2]
    truth = float((expit(base + 0.5 + many[1] + many[3]) - expit(base)).mean())
    pool = Pool((), tuple(Asked(str(k), k % 2 == 0, (k % 2 == 0) != (k // 2 % 3 == 0)) for k in range(CLASS)))
    held = 0
    for play in range(plays):
        films = rng.normal(size=(2, CLASS)) * np.array([[of_films], [gains_of_films]])
        rows = []
        for person in range(people):
            own, gain = rng.normal(size=2) * (of_people, gains_of_people)
            for trial in draw_trials(pool, play, str(person)):
                film = int(trial.asked.film)
                score = 0.6 + own + films[0, film] + trial.with_map * (0.5 + gain + films[1, film])
                rows.append((person, film, trial.with_map, rng.random() < expit(score)))
        found = helped(pd.DataFrame(rows, columns=COLUMNS))
        held += found.low <= truth <= found.high
    return held / plays


@pytest.mark.parametrize("spread", [(0.0, 0.0, 0.0, 0.0), (0.5, 0.3, 0.7, 0.4)], ids=["all alike", "all different"])
def test_the_interval_of_thirty_people_covers_what_it_says(spread):
    """Of 800 plays each, off the clock: 96.6 % and 96.0 %, and 95.1 % where maps help some films and harm others."""
    assert 0.93 - NOISE <= covered(30, spread, PLAYS, 11) <= 0.97 + NOISE


def test_the_interval_of_five_people_covers_what_it_says_too():
    assert covered(FEWEST, (0.5, 0.3, 0.7, 0.4), PLAYS, 12) >= 0.95 - NOISE
