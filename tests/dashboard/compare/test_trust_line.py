"""The line under each map: every word agrees with the number behind it."""

from __future__ import annotations

import json
import math
import re

import numpy as np
import pytest

from dashboard.compare import trust_line as words
from dashboard.compare.trust_line import Known, Measured, numbers, rows, trust_line, verdict
from training.benchmark.results import Score
from xai import measures
from xai.measures.trust import Gain, Scores, placed

SHAPE = (16, 16)


def drawn_film(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray, Known]:
    """A random map, truth and usual place; sometimes the map has ties, or nothing above 0."""
    values = rng.normal(size=SHAPE).round(int(rng.integers(0, 3))) - rng.choice([0, 9], p=[0.9, 0.1])
    truth = np.zeros(SHAPE, bool)
    top, left, high, wide = *rng.integers(0, 12, 2), *rng.integers(1, 8, 2)
    truth[top : top + high, left : left + wide] = True
    prior = rng.random(SHAPE)
    on_truth = placed((values, None), truth, {"prior": [(prior, None)], "random": [(rng.random(SHAPE), None)]})
    known = Known("Mass", True, has_evidence=bool(values.max() > 0), truth="present", placed=on_truth, others=7)
    return values, truth, prior, known


def share_at_top(values: np.ndarray, truth: np.ndarray) -> float:
    return float(truth[values == values.max()].mean())


def test_what_is_said_of_a_map_on_its_truth_agrees_with_the_map():
    rng, seen = np.random.default_rng(0), set()
    for _ in range(300):
        values, truth, prior, known = drawn_film(rng)
        said, origin = verdict(known)
        told = dict(rows(known))
        seen.add(said)
        if values.max() <= 0:
            assert said == words.NO_EVIDENCE and "This map" not in told
            continue
        share = share_at_top(values, truth)
        assert ("partly on the finding" in said) == (0 < share < 0.5)
        assert said.endswith(": on the finding.") == (share >= 0.5)
        assert ("beside the finding" in said) == (share == 0)
        own, usual = measures.iou(values, truth), measures.iou(prior, truth)
        assert f"IoU {own:.2f}, usual place {usual:.2f}" in origin
        assert ("by chance" in origin) == (share > 0)
        beside = "more than" if own > usual else "less than" if own < usual else "no more than"
        assert told["Beside it"].startswith(f"This map covers the finding {beside} its usual place")
        assert "From 7 films of others." in told["Usual place"]
    assert seen == {*words.LIES.values(), words.NO_EVIDENCE} - {words.LIES["covers"]}


def test_a_map_whose_point_lies_beside_a_finding_that_the_whole_of_it_covers_is_not_said_to_be_beside():
    truth = np.zeros(SHAPE, bool)
    truth[2:8, 2:8] = True
    values = truth.astype(float)
    values[9, 9] = 2.0  # the one strongest point
    covering = Known("Mass", True, truth="present", placed=placed((values, None), truth, {}))
    assert verdict(covering)[0] == words.LIES["covers"] and covering.placed.own.iou > 0.9
    spread = np.linspace(0.2, 1.0, truth.size).reshape(SHAPE)  # strongest in the corner: it covers nothing
    beside = Known("Mass", True, truth="present", placed=placed((spread, None), truth, {}))
    assert verdict(beside)[0] == words.LIES["beside"]


def test_settings_other_than_those_of_the_map_are_said_in_its_line():
    score = Score(0.41, 0.33, 0.49, 57)
    known = Known("Mass", True, measured=(Measured("simulated films", score, None, as_here=False),), is_measured=True)
    assert verdict(known)[1] == "Hit in 41\u00a0% (33 to 49) of 57 simulated films, with other settings."


def test_what_was_measured_is_said_as_its_interval_says():
    rng, seen = np.random.default_rng(1), set()
    for _ in range(300):
        low, high = np.sort(rng.normal(size=2))
        if rng.random() < 0.2:
            low = high = math.nan
        score = Score(0.41, 0.33, 0.49, 57)
        known = Known(
            "Mass", True, measured=(Measured("simulated films", score, Score(0, low, high, 57)),), is_measured=True
        )
        said, origin = verdict(known)
        (sentence,) = words.measured_sentences(known)
        seen.add(said)
        said = said.removeprefix("On other films ")
        assert said.startswith("better") == (low > 0) == (", more often" in sentence)
        assert said.startswith("worse") == (high < 0) == (", less often" in sentence)
        assert said.startswith("not clearly") == (low <= 0 <= high) == (", not clearly more often" in sentence)
        assert (words.REACTS in sentence) == (low <= 0)
        assert origin == "Hit in 41\u00a0% (33 to 49) of 57 simulated films."
        assert sentence.startswith(
            "On 57 simulated films, its strongest evidence for Mass lay on the finding in 41\u00a0% (33"
        )
    assert seen == set(words.GUESS.values())


def test_faithful_is_said_where_no_random_map_does_as_well_with_any_baseline():
    rng, seen = np.random.default_rng(2), set()
    for _ in range(300):
        gains = [Gain(name, rng.normal(0, 2), tuple(rng.normal(size=10))) for name in ("blurred film", "dataset mean")]
        ahead = [one.value > max(map(abs, one.drawn)) for one in gains]
        said = words.faithful(gains)
        seen.add(said.split(":")[0].split(".")[0])
        assert said.startswith("Yes:") == all(ahead)
        assert said.startswith("Not clearly:") == (not any(ahead))
        for one in gains:
            assert f"{one.value:+.2f}".replace("-", "−") in said and one.baseline in said
    assert seen == {"Yes", "Not clearly", "It depends on what stands in for hidden parts"}


@pytest.mark.parametrize(("stability", "word"), [(0.8, "Mostly"), (0.79, "Roughly"), (0.5, "Roughly"), (0.49, "No:")])
def test_steady_goes_by_the_table(stability, word):
    assert words.steady(stability).startswith(word)
    assert f"({stability:.2f};" in words.steady(stability)


def test_a_map_below_the_threshold_is_not_to_be_read_whatever_else_is_known():
    *_, known = drawn_film(np.random.default_rng(3))
    for truth in ("present", "absent", None):
        one = Known("Mass", False, "3.0\u00a0%, below its threshold of 12\u00a0%.", truth=truth, placed=known.placed)
        assert verdict(one) == (words.NOT_FLAGGED, one.answer)


@pytest.mark.parametrize(
    ("known", "said"),
    [
        (Known("Mass", True), words.NOT_MEASURED),
        (Known("Mass", True, is_measured=True), words.NOT_THIS),
        (Known("Mass", True, truth="absent"), words.FALSE_POSITIVE),
        (Known("Mass", True, truth="present"), words.NOT_MEASURED),  # at a place that nobody knows
        (Known("Mass", True, has_evidence=False), words.NO_EVIDENCE),
    ],
)
def test_what_is_not_known_is_said(known, said):
    assert verdict(known)[0] == said


def test_while_the_truth_is_hidden_the_line_is_that_of_a_film_without_truth():
    rng = np.random.default_rng(4)
    for _ in range(50):
        *_, known = drawn_film(rng)
        more = {
            "gains": (Gain("blurred film", 1.0, (0.5,)),),
            "stability": 0.9,
            "sure": 0.5,
            "has_evidence": known.has_evidence,
        }
        told, hidden = (
            trust_line(Known("Mass", True, truth=known.truth, placed=known.placed, **more)),
            trust_line(Known("Mass", True, **more)),
        )
        plain = {name: hidden[name] for name in ("verdict", "origin", "rows")}
        assert told["plain"] == plain == hidden["plain"]
        assert [row["label"] for row in plain["rows"]] == ["Faithful", "Steady", "Sure"]


def test_the_file_has_each_number_and_none_that_json_has_not():
    *_, known = drawn_film(np.random.default_rng(5))
    score = Score(0.5, math.nan, math.nan, 1)
    gain = Gain("blurred film", 1.0, (0.5, -2.0))
    more = Known(
        "Mass",
        True,
        truth="present",
        placed=known.placed,
        measured=(Measured("films of x", score, None),),
        gains=(gain,),
    )
    told = json.loads(json.dumps(numbers(more), allow_nan=False))
    assert told["on_truth"]["own"] == pytest.approx(vars(known.placed.own))
    assert told["faithful"][0]["by_chance"] == gain.by_chance
    assert told["measured"][0]["pointing"]["low"] is None
    assert "on_truth" not in numbers(more.untold()) and "truth" not in numbers(more.untold())
    assert verdict(more.untold())[1] == "Hit in 50\u00a0% of 1 film of x."


def test_the_lines_fit_into_two_of_a_phone():
    said = [*words.LIES.values(), *words.GUESS.values(), words.NOT_FLAGGED, words.FALSE_POSITIVE, words.NO_EVIDENCE]
    assert max(map(len, [*said, words.NOT_MEASURED, words.NOT_THIS])) <= 60
    assert all(re.fullmatch(r"[^.]+\.", one) for one in said)


def test_scores_are_written_to_percent():
    assert "evidence inside 12\u00a0%" in words._scores(Scores(0.0, 0.12, 0.034))
