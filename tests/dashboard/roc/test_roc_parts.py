"""What the ROC page computes and draws, on forty films whose figures are known."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
import streamlit as st

from dashboard.errors.state import LINK as ERRORS_LINK
from dashboard.errors.thresholds import choose_thresholds
from dashboard.films.state import LINK as FILMS_LINK
from dashboard.films.state import State as FilmsState
from dashboard.page.palette import on_paper
from dashboard.roc import figures
from dashboard.roc.at_thresholds import at_thresholds
from dashboard.roc.colors import colors
from dashboard.roc.data import curves, groups, order, overview
from dashboard.roc.matrix import errors_link, films_link
from dashboard.roc.multiples import item
from dashboard.roc.numbers import interval
from dashboard.roc.panels.downloads import figure_archive, film_table, supplement
from dashboard.roc.panels.models import model_table, same_order, verdict
from dashboard.roc.panels.steps import steps
from dashboard.roc.panels.subgroups import group_table
from dashboard.roc.panels.whatif import _equivalent, natural_frequencies, ppv_words
from dashboard.roc.panels.words import glossary
from dashboard.roc.report import report
from dashboard.roc.scene import Scene, _other
from dashboard.roc.state import State
from dashboard.roc.supplement import curve_table, gather
from dashboard.roc.threshold import grid, nearest, probability_exactly, settle
from dashboard.server.judging import Source, judged, source
from dashboard.server.library import Library
from tests.dashboard.judged_library import FIRST, MASS, add_dataset, add_predictions
from training.evaluate.compare import compare
from training.evaluate.ranked import Counts, rank
from training.evaluate.rates import ppv_at
from training.evaluate.thresholds import choose


@pytest.fixture
def library(shelf) -> Library:
    st.cache_resource.clear()
    add_dataset(shelf)
    add_predictions(shelf)
    add_predictions(shelf, "<b>second", Mass=1 - FIRST)
    return Library(shelf.root)


def scene_at(library: Library, threshold: float = 0.55, **others: str) -> Scene:
    here, home = judged(library, "first"), source(library, "first")
    asked = State(threshold=threshold, rule="")
    cut, problem = settle(here, "Mass", asked)
    row = next(row for row in overview(home.stamp, here) if row.finding == "Mass")
    found = {name: _other(home.stamp, name, "Mass", name, here, judged(library, name)) for name in others.values()}
    counts = here.ranked("Mass").counts(cut.value)
    drawn = curves(home.stamp, "Mass", "films", here)
    return Scene(home, here, "Mass", row, cut, problem, counts, drawn, colors("Mass", "dark"), found)


def test_counts_at_the_threshold(library):
    # 0.55 … 0.95 are found; 0.55, 0.57 and 0.59 are false alarms
    assert scene_at(library).counts == Counts(tp=9, fp=3, fn=1, tn=27)


def test_a_rule_that_cannot_be_met_says_so_and_leaves_the_cards(library):
    here = judged(library, "first")
    cut, problem = settle(here, "Effusion", State(rule="youden"))
    assert cut.value == 0.5
    assert problem.startswith("None of the 40 labelled films has the finding.")
    assert settle(here, "Mass", State(rule="youden"))[0].value == choose("youden", here.ranked("Mass")).value
    assert settle(here, "Mass", State())[0].value == 0.55


def test_the_slider_goes_from_all_flagged_to_none_without_leaving_a_gap():
    rng = np.random.default_rng(0)
    ranked = rank(rng.integers(0, 2, 5000), rng.beta(0.3, 30, 5000))
    steps_ = grid(ranked)
    flagged = [ranked.counts(place).tp + ranked.counts(place).fp for place in steps_]
    assert flagged[0] == 5000
    assert flagged[-1] == 0
    assert max(-np.diff(flagged)) < 5000 * 0.03
    assert len({f"{place:.3g}" for place in steps_}) == len(steps_)
    assert set(grid(ranked, 0.5, 0.0203)) == {*steps_, 0.5, 0.0203}


def test_the_slider_shows_the_place_nearest_to_the_threshold_and_none_of_two_reads_alike(library):
    ranked = judged(library, "first").ranked("Mass")
    places = grid(ranked)
    words = [probability_exactly(place) for place in places]
    assert len(set(words)) == len(words)
    assert nearest(places, places[7]) == places[7]
    assert nearest(places, places[7] + 0.4 * (places[8] - places[7])) == places[7]


def test_a_cell_opens_its_films():
    link = films_link(Source("p", "d", "m", "test", "s"), "Mass", "FP", 0.12345678901234567)
    asked, problems = FILMS_LINK.read(link)
    assert problems == []
    assert asked == FilmsState(
        dataset="d",
        predictions="p",
        finding="Mass",
        outcomes=(("Mass", "FP"),),
        thresholds=(("Mass", 0.12345678901234567),),
        split=("test",),
        sort="mistakes",
    )


def test_findings_without_a_curve_come_last_and_say_why(library):
    here = judged(library, "first")
    rows = overview("stamp", here)
    for sort in ("worst", "best", "common", "usual", "excess"):
        assert [row.finding for row in order(rows, sort, {})] == ["Mass", "Effusion"]
    last = item(rows[here.index("Effusion")])
    assert last["points"] == []
    assert last["more"] == "None of the 40 labelled films has the finding."


def test_markers_stand_where_the_counts_say(library):
    scene = scene_at(library)
    roc = figures.roc_figure(scene.curves, scene.counts, {}, scene.colors)
    assert (roc.data[-1].x, roc.data[-1].y) == ((0.1,), (0.9,))
    pr = figures.precision_recall_figure(scene.curves, scene.counts, {}, scene.colors)
    assert (pr.data[-1].x, pr.data[-1].y) == ((0.9,), (0.75,))
    scores = figures.histogram_figure(scene.curves.histogram, 0.5, scene.colors)
    assert scores.layout.shapes[0].x0 == pytest.approx(0.0)  # logit of a half
    assert [sum(bars.y) for bars in scores.data] == pytest.approx([1, 1])
    calibration = figures.calibration_figure(scene.curves.calibration, 0.25, scene.colors)
    assert calibration.layout.shapes[0].x0 == 0.25


def test_a_figure_where_nothing_is_flagged_has_no_point(library):
    scene = scene_at(library, threshold=1.0)
    assert np.isnan(figures.precision_recall_figure(scene.curves, scene.counts, {}, scene.colors).data[-1].y[0])


def test_curves_are_bounded(library):
    rng = np.random.default_rng(0)
    here = judged(library, "first")
    many = 20_000
    large = here.restrict(np.tile(np.arange(40), many // 40)).with_probabilities("Mass", rng.random(many))
    drawn = curves("large", "Mass", "films", large)
    assert max(len(drawn.roc.thresholds), len(drawn.precision_recall.thresholds)) <= 402
    assert len(overview("large", large)[0].curve.thresholds) <= 62


def test_natural_frequencies_are_whole_films():
    # sensitivity 0.9, one false alarm in ten; at 1 % that is 9 of 108
    words = natural_frequencies(Counts(tp=9, fp=3, fn=1, tn=27), 0.01)
    assert "Of **1,000 films, 10 have it**" in words
    assert "**9.0 of 108 flagged films have it**" in words


def test_what_if_here_has_the_interval_of_the_tile_and_elsewhere_says_that_it_is_another(library):
    scene = scene_at(library)
    tile = scene.rates.ppv
    here, there = ppv_words(scene, 0.25), ppv_words(scene, 0.1)
    assert f"PPV there **75.0\u00a0%** ({interval(tile.low, tile.high)}), NPV **96.4\u00a0%**" in here
    assert "as the tile above does; elsewhere it is that of the curve's band" in here
    variance = scene.judged.by_patient("Mass").ppv_variance(0.55)
    value, low, high = ppv_at(scene.counts, 0.1, variance)
    assert value == pytest.approx(0.5)  # 0.9 of a tenth against 0.1 of the rest
    assert f"PPV there **50.0\u00a0%** ({interval(low, high)})" in there
    assert "its interval is that of the curve's band" in there


@pytest.mark.parametrize(
    ("asked", "link"),
    [
        (State(), {}),
        (State(split="all", rule="youden"), {"split": "all", "rule": "youden"}),
        (State(rule="cost", target=5.0), {"rule": "cost", "target": "5"}),
        (State(threshold=0.1 + 0.2, rule=""), {"rule": "number", "threshold": "0.30000000000000004"}),
    ],
)
def test_why_opens_errors_at_the_same_films_and_threshold(library, asked, link):
    made = errors_link("first", "Mass", asked)
    assert made == {"predictions": "first", "finding": "Mass"} | link
    state, problems = ERRORS_LINK.read(made)
    here = judged(library, "first")
    assert problems == []
    assert choose_thresholds(here, state).value("Mass") == settle(here, "Mass", asked)[0].value


def test_the_cheapest_threshold_knows_the_other_prevalence(library):
    scene, miss, there = scene_at(library), 3.0, 0.02
    ranked = scene.ranked
    chosen = choose("cost", ranked, _equivalent(miss, scene, there)).value

    def cost(cut: float) -> float:
        counts = ranked.counts(cut)
        return there * counts.fn / 10 * miss + (1 - there) * counts.fp / 30

    assert cost(chosen) == pytest.approx(min(cost(cut) for cut in np.linspace(0, 1, 2001)))


def test_steps_place_every_film_once_and_ties_together():
    labels, scores = np.array([1, 0, 1, 0, 0.0]), np.array([0.9, 0.9, 0.5, 0.4, 0.1])
    assert steps(labels, scores) == [
        {"score": "0.9", "up": 1, "right": 1},
        {"score": "0.5", "up": 1, "right": 0},
        {"score": "0.4", "up": 0, "right": 1},
        {"score": "0.1", "up": 0, "right": 1},
    ]


def test_small_groups_carry_a_warning(library):
    here = judged(library, "first")
    measured = groups("stamp", "Mass", here)
    assert [(one.by, one.name, one.films) for one in measured] == [
        ("all", "all films", 40),
        ("view", "AP", 20),
        ("view", "PA", 20),
    ]
    assert all(one.caution.startswith("Only ") for one in measured)
    table = group_table(measured, 0.55)
    assert table["sensitivity"][0].startswith("90.0\u00a0% (")
    assert table["flagged"][0].startswith("30.0\u00a0% (")


def test_two_models_are_tested_on_the_same_films(library):
    scene = scene_at(library, other="<b>second")
    other = scene.others["<b>second"]
    assert other.paired.first.value + other.paired.second.value == pytest.approx(1)  # 1 − p ranks the other way
    assert model_table(scene)["p"][0] == "< 0.001"
    assert "first ranks better than" in verdict(scene, "<b>second", other.paired)
    assert "<b>" not in other.name
    # A rising map of the same probabilities is no other ranking: that is known, and no test of it "may be chance".
    copied = replace(other.pair, second=other.pair.first.with_probabilities("Mass", FIRST**3 / 2))
    same = replace(scene, others={"copy": replace(other, pair=copied)})
    told = verdict(same, "copy", compare(MASS, FIRST, FIRST**3 / 2))
    assert "**first and copy rank these 40 films in the same order**" in told and "no proof" not in told
    tied = replace(copied, second=copied.second.with_probabilities("Mass", np.round(FIRST, 1)))
    assert not same_order(tied, "Mass")


def test_two_models_are_compared_at_their_own_thresholds(library):
    scene = scene_at(library, other="<b>second")
    both = at_thresholds(scene, "<b>second", State())
    found, table, at = both.found, both.table.set_index(""), both.found.thresholds
    assert at == (0.55, 0.55)
    missed = [int(((p < threshold) & (MASS == 1)).sum()) for p, threshold in zip((FIRST, 1 - FIRST), at, strict=True)]
    assert table.loc["Missed films with it", ["first", "<b>second"]].tolist() == [f"{one} of 10" for one in missed]
    change = found.changes["sensitivity"]
    assert change.difference == pytest.approx((missed[0] - missed[1]) / 10)
    assert table.loc["Sensitivity", "Change"] == f"−{-100 * change.difference:.1f}\u00a0pts"
    brier = [((p - MASS) ** 2).mean() for p in (FIRST, 1 - FIRST)]
    assert table.loc["Brier score", ["first", "<b>second"]].tolist() == [f"{one:.4f}" for one in brier]
    assert table.loc["Brier score", "p"] == "< 0.001"
    numbers = both.numbers.set_index("measure")
    assert numbers.loc["missed", ["of_first", "of_second", "change", "films"]].tolist() == [
        *missed,
        missed[1] - missed[0],
        10,
    ]
    assert numbers.loc["brier", ["of_first", "of_second"]].tolist() == pytest.approx(brier)
    assert numbers.loc["sensitivity", ["low", "high", "p"]].tolist() == [change.low, change.high, change.p]
    assert numbers.loc["threshold", ["of_first", "of_second", "films"]].tolist() == [*at, 40]
    assert set(numbers["second"]) == {"<b>second"} and set(numbers["finding"]) == {"Mass"}


def test_a_number_set_by_hand_is_the_pages_own_and_the_others_keep_theirs(library, shelf):
    scene = scene_at(library, threshold=0.3, other="<b>second")
    both = at_thresholds(scene, "<b>second", State(threshold=0.3, rule=""))
    assert both.found.thresholds == (0.3, 0.55)
    assert both.whence == (
        "The threshold 0.3 of first was set by hand or by the link. "
        "The threshold 0.55 of <b>second is its own (as imported): “made up”."
    )
    bare = replace(scene.others["<b>second"].pair, second=replace(scene.judged, thresholds={}))
    without = replace(scene, others={"bare": replace(scene.others["<b>second"], pair=bare)})
    both = at_thresholds(without, "bare", State(threshold=0.3, rule=""))
    assert both.found.thresholds == (0.3, 0.3)
    assert both.whence.endswith("bare has the same, as it came with none of its own.")


def test_by_a_rule_either_threshold_is_chosen_on_its_own_probabilities(library):
    by_youden = State(rule="youden")
    here = judged(library, "first")
    scene = scene_at(library, other="<b>second")
    scene = replace(scene, threshold=settle(here, "Mass", by_youden)[0])
    both = at_thresholds(scene, "<b>second", by_youden)
    theirs = choose("youden", judged(library, "<b>second").ranked("Mass")).value
    assert both.found.thresholds == (choose("youden", here.ranked("Mass")).value, theirs)
    assert both.whence.count("is by the rule above: Youden, chosen on 40 films.") == 2


def test_downloads_hold_what_is_shown(library):
    scene = scene_at(library)
    films = film_table(scene)
    assert films["outcome"].value_counts().to_dict() == {"TN": 27, "TP": 9, "FP": 3, "FN": 1}
    points = curve_table(scene)
    roc = points[points["curve"] == "roc"]
    assert np.trapezoid(roc["y"], roc["x"]) == pytest.approx(scene.row.auroc.value)
    with zipfile.ZipFile(io.BytesIO(figure_archive(scene))) as archive:
        for name in archive.namelist():
            ElementTree.fromstring(archive.read(name))
        assert len(archive.namelist()) == 4


def test_the_report_stands_alone_and_says_the_same(library):
    page = report(gather(scene_at(library, other="<b>second"), State(threshold=0.55, rule="")))
    page = re.sub("[ \n]+", " ", page)
    assert not re.search(r"<script|<link|<img|src=|href=|url\(", page)
    assert "&lt;b&gt;second" in page
    assert "<b>second" not in page
    for said in (
        "AUROC 0.975",
        "Threshold 0.55",
        "90.0\u00a0%",
        "75.0\u00a0%",
        ">27<",
        "10 films with the finding, 30 without",
    ):
        assert said in page
    assert page.count("<svg") == 4


def test_the_report_and_its_supplement_hold_other_predictions_side_by_side(library):
    asked = State(threshold=0.3, rule="")
    scene = scene_at(library, threshold=0.3, other="<b>second")
    both = at_thresholds(scene, "<b>second", asked)
    with zipfile.ZipFile(io.BytesIO(supplement(scene, asked))) as archive:
        page = archive.read("report.html").decode()
        table = pd.read_csv(io.BytesIO(archive.read("side-by-side.csv")))
    assert "first and &lt;b&gt;second, each at its own threshold" in page
    for told in both.table.set_index("").loc["Sensitivity"]:
        assert f'<td class="number">{told}</td>' in page
    assert "The threshold 0.55 of &lt;b&gt;second is its own (as imported): “made up”." in page
    pd.testing.assert_frame_equal(table, both.numbers, check_dtype=False)
    with zipfile.ZipFile(io.BytesIO(supplement(scene_at(library), asked))) as archive:
        assert "side-by-side.csv" not in archive.namelist()


def test_the_glossary_uses_the_findings_own_numbers(library):
    terms = dict(glossary(scene_at(library)))
    assert "Of the 10 films with Mass, 9 are flagged: 90.0\u00a0%" in terms["Sensitivity"]
    assert "scores higher in 97.5\u00a0% of such pairs" in terms["AUROC"]


def test_finding_colours_are_dark_enough_on_paper():
    assert on_paper("#ff8000") == "#9e4f00"
    assert colors("Mass", "light").finding != colors("Mass", "dark").finding


def test_labels_of_the_forty_films_are_as_the_tests_take_them():
    assert rank(MASS, FIRST).counts(0.55) == Counts(9, 3, 1, 27)
