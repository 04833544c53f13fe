from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from training.evaluate.ranked import EvaluateError, rank
from training.evaluate.wanted_thresholds import wanted_thresholds
from xai.cards.model_card import Threshold

RANKED = rank(np.array([0, 0, 1, 1.0]), np.array([0.1, 0.3, 0.5, 0.9]))


@pytest.mark.parametrize(
    ("text", "target", "value"),
    [("0.37", None, 0.37), ("1", None, 1.0), ("0.5", None, 0.5), ("youden", None, 0.4), ("sensitivity", 0.5, 0.7)],
)
def test_a_number_or_a_rule_gives_every_finding_its_threshold(text: str, target: float | None, value: float):
    assert wanted_thresholds(text, target).threshold("Mass", RANKED).value == pytest.approx(value)


def test_the_rule_of_the_card_takes_the_cards():
    assert wanted_thresholds("card").threshold("Mass", RANKED, Threshold(0.2, "so")) == Threshold(0.2, "so")


@pytest.mark.parametrize(
    "content",
    [
        {"Mass": 0.25},
        {"thresholds": {"Mass": {"value": 0.25, "rule": "as the card has it"}}},
        {"metrics": [{"finding": "Mass", "threshold": 0.25}, {"finding": "Edema", "threshold": None}]},
        {"finding": "Mass", "method": "platt", "threshold": {"value": 0.25, "rule": "a remedy's"}},
        [{"finding": "Mass", "threshold": {"value": 0.25}}, {"finding": "Mend", "threshold": {"value": 0.1}}],
    ],
    ids=["numbers", "card or predictions", "metrics.json", "remedy", "remedies"],
)
def test_a_file_names_thresholds_by_finding(content: dict, tmp_path: Path):
    file = tmp_path / "named.json"
    file.write_text(json.dumps(content))
    wanted = wanted_thresholds(str(file))
    assert wanted.threshold("Mass", RANKED).value == 0.25
    with pytest.raises(EvaluateError, match=r"named\.json names no threshold for Edema"):
        wanted.threshold("Edema", RANKED)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.json", "{", r"a\.json cannot be read as JSON"),
        ("a.json", "[1]", r"a\.json holds no thresholds by finding"),
        ("a.json", "{}", r"a\.json names no threshold"),
        ("a.json", '{"Mass": 1.5}', r"a\.json gives 1\.5 as the threshold of Mass; expected a number from 0 to 1"),
        ("a.json", '{"Mass": true}', "gives True as the threshold of Mass"),
        ("a.csv", "finding,at\nMass,0.5\n", r"lacks the columns finding and threshold; it has finding, at"),
        ("a.csv", "finding,threshold\nMass,much\n", r"a\.csv gives nan as the threshold of Mass"),
    ],
)
def test_a_file_that_names_none_is_refused_in_a_sentence(name: str, content: str, words: str, tmp_path: Path):
    file = tmp_path / name
    file.write_text(content)
    with pytest.raises(EvaluateError, match=words) as caught:
        wanted_thresholds(str(file))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "target", "words"),
    [
        ("guess", None, "Expected a number from 0 to 1, a rule, or a file .* but got guess; the rules are card, half"),
        ("1.5", None, "but got 1.5"),
        ("nan", None, "but got nan"),
        ("0.3", 0.9, "Only a rule has a target"),
        ("cost", -1, "A miss must cost more than 0 false alarms; got -1"),
    ],
)
def test_anything_else_is_refused(text: str, target: float | None, words: str):
    with pytest.raises(EvaluateError, match=words):
        wanted_thresholds(text, target)
