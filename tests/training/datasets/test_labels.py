from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from training.datasets.judgements import JUDGEMENTS
from training.datasets.labels import (
    CHEXPERT_COLUMNS,
    DERIVED,
    EXPLICIT,
    NOTHING,
    UNCERTAIN_POLICIES,
    Policy,
    chexpert_labels,
    class_labels,
)
from xai.findings import FINDINGS

NONE = float("nan")
ONE_TO_ONE = ("Atelectasis", "Cardiomegaly", "Effusion", "Pneumonia", "Pneumothorax", "Consolidation", "Edema")


def _report(**said: float) -> pd.DataFrame:
    row = dict.fromkeys(CHEXPERT_COLUMNS, NONE) | {name.replace("_", " "): value for name, value in said.items()}
    return pd.DataFrame([row]).astype(float)


def _label(table: pd.DataFrame, finding: str) -> tuple[float | None, str]:
    value = table[finding].iloc[0]
    return None if np.isnan(value) else float(value), table[f"source_{finding}"].iloc[0]


@pytest.mark.parametrize("finding", ONE_TO_ONE)
@pytest.mark.parametrize(
    ("said", "value", "source"),
    [(1, 1, "explicit"), (0, 0, "explicit"), (-1, None, "uncertain"), (NONE, None, "not_mentioned")],
)
def test_labels_of_the_same_meaning(finding, said, value, source):
    column = "Pleural Effusion" if finding == "Effusion" else finding
    table = chexpert_labels(_report(**{column: said}), Policy())
    assert _label(table, finding) == (value, source)
    others = [name for name in ONE_TO_ONE if name != finding]
    assert {_label(table, name) for name in others} == {(None, "not_mentioned")}


@pytest.mark.parametrize(("policy", "value"), [("ignore", None), ("zeros", 0), ("ones", 1), ("keep", -1)])
def test_uncertain_by_policy(policy, value):
    table = chexpert_labels(_report(Edema=-1), Policy(uncertain=policy))
    assert _label(table, "Edema") == (value, "uncertain")
    assert _label(table, "Pneumonia") == (None, "not_mentioned")


@pytest.mark.parametrize("uncertain", UNCERTAIN_POLICIES)
def test_blank_is_an_option_of_its_own(uncertain):
    table = chexpert_labels(_report(Edema=1), Policy(uncertain, blank="zeros"))
    assert _label(table, "Edema") == (1, "explicit")
    assert _label(table, "Pneumonia") == (0, "not_mentioned")
    assert _label(table, "Infiltration") == (None, "not_labelled")


@pytest.mark.parametrize("column", ["Lung Lesion", "Pleural Other"])
def test_a_union_denied_denies_both_and_present_tells_of_neither(column):
    pair = {"Lung Lesion": ("Mass", "Nodule"), "Pleural Other": ("Pleural_Thickening", "Fibrosis")}[column]
    for said, expected in ((0, (0, "derived")), (1, (None, "derived")), (NONE, (None, "not_mentioned"))):
        table = chexpert_labels(_report(**{column: said}), Policy())
        assert {_label(table, name) for name in pair} == {expected}
    for policy, value in (("ignore", None), ("zeros", 0), ("ones", None), ("keep", -1)):
        table = chexpert_labels(_report(**{column: -1}), Policy(policy))
        assert {_label(table, name) for name in pair} == {(value, "uncertain")}


def test_no_finding_fills_blanks_of_what_the_source_labels_and_of_nothing_else():
    table = chexpert_labels(_report(**{"No Finding": 1, "Edema": -1, "Support Devices": 1}), Policy())
    filled = {name for name in FINDINGS if _label(table, name) == (0, "implied_by_no_finding")}
    assert filled == set(ONE_TO_ONE) - {"Edema"}
    assert _label(table, "Edema") == (None, "uncertain")
    assert all(np.isnan(table[name].iloc[0]) for name in set(FINDINGS) - filled)


def test_no_finding_reaches_further_only_on_request():
    report = _report(**{"No Finding": 1})
    table = chexpert_labels(report, Policy(extend_no_finding=True))
    for name in ("Emphysema", "Hernia", "Pleural_Thickening"):
        assert _label(chexpert_labels(report, Policy()), name)[0] is None
        assert _label(table, name) == (0, "implied_by_no_finding")
    assert {_label(table, name)[0] for name in ("Mass", "Nodule", "Fibrosis", "Infiltration")} == {None}


def test_lung_opacity_is_no_infiltration():
    for said in (1, 0, -1):
        table = chexpert_labels(_report(**{"Lung Opacity": said}), Policy(blank="zeros"))
        assert _label(table, "Infiltration") == (None, "not_labelled")


def test_classes():
    classes = pd.Series(["a", "b", "c", "d"])
    meanings = {"a": NOTHING, "b": ("Mass", EXPLICIT), "c": ("Pneumonia", DERIVED), "d": None}
    table = class_labels(classes, meanings)
    assert table["Mass"].fillna(-9).tolist() == [0, 1, -9, -9]
    assert table["source_Mass"].tolist() == ["implied_by_no_finding", "explicit", "not_labelled", "not_labelled"]
    assert table["Pneumonia"].fillna(-9).tolist() == [0, -9, 1, -9]
    assert table["source_Pneumonia"].tolist()[2] == "derived"
    assert table.iloc[3][list(FINDINGS)].isna().all()


def test_every_judgement_gives_its_reason():
    told = [judgement for judgements in JUDGEMENTS.values() for judgement in judgements]
    assert all(one.target and one.source and one.rule and one.why.endswith(".") for one in told)
    assert all(JUDGEMENTS[reader] for reader in ("nih", "chexpert", "mimic", "covid", "folders"))
