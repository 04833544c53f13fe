from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dashboard.page.words import (
    alternative_text,
    class_verdict,
    cost,
    diagnostics,
    escape,
    outputs_word,
    percent,
    verdict,
)
from xai.cards.calibration import LogitMap
from xai.cards.model_card import InputSpec, ModelCard, Threshold
from xai.explainers.explanation import Explanation

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
        (0.0, "0.0 %"),
        (0.0004, "< 0.1 %"),
        (0.001, "0.1 %"),
        (0.0523, "5.2 %"),
        (0.0999, "10.0 %"),
        (0.1, "10 %"),
        (0.814, "81 %"),
        (0.9975, "99.8 %"),
        (0.9997, "> 99.9 %"),
        (1.0, "100 %"),
    ],
)
def test_percent_keeps_small_shares_apart_from_none_and_large_ones_from_all(share, words):
    assert percent(share) == words


@pytest.mark.parametrize(
    ("probability", "truth", "said"),
    [
        (0.31, None, "above its threshold of 30 %: flagged."),
        (0.3, None, "above its threshold of 30 %: flagged."),
        (0.29, None, "below its threshold of 30 %: not flagged."),
        (0.31, "present", "Rightly so: the dataset says that it is present."),
        (0.31, "absent", "A false positive: the dataset says that it is absent."),
        (0.29, "present", "A miss: the dataset says that it is present."),
        (0.29, "absent", "Rightly so: the dataset says that it is absent."),
    ],
)
def test_the_verdict_compares_the_answer_with_threshold_and_truth(probability, truth, said):
    sentence = verdict("Effusion", probability, CUT, truth)
    assert said in sentence
    assert ("Its maps show" in sentence) == (probability < CUT.value)
    assert sentence.startswith(f"**Effusion: {percent(probability)}**")


def test_the_verdict_shows_an_output_name_as_it_is():
    assert "**No \\*finding\\*: 90 %**" in verdict("No *finding*", 0.9, CUT, None)


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
    words = alternative_text(explanation(), "LIME", CARD, "absent")
    assert words == (
        "LIME for Effusion, p = 0.81, threshold 0.30, truth absent. "
        "Most in the upper zone on the patient's right: 100% of the evidence for it."
    )
    assert "truth" not in alternative_text(explanation(), "LIME", CARD, None)
    assert "threshold 0.50" in alternative_text(explanation(finding="Mass"), "LIME", CARD, None)


def test_cost_counts_in_plain_words():
    assert cost(explanation()) == "2.25 s · 1,000 evaluations for all outputs"
    assert cost(explanation(evaluations=1, seconds=0.06)) == "0.06 s · 1 evaluation for all outputs"


def rows(**known: object) -> dict[str, tuple[str, bool]]:
    return {label: (value, warns) for label, value, warns, _ in diagnostics(explanation(diagnostics=known))}


def test_diagnostics_of_grad_cam():
    got = rows(layer="relu", cells=[7, 8], empty=False)
    assert got == {"Cells": ("8 × 7", False)}
    assert rows(layer="relu", cells=[7, 8], empty=True)["Empty"] == ("no cell speaks for it", True)


@pytest.mark.parametrize(("r2", "warns"), [(0.49, True), (0.5, False), (0.93, False)])
def test_a_low_r2_is_a_warning(r2, warns):
    assert rows(r2=r2, regions=58) == {"R²": (f"{r2:.2f}", warns), "Regions": ("58", False)}


@pytest.mark.parametrize(("share", "value", "warns"), [(0.021, "2.1 %", True), (0.02, "2.0 %", False)])
def test_a_large_residual_is_a_warning(share, value, warns):
    got = rows(difference=-1.234, residual_share=share, pieces=77)
    assert got["Residual"] == (value, warns)
    assert got["Shared out"] == ("−1.23 logit", False)
    assert got["Pieces"] == ("77", False)


def test_nothing_to_share_out_is_a_warning():
    assert rows(difference=0.0, residual_share=None, pieces=1)["Residual"] == ("nothing to share", True)


def test_every_diagnostic_says_what_it_means():
    known = {"layer": "relu", "cells": [7, 8], "empty": True, "r2": 0.2, "regions": 5}
    known |= {"difference": 1.0, "residual_share": 0.5, "pieces": 3}
    told = diagnostics(explanation(diagnostics=known))
    assert len(told) == 7
    assert all(meaning.endswith(".") for *_, meaning in told)


CLASSES = ModelCard(
    "test", ("covid", "normal", "Pneumonia"), "softmax", "logits", InputSpec(16, 1), thresholds={"covid": CUT}
)
SHARES = np.array([0.28, 0.31, 0.41])


@pytest.mark.parametrize(
    ("name", "truth", "said"),
    [
        ("Pneumonia", None, "**Pneumonia: 41 %**, the most probable; the 3 classes add up to 100 %."),
        ("Pneumonia", "present", "Rightly so: the dataset says that it is present."),
        ("Pneumonia", "absent", "A false positive"),
        ("normal", None, "**normal: 31 %**, behind Pneumonia, the most probable, with 41 %;"),
        ("normal", "present", "A miss"),
        ("normal", "absent", "Rightly so"),
        ("covid", None, "Its threshold is 30 %: not flagged."),
    ],
)
def test_classes_are_compared_with_each_other(name, truth, said):
    sentence = class_verdict(name, CLASSES, SHARES, truth)
    assert said in sentence
    assert "; the 3 classes add up to 100 %." in sentence
    assert ("threshold" in sentence) == (name == "covid")  # no threshold is assumed where the card names none
    assert ("Its maps show" in sentence) == (name != "Pneumonia")


def test_classes_calibrated_one_by_one_add_up_to_what_they_do():
    calibrated = replace(CLASSES, calibration={"normal": LogitMap(1.0, 0.5)})
    sentence = class_verdict("normal", calibrated, np.array([0.28, 0.43, 0.41]), None)
    assert "; the 3 classes add up to 112 %." in sentence


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
