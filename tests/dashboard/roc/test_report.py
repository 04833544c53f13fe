"""The report for a supplement: every finding, every interval, where it comes from, and figures that can be read."""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from dataclasses import replace
from html import unescape
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
import streamlit as st

from dashboard.errors.state import State as ErrorsState
from dashboard.errors.thresholds import choose_thresholds
from dashboard.page.calibration_words import worse
from dashboard.roc.colors import colors
from dashboard.roc.data import curves, overview
from dashboard.roc.numbers import interval, probability, share
from dashboard.roc.panels.downloads import film_table, supplement
from dashboard.roc.pictures import pictures
from dashboard.roc.report import report
from dashboard.roc.scene import Scene
from dashboard.roc.state import State
from dashboard.roc.supplement import Supplement, gather
from dashboard.roc.svg import HEIGHT, LETTER, WIDTH, apart, percent_ticks
from dashboard.roc.threshold import settle
from dashboard.server.judging import ALL, NEVER_MET, judged, source
from dashboard.server.library import Library
from tests.dashboard.judged_library import FIRST, MASS, add_dataset, add_predictions, learned_from
from training.__main__ import main
from training.mending.audit import audit
from training.mending.remedy import try_remedy
from xai.cards.model_card import Threshold

ASKED = State(threshold=0.55, rule="")
SECOND = (np.arange(40) % 4 == 0).astype(float)  # of the films, those with a nodule


@pytest.fixture
def library(shelf) -> Library:
    st.cache_resource.clear()
    add_dataset(shelf, Nodule=SECOND.tolist(), sex=["F", "M"] * 20)
    add_predictions(shelf, Nodule=0.3 * SECOND + 0.02 * (np.arange(40) % 30))
    return Library(shelf.root)


def scene_of(library: Library, asked: State = ASKED, finding: str = "Mass") -> Scene:
    split = asked.split or ALL
    here, home = judged(library, "first", split), source(library, "first", split)
    threshold, problem = settle(here, finding, asked)
    row = next(row for row in overview(home.stamp, here) if row.finding == finding)
    counts, drawn = here.ranked(finding).counts(threshold.value), curves(home.stamp, finding, "films", here)
    return Scene(home, here, finding, row, threshold, problem, counts, drawn, colors(finding, "light"))


def held(library: Library, asked: State = ASKED) -> Supplement:
    return gather(scene_of(library, asked), asked)


def words(page: str) -> str:
    shown = re.sub(r"<[^>]+>", " ", re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL))
    return unescape(re.sub("[ \n]+", " ", shown))


def test_every_finding_is_in_it_with_its_intervals_groups_audit_and_remedy(library):
    content = held(library)
    said = words(report(content))
    assert [part.scene.finding for part in content.parts] == ["Mass", "Nodule"]
    assert list(content.left_out) == ["Effusion"] and "Effusion has no curve: None of the 40" in said
    found = content.parts[0].scene.rates
    assert found.sensitivity == content.chosen.judged.rates("Mass", 0.55).sensitivity
    low, high = 100 * found.sensitivity.low, 100 * found.sensitivity.high
    assert f"90.0\u00a0% {low:.1f} to {high:.1f}\u00a0%" in said
    assert said.count("Subgroups, at the same threshold") == 2 and "sex: M" in said and "view: AP" in said
    assert said.count("Audit: why as many are flagged as are") == 2 and "Cannot tell apart" in said
    assert content.parts[0].audit.reason == "chance"
    assert "Main cause: none, since so many flags may be chance; wrong or missing labels would look the same." in said
    assert "A remedy, on films that it was not fitted on" in said
    assert "films of one patient are alike" in said
    assert report(content).count("<svg") == 8


def test_it_says_where_it_comes_from(library):
    asked = State(split="test", rule="sensitivity", target=0.8)
    content = held(library, asked)
    said = words(report(content))
    predictions, dataset = content.chosen.home.folders
    for file in (predictions / "predictions.parquet", dataset / "films.parquet"):
        assert hashlib.sha256(file.read_bytes()).hexdigest() in said
    told = "python -m training evaluate LIBRARY/predictions/first --out OUT --split test --thresholds sensitivity "
    assert told + "--target 0.8" in said
    for what in ("Python", "numpy", "scipy", "Lightbox", "code ", "Model file, sha256"):
        assert what in said
    by_hand = held(library)
    assert "--thresholds card" in words(report(by_hand)) and "0.55, set by hand" in words(report(by_hand))


def test_the_command_gives_the_table_of_all_findings_again(library, tmp_path: Path):
    content = held(library, State(rule="youden"))
    line = content.origin["Command for the table of all findings"].split()
    at = {"LIBRARY/predictions/first": str(content.chosen.home.folders[0]), "OUT": str(tmp_path / "out")}
    assert line[:3] == ["python", "-m", "training"]
    assert main([at.get(word, word) for word in line[3:]]) == 0
    again = pd.read_csv(tmp_path / "out" / "metrics.csv")
    ours = pd.read_csv(io.StringIO(content.metrics.to_csv(index=False)))
    pd.testing.assert_frame_equal(again, ours)


def test_all_films_are_asked_for_by_name_since_the_command_would_take_the_others(library):
    told = held(library, State(rule="youden")).origin["Command for the table of all findings"]
    assert told == "python -m training evaluate LIBRARY/predictions/first --out OUT --split all --thresholds youden"


def test_the_audit_takes_a_number_from_the_card_for_a_number_whatever_its_words_say(library):
    scene = scene_of(library, State())
    card = Threshold(0.3, "Matched prevalence, chosen on 146 films.")
    here = replace(scene.judged, thresholds={"Mass": card}, card={"prevalence": {"Mass": 0.5}})
    counts = here.ranked("Mass").counts(0.3)
    content = gather(replace(scene, judged=here, threshold=card, counts=counts), State())
    (found,) = (part.audit for part in content.parts if part.scene.finding == "Mass")
    page = choose_thresholds(here, ErrorsState())
    assert found == audit(here, "Mass", page.value("Mass"), page.rules["Mass"])
    assert any(abs(part.share) > 0 for part in found.contributions if part.cause == "prior")
    assert "would have moved with them" not in words(report(content))


def test_a_rule_on_the_very_films_is_said_to_be_one_and_a_number_by_hand_is_none(library):
    said = words(report(held(library, State(rule="youden"))))
    assert (
        said.count("Chosen on these very films, 10 of them with the finding: its rates here tend to be much too good.")
        == 2
    )
    assert said.count("Chosen on other patients, in 5 turns, sensitivity is") == 2
    assert "Chosen on these very films" not in words(report(held(library)))


def test_films_that_a_remedy_was_fitted_on_are_not_called_missing_and_what_got_worse_is_said(library):
    scene = scene_of(library)
    labels = scene.judged.labels.copy(order="F")
    labels[:6, scene.judged.index("Mass")] = np.nan
    here = replace(scene.judged, labels=labels, withheld={"Mass": 6})
    content = gather(replace(scene, judged=here), ASKED)
    part = content.parts[0]
    said = words(report(content))
    assert "; 6 films left out: 6 that its remedy was fitted on." in said
    assert "left out without a label or a probability" not in said
    trial = try_remedy(scene.judged, "Mass", "weighting", "", threshold=0.5, weight=0.01)
    changed = replace(content, parts=(replace(part, trial=trial), *content.parts[1:]))
    assert f"Calibration got worse: the Brier score goes from {trial.before.brier:.4f}" in words(report(changed))
    (note,) = changed.tables()["remedies"].query("finding == 'Mass'")["cautions"].dropna()
    assert note == worse(trial) != ""


def test_names_from_elsewhere_are_escaped(library):
    scene = scene_of(library)
    nasty = "<script>alert(1)</script>"
    here = replace(scene.judged, model=nasty, dataset="<b>data", unjudged=("<i>output",))
    card = {
        "provenance": {"remedies": [dict.fromkeys(("finding", "method", "map", "threshold", "rule", "origin"), nasty)]}
    }
    page = report(gather(replace(scene, judged=replace(here, card=card)), ASKED))
    assert nasty not in page and "<b>data" not in page and "<i>output" not in page
    assert "&lt;script&gt;alert(1)" in page and "&lt;b&gt;data" in page
    assert not re.search(r"<script|<link|<img|src=|href=|url\(", page)


def test_the_supplement_holds_every_number_as_csv(library):
    with zipfile.ZipFile(io.BytesIO(supplement(scene_of(library), ASKED))) as archive:
        tables = {name: archive.read(name).decode() for name in archive.namelist()}
    assert set(tables) == {"report.html"} | {
        f"{name}.csv" for name in ("metrics", "columns", "subgroups", "audit", "remedies", "curves", "origin")
    }
    read = {name: pd.read_csv(io.StringIO(text)) for name, text in tables.items() if name.endswith(".csv")}
    row = read["metrics.csv"].set_index("finding").loc["Mass"]
    assert row[["tp", "fp", "fn", "tn", "patients"]].tolist() == [9, 3, 1, 27, 20]
    assert row["sensitivity_low"] < row["sensitivity"] == 0.9 < row["sensitivity_high"]
    assert set(read["columns.csv"]["column"]) == set(read["metrics.csv"].columns)
    groups = read["subgroups.csv"]
    assert groups.query("finding == 'Mass' and by == 'sex'")["positives"].sum() == 10
    known = groups.dropna(subset=["sensitivity"])
    assert (known["sensitivity_low"] <= known["sensitivity"]).all()
    audit = read["audit.csv"].query("finding == 'Mass'")
    assert audit["share"].sum() == pytest.approx((12 - 10) / 40)
    assert set(read["remedies.csv"]["when"]) == {"before", "after"}
    assert set(read["curves.csv"]["curve"]) == {"roc", "precision_recall", "roc_band", "calibration"}
    assert "Command for the table of all findings" in set(read["origin.csv"]["what"])


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("0.5", "<b>Threshold 0.5</b>. The dot"),
        ("", "<b>Threshold 0.5</b>. The dot"),
        ("0.5, because the card names no threshold", "<b>Threshold 0.5</b>: because the card names no threshold. The"),
        (
            "Youden's index on validation films.",
            "<b>Threshold 0.5</b>: Youden&#39;s index on validation films. The dot",
        ),
    ],
)
def test_the_report_says_a_threshold_once(library, rule: str, words: str):
    held = gather(scene_of(library), State())
    part = replace(held.parts[0], scene=replace(held.parts[0].scene, threshold=Threshold(0.5, rule)))
    assert words in re.sub("[ \n]+", " ", report(replace(held, parts=(part,))))


def test_the_report_counts_the_films_that_are_left_out(library, shelf):
    learned_from(shelf, "first", "train")
    asked = State(split=NEVER_MET)
    assert "Films left out: 30 that it has met." in words(report(held(library, asked)))
    assert "Films left out" not in words(report(held(library, State(split=ALL))))
    assert set(film_table(scene_of(library, asked))["met"]) == {"new"}
    assert film_table(scene_of(library))["met"].value_counts().to_dict() == {"served to fit it": 30, "new": 10}


def test_the_heading_names_the_predictions_and_the_model(library):
    assert "<h1>first: model of first on generated</h1>" in report(held(library))


def test_films_carry_their_patient(library):
    table = film_table(scene_of(library))
    assert table["patient"].tolist() == [f"p{k % 20}" for k in range(40)]
    assert table["split"].value_counts().to_dict() == {"train": 30, "test": 10}
    assert set(table["met"]) == {"not known"}  # its card says nothing of what it was fitted on


def boxes(picture: str) -> list[tuple[str, float, float, float, float]]:
    """Words of a figure, and about where they begin and end: left, right, top, bottom."""
    found = []
    for one in ElementTree.fromstring(picture).iter("{http://www.w3.org/2000/svg}text"):
        text, side, turn = "".join(one.itertext()), one.get("text-anchor", "start"), one.get("transform")
        length = LETTER * len(text)
        before = {"start": 0.0, "middle": length / 2, "end": length}[side]
        if turn:
            x, y = map(float, re.findall(r"translate\(([\d.]+) ([\d.]+)\)", turn)[0])
            found.append((text, x - 9, x + 3, y - before, y + length - before))
        else:
            x, y = float(one.get("x")), float(one.get("y"))
            found.append((text, x - before, x + length - before, y - 9, y + 3))
    return found


@pytest.mark.parametrize("scale", [1.0, 0.1, 0.004])
def test_figures_can_be_read(library, scale: float):
    scene = scene_of(library)
    here = scene.judged.with_probabilities("Mass", np.clip(scale * FIRST, 0, 1))
    asked = replace(scene, judged=here, curves=curves(f"scaled {scale}", "Mass", "films", here))
    for name, picture in pictures(asked, colors("Mass", "light")).items():
        placed = boxes(picture)
        texts = [text for text, *_ in placed]
        for text, left, right, top, bottom in placed:
            assert left >= 0 and right <= WIDTH and top >= 0 and bottom <= HEIGHT, (name, text)
        for k, (text, left, right, top, bottom) in enumerate(placed):
            for other, left_, right_, top_, bottom_ in placed[:k]:
                apart_ = right <= left_ or right_ <= left or bottom <= top_ or bottom_ <= top
                assert apart_, (name, text, other)
        ticks = [text for text in texts if text.endswith("\u00a0%")]
        assert max(ticks.count(text) for text in ticks) <= 2, (name, ticks)  # once an axis
    assert {"without it", "with it", "threshold"} <= set(texts)
    assert "predicted probability, logit scale" in texts


@pytest.mark.parametrize("reach", [1.0, 0.93, 0.31, 0.05, 0.012, 0.0013, 0.00002])
def test_no_two_ticks_read_alike_and_none_is_rounded(reach: float):
    ticks = percent_ticks(0, reach)
    assert 2 <= len(ticks) <= 7 and len({text for _, text in ticks}) == len(ticks)
    for at, text in ticks:
        assert 0 <= at <= reach + 1e-12
        assert float(text.removesuffix("\u00a0%")) == pytest.approx(100 * at, abs=1e-9)


@pytest.mark.parametrize(
    ("value", "words"),
    [(0.0, "0.0"), (2e-5, "< 0.1"), (6e-4, "0.1"), (0.148, "14.8"), (0.9999, "> 99.9"), (1.0, "100.0")],
)
def test_a_small_share_does_not_read_as_none_and_a_large_one_not_as_all(value: float, words: str):
    assert share(value) == f"{words} %".replace(" ", "\u00a0")


def test_an_interval_of_small_shares_has_the_digits_that_it_needs():
    assert [interval(low, high).replace("\u00a0", " ") for low, high in ((2e-5, 3e-4), (0.0, 0.0), (1e-4, 0.0217))] == [
        "0.002 to 0.030 %",
        "0.0 to 0.0 %",
        "0.0 to 2.2 %",
    ]


def test_ticks_that_would_touch_are_left_out():
    crowded = [(0.0, "0.0001"), (0.01, "0.0002"), (1.0, "0.5")]
    assert [text for _, text in apart(crowded, (0.0, 1.0))] == ["0.0001", "0.5"]


def test_a_probability_below_one_is_never_written_as_one():
    assert [probability(one) for one in (0.9999, 0.99951, 0.98765, 1.0)] == ["0.9999", "0.99951", "0.988", "1"]


def test_labels_of_both_findings_are_as_the_tests_take_them():
    assert (MASS.sum(), SECOND.sum()) == (10, 10)
