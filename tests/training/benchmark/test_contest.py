"""Ten films between a person and heat maps: who is inside, how far off, and what ten films can tell."""

from __future__ import annotations

import itertools
from math import comb

import numpy as np
import pandas as pd
import pytest

from training.benchmark.contest import FILMS, LEVEL, chance_of_lead, distance, draw_rounds, hits, least_lead, tally
from training.benchmark.league import Case
from training.benchmark.peaks import peaks_of
from training.benchmark.results import read_scores
from training.evaluate.rates import wilson
from xai.built_in import BUILT_IN_LEAGUES

CONTESTS = 600


def scores(patients: int, findings: tuple[str, ...]) -> pd.DataFrame:
    rows = [(f"f{k}", f"p{k // 2}", name) for k in range(2 * patients) for name in findings]
    return pd.DataFrame(rows, columns=["film", "patient", "finding"])


def test_findings_take_turns_no_patient_comes_twice_and_a_seed_is_a_contest():
    table = scores(30, ("A", "B", "C"))
    for seed in range(20):
        rounds = draw_rounds(table, seed)
        patients = [int(one.film[1:]) // 2 for one in rounds]
        assert len(set(patients)) == len(rounds) == FILMS
        counts = pd.Series([one.finding for one in rounds]).value_counts()
        assert set(counts) == {3, 4}
        assert rounds == draw_rounds(table.sample(frac=1, random_state=seed), seed)
    assert draw_rounds(table, 0) != draw_rounds(table, 1)


def test_where_patients_are_few_a_contest_is_shorter():
    assert len(draw_rounds(scores(4, ("A",)), 0)) == 4
    assert draw_rounds(scores(0, ("A",)), 0) == []


def test_a_pixel_of_the_mask_is_inside_up_to_its_edge():
    truth = np.zeros((10, 20), bool)
    truth[2:4, 5:10] = True
    assert hits(truth, 0.25, 0.2) and hits(truth, 0.4999, 0.3999)
    assert not hits(truth, 0.2499, 0.2) and not hits(truth, 0.5, 0.3) and not hits(truth, 0.3, 0.4)
    truth[-1, -1] = True
    assert hits(truth, 1.0, 1.0)


@pytest.mark.parametrize(("aspect", "down"), [(1.0, 0.1), (2.0, 0.2)])
def test_a_distance_is_in_widths_of_the_film_whatever_its_shape(aspect, down):
    truth = np.zeros((10, 20), bool)
    truth[5, 10] = True
    assert distance(truth, 0.525, 0.55, aspect) == 0
    assert distance(truth, 0.625, 0.55, aspect) == pytest.approx(0.1)  # two of 20 pixels across
    assert distance(truth, 0.525, 0.65, aspect) == pytest.approx(down)  # one of 10 down a film that is so much higher
    assert distance(truth, 0.625, 0.65, aspect) == pytest.approx(np.hypot(0.1, down))


def test_an_interval_of_whole_hits_is_near_wilsons():
    for count in (0, 3, 10):
        one = tally([1.0] * count + [0.0] * (10 - count))
        low, high = wilson(count, 10)
        assert one.hits == count
        assert (one.low, one.high) == pytest.approx((float(low), float(high)), abs=0.06)


def test_how_often_equals_are_that_far_apart_agrees_with_the_binomial_of_those_that_differ():
    """McNemar's exact test: of n films on which one alone hits, k are the first's."""
    for k, n in [(6, 6), (5, 6), (4, 5), (3, 6), (0, 0)]:
        one = [1.0] * k + [0.0] * (10 - k)
        other = [0.0] * k + [1.0] * (n - k) + [0.0] * (10 - n)
        far = abs(2 * k - n)
        expected = sum(comb(n, i) for i in range(n + 1) if abs(2 * i - n) >= far) / 2**n
        assert chance_of_lead(one, other) == pytest.approx(expected)
    least = least_lead()
    assert chance_of_lead([1.0] * least + [0] * (10 - least), [0] * 10) <= 0.05
    assert chance_of_lead([1.0] * (least - 1) + [0] * (11 - least), [0] * 10) > 0.05


def test_a_part_of_a_hit_counts_as_the_draws_that_it_stands_for():
    """Independent: every draw of both, with its chance."""
    one, other = [1.0, 0.0, 0.5, 1.0, 0.25], [0.2, 0.7, 0.4, 1.0, 0.0]
    expected = 0.0
    for drawn in itertools.product((0.0, 1.0), repeat=10):
        chances = [part if hit else 1 - part for hit, part in zip(drawn, one + other, strict=True)]
        expected += np.prod(chances) * chance_of_lead(drawn[:5], drawn[5:])
    assert chance_of_lead(one, other) == pytest.approx(expected)
    assert chance_of_lead([0.0] * FILMS, [0.1] * FILMS) > 0.6  # one hit is expected of such a map, and that is luck


@pytest.mark.parametrize("method", ["gradcam", "shap", "lime", "prior"])
@pytest.mark.parametrize("likes", ["the same films", "any film"])
def test_equals_seldom_seem_apart_where_maps_hit_in_part(method, likes):
    """A visitor as good as the map: on each film, or on the whole; parts of hits as on the films of the app."""
    rng = np.random.default_rng(5)
    table = read_scores(BUILT_IN_LEAGUES / "lightbox-on-simulated")
    parts = table.loc[table["method"] == method, "pointing"].dropna().to_numpy()
    level = 0
    for _ in range(CONTESTS):
        their = rng.choice(parts, FILMS)
        chance = their if likes == "the same films" else np.full(FILMS, parts.mean())
        level += chance_of_lead((rng.random(FILMS) < chance).astype(float), their) <= LEVEL
    assert level / CONTESTS <= LEVEL + 2 * np.sqrt(LEVEL * (1 - LEVEL) / CONTESTS)


@pytest.mark.parametrize("part", [0.05, 0.1, 0.2, 1 / 3, 0.5, 0.9])
def test_a_map_with_the_same_part_of_a_hit_on_every_film_is_not_set_apart_from_its_equal(part):
    """Exact: all that the visitor can hit, with its chance. Signs of the differences were wrong in up to 60 % here."""
    apart = [chance_of_lead([1.0] * k + [0.0] * (FILMS - k), [part] * FILMS) <= LEVEL for k in range(FILMS + 1)]
    chance = [comb(FILMS, k) * part**k * (1 - part) ** (FILMS - k) for k in range(FILMS + 1)]
    assert np.dot(apart, chance) <= LEVEL


def test_a_map_points_at_the_middle_of_its_strongest_cell_or_pixel_and_an_empty_one_nowhere():
    values = np.zeros((8, 8), np.float32)
    values[2, 6] = 1
    cells = np.zeros((2, 2), np.float32)
    cells[1, 0] = 1
    maps = {"a": (values, None), "b": (values, cells), "none": (np.zeros((8, 8), np.float32), None)}
    table = peaks_of([Case("f", "p", "Mass", values > 0, maps)])
    assert table.to_dict("records") == [
        {"film": "f", "finding": "Mass", "method": "a", "x": 0.8125, "y": 0.3125},
        {"film": "f", "finding": "Mass", "method": "b", "x": 0.25, "y": 0.75},
    ]
