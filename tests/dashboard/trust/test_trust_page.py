"""The Trust page's league and twins, without a browser."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from dashboard.compare.state import LINK as COMPARE
from dashboard.server.library import Library
from dashboard.trust.cell_films import film_link, films_of_cell
from dashboard.trust.league_table import AHEAD, BEHIND, LEVEL, heads, sign_of, table_of
from dashboard.trust.league_words import about_cell, by_chance, by_finding, command, elsewhere, summary
from dashboard.trust.twin import promises_table
from dashboard.trust.twin import summary as twin_summary
from dashboard.trust.twin_figure import scatter
from tests.dashboard.models.model_library import card, put
from tests.dashboard.pages import Idle, link_of, opened, plain, said, serve, shown
from tests.dashboard.trust.made_league import FILMS, put_league
from training.benchmark.results import Results, read_results, read_scores, read_twins


@pytest.fixture
def stocked(shelf, monkeypatch) -> Path:
    monkeypatch.setattr("dashboard.server.library.BUILT_IN_MODELS", Path("/nowhere"))
    monkeypatch.setattr("dashboard.trust.subject.BUILT_IN_LEAGUES", Path("/nowhere"))
    put(shelf.root, "tiny", card("tiny"))
    shelf.add_dataset(films=FILMS, Mass=[1.0] * len(FILMS))
    return shelf.root


@pytest.fixture
def model(stocked) -> Path:
    return stocked / "models" / "tiny.keras"


@pytest.fixture
def results(stocked, model) -> Results:
    return read_results(put_league(stocked, model))


@pytest.fixture
def run(stocked, monkeypatch) -> Callable[..., AppTest]:
    serve(monkeypatch, stocked, lambda root: Idle(Library(root)))
    return partial(opened, "views/trust.py")


def said_small(app: AppTest) -> str:
    return "\n".join(one.value for one in app.caption)


def test_a_model_without_a_league_is_told_how_to_make_one(run):
    app = run(model="tiny")
    assert "Nothing was measured of the maps of tiny yet." in said(app)
    (code,) = app.code
    assert code.value == (
        "python -m xai benchmark simulated --model LIBRARY/models/tiny.keras --out LIBRARY/leagues/tiny-on-simulated"
    )
    assert "Nothing was measured" in said(run(section="twin"))


def test_the_league_of_a_model_stands_on_the_page_with_what_it_does_not_show(run, results):
    app = run()
    assert "**▲ ahead of the usual place**: Grad-CAM" in shown(app)
    assert "**= not told apart from the usual place**: SHAP" in shown(app)
    assert "For each of 2 findings at least one method is ahead." in shown(app)
    assert "By its card the model met none of these 4 films, nor others of their patients." in plain(said_small(app))
    assert "What it does not show" in shown(app) and "Does the strongest evidence lie inside the truth?" in shown(app)
    assert [one.value for one in app.subheader] == [r"Grad\-CAM\, all findings"]
    assert said(app) == "" and link_of(app) == {"model": "tiny"}
    app.selectbox(key="trust_measure").select("auroc").run()
    assert "was not held against the usual place" in shown(app) and link_of(app)["measure"] == "auroc"


def test_a_link_opens_a_cell_and_its_film_and_a_wrong_one_is_named(run, results):
    app = run(finding="Mass", method="shap", film="c")
    assert [one.value for one in app.subheader] == [r"SHAP\, Mass"]
    assert "For Mass, **▲ ahead of the usual place**: Grad-CAM; **= not told apart" in shown(app)
    assert list(app.dataframe[0].value["score"]) == [0.0, 0.25, 0.5, 0.75]
    assert link_of(app) == {"model": "tiny", "finding": "Mass", "method": "shap", "film": "c"}
    app = run(
        finding="Gout", method="magic", film="z" * 80, league="none", measure="shap<b>", model="tiny", section="?"
    )
    for word in ("Gout", "magic", "zzz", "none", "section", "shap"):
        assert word in said(app)
    assert link_of(app) == {"model": "tiny"}


def test_findings_without_any_method_ahead_are_named(results):
    beside = results.beside.copy()
    beside.loc[beside["finding"] == "Effusion", "low"] = -0.5
    assert by_finding(replace(results, beside=beside), "pointing") == (
        "For 1 of 2 findings at least one is ahead; none for Effusion."
    )
    beside["low"] = -0.5
    assert by_finding(replace(results, beside=beside), "pointing") == "For no single finding is any method ahead."
    assert by_finding(results, "auroc") == ""


def test_measures_in_which_no_method_is_ahead_are_named(results):
    energy = results.beside.assign(measure="energy", low=-0.2, high=-0.1)
    energy.loc[energy["method"] == "shap", "high"] = 0.1
    both = replace(
        results,
        beside=pd.concat([results.beside, energy]),
        league=pd.concat([results.league, results.league.assign(measure="energy")]),
    )
    assert elsewhere(both, "pointing") == (
        "In Energy inside no method is ahead of the usual place: 1 of 2 are behind it."
    )
    assert elsewhere(both, "energy") == "" and elsewhere(results, "pointing") == ""


def test_of_several_leagues_a_link_names_one_and_the_one_with_most_films_stands_first(run, stocked, model, results):
    few = put_league(stocked, model, "a-few")
    league = pd.read_csv(few / "league.csv")
    league.assign(films=2).to_csv(few / "league.csv", index=False)
    app = run()
    assert app.selectbox(key="trust_league").value == "tiny-on-generated" and link_of(app) == {"model": "tiny"}
    app.selectbox(key="trust_league").select("a-few").run()
    assert link_of(app) == {"model": "tiny", "league": "a-few"}
    assert "2 films of generated" in "\n".join(one.value for one in run(league="a-few").caption)


def test_a_league_without_scores_says_where_they_come_from_and_a_damaged_one_is_named(run, stocked, model):
    put_league(stocked, model, scores=False)
    broken = put_league(stocked, model, "broken")
    (broken / "league.csv").write_text("method\nshap\n")
    app = run()
    assert "The scores of single films do not come with these results." in "\n".join(one.value for one in app.caption)
    assert r"broken\/league\.csv has no column" in said(app) and app.selectbox(key="trust_league").options == [
        "generated (tiny-on-generated)"
    ]


def test_claims_stand_beside_effects(run, results):
    app = run(section="twin", film="c", method="shap")
    assert "**SHAP**'s claims follow the effects most closely: 0.80" in shown(app)
    assert "*Noise*, which does not ask the model, reaches 0.10" in shown(app)
    assert app.selectbox(key="trust_film").value == "c"
    (results.source / "twins.csv").unlink()
    assert "films that have no twin" in said(run(section="twin"))


def test_methods_stand_by_their_score_and_controls_apart(results):
    rows, columns = heads(results, "pointing")
    assert [(row.title, row.apart) for row in rows] == [
        *(("Grad-CAM", False), ("SHAP", False), ("Usual place", True), ("Noise", False))
    ]
    assert [column.title for column in columns] == ["All findings", "Effusion", "Mass"]
    table = table_of(results, "pointing")
    signs = {method: table[method, "Mass"].sign for method in ("gradcam", "shap", "random", "prior")}
    assert signs == {"gradcam": AHEAD, "shap": LEVEL, "random": BEHIND, "prior": ""}
    told = "Grad-CAM, Mass: 0.65, 95\u00a0% interval 0.50 to 0.70, 12 films. Ahead of the usual place."
    assert (table["gradcam", "Mass"].words, table["gradcam", "Mass"].told) == ("0.65", told)


def test_a_cell_is_told_with_its_lead_and_with_how_often_chance_does_as_well(results):
    told = about_cell(results, "gradcam", "Mass", "pointing")
    assert "Pointing: **0.65, 95\u00a0% interval 0.50 to 0.70, 12 films**." in told
    assert "usually is reaches 0.35" in told and "ahead of the usual place**: +0.30 (95\u00a0% interval +0.10" in told
    assert "as well in none of 999 tries" in told
    assert "usual place" not in about_cell(results, "prior", "Mass", "pointing")
    assert "ahead" not in about_cell(results, "shap", "Mass", "auroc")
    assert by_chance(results, "pointing").startswith("Of 4 such cells less than one, on average, would")
    assert by_chance(results, "auroc") == "" and "SHAP" in summary(results, "pointing")


def test_the_films_of_a_cell_come_worst_first_and_open_on_compare_with_their_truth(results):
    scores = read_scores(results.source)
    assert scores is not None
    listed = films_of_cell(scores, "shap", "Mass", "pointing")
    assert list(listed["film"]) == list(FILMS) and list(listed["usual"]) == list(listed["score"])
    assert films_of_cell(scores, "shap", "Edema", "pointing").empty
    state, problems = COMPARE.read(film_link("generated", "tiny", "c", "Mass", "shap", without=("Mass",)))
    assert problems == []
    assert (state.film, state.finding, state.methods, state.without) == ("generated/c", "Mass", ("shap",), ("Mass",))
    assert state.display == {"truth": True}
    assert COMPARE.read(film_link("generated", "tiny", "c", "Mass", "prior"))[0].methods == COMPARE.default.methods


def test_promises_are_told_beside_the_best_control(results):
    read = read_twins(results.source)
    assert read is not None
    twins, held = read
    of_all = held[held["finding"] == "all"].set_index("method")
    assert twin_summary(of_all).endswith("size alone does not give that order.")
    assert "intervals overlap" in twin_summary(of_all.assign(rank_low=-0.5, rank_high=0.9))
    assert "too few films" in twin_summary(of_all.assign(rank=float("nan")))
    cells = promises_table(of_all)
    assert (cells["shap", "slope"].words, cells["shap", "slope"].small) == ("2.00", "1.50 to 2.50")
    assert ("gradcam", "slope") not in cells and cells["gradcam", "claimed"].words == "30\u00a0%"
    figure = scatter(twins[twins["method"] == "shap"], is_share=False, chosen="c")
    assert list(figure.data[1].y) == [0, 1, 2, 3] and list(figure.data[-1].y) == [2]


def test_a_command_is_written_such_that_a_shell_takes_each_name_whole():
    assert "--model 'LIBRARY/models/my model; rm.keras' " in command("my model; rm", "simulated")


def test_what_comes_with_the_app_is_named_in_a_command_and_what_is_the_librarys_by_its_place():
    assert command("lightbox", "simulated").startswith("python -m xai benchmark simulated --model lightbox --out ")


def test_the_command_of_a_league_has_its_methods_and_samples(results):
    before, after = (
        "python -m xai benchmark LIBRARY/datasets/made --model LIBRARY/models/tiny.keras",
        "--out LIBRARY/leagues/tiny-on-generated",  # where these results lie, whatever they are of
    )
    assert command("tiny", "made", results) == f"{before} --method shap {after}"
    settings = {"methods": ["gradcam", "shap", "lime", "random"], "samples": 200}
    assert command("tiny", "made", replace(results, settings=settings)) == f"{before} --samples 200 {after}"
    assert command("tiny", "made", replace(results, settings={"methods": 3})) == f"{before} {after}"


def test_a_league_says_how_its_maps_were_made_and_that_the_card_has_changed_since(run, results):
    claim = json.loads((results.source / "benchmark.json").read_text())
    told = {"settings": {"shap": {"evaluations": 500, "baseline": "mean"}, "random": {"grid": 8}}, "card": "b" * 64}
    (results.source / "benchmark.json").write_text(json.dumps(claim | told))
    captions = "\n".join(one.value for one in run().caption)
    assert r"**SHAP**: evaluations 500\, baseline mean" in captions and "grid 8" not in captions
    assert "The model's card has changed since these maps were made." in captions


def test_a_score_of_no_film_has_no_cell(results):
    empty = pd.concat([results.league, results.league.head(1).assign(finding="Hernia", value=float("nan"), films=0)])
    odd = Results(results.source, "", "", "generated", {}, empty, results.beside)
    assert (empty.iloc[-1]["method"], "Hernia") not in table_of(odd, empty.iloc[-1]["measure"])


def test_a_lead_over_four_films_is_told_of_none(tmp_path):
    put(tmp_path, "tiny", card("tiny"))
    folder = put_league(tmp_path, tmp_path / "models" / "tiny.keras")
    beside = pd.read_csv(folder / "beside.csv").assign(films=4)
    beside.to_csv(folder / "beside.csv", index=False)
    few = read_results(folder)
    lead = few.lead("gradcam", "Mass", "pointing")
    assert lead.value == pytest.approx(0.3) and math.isnan(lead.low) and sign_of(lead) == ""
    assert by_chance(few, "pointing") == "" and "was not held against" in summary(few, "pointing")
