from __future__ import annotations

import numpy as np
import pytest

from tests.training.evaluate.made_scores import noisy
from training.evaluate.ranked import Counts, EvaluateError, Ranked, rank
from training.evaluate.rates import rates
from training.evaluate.thresholds import RULES, choose
from xai.cards.model_card import Threshold


def _all_counts(ranked: Ranked) -> list[Counts]:
    """Confusion matrices of every cut between two films, found by counting."""
    return [ranked.counts(score) for score in ranked.scores]


def _best(ranked: Ranked, rule: str, value) -> None:
    chosen = ranked.counts(choose(rule, ranked).value)
    assert value(chosen) == pytest.approx(max(map(value, _all_counts(ranked))), abs=1e-12)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("ties", [False, True])
def test_rules_find_the_best_of_all_cuts(seed: int, ties: bool):
    ranked = rank(*noisy(seed, ties=ties))
    _best(ranked, "youden", lambda c: rates(c).youden)
    _best(ranked, "f1", lambda c: rates(c).f1)
    _best(ranked, "prevalence", lambda c: -abs(c.tp + c.fp - ranked.positives))
    _best(ranked, "cost", lambda c: -(10 * c.fn + c.fp))
    _best(ranked, "sensitivity", lambda c: -(c.tp + c.fp) if c.tp >= 0.9 * ranked.positives else -1e9)
    _best(ranked, "specificity", lambda c: c.tp if c.tn >= 0.9 * ranked.negatives else -1e9)
    _best(ranked, "ppv", lambda c: c.tp if c.tp >= 0.5 * (c.tp + c.fp) else -1e9)
    _best(ranked, "balanced", lambda c: -abs(rates(c).sensitivity.value - rates(c).specificity.value))


@pytest.mark.parametrize("rule", [name for name in RULES if name not in ("card", "half")])
def test_no_film_sits_on_a_chosen_threshold_and_the_rule_is_named(rule: str):
    labels, scores = noisy(1)
    chosen = choose(rule, rank(labels, scores))
    assert chosen.value not in scores
    assert chosen.rule.startswith(RULES[rule].name) and "400 films" in chosen.rule


def test_neighbours_without_a_number_between_them():
    low = 0.3
    high = np.nextafter(low, 1)
    ranked = rank([0, 0, 1, 1], [0.1, low, high, 0.9])
    chosen = ranked.counts(choose("youden", ranked).value)
    assert (chosen.tp, chosen.fp) == (2, 0)


def test_fixed_numbers():
    ranked = rank(*noisy(0))
    assert choose("half", ranked).value == choose("0.5", ranked).value == 0.5
    card = Threshold(0.123, "so")
    assert choose("card", ranked, card=card) is card
    with pytest.raises(EvaluateError, match="names no threshold"):
        choose("card", ranked)


def test_a_target_at_the_edge():
    ranked = rank([1, 0, 1, 0, 1], [0.9, 0.8, 0.7, 0.6, 0.2])
    assert ranked.counts(choose("sensitivity", ranked, 1.0).value) == Counts(3, 2, 0, 0)
    assert ranked.counts(choose("specificity", ranked, 1.0).value) == Counts(1, 0, 2, 2)
    assert ranked.counts(choose("ppv", ranked, 1.0).value) == Counts(1, 0, 2, 2)
    top_is_negative = rank([0, 1, 0], [0.9, 0.5, 0.1])
    assert ranked.counts(choose("specificity", top_is_negative, 1.0).value).fp == 0
    assert choose("specificity", top_is_negative, 1.0).value > 0.9


def test_ten_films_at_nine_tenths():
    # 0.9 * 10 is 9.000000000000002 in some orders of rounding; the tenth film is not needed.
    ranked = rank(np.ones(11) - np.eye(11)[0], np.linspace(0, 1, 11))
    assert ranked.counts(choose("sensitivity", ranked, 0.9).value).tp == 9


@pytest.mark.parametrize(
    ("rule", "target", "words"),
    [
        ("best", None, "no rule “best”; the rules are card, half"),
        ("sensitivity", 0.0, "share above 0 and at most 1; got 0"),
        ("sensitivity", 90, "got 90"),
        ("specificity", float("nan"), "got nan"),
        ("cost", -1, "more than 0 false alarms; got -1"),
        ("ppv", 0.99, "No threshold has a PPV of 0.99; the highest of this model is 0.500"),
        ("specificity", 1.0, "films without the finding have p = 1"),
    ],
)
def test_what_cannot_be_chosen(rule: str, target: float | None, words: str):
    ranked = rank([0, 1, 0, 1], [1.0, 0.6, 0.4, 0.2])
    with pytest.raises(EvaluateError, match=words):
        choose(rule, ranked, target)


@pytest.mark.parametrize("rule", [name for name in RULES if name not in ("card", "half")])
@pytest.mark.parametrize(
    ("labels", "words"), [([0, 0], "None of the 2"), ([1, 1], "All of the 2"), ([-1, -1], "No film")]
)
def test_one_kind_of_film_says_so(rule: str, labels: list, words: str):
    with pytest.raises(EvaluateError, match=words):
        choose(rule, rank(np.array(labels), np.array([0.1, 0.2])))
    assert choose("half", rank(np.array(labels), np.array([0.1, 0.2]))).value == 0.5
