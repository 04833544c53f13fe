from __future__ import annotations

import dataclasses
import math
import re

import numpy as np
import pytest
from scipy.special import expit, logit
from scipy.stats import fisher_exact

from tests.benchmarks.audit_causes import PLANTED, POSITIVES, audited, films, measure, right
from tests.conftest import REPOSITORY
from tests.training.evaluate.made_scores import binormal, made
from training.evaluate.co_occurrence import co_occurrence
from training.evaluate.prevalence import prevalences
from training.evaluate.ranked import EvaluateError, rank
from training.evaluate.thresholds import choose
from training.mending.audit import CAUSES, UNKNOWN, Audit, audit, decompose, prepare_scores
from training.mending.known import NOTHING, Known, known_of
from training.mending.orders import in_any_order

FILMS, RARE, APART = 40_000, 0.03, 2.0


def _audit(
    z: np.ndarray,
    labels: np.ndarray,
    threshold: float,
    rule: str = "",
    keep: float | None = None,
    **known: float | None,
) -> Audit:
    prepared = prepare_scores(labels, expit(z), np.arange(len(labels)) // 2, Known(**{"weight": 1.0} | known))
    found = decompose(prepared, threshold, rule, keep)
    assert all(part.low <= part.share + 0.002 and part.share - 0.002 <= part.high for part in found.contributions)
    assert sum(part.share for part in found.contributions) == pytest.approx(found.excess, abs=1e-12)
    assert found.excess == pytest.approx((expit(z) >= threshold).mean() - labels.mean(), abs=1e-12)
    return found


def _share(found: Audit) -> dict[str, float]:
    return {part.cause: part.share for part in found.contributions}


def _planted(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    return binormal(np.random.default_rng(seed), FILMS, RARE, APART)


def test_weighting_of_the_loss_is_named():
    labels, z = _planted()
    found = _audit(z + math.log(30), labels, 0.5, weight=30, trained=RARE)
    share = _share(found)
    assert found.main == "weighting"
    # Undone, it leaves the calibrated model at 0.5; what chance moves the logits takes its part of it.
    assert share["weighting"] == pytest.approx((z > -math.log(30)).mean() - (z > 0).mean(), abs=0.006)
    assert max(abs(share[name]) for name in ("prior", "calibration", "threshold")) < 0.01


def test_weighting_is_named_at_the_threshold_of_a_card_that_was_chosen_on_weighted_scores():
    labels, z = _planted()
    lifted = z + math.log(30)
    card = choose("balanced", rank(labels, expit(lifted))).value
    assert _audit(lifted, labels, card, weight=30, trained=RARE).main == "weighting"


def test_prevalence_shift_is_named():
    labels, z = _planted()
    shifted = z + logit(0.4) - logit(RARE)
    found = _audit(shifted, labels, 0.5, trained=0.4)
    share = _share(found)
    assert found.main == "prior" and share["prior"] > 0.9 * found.excess
    assert share["weighting"] == 0


def test_threshold_is_named_as_a_number_and_as_a_rule():
    labels, z = _planted()
    youden = choose("youden", rank(labels, expit(z))).value
    for rule in ("", "youden"):
        found = _audit(z, labels, youden, rule=rule, trained=RARE)
        assert found.main == "threshold" and _share(found)["threshold"] > found.excess > 0.1
    assert _share(found)["calibration"] == 0


@pytest.mark.parametrize(("planted", "threshold"), [(lambda z: z / 3 + 1.5, 0.5), (lambda z: z + 2.5, 0.5)])
def test_miscalibration_is_named(planted, threshold: float):
    labels, z = _planted()
    found = _audit(planted(z), labels, threshold, trained=RARE)
    share = _share(found)
    calibrated = (expit(z) >= threshold).mean()
    assert found.main == "calibration"
    assert share["calibration"] == pytest.approx((expit(planted(z)) >= threshold).mean() - calibrated, rel=0.08)


def test_a_model_that_cannot_separate_is_named():
    labels, z = binormal(np.random.default_rng(1), FILMS, 0.7, 0.4)
    found = _audit(z, labels, 0.5, trained=0.7)
    assert found.main == "separation" and _share(found)["separation"] > 0.9 * found.excess > 0.2


def test_nothing_planted_names_nothing():
    labels, z = _planted()
    found = _audit(z, labels, 0.5, trained=RARE)
    assert found.main == "" and found.excess < 0
    assert max(abs(share) for name, share in _share(found).items() if name != "separation") < 0.003


def test_two_causes_get_their_own_shares():
    labels, z = _planted()
    lifted = z + math.log(10) + logit(0.1) - logit(RARE)
    found = _audit(lifted, labels, 0.5, weight=10, trained=0.1)
    share = _share(found)
    assert found.main == "weighting"
    # Either alone would have flagged most of them; the first to be undone is not the main cause for that.
    assert _audit(lifted, labels, 0.5, weight=2, trained=0.1 * 5 / (1 + 0.1 * 4)).main in ("prior", UNKNOWN)
    flagged = [
        (lifted - math.log(10) * a - (logit(0.1) - logit(RARE)) * b >= 0).mean() for a, b in [(0, 0), (1, 0), (1, 1)]
    ]
    # Either may be undone first, and the part is the mean of both; what is left to calibrate is chance.
    first = (lifted - (logit(0.1) - logit(RARE)) >= 0).mean()
    both = (flagged[0] - flagged[1] + first - flagged[2]) / 2, (flagged[0] - first + flagged[1] - flagged[2]) / 2
    # The true prevalence of the drawn films differs from RARE by chance.
    assert share["weighting"] == pytest.approx(both[0], abs=0.005)
    assert share["prior"] == pytest.approx(both[1], abs=0.005)


def test_a_rule_moves_with_the_scores_so_scale_is_no_cause():
    labels, z = _planted()
    lifted = z + math.log(30)
    youden = choose("youden", rank(labels, expit(lifted))).value
    found = _audit(lifted, labels, youden, rule="youden", weight=30, trained=RARE)
    share = _share(found)
    assert share["weighting"] == share["prior"] == share["calibration"] == 0
    assert found.main == "threshold" and "Youden" in found.contributions[0].why
    # The same films are flagged as without the weighting.
    plain = choose("youden", rank(labels, expit(z))).value
    assert found.predicted_prevalence == pytest.approx((expit(z) >= plain).mean(), abs=1e-12)


def test_floor_is_the_fewest_films_at_the_same_sensitivity():
    labels, z = binormal(np.random.default_rng(4), 500, 0.2, 1.0)
    p = expit(z)
    for threshold in (0.05, 0.2, 0.6):
        found = _audit(z, labels, threshold)
        hit = ((p >= threshold) & (labels == 1)).sum()
        fewest = min((p >= cut).mean() for cut in p if ((p >= cut) & (labels == 1)).sum() >= hit)
        assert found.floor == pytest.approx(fewest)
        assert found.perfect == hit / 500
        assert found.perfect <= found.floor <= found.predicted_prevalence


def test_what_must_be_found_cannot_be_mended_away():
    labels, z = _planted()
    found = _audit(z, labels, 0.001, keep=0.9)
    least = rank(labels, expit(z)).counts(choose("sensitivity", rank(labels, expit(z)), 0.9).value)
    assert _share(found)["separation"] == pytest.approx((least.tp + least.fp) / FILMS - labels.mean(), abs=1e-12)


def test_too_few_patients_to_calibrate_leave_one_part_that_is_not_known():
    labels = np.r_[np.ones(12), np.zeros(300)]  # six patients with the finding
    z = np.random.default_rng(0).normal(size=312) + labels
    found = _audit(z, labels, 0.5, trained=RARE)
    assert (found.main, found.reason) == (UNKNOWN, "films")
    assert set(_share(found)) == {"weighting", "prior", UNKNOWN}
    assert "needs 8 patients with the finding" in next(
        part.why for part in found.contributions if part.cause == UNKNOWN
    )
    asked = _audit(z, labels, -1.0, keep=0.9)  # what cannot be told apart needs no calibration
    assert set(_share(asked)) == {"weighting", UNKNOWN, "separation"}


@pytest.mark.parametrize("lift", [math.log(81.65), logit(0.7) - logit(RARE), 4.4])
def test_what_lifted_the_probabilities_is_not_named_where_nobody_said(lift: float):
    labels, z = binormal(np.random.default_rng(5), 1300, RARE, APART)
    found = _audit(z + lift, labels, 0.5, weight=None)
    assert (found.main, found.reason) == (UNKNOWN, "training")
    share = _share(found)
    assert set(share) == {UNKNOWN, "threshold", "separation"}
    part = next(one for one in found.contributions if one.cause == UNKNOWN)
    assert part.low < share[UNKNOWN] < part.high and part.high - part.low < 0.15
    assert share["separation"] <= found.floor - found.prevalence


def test_a_prevalence_that_so_few_films_cannot_tell_from_that_of_the_training_is_not_named():
    labels, z = np.array([1.0, 0.0, 1.0, 0.0]), np.array([2.0, 0.1, 1.0, 0.1])
    found = _audit(z, labels, 0.5, trained=0.7)
    assert _share(found)["prior"] == 0.5 == found.excess
    assert (found.main, found.reason) == (UNKNOWN, "films")


def test_a_weight_that_does_not_show_in_the_films_is_not_named():
    labels, z = _planted()
    for count in (FILMS, 200):
        found = _audit(z[:count], labels[:count], 0.02, weight=30, trained=RARE)
        assert found.lift.refuted and found.main in ("threshold", UNKNOWN) and "weighting" not in _share(found)


@pytest.mark.parametrize("weight", [200, 1000, 10_000])
def test_a_weight_that_would_lift_the_logits_more_than_they_are_is_refuted_and_not_taken_into_account(weight: float):
    labels, z = _planted()
    for known in ({"trained": RARE}, {}):
        found = _audit(z + math.log(30), labels, 0.5, weight=weight, **known)
        assert (found.main, found.reason) == (UNKNOWN, "refuted")
        assert set(_share(found)) == {UNKNOWN, "threshold", "separation"}
        assert found.lift.told == pytest.approx(math.log(weight), abs=0.05)
        assert found.lift.low < math.log(30) < found.lift.high < found.lift.told and found.lift.shown < 3.7


def test_a_prevalence_in_training_that_would_lift_the_logits_more_than_they_are_is_refuted():
    labels, z = _planted()
    found = _audit(z + math.log(10), labels, 0.5, trained=0.9)
    assert (found.main, found.reason) == (UNKNOWN, "refuted")
    assert found.lift.told == pytest.approx(logit(0.9) - logit(labels.mean()))


@pytest.mark.parametrize(
    ("known", "other", "names"),
    [
        ({"weight": 5, "trained": RARE}, 3.0, "calibration"),
        ({"weight": 3, "trained": RARE}, 2.5, "calibration"),
        ({"trained": 0.15}, 2.5, "calibration"),
        ({"weight": 30, "trained": RARE}, 1.0, "weighting"),
        ({"weight": 8, "trained": RARE}, 2.1, UNKNOWN),
    ],
)
def test_of_what_moves_the_logit_the_one_that_moves_it_further_is_named(known: dict, other: float, names: str):
    labels, z = _planted()
    told = {"weight": 1.0} | known
    found = _audit(z + math.log(told["weight"]) + logit(told["trained"]) - logit(RARE) + other, labels, 0.5, **known)
    assert found.main == names and (names != UNKNOWN or found.reason == "close")


def test_timid_probabilities_and_a_low_threshold_flag_the_same_films_so_neither_is_named():
    labels, z = _planted()
    found = _audit(z / 3, labels, 0.25, trained=RARE)
    assert (found.main, found.reason) == (UNKNOWN, "close")


def test_one_known_number_of_two_names_no_cause_since_the_other_may_lift_or_lower_as_much():
    labels, z = _planted()
    for known in ({"weight": 30}, {"weight": None, "trained": 0.48}):
        found = _audit(z + math.log(30), labels, 0.5, **known)
        assert (found.main, found.reason) == (UNKNOWN, "training")


def test_what_somebody_says_and_the_films_show_more_of_is_not_called_miscalibration():
    labels, z = _planted()
    prepared = prepare_scores(labels, expit(z + math.log(82)), np.arange(FILMS) // 2, NOTHING.beside(Known(5, RARE)))
    found = decompose(prepared, 0.5)
    assert (found.main, found.reason) == (UNKNOWN, "said")
    assert found.lift.told == pytest.approx(math.log(5), abs=0.05)
    assert found.lift.low < math.log(82) < found.lift.high


@pytest.mark.parametrize("missing", [0.5, 0.7])
def test_labels_that_miss_films_with_the_finding_read_as_miscalibration_and_the_audit_says_so(missing: float):
    rng = np.random.default_rng(3)
    labels, z = binormal(rng, 5000, 0.2, 2.5)
    seen = np.where(rng.random(len(labels)) < missing, 0.0, labels)
    assert _audit(z, seen, 0.5, trained=0.2).main == "calibration"
    assert "labels that are wrong or missing" in CAUSES["calibration"] and "labels" in CAUSES[UNKNOWN]


def test_parts_in_any_order_are_the_mean_over_all_orders():
    level = {"": 1.0, "a": 0.5, "b": 0.9, "ab": 0.1}
    found = in_any_order(["a", "b"], lambda group: np.array([level["".join(sorted(group))]]))
    assert found["a"][0] == pytest.approx((0.5 + 0.8) / 2) and found["b"][0] == pytest.approx((0.1 + 0.4) / 2)


def test_as_many_flags_as_may_be_chance_have_no_cause():
    labels, z = binormal(np.random.default_rng(8), 400, RARE, APART)
    ranked = rank(labels, expit(z))
    matched = choose("prevalence", ranked).value
    more = ranked.scores[ranked.position(matched) - 2]
    found = _audit(z, labels, more, trained=RARE)
    assert 0 < found.excess < 0.02 and (found.main, found.reason) == (UNKNOWN, "chance")


def test_a_part_that_cannot_be_mended_is_never_more_than_the_floor_leaves():
    labels, z = binormal(np.random.default_rng(9), 800, 0.7, 0.5)
    for threshold in (0.2, 0.4, 0.5, 0.6):
        found = _audit(z, labels, threshold, trained=0.7)
        assert _share(found)["separation"] <= found.floor - found.prevalence + 1e-12


@pytest.fixture(scope="module")
def causes() -> dict[str, str]:
    return {name: right(planted, 40_000) for name, planted in PLANTED.items()}


def test_the_right_cause_of_the_benchmark_is_what_was_planted_and_adds_most_flags(causes: dict[str, str]):
    assert causes["weight 30"] == causes["weight 82, told 5"] == causes["weight 30, told 10,000"] == "weighting"
    assert causes["prevalence 40 % in training"] == causes["weight 2 and prevalence 40 %"] == "prior"
    assert causes["weight 5 and 3 too high"] == causes["prevalence 15 % and 2.5 too high"] == "calibration"
    assert causes["weight 3 and threshold 0.05"] == causes["threshold 0.03, told weight 20"] == "threshold"
    assert causes["cannot tell apart, common"] == "separation" and causes["nothing: the excess is chance"] == ""


def test_the_causes_of_the_benchmark_are_seldom_named_wrongly(causes: dict[str, str]):
    for name, planted in PLANTED.items():
        for found in audited(planted, films(planted, 20_000, np.random.default_rng(0))):
            assert found.main in (causes[name], UNKNOWN, "")
    tally = measure(PLANTED["threshold 0.02"], "threshold", 50, 10, seed=1)
    assert tally["not known"]["wrong"] == tally["known"]["wrong"] == 0 and tally["known"]["right"] >= 8


def test_the_page_on_the_audit_quotes_every_planted_cause_and_none_is_named_wrongly_more_than_once_in_twenty():
    page = (REPOSITORY / "docs" / "audit.md").read_text("utf-8")
    for name in PLANTED:
        rows = "".join(re.findall(rf"^\| {re.escape(name)} \| .*$", page, re.MULTILINE))
        cells = re.findall(r"([\d.]+) / ([\d.]+) / ([\d.]+)", rows)
        assert len(cells) == 2 * len(POSITIVES)
        for named, unknown, wrong in cells:
            assert float(wrong) <= 5 and float(named) + float(unknown) + float(wrong) == pytest.approx(100, abs=0.5)


@pytest.mark.parametrize(
    ("labels", "words"), [([0, 0, 0], "None of the 3"), ([1, 1, 1], "All of the 3"), ([np.nan] * 3, "No film")]
)
def test_one_kind_of_film_says_so(labels: list, words: str):
    with pytest.raises(EvaluateError, match=words):
        prepare_scores(np.array(labels), np.array([0.1, 0.2, 0.3]), np.arange(3))


def test_missing_labels_do_not_count():
    labels, z = binormal(np.random.default_rng(2), 3000, 0.1, 1.5)
    gaps = np.r_[labels, np.nan, -1.0]
    with_gaps = decompose(prepare_scores(gaps, expit(np.r_[z, 5, 5]), np.arange(3002)), 0.05)
    without = decompose(prepare_scores(labels, expit(z), np.arange(3000)), 0.05)
    assert _share(with_gaps) == _share(without) and with_gaps.main == without.main


def test_the_model_card_is_read():
    labels, z = _planted()
    judged = made(expit(z + math.log(30)), labels)
    card = {"prevalence": {"Emphysema": RARE}, "provenance": {"positive_weight": {"Emphysema": 30.0}}}
    weighted = dataclasses.replace(judged, card=card)
    assert audit(weighted, "Emphysema", 0.5).main == "weighting"
    assert audit(judged, "Emphysema", 0.5).main == UNKNOWN
    assert audit(judged, "Emphysema", 0.5, said=Known(30.0, RARE)).main == "weighting"
    assert audit(judged, "Emphysema", 0.5, said=Known(1.0, RARE)).reason == "said"
    unweighted = {**card, "provenance": {"imbalance": {"strategy": "none"}}}
    assert audit(dataclasses.replace(judged, card=unweighted), "Emphysema", 0.5).main == "calibration"
    # A card that calibrates the finding has undone its weighting.
    undone = dataclasses.replace(judged, card={**card, "calibration": {"Emphysema": {"intercept": -3.4}}})
    assert audit(undone, "Emphysema", 0.5).contributions[0].share == 0
    assert audit(dataclasses.replace(judged, card={"provenance": None}), "Emphysema", 0.5).main == UNKNOWN


@pytest.mark.parametrize(
    ("card", "known"),
    [
        ({}, (None, None)),
        ({"provenance": [], "prevalence": "much"}, (None, None)),
        ({"provenance": {"positive_weight": {"Mass": 3}}, "prevalence": {"Mass": 0.1}}, (3, 0.1)),
        ({"provenance": {"positive_weight": {"Mass": "3"}}, "prevalence": {"Mass": 1.0}}, (None, None)),
        ({"provenance": {"imbalance": {"strategy": "none"}}}, (1.0, None)),
        ({"provenance": {"imbalance": {"strategy": "focal"}}}, (None, None)),
        ({"provenance": {"imbalance": {"strategy": "positive-weights"}, "calibration": {"films": 900}}}, (1.0, None)),
        (
            {
                "calibration": {"Mass": {"intercept": -1}},
                "prevalence": {"Mass": 0.3},
                "provenance": {"positive_weight": {"Mass": 3}, "remedies": [{"finding": "Mass", "prevalence": 0.05}]},
            },
            (1.0, 0.05),
        ),
        ({"calibration": {"Mass": {"intercept": -1}}, "prevalence": {"Mass": 0.3}}, (1.0, None)),
    ],
)
def test_what_a_card_says_of_the_training(card: dict, known: tuple):
    found = known_of(card, "Mass")
    assert (found.weight, found.trained, found.said) == (*known, ())
    both = found.beside(Known(7.0, 0.2))
    assert (both.weight, both.trained) == (known[0] or 7.0, known[1] or 0.2)
    assert both.said == tuple(name for name, it in zip(("weight", "trained"), known, strict=True) if it is None)


@pytest.mark.parametrize(
    ("methods", "moved", "weight"),
    [
        (["platt"], -2.0, 1.0),
        (["isotonic"], 0.0, 1.0),
        (["temperature", "platt"], -2.0, 1.0),
        (["weighting"], -math.log(12), 1.0),
        (["weighting"], -math.log(3), 4.0),
        (["prior"], -1.5, 12.0),
        (["temperature"], 0.0, None),
        (["weighting", "prior"], -2.0, None),
    ],
)
def test_a_remedy_undoes_of_the_weighting_what_it_was_made_for(methods: list, moved: float, weight: float | None):
    notes = [{"finding": "Mass", "method": method, "prevalence": 0.07} for method in methods]
    card = {
        "calibration": {"Mass": {"slope": 1.0, "intercept": moved}},
        "prevalence": {"Mass": 0.3},
        "provenance": {"positive_weight": {"Mass": 12.0}, "remedies": notes},
    }
    found = known_of(card, "Mass")
    assert found.weight == (weight if weight is None else pytest.approx(weight))
    assert found.trained == 0.07 and found.calibrated


def test_prevalences_come_worst_first_and_a_finding_without_films_last():
    rng = np.random.default_rng(0)
    labels = (rng.random((1000, 3)) < [0.1, 0.3, 0.5]).astype(float)
    labels[:, 2] = np.nan
    judged = made(rng.random((1000, 3)), labels)
    table = prevalences(judged, {"Emphysema": 0.5, "Effusion": 0.9, "Mass": 0.5})
    assert table["finding"].tolist() == ["Emphysema", "Effusion", "Mass"]
    first = table.iloc[0]
    flagged = (judged.scores("Emphysema") >= 0.5).mean()
    assert first["excess"] == pytest.approx(flagged - labels[:, 0].mean())
    assert first["ratio"] == pytest.approx(flagged / labels[:, 0].mean())
    assert first["prevalence_low"] < first["prevalence"] < first["prevalence_high"]
    assert math.isnan(table.iloc[2]["excess"]) and table.iloc[2]["problem"].startswith("No film")


def test_co_occurrence_by_counting():
    #            FP FP FP FP TP FN TN TN TN TN
    emphysema = [0, 0, 0, 0, 1, 1, 0, 0, 0, 0]
    effusion = [1, 1, 1, 0, 0, 1, 0, 0, np.nan, 0]
    mass = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    p = [0.9, 0.9, 0.9, 0.9, 0.9, 0.1, 0.1, 0.1, 0.1, 0.1]
    judged = made(np.column_stack([p, p, p]), np.column_stack([emphysema, effusion, mass]))
    table = co_occurrence(judged, "Emphysema", 0.5).set_index("finding")
    assert table.index.tolist() == ["Effusion", "Mass"]
    assert table.loc["Effusion", ["count", "of", "share"]].tolist() == [3, 4, 0.75]
    assert table.loc["Effusion", "base"] == pytest.approx(4 / 9)
    assert table.loc["Effusion", "lift"] == pytest.approx(0.75 * 9 / 4)
    assert math.isnan(table.loc["Mass", "lift"]) and table.loc["Mass", "share"] == 0
    # Inside of the cell 3 of 4 have it, outside 1 of 5; no film has a mass, so that there is nothing to test.
    assert table.loc["Effusion", ["p", "q"]].tolist() == pytest.approx([fisher_exact([[3, 1], [1, 4]]).pvalue] * 2)
    assert math.isnan(table.loc["Mass", "p"]) and math.isnan(table.loc["Mass", "q"])
    assert co_occurrence(judged, "Emphysema", 0.5, "positives")["count"].iloc[0] == 1
    assert co_occurrence(judged, "Emphysema", 2.0)["share"].isna().all()
