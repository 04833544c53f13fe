"""The Errors page in every state, without a browser."""

from __future__ import annotations

import io
import json
import re
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from urllib.parse import parse_qsl

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from dashboard.roc.state import LINK as ROC_LINK
from dashboard.server.library import Library
from tests.dashboard.errors.errors_library import COUNT, NAMES, PREVALENCE, WEIGHT, answers, columns, write_library
from tests.dashboard.judged_library import add_classes
from tests.dashboard.lines import lines, page_of
from tests.dashboard.pages import Idle, link_of, opened, plain, said, serve, shown, take_away
from training.datasets.marks import record
from training.datasets.table import read_dataset, write_dataset
from training.predictions.table import read_predictions
from xai.cards.model_card import read_card

MASS = {"predictions": "answers", "finding": "Mass"}


@pytest.fixture
def own(shelf, monkeypatch) -> Path:
    for name in ("MODELS", "DATASETS", "PREDICTIONS"):
        monkeypatch.setattr(f"dashboard.server.library.BUILT_IN_{name}", Path("/nowhere"))
    return shelf.root


@pytest.fixture
def stocked(shelf, own) -> Path:
    """Films, a model of the visitor's own, and its predictions with a planted cause."""
    write_library(shelf.root)
    shelf.add_card("tiny", outputs=["Mass", "Edema", "Effusion"])
    return shelf.root


@pytest.fixture
def run(own, monkeypatch) -> Callable[..., AppTest]:
    """Open the page as a link says, on a server of this test's own."""
    services = Idle(Library(own))
    serve(monkeypatch, own, lambda root: services)
    return partial(opened, "views/errors.py")


def galleries(app: AppTest) -> list[list[dict]]:
    """What the browser is sent of each film, gallery by gallery."""
    sent = [json.loads(one.proto.json) for one in app.get("bidi_component")]
    return [one["items"] for one in sent if "items" in one]


def test_without_predictions_the_page_says_what_to_do(run):
    app = run()
    assert "There are no predictions yet" in said(app)
    assert "training import-predictions" in said(app)


def test_predictions_whose_dataset_is_gone_say_so_in_one_sentence(run, stocked):
    shutil.rmtree(stocked / "datasets" / "generated")
    app = run()
    assert len(app.error) == 1
    assert "generated" in plain(said(app))


def test_unknown_patients_are_said_and_no_remedy_promises_others(run, stocked, shelf):
    folder = stocked / "datasets" / "generated"
    dataset = read_dataset(folder)
    write_dataset(folder, dataset.facts, dataset.films.assign(patient=None))
    app = run(**MASS)
    told = shown(app) + " ".join(one.value for one in app.caption)
    assert "Patients are not known: such films are treated as independent" in told
    assert "films whose patients are not known" in told and not re.search(r"films of [\d,]+ other patients", told)
    assert "some may have films on both sides, which flatters the remedy" in told


def test_damaged_predictions_say_so_in_one_sentence(run, stocked):
    (stocked / "predictions" / "answers" / "predictions.parquet").write_bytes(b"no table")
    app = run()
    assert len(app.error) == 1
    assert "cannot be read" in plain(said(app))


def without_card(stocked: Path) -> None:
    """Leave what was predicted, and nothing of how the model was made."""
    path = stocked / "predictions" / "answers" / "predictions.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | {"card": {}}), encoding="utf-8")


@pytest.mark.usefixtures("stocked")
class TestAudit:
    def test_a_fresh_visitor_sees_the_worst_finding_and_its_planted_cause(self, run):
        app = run()
        assert said(app) == ""
        assert "Main cause: **weighting of the loss**" in shown(app)
        assert "ln w = 3.40" in plain(shown(app))
        assert link_of(app) == MASS
        assert any("Effusion is left out" in plain(one.value) for one in app.caption)

    def test_the_rule_moves_the_threshold_and_the_cause(self, run):
        app = run(**MASS)
        app.selectbox(key="errors_rule").set_value("prevalence").run()
        assert link_of(app) == MASS | {"rule": "prevalence"}
        known = columns()
        flagged = (answers(known)["Mass"] >= app.number_input(key="errors_threshold").value).mean()
        assert flagged == pytest.approx(np.mean(known["Mass"]))
        assert "is flagged exactly as often as it is there" in shown(app)

    def test_a_threshold_by_hand_is_in_the_link_and_leaves_with_the_finding(self, run):
        app = run(**MASS)
        app.number_input(key="errors_threshold").set_value(0.9).run()
        assert link_of(app) == MASS | {"rule": "number", "threshold": "0.9"}
        share = (answers(columns())["Mass"] >= 0.9).mean()
        assert f"**{100 * share:.0f}\u00a0%** of {COUNT} films" in shown(app)
        app.selectbox(key="errors_finding").set_value("Edema").run()
        assert link_of(app) == MASS | {"finding": "Edema"}

    def test_the_button_of_the_cause_sets_its_remedy(self, run):
        app = run(**MASS)
        app.button(key="errors_try").click().run()
        assert link_of(app) == MASS | {"remedy": "weighting"}
        assert app.slider(key="errors_weight").value == WEIGHT
        assert "On films it was not fitted on" in shown(app)

    def test_a_cause_that_the_card_does_not_tell_is_not_known_until_the_visitor_says_more(self, run, stocked):
        without_card(stocked)
        app = run(**MASS)
        assert "Main cause: **not known**" in shown(app)
        assert "What would tell: how many times the loss counted a film with the finding and how many" in shown(app)
        app.number_input(key="errors_said_weight").set_value(WEIGHT).run()
        app.number_input(key="errors_said_trained").set_value(100 * PREVALENCE).run()
        assert "Main cause: **weighting of the loss**" in shown(app)
        assert link_of(app) == MASS | {"said_weight": "30", "said_trained": "0.15"}
        app.button(key="errors_try").click().run()
        assert app.slider(key="errors_weight").value == WEIGHT
        app.selectbox(key="errors_finding").set_value("Edema").run()
        assert "said_weight" not in link_of(app)

    def test_the_link_brings_back_the_remedy_and_what_must_be_found(self, run):
        link = MASS | {
            "remedy": "weighting",
            "rule_after": "sensitivity",
            "target_after": "0.8",
            "share": "0.6",
            "seed": "3",
        }
        app = run(**link, keep="0.85", weight="12", beside="positives")
        assert link_of(app) == link | {"keep": "0.85", "weight": "12", "beside": "positives"}
        assert app.slider(key="errors_weight").value == 12.0
        assert app.slider(key="errors_keep").value == 0.85
        assert app.number_input(key="errors_target_after").value == 0.8
        assert re.search(r"of the films labelled Mass \(\d+ of \d+\) also carry \*\*Edema\*\*", shown(app))

    def test_a_remedy_is_kept_as_a_new_version_and_undone(self, run, stocked):
        card = stocked / "models" / "tiny.json"
        before = card.read_bytes()
        app = run(**MASS, remedy="weighting", cut="keep")
        app.button(key="errors_save").click().run()
        assert not app.error
        assert "tiny.v1.json" in plain(app.success[0].value)
        assert read_card(card).calibration["Mass"].intercept == pytest.approx(-np.log(WEIGHT))
        assert "The mended predictions are there now: **answers-mended**" in plain(app.success[0].value)
        mended = read_predictions(stocked / "predictions" / "answers-mended").table["Mass"]
        odds = answers(columns())["Mass"] / (1 - answers(columns())["Mass"]) / WEIGHT
        np.testing.assert_allclose(mended, odds / (1 + odds))
        app.button(key="errors_mended").click().run()
        assert link_of(app) == MASS | {"predictions": "answers-mended"}
        assert "Main cause" not in shown(app) or "weighting of the loss" not in shown(app)
        app.selectbox(key="errors_predictions").set_value("answers").run()
        app.button(key="errors_undo").click().run()
        assert card.read_bytes() == before
        assert not app.success and not (stocked / "predictions" / "answers-mended").exists()

    def test_the_proof_of_a_remedy_shows_what_its_trial_showed(self, run, stocked):
        """Imported, at Youden's threshold: before at the audited number, after at the remedy's own."""
        (stocked / "models" / "tiny.keras").unlink()
        app = run(**MASS, rule="youden")
        audited = app.number_input(key="errors_threshold").value
        trial = next(one.value for one in app.dataframe if "Before" in one.value).set_index("")
        app.button(key="errors_save").click().run()
        proof = next(one.proto for one in app.get("page_link") if one.proto.label == "Before and after, side by side")
        link = dict(parse_qsl(proof.query_string))
        state, problems = ROC_LINK.read(link)
        assert problems == [] and "split" not in link
        assert (state.predictions, state.models, state.finding) == ("answers", ("answers-mended",), "Mass")
        assert state.threshold == pytest.approx(audited, rel=1e-3) and state.rule == ""
        roc = opened("views/roc.py", **link)
        both = next(one.value for one in roc.dataframe if "answers-mended" in one.value and "" in one.value).set_index(
            ""
        )
        for before, after in (("answers", "Before"), ("answers-mended", "After")):
            for row in ("Missed films with it", "Threshold", "Have the finding"):
                assert both.loc[row, before] == trial.loc[row, after]
            for row in ("Flagged", "Sensitivity", "Specificity", "PPV"):
                assert trial.loc[row, after].startswith(both.loc[row, before])
        told = plain(" ".join(one.value for one in roc.caption))
        assert f"The threshold {state.threshold:.4g} of answers was set by hand or by the link." in told
        assert f"{both.loc['Threshold', 'answers-mended']} of answers-mended is its own (" in told

    def test_before_and_after_are_taken_away_as_numbers(self, run):
        app = run(**MASS, remedy="weighting")
        shown = next(one.value for one in app.dataframe if "Before" in one.value).set_index("")
        name, media, content = take_away(app, "This table as CSV")
        assert (name, media) == ("answers-mass-before-and-after.csv", "text/csv")
        table = pd.read_csv(io.BytesIO(content)).set_index("measure")
        before, of = map(int, shown.loc["Missed films with it", "Before"].split(" of "))
        assert table.loc["missed", ["of_first", "films"]].tolist() == [before, of]
        assert f"{table.loc['brier', 'of_second']:.4f}" == shown.loc["Brier score", "After"]
        assert set(table["first"]) == {"answers, before"} and set(table["second"]) == {"answers, after"}

    def test_one_finding_alone_is_not_mended_together(self, run):
        assert "errors_together" not in [one.key for one in run(**MASS).toggle]  # Edema is not flagged too often

    def test_all_findings_that_are_flagged_too_often_are_mended_together(self, run, stocked):
        path = stocked / "predictions" / "answers" / "predictions.json"
        content = json.loads(path.read_text("utf-8"))
        content["thresholds"]["Edema"]["value"] = 0.05
        path.write_text(json.dumps(content), encoding="utf-8")
        app = run(**MASS)
        app.toggle(key="errors_together").set_value(True).run()
        assert link_of(app) == MASS | {"together": "on"}
        table = next(one.value for one in app.dataframe if "Missed" in one.value)
        assert set(table["Finding"]) == {"Mass", "Edema"}
        by_hand = run(**MASS, remedy="weighting", weight="3", rule_after="keep", together="on")
        above = next(one.value for one in by_hand.dataframe if "Before" in one.value).set_index("")
        row = next(one.value for one in by_hand.dataframe if "Missed" in one.value).set_index("Finding").loc["Mass"]
        missed = [above.loc["Missed films with it", when].split(" of ")[0] for when in ("Before", "After")]
        assert row["Missed"].startswith(" → ".join(missed) + " of ")
        assert row["Brier"].split(" → ")[1] == f"{float(above.loc['Brier score', 'After']):.3f}"
        told = plain(" ".join(one.value for one in by_hand.caption))
        assert "Mass has the weight 3, as above; each other finding has what the model card says of it." in told
        assert "Edema is left as it is: The model card does not say how often" in told
        app.button(key="errors_all_save").click().run()
        assert not app.error
        made = read_predictions(stocked / "predictions" / "answers-mended")
        assert made.facts.notes["mended"]["findings"] == list(read_card(stocked / "models" / "tiny.json").calibration)
        assert set(made.facts.notes["mended"]["findings"]) == {"Mass", "Edema"}
        links = {one.proto.label: dict(parse_qsl(one.proto.query_string)) for one in app.get("page_link")}
        assert links["Mass, side by side"]["threshold"] == "0.5"
        assert links["Edema, side by side"].items() >= {"finding": "Edema", "threshold": "0.05"}.items()

    def test_a_remedy_without_its_model_is_taken_along_or_kept_as_predictions(self, run, stocked):
        (stocked / "models" / "tiny.keras").unlink()
        facts = stocked / "predictions" / "answers" / "predictions.json"
        facts.write_text(json.dumps(json.loads(facts.read_text()) | {"name": "preds-on-generated"}))
        app = run(**MASS)
        assert any("cannot be kept in a model card here" in one.value for one in app.caption)
        assert app.button(key="errors_save").label == "Save the mended predictions"
        name, media, content = take_away(app, "Download the remedy")
        assert (name, media) == ("tiny.Mass.remedy.json", "application/json")
        told = json.loads(content)
        assert (told["finding"], told["predictions"], told["model"]) == ("Mass", "answers", "tiny")
        assert told["fitted"].startswith("answers: Fitted on")
        assert told["measured"]["measured_on"].endswith("by the predictions answers")

    def test_a_bad_link_says_what_was_left_out_and_shows_the_rest(self, run):
        app = run(predictions="gone", finding="Hernia", split="validation", rule="guess", threshold="7")
        words = plain(said(app))
        assert "There are no predictions “gone” here; showing answers." in words
        assert "None of these films is in the split validation; judging all 240." in words
        assert "“Hernia” is not judged here" in words
        assert "The link's rule “guess” was left out" in words
        assert "The link's threshold “7” was left out" in words
        assert link_of(app) == MASS

    def test_films_that_the_model_has_met_are_left_out_unless_all_are_asked_for(self, run, stocked):
        films = read_dataset(stocked / "datasets" / "generated").films
        facts = stocked / "predictions" / "answers" / "predictions.json"
        content = json.loads(facts.read_text())
        content["card"]["provenance"]["used"] = [record(films[films["split"] == "train"], ["fit"])]
        facts.write_text(json.dumps(content))
        app = run(**MASS)
        assert app.selectbox(key="errors_split").value == "never-met" and "flatter" not in said(app)
        captions = plain(" ".join(one.value for one in app.caption))
        assert "All 200 films are of 200 patients that it has never met." in captions
        assert "Films left out: 40 that it has met." in captions
        assert "of 200 films are flagged" in shown(app)
        told = plain(said(run(**MASS, split="all")))
        assert "The model has met 40 of these 240 films" in told and "on the 200 that it has never met." in told

    def test_a_rule_on_the_very_films_is_said_and_what_names_no_threshold_is_no_card(self, run, stocked):
        assert "Chosen on these very films" not in plain(" ".join(one.value for one in run(**MASS).caption))
        told = plain(" ".join(one.value for one in run(**MASS, rule="youden").caption))
        assert (
            "Mass's threshold: Chosen on these very films," in told
            and "its rates here tend to be much too good" in told
        )
        path = stocked / "predictions" / "answers" / "predictions.json"
        path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | {"thresholds": {}}), encoding="utf-8")
        assert "0.5, as none is named" in run(**MASS).selectbox(key="errors_rule").options

    def test_a_finding_without_a_label_says_why_there_is_nothing(self, run):
        app = run(predictions="answers", finding="Effusion")
        assert "There is no excess to take apart" in plain(said(app))


@pytest.mark.usefixtures("stocked")
class TestAtlas:
    ATLAS = MASS | {"section": "atlas"}

    def test_galleries_show_the_most_confident_mistakes_first(self, run):
        app = run(**self.ATLAS)
        wrong, missed = galleries(app)
        said, truth = answers(columns())["Mass"], np.array(columns()["Mass"])
        alarms = said[(truth == 0) & (said >= 0.5)].sort_values(ascending=False)
        assert [one["id"] for one in wrong] == list(alarms.index[:8])
        assert {one["outcome"] for one in wrong} == {"FP"}
        misses = said[(truth == 1) & (said < 0.5)].sort_values()
        assert [one["id"] for one in missed] == list(misses.index[:8])
        assert app.button(key="errors_all_FP").label == f"All {len(alarms)}"

    def test_only_films_with_a_picture(self, run):
        app = run(**self.ATLAS)
        app.toggle(key="errors_pictures").set_value(True).run()
        assert link_of(app) == self.ATLAS | {"pictures": "on"}
        assert all(one["id"] < NAMES[160] for films in galleries(app) for one in films)

    def test_what_is_wrong_less_often_than_right_is_named_with_both_shares(self, run):
        app = run(**self.ATLAS)
        assert "**with edema**" in plain(shown(app))
        assert "of the true positives" in shown(app)

    def test_wrong_flags_are_also_held_against_what_the_model_rightly_left_alone(self, run):
        app = run(**self.ATLAS)
        app.get_by_key("errors_against").select("TN").run()
        assert link_of(app) == self.ATLAS | {"against": "TN"}
        assert "Nothing sets the false positives apart from the true negatives beyond chance." in shown(app)
        assert "Neither has the finding" in " ".join(one.value for one in app.caption)
        other = app.button(key="errors_other")
        assert plain(other.label).startswith("Against the true positives: with edema, ")
        other.click().run()
        assert link_of(app) == self.ATLAS
        assert "of the true positives" in shown(app)

    def test_the_model_is_asked_only_when_somebody_wants_it(self, run):
        app = run(**self.ATLAS)
        assert app.button(key="errors_mean_map").label.startswith("Compute ")
        app.button(key="errors_features").click().run()
        ((group, (line,)),) = lines(app).items()
        assert line["title"].startswith("Features of ")
        assert line["state"] == "waiting"
        page_of(app).stop(group)
        app.run()
        assert lines(app) == {}
        app.button(key="errors_features").click().run()
        assert [one["state"] for (one,) in lines(app).values()] == ["waiting"]

    def test_what_was_begun_goes_on_while_the_visitor_looks_at_the_causes(self, run):
        app = run(**self.ATLAS)
        app.button(key="errors_mean_map").click().run()
        jobs = app.session_state["services"].long_jobs._jobs
        before = dict(jobs)
        app.get_by_key("errors_section").select("audit").run()
        assert (lines(app), jobs) == ({}, before)
        app.get_by_key("errors_section").select("atlas").run()
        assert len(lines(app)) == 1
        assert len(before) == 1
        assert jobs == before

    def test_work_that_came_to_nothing_can_be_begun_again(self, run):
        app = run(**self.ATLAS)
        app.button(key="errors_mean_map").click().run()
        (job,) = app.session_state["services"].long_jobs._jobs.values()
        job.state = "done"  # and nothing is kept: the disk may be full
        app.run()
        assert lines(app) == {}
        app.button(key="errors_mean_map").click().run()
        assert [one["state"] for (one,) in lines(app).values()] == ["waiting"]

    def test_without_the_model_the_page_says_why_and_shows_the_rest(self, run, stocked):
        (stocked / "models" / "tiny.keras").unlink()
        app = run(**self.ATLAS)
        assert "Mean maps are not offered here. The model tiny is not in this library" in plain(said(app))
        assert "The map of features is not offered here." in plain(said(app))
        assert len(galleries(app)) == 2

    def test_without_mistakes_the_galleries_say_what_to_do(self, run):
        app = run(**self.ATLAS, rule="number", threshold="1")
        assert "There are no false positives of Mass at this threshold. Lower it" in plain(said(app))
        assert "There are no false positives at this threshold, so there is nothing to compare" in plain(said(app))


def test_classes_are_judged_each_against_the_rest(run, shelf):
    classes, said = add_classes(shelf)
    app = run(predictions="three", finding="covid", rule="number", threshold="0.4")
    assert "are classes, each judged against the rest" in plain(" ".join(one.value for one in app.caption))
    assert f"**{round((said['covid'] >= 0.4).mean() * 100)}\u00a0%** of 40 films are flagged" in plain(shown(app))
    wrong = int(((said["covid"] >= 0.4) & (classes != "covid")).sum())
    atlas = run(predictions="three", finding="covid", rule="number", threshold="0.4", section="atlas")
    assert wrong and len(galleries(atlas)[0]) == min(wrong, 8)
    assert all(one["outcome"] == "FP" for one in galleries(atlas)[0])
    assert not atlas.error
