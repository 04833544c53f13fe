from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dashboard.page.words import (
    alternative_text,
    class_verdict,
    cost,
    escape,
    outputs_word,
    percent,
    verdict,
)
from xai.cards.calibration import LogitMap
from xai.cards.model_card import InputSpec, ModelCard, Threshold
from xai.explainers.explanation import Explanation
from xai.explainers.lime import LIME

CUT = Threshold(0.3, "chosen")
CARD = ModelCard("test", ("Effusion", "Mass"), "sigmoid", "logits", InputSpec(16, 1), thresholds={"Effusion": CUT})
CORNER = np.zeros((9, 9), np.float32)
CORNER[:3, :3] = 1.0


def explanation(**changes: object) -> Explanation:
    made = Explanation("lime", "Effusion", CORNER, 0.814, 1.48, 0, 1000, 2.25, {}, {})
    return replace(made, **changes)


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0.0, "0.0\u00a0%"),
        (0.0004, "<\u00a00.1\u00a0%"),
        (0.001, "0.1\u00a0%"),
        (0.0523, "5.2\u00a0%"),
        (0.0999, "10.0\u00a0%"),
        (0.1, "10\u00a0%"),
        (0.814, "81\u00a0%"),
        (0.9975, "99.8\u00a0%"),
        (0.9997, ">\u00a099.9\u00a0%"),
        (1.0, "100\u00a0%"),
    ],
)
def test_percent_keeps_small_shares_apart_from_none_and_large_ones_from_all(share, words):
    assert percent(share) == words


@pytest.mark.parametrize(
    ("probability", "truth", "said"),
    [
        (0.31, None, "above its threshold of 30\u00a0%: flagged."),
        (0.3, None, "above its threshold of 30\u00a0%: flagged."),
        (0.29, None, "below its threshold of 30\u00a0%: not flagged."),
        (0.31, "present", "Rightly so: the dataset says that it is present."),
        (0.31, "absent", "A false positive: the dataset says that it is absent."),
        (0.29, "present", "A miss: the dataset says that it is present."),
        (0.29, "absent", "Rightly so: the dataset says that it is absent."),
    ],
)
def test_the_verdict_compares_the_answer_with_threshold_and_truth(probability, truth, said):
    lead, rest = verdict("Effusion", probability, CUT, truth)
    assert said in rest
    assert ("Its maps show" in rest) == (probability < CUT.value)
    assert lead == f"Effusion: {percent(probability)}"


def test_the_verdict_shows_an_output_name_as_it_is():
    assert verdict("No *finding*", 0.9, CUT, None)[0] == "No *finding*: 90\u00a0%"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain words", "plain words"),
        ("**bold** _it_ `code`", r"\*\*bold\*\* \_it\_ \`code\`"),
        ("<script>alert(1)</script>", r"\<script\>alert\(1\)\<\/script\>"),
        ("[a](b) ![c](d)", r"\[a\]\(b\) \!\[c\]\(d\)"),
        (":material/delete: :red[x] $x^2$", r"\:material\/delete\: \:red\[x\] \$x\^2\$"),
        ("1. first\n# heading\n---", r"1\. first \# heading \-\-\-"),
        ("&lt;b&gt; a@b.org", r"\&lt\;b\&gt\; a\@b\.org"),
        ("back\\slash", r"back\\slash"),
        ("Größe 胸部", "Größe 胸部"),
    ],
)
def test_escape_leaves_no_formatting(text, shown):
    assert escape(text) == shown


def test_alternative_text_says_what_the_map_shows():
    words = alternative_text(explanation(), LIME, CARD, "absent", "Brightest here.")
    assert words == "LIME for Effusion, p = 81\u00a0%, threshold 30\u00a0%, truth absent. Brightest here."
    assert "truth" not in alternative_text(explanation(), LIME, CARD, None, "Brightest here.")
    assert "threshold 50\u00a0%" in alternative_text(explanation(finding="Mass"), LIME, CARD, None, "Brightest here.")


def test_cost_counts_in_plain_words():
    assert cost(explanation()) == "2.25\u00a0s · 1,000 evaluations for all outputs"
    assert cost(explanation(evaluations=1, seconds=0.06)) == "0.06\u00a0s · 1 evaluation for all outputs"


def test_alternative_text_holds_the_methods_warnings():
    warned = explanation(diagnostics={"r2": 0.31, "regions": 58})
    words = alternative_text(warned, LIME, CARD, None, "Brightest here.")
    assert "Brightest here. R² 0.31: Low: do not read the weights." in words
    assert "Regions" not in words


CLASSES = ModelCard(
    "test", ("covid", "normal", "Pneumonia"), "softmax", "logits", InputSpec(16, 1), thresholds={"covid": CUT}
)
SHARES = np.array([0.28, 0.31, 0.41])


@pytest.mark.parametrize(
    ("name", "truth", "said"),
    [
        ("Pneumonia", None, "Pneumonia: 41\u00a0%, the most probable; the 3 classes add up to 100\u00a0%."),
        ("Pneumonia", "present", "Rightly so: the dataset says that it is present."),
        ("Pneumonia", "absent", "A false positive"),
        ("normal", None, "normal: 31\u00a0%, behind Pneumonia, the most probable, with 41\u00a0%;"),
        ("normal", "present", "A miss"),
        ("normal", "absent", "Rightly so"),
        ("covid", None, "Its threshold is 30\u00a0%: not flagged."),
    ],
)
def test_classes_are_compared_with_each_other(name, truth, said):
    sentence = "".join(class_verdict(name, CLASSES, SHARES, truth))
    assert said in sentence
    assert "; the 3 classes add up to 100\u00a0%." in sentence
    assert ("threshold" in sentence) == (name == "covid")  # no threshold is assumed where the card names none
    assert ("Its maps show" in sentence) == (name != "Pneumonia")


def test_classes_calibrated_one_by_one_add_up_to_what_they_do():
    calibrated = replace(CLASSES, calibration={"normal": LogitMap(1.0, 0.5)})
    sentence = "".join(class_verdict("normal", calibrated, np.array([0.28, 0.43, 0.41]), None))
    assert "; the 3 classes add up to 112\u00a0%." in sentence


@pytest.mark.parametrize(
    ("outputs", "link", "word"),
    [
        (("Effusion", "Mass"), "sigmoid", "findings"),
        (("PNEUMONIA",), "sigmoid", "findings"),
        (("covid", "normal"), "sigmoid", "classes"),
        (("Normal", "Pneumonia"), "softmax", "classes"),
    ],
)
def test_outputs_are_findings_or_classes(outputs, link, word):
    assert outputs_word(ModelCard("test", outputs, link, "logits", InputSpec(16, 1))) == word
