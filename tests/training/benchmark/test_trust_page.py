"""docs/trust.md says what the leagues that come with the app say."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from tests.training.benchmark.page import LEAGUES, PAGE, League, with_measured
from tests.training.benchmark.page_parts import lab, sanity
from training.benchmark.league import BESIDE, COLUMNS
from training.benchmark.sanity_table import COLUMNS as SANITY
from training.benchmark.shortcut_files import ANSWERS, EVIDENCE
from training.demo.leagues import SHIPPED


def test_the_page_in_docs_says_what_was_measured():
    page = PAGE.read_text("utf-8")
    assert with_measured(page) == page, "python tests/training/benchmark/page.py writes it anew"


def test_leagues_that_come_with_the_app_are_small_and_hold_no_picture():
    folders = [path.parent for path in LEAGUES.glob("*/league.csv")]
    assert "lightbox-on-simulated" in {path.name for path in folders}
    for folder in folders:
        left_out = (
            set() if folder.name.endswith("simulated") else {"twins.csv", "promises.csv"}
        )  # real films have no twin
        assert {path.name for path in folder.iterdir()} == set(SHIPPED) - left_out
        assert sum(path.stat().st_size for path in folder.iterdir()) < 2_000_000


@pytest.fixture
def made(tmp_path) -> League:
    """A league of one method that is ahead in IoU of one finding, behind in another, and even in pointing."""
    folder = tmp_path / "small-on-made"
    folder.mkdir()
    leads = {("Mass", "iou"): (0.2, 0.1, 0.3), ("Edema", "iou"): (-0.2, -0.3, -0.1), ("all", "iou"): (0.1, 0.05, 0.2)}
    findings, measures = ("all", "Mass", "Edema", "Hernia"), ("pointing", "energy", "iou")
    films = {"all": 20, "Hernia": 5}
    beside = [
        ("cam", finding, name, *leads.get((finding, name), (0.0, -0.1, 0.1)), 0.5, films.get(finding, 10))
        for finding in findings
        for name in measures
    ]
    league = [
        (method, finding, name, 0.5, 0.4, 0.6, films.get(finding, 10))
        for method in ("cam", "random", "centred", "prior")
        for finding in findings
        for name in measures
    ]
    controls = [("random", *row[1:]) for row in beside] + [("centred", *row[1:]) for row in beside]
    pd.DataFrame(league, columns=list(COLUMNS)).to_csv(folder / "league.csv", index=False)
    pd.DataFrame(beside + controls, columns=list(BESIDE)).to_csv(folder / "beside.csv", index=False)
    claim = {
        "methods": ["cam", "random", "centred"],
        "settings": {"cam": {"samples": 1000, "baseline": "dataset mean"}},
    }
    (folder / "benchmark.json").write_text(json.dumps(claim), "utf-8")
    return League(folder)


def test_a_verdict_needs_both_measures_and_an_interval_on_one_side(made):
    text = made.section()
    assert "**No method is above the prior in both pointing and IoU over all findings**" in text
    assert "IoU above it for Mass (+0.20 [+0.10, +0.30], 10); below it for Edema (−0.20 [−0.30, −0.10], 10)" in text
    assert "pointing not to be told from it for Mass (0.00 [−0.10, +0.10], 10)" in text
    assert "Fewer than 6 films, nothing is said: Hernia." in text
    assert "- `cam`: 1,000 samples, baseline dataset mean" in text
    assert "**In energy**, the share of all evidence that lies on the finding: not to be told from it cam." in text
    made.beside.loc[("cam", "all", "energy"), ["ahead", "low", "high"]] = (-0.1, -0.2, -0.01)
    assert "that lies on the finding: below it cam." in made.section()
    made.beside.loc[("cam", "all", "pointing"), ["ahead", "low", "high"]] = (0.1, 0.01, 0.2)
    assert "**Above the prior in pointing and IoU over all findings** (both intervals above 0): cam." in made.section()


def test_a_table_of_the_sanity_check_says_who_passes(tmp_path):
    folder = tmp_path / "sanity-small"
    folder.mkdir()
    ends = {"cam": (0.1, -0.2), "other": (0.6, 0.7), "wide": (0.1, 0.9), "edges": (1.0, 1.0), "gradient": (0.4, 0.5)}
    rows = [
        (film, "Mass", method, layers, value if layers else 1.0, False)
        for method, values in ends.items()
        for film, value in zip("ab", values, strict=True)
        for layers in (0, 9)
    ]
    pd.DataFrame(rows, columns=list(SANITY)).to_csv(folder / "sanity.csv", index=False)
    (folder / "sanity.json").write_text(json.dumps({"model": "m", "dataset": "made", "samples": 100}))
    text = sanity(folder)
    assert "| cam | −0.05 [−0.20, 0.10] | passes | 2 | 0 |" in text
    assert "Below the limit: cam. Above it: other. May be either: wide." in text
    assert "Edges of the film: does not pass. Plain gradient: does not pass." in text
    assert sanity(tmp_path) == ""


def test_a_table_of_the_lab_names_the_map_that_shows_less_than_an_even_one(tmp_path):
    models = {"calm": "c", "bent": "b"}
    shares = {"strong": (0.0, 0.3), "faint": (0.0, 0.01), "random": (0.02, 0.02)}
    films = range(30)
    evidence = [
        (film, model, method, value + film / 1e5)
        for film in films
        for method, values in shares.items()
        for model, value in zip(models, values, strict=True)
    ]
    answers = [(film, 1, 0.02, model, 1.0, 1.0) for film in films for model in models]
    pd.DataFrame(evidence, columns=list(EVIDENCE)).to_csv(tmp_path / "evidence.csv", index=False)
    pd.DataFrame(answers, columns=list(ANSWERS)).to_csv(tmp_path / "answers.csv", index=False)
    claim = {"models": models, "finding": "Mass", "thing": "token", "methods": list(shares), "samples": 9, "seed": 0}
    (tmp_path / "lab.json").write_text(json.dumps(claim))
    text = lab(tmp_path)
    assert "An even map would lay 2.0 % on the token." in text
    assert "| strong | < 0.1 % [" in text and "| 30.0 % [" in text
    assert "- p is below 0.001 for: strong, faint." in text
    assert "see the token**: faint." in text and "by `bent`: strong." in text
