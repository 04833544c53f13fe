"""CheXNet's published predictions: what its author measured, and why it flags emphysema so often."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from training.evaluate.atlas import contrast
from training.evaluate.co_occurrence import co_occurrence
from training.evaluate.doubt import judged_doubts
from training.evaluate.judged import Judged
from training.evaluate.published import FIGURES, film_digest, may_compare
from training.evaluate.rates import rates
from training.evaluate.roc import area
from training.evaluate.thresholds import choose
from training.mending.audit import audit
from training.mending.remedy import try_remedy
from xai.findings import FINDINGS

pytestmark = pytest.mark.real_films


@pytest.fixture(scope="session")
def youden(chexnet: Judged) -> float:
    return choose("youden", chexnet.ranked("Emphysema")).value


def test_aurocs_are_those_that_its_author_published(chexnet: Judged, real_data: Path):
    published = pd.read_csv(real_data / "nih" / "chexnet" / "aucs.csv", index_col="label")["auc"]
    assert (len(chexnet), chexnet.unpredicted) == (22_433, 89_687)
    ours = {finding: area(chexnet.ranked(finding)).value for finding in FINDINGS}
    assert ours == pytest.approx(published.to_dict(), abs=1e-6)
    table = next(one for one in FIGURES if one.key == "Zech 2022").aurocs
    assert {name: round(value, 4) for name, value in ours.items()} == pytest.approx(table, abs=1e-9)


def test_emphysema_is_flagged_seven_times_as_often_as_it_is_there_because_of_the_threshold(chexnet, youden):
    assert youden == pytest.approx(0.0195, abs=5e-5)
    found = rates(chexnet.ranked("Emphysema").counts(youden))
    assert found.predicted_prevalence.count == 3537 and found.prevalence.count == 509
    assert found.ppv.value == pytest.approx(0.124, abs=5e-4)
    for rule in ("", "youden"):
        audited = audit(chexnet, "Emphysema", youden, rule)
        assert audited.main == "threshold"
        assert audited.excess == pytest.approx((3537 - 509) / 22_433, abs=1e-12)
        assert sum(part.share for part in audited.contributions) == pytest.approx(audited.excess, abs=1e-12)
    # Whoever must find as many as the Youden point does cannot flag fewer.
    assert audited.floor == pytest.approx(audited.predicted_prevalence, abs=1e-4)


def test_false_positives_of_emphysema_carry_pneumothorax(chexnet, youden):
    carried = co_occurrence(chexnet, "Emphysema", youden).set_index("finding")
    assert carried.index[0] == "Pneumothorax" and carried.loc["Pneumothorax", "lift"] > 3
    there = co_occurrence(chexnet, "Emphysema", youden, "positives").set_index("finding")
    assert there.loc["Pneumothorax", "share"] == pytest.approx(0.28, abs=0.02)


@pytest.mark.parametrize("method", ["none", "platt", "isotonic"])
def test_a_remedy_brings_flags_to_the_truth_on_other_patients(chexnet: Judged, youden: float, method: str):
    found = try_remedy(chexnet, "Emphysema", method, threshold=youden)
    before, after = found.before, found.after
    assert before.rates.predicted_prevalence.value > 6 * before.rates.prevalence.value
    assert after.rates.predicted_prevalence.value == pytest.approx(after.rates.prevalence.value, rel=0.2)
    assert after.auroc.value == pytest.approx(before.auroc.value, abs=1e-6)
    assert after.rates.ppv.value > 2 * before.rates.ppv.value


def test_patients_repeat_and_the_interval_knows_it(chexnet: Judged):
    assert chexnet.patient_count == 6187
    for finding in ("Emphysema", "Pneumothorax", "Effusion"):
        clustered, plain = chexnet.auroc(finding), area(chexnet.ranked(finding))
        assert clustered.high - clustered.low > 1.2 * (plain.high - plain.low)


def test_published_figures_stand_beside_these_films_only_where_they_were_measured_on_them(chexnet: Judged):
    verdicts = {one.key: may_compare(one, chexnet) for one in FIGURES}
    allowed = {key for key, verdict in verdicts.items() if verdict.allowed}
    assert allowed == {"Zech 2022", "Zech 2018", "Weng", "Weng, improved", "zoogzog"}
    assert "list of films was not published" in verdicts["CheXNet"].why
    part = chexnet.restrict(np.arange(len(chexnet)) > 0)
    assert not any(may_compare(one, part).allowed for one in FIGURES)
    assert "these are 22432 other films" in may_compare(FIGURES[0], part).why
    assert film_digest(chexnet.films["film"].str.removesuffix(".png")[::-1]) == film_digest(chexnet.films["film"])


def test_shares_vary_with_patients_as_a_bootstrap_of_them_says(chexnet: Judged):
    found, films = chexnet.rates("Emphysema", 0.5), chexnet.by_patient("Emphysema")
    cells = films.cells(0.5)
    draws = np.random.default_rng(0).multinomial(films.patients, np.full(films.patients, 1 / films.patients), 300)
    drawn = {name: draws @ counts for name, counts in cells.items()}
    bootstrap = {
        "sensitivity": drawn["tp"] / (drawn["tp"] + drawn["fn"]),
        "ppv": drawn["tp"] / (drawn["tp"] + drawn["fp"]),
        "predicted_prevalence": (drawn["tp"] + drawn["fp"]) / sum(drawn.values()),
    }
    plain = rates(chexnet.ranked("Emphysema").counts(0.5))
    for name, shares in bootstrap.items():
        ours, wilsons, (low, high) = getattr(found, name), getattr(plain, name), np.quantile(shares, [0.025, 0.975])
        assert (ours.low, ours.high) == pytest.approx((low, high), rel=0.1)
        assert ours.high - ours.low > 1.25 * (wilsons.high - wilsons.low)


@pytest.mark.parametrize(
    "finding, joint, wrong",
    [
        ("Emphysema", (18572, 222, 68, 210), (259, 125)),
        ("Hernia", (16458, 75, 4, 13), (102, 10)),
        ("Infiltration", (11497, 2879, 1224, 1650), (3703, 1680)),
    ],
)
def test_labels_in_doubt_are_those_that_cleanlab_counts(chexnet, finding, joint, wrong):
    """Numbers of cleanlab 2.7.1, `compute_confident_joint` plain and calibrated; it is sure from 1e-6 below a mean."""
    found = judged_doubts(chexnet, finding)
    absent, present = found.absent.share, found.present.share
    counts = (absent.of - absent.count, absent.count, present.count, present.of - present.count)
    assert counts == pytest.approx(joint, abs=1)
    # It rounds so that rows keep their sums.
    assert (found.absent.wrong[0], found.present.wrong[0]) == pytest.approx(wrong, abs=1)


def test_pneumothorax_sets_wrong_flags_of_emphysema_apart_from_films_left_alone_not_from_right_ones(chexnet):
    alone, right = (contrast(chexnet, "Emphysema", 0.5, "FP", against) for against in ("TN", "TP"))
    first = alone.iloc[0]
    assert (first["group"], round(first["share"], 3), round(first["against_share"], 3)) == (
        "Pneumothorax",
        0.309,
        0.041,
    )
    assert first["q"] < 1e-12
    assert not (right["q"] < 0.05).any()
