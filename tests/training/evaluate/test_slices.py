from __future__ import annotations

import math

import numpy as np
import pytest

from tests.training.evaluate.clustered_films import World
from tests.training.evaluate.made_scores import made, noisy
from training.evaluate.conditions import meets
from training.evaluate.ranked import EvaluateError
from training.evaluate.roc import auroc, clustered_auroc
from training.evaluate.slices import ALARMS, MEASURES, MISSED, compare_slice, worst


def test_both_sides_are_measured_as_if_alone():
    labels, scores = noisy(0, 600)
    judged = made(scores, labels, view=np.where(np.arange(600) % 3 == 0, "AP", "PA"))
    here = (judged.films["view"] == "AP").to_numpy()
    found = compare_slice(judged, "Emphysema", 0.4, here)
    assert (found.films, found.rest_films, found.caution) == (200, 400, "")
    assert tuple(one.measure for one in found.compared) == MEASURES
    for one in found.compared:
        for side, part in ((one.slice, judged.restrict(here)), (one.rest, judged.restrict(~here))):
            alone = part.auroc("Emphysema") if one.measure == "auroc" else None
            alone = alone or getattr(part.rates("Emphysema", 0.4), one.measure)
            assert (side.value, side.low, side.high) == pytest.approx((alone.value, alone.low, alone.high))
        assert one.difference == pytest.approx(one.slice.value - one.rest.value)
        assert one.low < one.difference < one.high and 0 <= one.p <= 1


def test_areas_of_films_of_different_patients_differ_as_two_independent_ones():
    labels, scores = noisy(1, 500)
    here = np.arange(500) < 150
    found = compare_slice(made(scores, labels), "Emphysema", 0.4, here).compared[0]
    first, second = auroc(labels[here], scores[here]), auroc(labels[~here], scores[~here])
    deviate = (first.value - second.value) / math.sqrt(first.variance + second.variance)
    assert found.p == pytest.approx(math.erfc(abs(deviate) / math.sqrt(2)))
    assert found.low == pytest.approx(
        found.difference - math.hypot(first.value - first.low, second.high - second.value)
    )


def test_a_patient_with_films_on_both_sides_narrows_the_difference():
    """The same films twice, one on either side: nothing can differ."""
    labels, scores = noisy(2, 200)
    twice, patients = np.tile(np.arange(200), 2), np.tile(np.arange(200), 2)
    judged = made(scores[twice], labels[twice], patients=patients)
    found = compare_slice(judged, "Emphysema", 0.4, np.arange(400) < 200).compared
    assert [one.difference for one in found] == pytest.approx([0] * 7)
    assert found[0].high - found[0].low < 0.3 * (found[0].slice.high - found[0].slice.low)
    assert found[1].high - found[1].low < 0.3 * (found[1].slice.high - found[1].slice.low)


@pytest.mark.parametrize("shared", [False, True])
def test_differences_of_nothing_are_rarely_called_one(shared):
    """Patients have several films, on one side only or on both; 5 in 100 is meant."""
    rng, called, draws = np.random.default_rng(4), np.zeros(7), 60
    for _ in range(draws):
        labels, scores, of = World(alike=0.6, prevalence=0.3).draw(rng, 150)
        here = rng.random(len(of)) < 0.4 if shared else (of % 5 < 2)
        judged = made(1 / (1 + np.exp(-scores)), labels, patients=of)
        found = compare_slice(judged, "Emphysema", 0.7, here).compared
        called += [not one.low <= 0 <= one.high for one in found]
    assert (called <= 0.14 * draws).all() and called.sum() <= 0.08 * draws * 7


def test_the_area_is_the_clustered_one():
    labels, scores, of = World().draw(np.random.default_rng(5), 400)
    here = of % 2 == 0
    judged = made(1 / (1 + np.exp(-scores)), labels, patients=of)
    assert compare_slice(judged, "Emphysema", 0.5, here).compared[0].slice == clustered_auroc(
        labels[here], judged.scores("Emphysema")[here], of[here]
    )


def test_a_slice_of_nothing_or_of_everything_is_refused_and_a_small_one_warned_of():
    labels, scores = noisy(3, 100)
    judged = made(scores, labels)
    for here, which in ((np.zeros(100, bool), "none"), (np.ones(100, bool), "all")):
        with pytest.raises(EvaluateError, match=f"The slice holds {which} of the 100 films"):
            compare_slice(judged, "Emphysema", 0.5, here)
    found = compare_slice(judged, "Emphysema", 0.5, np.arange(100) < 15)
    assert found.caution.startswith("The slice has ") and "little can be said" in found.caution
    alone = compare_slice(judged, "Emphysema", 0.5, labels == 1)
    assert math.isnan(alone.compared[0].difference) and alone.compared[1].slice.of == labels.sum()


def _planted(seed: int):
    """Films by the old machine are flagged whatever they show, and those of old people are missed."""
    rng = np.random.default_rng(seed)
    labels = (rng.random(800) < 0.3).astype(float)
    view, age = rng.choice(["AP", "PA", "LL"], 800), rng.uniform(20, 90, 800)
    p = np.where(rng.random(800) < 0.1, 1 - labels, labels) * 0.8 + 0.1
    p[(view == "LL") & (rng.random(800) < 0.4)] = 0.9
    p[(age > 75) & (rng.random(800) < 0.6)] = 0.1
    return made(p, labels, view=view, age=age, sex=rng.choice(["F", "M"], 800))


def test_the_worst_kinds_are_those_that_were_planted():
    judged = _planted(0)
    table = worst(judged, "Emphysema", 0.5)
    sure = table[table["q"] < 0.05]
    told = [(str(one), error) for one, error in sure[["condition", "error"]].to_numpy()]
    assert ("view=LL", ALARMS) in told[:2]
    (old,) = (one for one, error in zip(sure["condition"], sure["error"], strict=True) if error == MISSED)
    assert old.column == "age" and old.low.value > 70
    row = table[table["condition"].astype(str) == "view=LL"].iloc[0]
    here = meets(judged.films, [row["condition"]])
    outcome = judged.outcome("Emphysema", 0.5)
    assert row["count"] == (here & (outcome == "FP")).sum()
    assert row["of"] == (here & np.isin(outcome, ["FP", "TN"])).sum()
    assert row["rest_of"] == (~here & np.isin(outcome, ["FP", "TN"])).sum()
    assert (table["difference"] > 0).all() and table["q"].is_monotonic_increasing


def test_where_nothing_is_planted_nothing_is_named_but_by_chance():
    named = 0
    for seed in range(30):
        rng = np.random.default_rng(seed)
        judged = made(
            rng.random(300), rng.integers(0, 2, 300), view=rng.choice(["AP", "PA"], 300), age=rng.uniform(20, 90, 300)
        )
        named += (worst(judged, "Emphysema", 0.5)["q"] < 0.05).any()
    assert named <= 5  # 5 % of 30 is 1.5


def test_the_label_in_question_is_no_kind_of_film():
    judged = made(np.column_stack([noisy(0)[1]] * 2), np.column_stack([noisy(0)[0], noisy(1)[0]]))
    columns = {one.column for one in worst(judged, "Emphysema", 0.5)["condition"]}
    assert "Emphysema" not in columns and columns == {"Effusion"}
