from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import fisher_exact

from tests.training.evaluate.made_scores import made, noisy
from training.evaluate.atlas import contrast, project
from training.evaluate.intervals import newcombe
from training.evaluate.ranked import EvaluateError
from training.evaluate.rates import share
from training.evaluate.roc import auroc
from training.evaluate.subgroups import SMALL, group_of, subgroups


def test_newcombes_own_example():
    # Newcombe 1998, table II, case (a): 56 of 70 against 48 of 80, method 10.
    assert newcombe(share(56, 70), share(48, 80)) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    # Case (e): 5 of 56 against 0 of 29.
    assert newcombe(share(5, 56), share(0, 29)) == pytest.approx((-0.0381, 0.1926), abs=5e-5)
    assert newcombe(share(10, 10), share(0, 10)) == pytest.approx((0.6075, 1.0), abs=5e-5)


def _judged(seed: int = 0, films: int = 600):
    """False positives are mostly AP films and carry an effusion; nothing else matters."""
    rng = np.random.default_rng(seed)
    labels = (rng.random(films) < 0.4).astype(float)
    flagged = rng.random(films) < 0.5
    false = flagged & (labels == 0)
    view = np.where(rng.random(films) < np.where(false, 0.9, 0.3), "AP", "PA")
    effusion = (rng.random(films) < np.where(false, 0.8, 0.2)).astype(float)
    effusion[:20] = np.nan
    p = np.where(flagged, 0.9, 0.1)
    sex = rng.choice(["F", "M", None], films)
    age = rng.integers(0, 95, films).astype(float)
    return made(np.column_stack([p, p]), np.column_stack([labels, effusion]), view=view, sex=sex, age=age)


def test_contrast_by_counting_and_its_correction():
    judged = _judged()
    table = contrast(judged, "Emphysema", 0.5)
    outcome = judged.outcome("Emphysema", 0.5)
    row = table[(table["trait"] == "view") & (table["group"] == "AP")].iloc[0]
    ap = (judged.films["view"] == "AP").to_numpy()
    assert row["count"] == (ap & (outcome == "FP")).sum() and row["of"] == (outcome == "FP").sum()
    assert row["against_count"] == (ap & (outcome == "TP")).sum() and row["against_of"] == (outcome == "TP").sum()
    assert row["difference"] == pytest.approx(row["share"] - row["against_share"])
    assert row["low"] < row["difference"] < row["high"]
    square = [
        [row["count"], row["of"] - row["count"]],
        [row["against_count"], row["against_of"] - row["against_count"]],
    ]
    assert row["p"] == pytest.approx(fisher_exact(square).pvalue)
    found = set(zip(table["trait"], table["group"], strict=True))
    assert {("finding", "Effusion"), ("sex", "unknown"), ("age", "80 and over")} <= found
    assert ("dataset", "made") not in found  # all films have it
    # Benjamini and Hochberg by hand.
    p = table["p"].sort_values(ignore_index=True)
    adjusted = np.minimum.accumulate((p * len(p) / np.arange(1, len(p) + 1))[::-1])[::-1]
    np.testing.assert_allclose(table["q"], adjusted)
    significant = table[table["q"] < 0.05]
    assert set(significant["trait"]) == {"view", "finding"}


def test_what_all_flagged_films_share_shows_only_against_those_left_alone():
    """A model that flags whatever has a chest drain: right and wrong flags both have one."""
    rng = np.random.default_rng(0)
    labels, drain = (rng.random(600) < 0.4).astype(float), (rng.random(600) < 0.3).astype(float)
    p = np.where(rng.random(600) < np.where(drain == 1, 0.9, 0.2), 0.9, 0.1)
    judged = made(np.column_stack([p, p]), np.column_stack([labels, drain]))
    assert not (contrast(judged, "Emphysema", 0.5, "FP", "TP")["q"] < 0.05).any()
    row = contrast(judged, "Emphysema", 0.5, "FP", "TN").iloc[0]
    wrong, alone = (labels == 0) & (p > 0.5), (labels == 0) & (p < 0.5)
    assert row["q"] < 1e-9
    assert (row["group"], row["share"], row["against_share"]) == ("Effusion", drain[wrong].mean(), drain[alone].mean())


def test_traits_that_make_no_difference_are_rarely_named():
    named = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        columns = {"view": rng.choice(["PA", "AP"], 300), "sex": rng.choice(["F", "M"], 300)}
        judged = made(rng.random(300), rng.integers(0, 2, 300), age=rng.uniform(0, 95, 300), **columns)
        named += (contrast(judged, "Emphysema", 0.5)["q"] < 0.05).any()
    assert named <= 6  # 5 % of 40 is 2


def test_a_cell_without_films_gives_an_empty_table():
    judged = made([0.1, 0.2, 0.3], [0, 1, 0])
    table = contrast(judged, "Emphysema", 0.5)
    assert table.empty and {"trait", "q", "difference"} <= set(table.columns)


def test_projection_finds_the_plane_and_fixes_its_signs():
    rng = np.random.default_rng(0)
    axes = np.linalg.qr(rng.normal(size=(12, 2)))[0].T
    plane = rng.normal(size=(300, 2)) * [5.0, 2.0]
    features = plane @ axes + rng.normal(0, 0.01, (300, 12)) + 7
    found = project(features)
    assert found.explained.sum() > 0.999 and found.explained[0] > found.explained[1]
    distance = np.linalg.norm(found.points[:50, None] - found.points[:50], axis=2)
    np.testing.assert_allclose(distance, np.linalg.norm(features[:50, None] - features[:50], axis=2), atol=0.1)
    np.testing.assert_allclose(project(features[::-1]).points[::-1], found.points, atol=1e-8)
    heaviest = np.abs(axes).argmax(axis=1)
    for k in range(2):
        assert np.corrcoef(found.points[:, k], features[:, heaviest[k]])[0, 1] > 0


@pytest.mark.parametrize(
    ("features", "words"),
    [(np.zeros((2, 5)), "at least 3 films"), (np.zeros((5, 1)), "2 features"), (np.full((4, 4), np.nan), "finite")],
)
def test_what_cannot_be_projected(features: np.ndarray, words: str):
    with pytest.raises(EvaluateError, match=words):
        project(features)


def test_subgroups_by_counting():
    labels, p = noisy(0)
    rng = np.random.default_rng(1)
    sex, age = rng.choice(["F", "M"], 400), rng.integers(0, 95, 400).astype(float)
    age[:30] = np.nan
    found = subgroups(made(p, labels, sex=sex, age=age), "Emphysema", 0.3)
    assert [(one.by, one.group) for one in found] == [
        ("all", "all films"),
        *[("sex", "F"), ("sex", "M")],
        *[("age", name) for name in ("0 to 17", "18 to 39", "40 to 59", "60 to 79", "80 and over", "unknown")],
    ]
    assert found[0].auroc.variance == pytest.approx(auroc(labels, p).variance) and found[0].caution == ""
    women = sex == "F"
    assert found[1].auroc.value == auroc(labels[women], p[women]).value and found[1].films == women.sum()
    hit = (p >= 0.3) & women & (labels == 1)
    assert (found[1].rates.sensitivity.count, found[1].rates.sensitivity.of) == (
        hit.sum(),
        (women & (labels == 1)).sum(),
    )
    assert sum(one.films for one in found[3:]) == 400
    small = [one for one in found if one.by == "age" and min(one.auroc.positives, one.auroc.negatives) < SMALL]
    assert small and all("little can be said" in one.caution for one in small)


def test_a_subgroup_of_one_kind_says_so():
    view = ["PA"] * 3 + ["AP"] * 2
    found = subgroups(
        made([0.1, 0.4, 0.6, 0.2, 0.3], [0, 1, 1, 0, 0], view=view), "Emphysema", 0.5, by=["view", "none"]
    )
    assert [one.group for one in found] == ["all films", "AP", "PA"]
    assert found[1].caution == "None of the 2 labelled films has the finding." and np.isnan(found[1].auroc.value)


def test_age_bands_close_below():
    already = made([0.1, 0.2, 0.3], [0] * 3, view=["PA", "unknown", None]).films
    assert group_of(already, "view").tolist() == ["PA", "unknown", "unknown"]
    films = made([0.1] * 5 + [0.2], [0] * 6, age=[0.0, 17.9, 18.0, 80.0, 119.0, np.nan]).films
    assert group_of(films, "age").tolist() == ["0 to 17", "0 to 17", "18 to 39", *["80 and over"] * 2, "unknown"]
