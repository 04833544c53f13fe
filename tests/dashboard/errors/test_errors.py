"""What the Errors page knows, without Streamlit: links, thresholds, sentences, figures, remedies."""

from __future__ import annotations

import dataclasses
import math
import re

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

from dashboard.errors import figures, sentences
from dashboard.errors.state import LINK, MOST_CORNERS, NUMBER, State, simplified
from dashboard.errors.thresholds import choose_thresholds
from dashboard.page.cause_names import main_cause
from training.evaluate.co_occurrence import co_occurrence
from training.evaluate.joining import join
from training.evaluate.judged import Judged
from training.evaluate.rates import share
from training.mending.audit import REASONS, UNKNOWN, audit
from training.mending.known import Known
from training.mending.remedy import try_remedy
from xai.findings import FINDINGS

WEIGHT = 30.0


def planted(count: int = 6000, weight: float = WEIGHT, seed: int = 0) -> Judged:
    """Calibrated answers about Emphysema, then ``ln weight`` added, as a weighted loss does; Mass is left alone."""
    rng = np.random.default_rng(seed)
    table, said = {}, {}
    for finding, prevalence, extra in (("Emphysema", 0.05, math.log(weight)), ("Mass", 0.1, 0.0)):
        truth = rng.random(count) < prevalence
        x = rng.normal(size=count) + 2.0 * truth
        table[finding] = truth.astype(np.float32)
        said[finding] = expit(2.0 * x - 2.0 + logit(prevalence) + extra)
    names = [f"f{k}" for k in range(count)]
    films = pd.DataFrame({"film": names, "patient": names, "split": None, "view": "PA", "dataset": "made", **table})
    card = {"provenance": {"positive_weight": {"Emphysema": weight}}, "prevalence": {"Emphysema": 0.05, "Mass": 0.1}}
    return dataclasses.replace(join(pd.DataFrame(said, index=names), films, "overcaller", "made"), card=card)


@pytest.fixture(scope="module")
def overcaller() -> Judged:
    return planted()


def random_case(rng: np.random.Generator) -> State:
    def maybe(value):
        return None if rng.random() < 0.3 else value

    corners = [tuple(map(float, corner)) for corner in rng.normal(size=(rng.integers(3, 90), 2))]
    return State(
        predictions=maybe("a name"),
        finding=maybe("Mass"),
        section="slices" if (piece := maybe("old, women")) else str(rng.choice(["audit", "atlas", "doubts"])),
        slice=piece,
        label=str(rng.choice(["present", "absent"])),
        split=str(rng.choice(["all", "test"])),
        rule=str(rng.choice(["card", "youden", "ppv"])),
        target=maybe(float(rng.integers(1, 100) / 100)),
        keep=maybe(0.85),
        beside=str(rng.choice(["FP", "positives"])),
        remedy=str(rng.choice(["platt", "none", "prior"])),
        rule_after=str(rng.choice(["keep", "prevalence", "sensitivity"])),
        target_after=maybe(0.7),
        share=float(rng.integers(2, 18) / 20),
        seed=int(rng.integers(1000)),
        weight=maybe(12.5),
        trained=maybe(0.031),
        here=maybe(0.2),
        cell=str(rng.choice(["FP", "FN"])),
        pictures=bool(rng.random() < 0.5),
        mean_films=int(rng.integers(4, 100)),
        map_films=int(rng.integers(20, 2000)),
        region=maybe(simplified(corners)) or (),
    )


def test_a_link_keeps_the_whole_case():
    rng = np.random.default_rng(0)
    for _ in range(200):
        case = random_case(rng)
        assert LINK.read(LINK.write(case)) == (case, [])
    by_hand = State(predictions="p", finding="Mass", rule=NUMBER, threshold=0.0195)
    assert LINK.read(LINK.write(by_hand)) == (by_hand, [])
    assert LINK.write(State()) == {}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("section", "elsewhere"),
        ("rule", "guess"),
        ("target", "nan"),
        ("threshold", "1.5"),
        ("threshold", "inf"),
        ("keep", "0"),
        ("share", "1"),
        ("seed", "-1"),
        ("seed", "9" * 400),
        ("weight", "0"),
        ("cell", "TN"),
        ("pictures", "yes"),
        ("looks", "1"),
        ("region", "0:0,1:1"),
        ("region", "0:0,1:nan,1:1"),
        ("region", ",".join(["0:0"] * (MOST_CORNERS + 1))),
        ("finding", "x" * 5000),
        ("finding", "a\nb"),
    ],
)
def test_a_bad_part_of_a_link_is_left_out_and_said(name, text):
    case, problems = LINK.read({name: text})
    assert case == State()
    assert len(problems) == 1
    assert problems[0].startswith(f"The link's {name} “")
    assert len(problems[0]) < 400


def test_a_threshold_by_hand_needs_a_number():
    case, problems = LINK.read({"rule": NUMBER})
    assert case.rule == "card"
    assert problems == ["The link sets a threshold by hand and names none; the model card's is used."]


def test_what_was_set_for_one_finding_stays_with_it():
    case = State(finding="Mass", rule=NUMBER, threshold=0.2, keep=0.9, weight=3.0, region=((0, 0), (1, 0), (1, 1)))
    other = case.of("Edema")
    assert (other.finding, other.rule, other.threshold, other.keep, other.weight, other.region) == (
        *("Edema", "card"),
        *(None, None, None),
        (),
    )
    assert State(rule="youden", finding="Mass").of("Edema").rule == "youden"


def test_an_outline_keeps_few_corners():
    assert simplified([(0.12345, 1.0), (2.0, 3.0)]) == ((0.123, 1.0), (2.0, 3.0))
    angles = np.linspace(0, 2 * np.pi, 500)
    assert len(simplified(list(zip(np.cos(angles), np.sin(angles), strict=True)))) <= MOST_CORNERS


def test_thresholds_follow_the_rule_and_the_hand_moves_one_finding_only(overcaller):
    by_hand = choose_thresholds(overcaller, State(finding="Mass", rule=NUMBER, threshold=0.31))
    assert by_hand.values() == {"Emphysema": 0.5, "Mass": 0.31}
    assert by_hand.rules["Mass"] == ""
    matched = choose_thresholds(overcaller, State(rule="prevalence"))
    for finding in ("Emphysema", "Mass"):
        flagged = (overcaller.scores(finding) >= matched.value(finding)).mean()
        assert flagged == pytest.approx(overcaller.ranked(finding).prevalence)
        assert matched.rules[finding] == "prevalence"
    worst = overcaller.with_probabilities("Mass", 1 - overcaller.truth("Mass"))
    unreachable = choose_thresholds(worst, State(rule="ppv", target=0.9))
    assert "No threshold has a PPV of 0.9" in unreachable.problems["Mass"]
    assert (unreachable.value("Mass"), unreachable.rules["Mass"]) == (0.5, "")


def test_what_is_not_known_is_said_with_what_would_tell(overcaller):
    alone = dataclasses.replace(overcaller, card={})
    told = audit(alone, "Emphysema", 0.5)
    words = sentences.cause(told)
    part = next(one for one in told.contributions if one.cause == UNKNOWN)
    assert words.startswith("Main cause: **not known**. The probabilities are too high, which accounts for")
    assert f"{100 * part.share:.0f} percentage points of the flagged share ({100 * part.low:.0f} to" in words
    assert words.endswith(
        "What would tell: how many times the loss counted a film with the finding and how many of the training films "
        "had it. Calibration mends it, whatever the cause. Labels that are wrong or missing would look the same."
    )
    half = audit(alone, "Emphysema", 0.5, said=Known(weight=WEIGHT))
    assert "**not known**. The weight that is known lifts the logits by 3.4; at the threshold" in sentences.cause(half)
    assert "What would tell: how many of the training films had it. Cal" in sentences.cause(half)
    half = audit(alone, "Emphysema", 0.5, said=Known(trained=0.05))
    assert "What would tell: how many times the loss counted a film with the finding. Cal" in sentences.cause(half)
    few = alone.restrict(
        np.r_[np.flatnonzero(alone.truth("Emphysema") == 1)[:5], np.arange(200)[alone.truth("Emphysema")[:200] == 0]]
    )
    assert "8 or more patients with it, and as many without, would tell." in sentences.cause(
        audit(few, "Emphysema", 0.5)
    )


def test_the_planted_cause_is_named_and_its_parts_add_up(overcaller):
    told = audit(overcaller, "Emphysema", 0.5)
    assert told.main == "weighting"
    assert sum(part.share for part in told.contributions) == pytest.approx(told.excess, abs=1e-12)
    words = sentences.cause(told)
    assert "Main cause: **weighting of the loss**" in words
    share = next(part.share for part in told.contributions if part.cause == "weighting")
    assert f"{100 * share:.0f} percentage points" in words
    assert f"**{100 * told.predicted_prevalence:.0f}\u00a0%** of 6,000 films" in sentences.headline("Emphysema", told)
    assert sentences.cause(audit(overcaller, "Mass", 0.9)) == ""
    assert "is not over-predicted" in sentences.headline("Mass", audit(overcaller, "Mass", 0.9))


def test_what_is_said_of_the_training_is_held_against_the_films(overcaller):
    alone = dataclasses.replace(overcaller, card={})

    def words(weight: float, trained: float = 0.05) -> str:
        return sentences.cause(audit(alone, "Emphysema", 0.5, said=Known(weight, trained)))

    assert words(WEIGHT).startswith("Main cause: **weighting of the loss**, if what you say is right. You say a weight")
    assert "a weight of 30 for films with the finding, which lifts every logit by 3.40, as if it were" in words(WEIGHT)
    refuted = words(10_000)
    assert refuted.startswith("Main cause: **not known**. A weight of 10,000 and the finding in 5.0\u00a0% of the")
    numbers = r"lift the logits by 9\.\d; at the threshold these films show 3\.\d \(3\.\d to \d\.\d\)"
    assert re.search(numbers, refuted)
    assert "It cannot be right, or something else lowers them by the difference" in refuted
    assert re.search(r"What you say lifts the logits by 1\.\d; at the threshold these films show 3\.\d", words(5))
    assert "The rest has another reason, or what you say is not right." in words(5)
    assert words(1, 0.5).startswith("Main cause: **prevalence shift**, if what you say is right. The finding is rarer")


def test_wrong_or_missing_labels_stand_beside_miscalibration_and_beside_what_is_not_known(overcaller):
    unweighted = {"provenance": {"imbalance": {"strategy": "none"}}, "prevalence": {"Emphysema": 0.05}}
    told = audit(dataclasses.replace(overcaller, card=unweighted), "Emphysema", 0.5)
    assert told.main == "calibration" and sentences.LABELS in sentences.cause(told)
    assert main_cause(told) == "miscalibration; wrong or missing labels would look the same"
    unknown = audit(dataclasses.replace(overcaller, card={}), "Emphysema", 0.5)
    for reason in REASONS:
        known = Known() if reason == "training" else Known(10, 0.05)
        told = dataclasses.replace(unknown, reason=reason, known=known)
        assert sentences.cause(told).endswith(sentences.LABELS)
        assert main_cause(told).endswith("; wrong or missing labels would look the same")


def test_a_low_threshold_is_said_without_a_purpose_that_nobody_told(overcaller):
    low = sentences.cause(audit(overcaller, "Mass", 0.02))
    assert low.startswith("Main cause: **threshold**. The threshold lies below the probability at which")
    assert "more likely do not have it; whether that is meant, the films do not say. It accounts" in low
    kept = sentences.cause(audit(overcaller, "Mass", 0.005, keep_sensitivity=0.7))
    assert "A higher threshold is enough to find 70\u00a0% of the films with the finding." in kept


def test_the_card_is_quoted_and_nothing_is_said_of_a_training_that_it_does_not_tell(overcaller):
    told = audit(overcaller, "Emphysema", 0.5)
    assert "The model card says a weight of 30 for films with the finding, which lifts" in sentences.cause(told)
    whys = {part.cause: part.why for part in told.contributions}
    assert whys["weighting"] == "A weight of 30 for films with the finding, says the model card: ln w = 3.40."
    assert whys["prior"].startswith("5.00% of the films of the training have the finding, says the model card; ")
    plain = {**overcaller.card, "provenance": {"imbalance": {"strategy": "none"}}}
    told = audit(dataclasses.replace(overcaller, card=plain), "Emphysema", 0.5)
    assert told.contributions[0].why.startswith("By the model card the loss counted all films alike, or a calibration")
    notes = [{"finding": "Emphysema", "method": "platt", "prevalence": 0.3}]
    provenance = {**overcaller.card["provenance"], "remedies": notes}
    mended = {**overcaller.card, "calibration": {"Emphysema": {"intercept": -1.0}}, "provenance": provenance}
    told = audit(dataclasses.replace(overcaller, card=mended), "Emphysema", 0.5)
    whys = {part.cause: part.why for part in told.contributions}
    assert whys["weighting"] == "The model card calibrates this finding, which undoes any weighting of the loss."
    assert whys["prior"].startswith("30.00% of the films that the model card's calibration was made for have the")
    shifted = dataclasses.replace(told, main="prior")
    where = "than in the films that the calibration of its probabilities was made for (30\u00a0%, says the model card)"
    assert where in sentences.means(shifted)


def test_ticks_of_shares_have_as_many_digits_as_they_need(overcaller):
    rare, trial = audit(overcaller, "Emphysema", 0.5), try_remedy(overcaller, "Emphysema", "platt")
    for drawn in (figures.waterfall(rare), figures.before_after(trial)):
        assert drawn.layout.xaxis.tickformat == ".6~%"  # 0.5%, 1%, 1.5%, as d3 trims what is not needed


def test_the_waterfall_goes_from_the_flagged_to_the_true_share(overcaller):
    told = audit(overcaller, "Emphysema", 0.5)
    (bars,) = figures.waterfall(told).data
    starts, lengths = np.array(bars.base), np.array(bars.x)
    assert lengths[0] == told.predicted_prevalence
    assert lengths[-1] == told.prevalence
    level = told.predicted_prevalence
    for part, start, length in zip(told.contributions, starts[1:-1], lengths[1:-1], strict=True):
        assert start == pytest.approx(min(level, level - part.share))
        assert length == pytest.approx(abs(part.share))
        level -= part.share
    assert level == pytest.approx(told.prevalence)


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0.148, "+15\u00a0pts"),
        (-0.013, "−1.3\u00a0pts"),
        (0.0004, "+0.04\u00a0pts"),
        (0.0, "0.0\u00a0pts"),
        (-0.5, "−50\u00a0pts"),
    ],
)
def test_points_are_signed_and_small_ones_do_not_read_as_zero(share, words):
    assert figures.points(share) == words


def test_company_is_named_with_how_many_times_as_often():
    count = 400
    mass = np.arange(count) % 2 == 0
    edema = np.where(mass, np.arange(count) % 4 == 0, np.arange(count) % 100 == 1)
    films = pd.DataFrame(
        {"film": [f"f{k}" for k in range(count)], "patient": [f"p{k}" for k in range(count)], "split": None}
        | {"Mass": mass.astype(float), "Edema": edema.astype(float)}
    )
    said = pd.DataFrame({"Mass": np.linspace(0, 1, count), "Edema": 0.5}, index=films["film"])
    judged = join(said, films)
    words = sentences.co_occurrence("Mass", co_occurrence(judged, "Mass", 0.5, "positives"), "positives")
    assert (
        words
        == "**50\u00a0%** of the films labelled Mass (100 of 200) also carry **Edema**, 1.9 times as many as among "
        "all films (26\u00a0%); q < 0.001, findings compared: 1."
    )


@pytest.mark.parametrize("films_each", [1, 4])
@pytest.mark.parametrize("flagged", [0.02, 0.2])
def test_random_false_positives_seldom_carry_anything_clearly_more_often(films_each, flagged):
    rng, named = np.random.default_rng(0), 0
    patients = 1200 // films_each
    owner = np.repeat([f"p{k}" for k in range(patients)], films_each)
    names, others = [f"f{k}" for k in range(1200)], [name for name in FINDINGS if name != "Mass"]
    for _ in range(40):
        carried = np.repeat(rng.random((patients, 13)) < rng.choice([0.005, 0.03, 0.1, 0.3], 13), films_each, axis=0)
        flags = np.repeat(rng.random(patients) < flagged, films_each).astype(float)
        films = pd.DataFrame(dict(zip(others, carried.T.astype(float), strict=True)))
        films = films.assign(film=names, patient=owner, split=None, Mass=(rng.random(1200) < 0.05).astype(float))
        said = pd.DataFrame(dict.fromkeys(others, 0.5), index=names).assign(Mass=flags)
        judged = join(said, films)
        told = sentences.co_occurrence("Mass", co_occurrence(judged, "Mass", 0.5), "FP")
        named += "also carry" in told
    assert named <= 2


@pytest.mark.parametrize(
    ("method", "rule", "words"),
    [
        ("platt", "prevalence", "The threshold did it: by the rule Matched prevalence the same films would be flagged"),
        ("platt", "", "The probabilities did it; the threshold stays, and the calibration error goes from"),
        ("none", "prevalence", "The threshold alone did it; the probabilities are as they were."),
        ("none", "", "Nothing was changed."),
    ],
)
def test_the_headline_says_what_did_the_work_and_what_it_costs_first(overcaller, method, rule, words):
    trial = try_remedy(overcaller, "Emphysema", method, rule, threshold=0.5)
    said = sentences.outcome(trial)
    assert words in said
    before, after = trial.side_by_side.missed
    assert said.startswith(
        f"On films it was not fitted on, **{after:,}** of {trial.shown_positives:,} with the finding"
    )
    more = f"**{after - before:,} more** than before" if after > before else "as many as before"
    assert more in said


def test_a_remedy_that_makes_calibration_worse_is_warned_of(overcaller):
    worse = try_remedy(overcaller, "Mass", "weighting", "", threshold=0.5, weight=30.0)
    assert worse.after.ece > worse.before.ece
    assert f"from {worse.before.ece:.4f} to {worse.after.ece:.4f}" in sentences.worse(worse)
    brier = worse.side_by_side.changes["brier"]
    assert f"Brier score goes from {brier.first:.4f} to {brier.second:.4f} (95 % interval of" in sentences.worse(worse)
    assert sentences.worse(worse).startswith("Calibration got worse")
    assert sentences.worse(try_remedy(overcaller, "Emphysema", "platt", threshold=0.5)) == ""


def test_of_probabilities_that_were_right_it_is_seldom_said_that_they_got_worse():
    rng, said, higher = np.random.default_rng(0), 0, 0
    names = [f"f{k}" for k in range(800)]
    for _ in range(60):
        p = expit(1.3 * rng.normal(size=800) - 2.2)
        table = {"Mass": (rng.random(800) < p).astype(float)}
        films = pd.DataFrame({"film": names, "patient": names, "split": None, "dataset": "made", **table})
        judged = join(pd.DataFrame({"Mass": p}, index=names), films, "right", "made")
        trial = try_remedy(judged, "Mass", "platt", "prevalence", threshold=0.2, repeated=False)
        higher += trial.after.ece > trial.before.ece
        said += bool(sentences.worse(trial))
    assert said <= 3 < higher


def test_where_no_flag_moves_nothing_is_said_to_have_moved_one(overcaller):
    still = try_remedy(overcaller, "Emphysema", "temperature", "", threshold=0.5)  # it keeps the sides of 0.5
    assert still.before.ece != still.after.ece
    assert sentences.work(still).startswith("No flag moved. What the remedy changes in the probabilities: the cal")
    moved = dataclasses.replace(still, remedy=dataclasses.replace(still.remedy, map=None))
    after = dataclasses.replace(still.after, threshold=0.5 + 1e-9)
    assert sentences.work(dataclasses.replace(moved, after=after)) == (
        "No flag moved: none of these films lies between the two thresholds."
    )


def test_a_flagged_share_that_reads_the_same_is_not_said_to_go_anywhere(overcaller):
    still = try_remedy(overcaller, "Emphysema", "temperature", "", threshold=0.5)
    said = sentences.outcome(still)
    assert "the flagged share stays at **" in said and "goes from **" not in said and "No flag moved" in said
    rates = dataclasses.replace(still.after.rates, predicted_prevalence=share(63, 3000))
    before = dataclasses.replace(still.before.rates, predicted_prevalence=share(64, 3000))
    after = dataclasses.replace(still.after, rates=rates)
    said = sentences.outcome(
        dataclasses.replace(still, before=dataclasses.replace(still.before, rates=before), after=after)
    )
    assert "; instead of 64 films 63 are flagged, **2.1\u00a0%**, where" in said


def test_as_many_flags_as_chance_leaves_open_are_not_called_too_many(overcaller):
    told = audit(overcaller, "Mass", 0.5)
    even = dataclasses.replace(told, predicted_prevalence=0.34, prevalence=0.33, excess=0.01, films=40)
    chance = dataclasses.replace(even, main=UNKNOWN, reason="chance")
    assert sentences.headline("Mass", chance) == (
        "**Mass** is not shown to be flagged too often: **34\u00a0%** of 40 films are flagged, **33\u00a0%** have it, "
        "which chance leaves open."
    )
    assert sentences.cause(chance).startswith("No cause is named, since there may be no excess")
    assert main_cause(chance) == "none, since so many flags may be chance; wrong or missing labels would look the same"


def test_close_on_few_films_is_said_with_how_far_off_it_may_be():
    trial = try_remedy(planted(300), "Emphysema", "platt", "prevalence", threshold=0.5)
    for flagged, truth, words in (
        (5, 5, "it may be 1.4\u00a0% to 7.6\u00a0% on others"),
        (4000, 4000, "which is close;"),
    ):
        rates = dataclasses.replace(
            trial.after.rates, predicted_prevalence=share(flagged, 30 * truth), prevalence=share(truth, 30 * truth)
        )
        said = sentences.outcome(dataclasses.replace(trial, after=dataclasses.replace(trial.after, rates=rates)))
        assert words in said, said


def test_the_remedy_brings_the_flagged_share_near_the_truth_on_films_it_was_not_fitted_on(overcaller):
    trial = try_remedy(overcaller, "Emphysema", "weighting", "", threshold=0.5)
    assert trial.before.rates.predicted_prevalence.value > 5 * trial.before.rates.prevalence.value
    assert trial.after.auroc.value == pytest.approx(trial.before.auroc.value, abs=1e-9)
    matched = try_remedy(overcaller, "Emphysema", "platt", "prevalence", threshold=0.5)
    truth = matched.after.rates.prevalence.value
    assert matched.after.rates.predicted_prevalence.value == pytest.approx(truth, rel=0.2)
    words = sentences.outcome(matched)
    assert "which is close" in words
    assert "AUROC, stays" in words
    assert f"Fitted on {matched.fitted_films:,} films" in sentences.halves(matched)
    assert matched.fitted_films + matched.shown_films == 6000
