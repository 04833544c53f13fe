"""The ROC page in every state, without a browser."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from functools import partial
from urllib.parse import parse_qsl

import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score
from streamlit.testing.v1 import AppTest

from dashboard.roc.state import PANELS
from dashboard.server.library import Library
from tests.dashboard.judged_library import FIRST, add_classes, add_dataset, add_predictions, learned_from
from tests.dashboard.pages import Idle, link_of, links_to_files, opened, plain, said, serve, shown, take_away

MASS = {"finding": "Mass"}


@pytest.fixture
def run(shelf, monkeypatch) -> Callable[..., AppTest]:
    """Open the page as a link says, on a server of this test's own."""
    for name in ("MODELS", "DATASETS", "PREDICTIONS"):
        monkeypatch.setattr(f"dashboard.server.library.BUILT_IN_{name}", shelf.root / "nowhere")
    serve(monkeypatch, shelf.root, lambda root: Idle(Library(root)))
    return partial(opened, "views/roc.py")


@pytest.fixture
def stocked(shelf) -> None:
    add_dataset(shelf)
    add_predictions(shelf)
    add_predictions(shelf, "second", Mass=1 - FIRST)


def captions(app: AppTest) -> str:
    return plain("\n".join(one.value for one in app.caption))


def rates(app: AppTest) -> dict[str, str]:
    return {one.label: one.value for one in app.metric}


def overview(app: AppTest) -> dict:
    for element in app.get("bidi_component"):
        data = json.loads(element.proto.json)
        if "items" in data:
            return data
    raise AssertionError("there is no overview")


def test_without_predictions_the_page_says_what_to_do(run):
    assert "python -m training predict" in said(run())
    assert "python -m training import-predictions" in said(run())


def test_the_worst_finding_is_large_at_the_cards_threshold(run, stocked):
    app = run()
    assert app.subheader[0].value == "Mass"
    assert rates(app) == {
        "Sensitivity": "90.0\u00a0%",
        "PPV": "75.0\u00a0%",
        "Flagged": "30.0\u00a0%",
        "Specificity": "90.0\u00a0%",
        "NPV": "96.4\u00a0%",
        "Have it": "25.0\u00a0%",
    }
    assert "It says: “made up”" in captions(app)
    assert overview(app)["chosen"] == "Mass"
    assert link_of(app) == {"predictions": "first", "finding": "Mass"}


def test_the_page_says_what_is_judged(run, stocked):
    told = captions(run())
    assert "40 films" in told and "Whether it was fitted on any of these films is not known" in told
    app = run(part="validation")
    assert "None of these films is in the split validation; judging all 40." in plain(said(app))
    assert "split" not in link_of(app)


def test_answers_of_yes_and_no_are_said_to_be_such(run, stocked, shelf):
    add_predictions(shelf, "first", Mass=(FIRST >= 0.5).astype(float))
    assert "Mass has only two values, 0 and 1: a ROC curve then has one point" in captions(run(**MASS))
    add_predictions(shelf, "first")
    assert "only two values" not in captions(run(**MASS))


def test_films_that_the_model_has_never_met_come_first_and_all_with_a_warning(run, stocked, shelf):
    learned_from(shelf, "first", "train")
    app = run(**MASS)
    assert app.segmented_control(key="roc_split").value == "never-met"
    assert app.segmented_control(key="roc_split").options == ["Never met 10", "All 40", "Train 30", "Test 10"]
    assert "All 10 films are of 5 patients that it has never met. Films left out: 30 that it has met." in captions(app)
    assert "flatter" not in said(app) and link_of(app) == {"predictions": "first", "finding": "Mass"}
    app.segmented_control(key="roc_split").set_value("all").run()
    assert link_of(app)["split"] == "all"
    told = plain(said(app))
    assert "The model has met 30 of these 40 films, and films that it has met usually flatter a model." in told
    assert "on the 10 that it has never met." in told
    assert "30 served to fit it. 10 are of 5 patients that it has never met." in captions(app)
    assert "Films left out" not in captions(app)
    assert "Mean AUROC over" in plain(said(run(**link_of(app))))


def test_it_says_where_a_threshold_is_from_and_what_choosing_it_on_these_films_does(run, stocked):
    app = run(**MASS)
    assert app.button(key="roc_rule_card").label == "As imported"
    assert "The threshold that the predictions were imported with." in captions(app)
    assert "Chosen on these very films" not in captions(app)
    app.button(key="roc_rule_youden").click().run()
    assert (
        "Chosen on these very films, 10 of them with the finding: its rates here tend to be much too good."
        in captions(app)
    )
    assert "Chosen on other patients, in 5 turns, sensitivity is" in captions(app)


def test_a_lot_that_was_drawn_here_is_no_training_of_somebody_elses_model(run, stocked, shelf):
    facts = shelf.root / "datasets" / "generated" / "dataset.json"
    facts.write_text(json.dumps(json.loads(facts.read_text()) | {"policy": {"splits": "random"}}))
    app = run()
    assert app.segmented_control(key="roc_split").options == ["All 40", "Lot train 30", "Lot test 10"]
    assert "The split is a random lot drawn here: it says nothing of this model." in captions(app)


def test_the_other_models_own_films_are_told_too(run, stocked, shelf):
    learned_from(shelf, "second", "test")
    app = run(models="second", panel="models", **MASS)
    assert "10 films that only one of the two has met left out of the comparison. model of second: All 30" in captions(
        app
    )


NOT_KNOWN = "Patients are not known: such films are treated as independent, so that the interval may be too narrow."


def test_nobody_is_promised_other_patients_where_patients_are_not_known(run, shelf):
    add_dataset(shelf, patient=[None] * 40)
    add_predictions(shelf)
    told = captions(run(part="test"))
    assert "10 films whose patients are not known of" in told and NOT_KNOWN in told
    assert "never met" not in told
    learned_from(shelf, "first", "train")
    told = captions(run(part="test"))
    assert "None of these 10 films served for any of this; not all patients are known" in told
    glossary = shown(run(panel="words"))
    assert "Here other films would be drawn" in glossary and NOT_KNOWN in glossary
    assert "draws of films with replacement" in glossary


def test_a_moved_threshold_moves_the_numbers_and_the_link(run, stocked):
    app = run(**MASS)
    app.number_input(key="roc_number_0.55").set_value(0.7).run()
    assert rates(app)["Sensitivity"] == "60.0\u00a0%"
    assert rates(app)["Specificity"] == "100.0\u00a0%"
    assert link_of(app)["threshold"] == "0.7"
    again = run(**link_of(app))
    assert rates(again) == rates(app)


def test_a_rule_moves_the_threshold_and_takes_its_target(run, stocked):
    app = run(finding="Mass", rule="sensitivity", target="1.0")
    assert rates(app)["Sensitivity"] == "100.0\u00a0%"
    app.button(key="roc_rule_half").click().run()
    assert link_of(app)["rule"] == "half"
    assert "target" not in link_of(app)


def test_a_rule_that_cannot_be_met_says_why(run, stocked):
    app = run(predictions="second", finding="Mass", rule="ppv", target="0.99")
    assert "No threshold has a PPV of 0.99" in captions(app)
    assert rates(app)["Sensitivity"]


def test_a_finding_without_a_curve_says_why(run, stocked):
    app = run(finding="Effusion")
    assert "None of the 40 labelled films has the finding. There is no curve" in said(app)


def test_every_cell_of_the_matrix_opens_its_films(run, stocked):
    app = run(**MASS)
    links = {link.label: link.proto.query_string for link in app.get("page_link")}
    assert set(links) == {"9", "1", "3", "27", "Why? Errors"}
    assert "outcomes=Mass%3AFP" in links["3"]
    assert "thresholds=Mass%3A0.55" in links["3"]


def test_why_goes_to_errors_with_the_finding_and_the_number_set_by_hand(run, stocked):
    app = run(**MASS, threshold="0.37", split="all")
    why = next(link for link in app.get("page_link") if link.label == "Why? Errors")
    errors = opened("views/errors.py", **dict(parse_qsl(why.proto.query_string)))
    assert "left out" not in said(errors)
    assert errors.number_input(key="errors_threshold").value == 0.37
    asked = {"predictions": "first", "finding": "Mass", "split": "all", "rule": "number", "threshold": "0.37"}
    assert link_of(errors) == asked


@pytest.mark.parametrize("panel", PANELS)
def test_every_panel_opens(run, stocked, panel):
    app = run(finding="Mass", panel=panel, models="second")
    assert link_of(app).get("panel", "whatif") == panel
    expected = {
        "whatif": "Of **1,000 films, 250 have it**",
        "models": "ranks better than",
        "subgroups": "At this threshold",
        "published": "No published figure may stand beside these.",
        "steps": "**Films**",
        "words": "**AUROC.**",
    }
    assert expected.get(panel, "") in shown(app)
    if panel == "downloads":
        files = {label: take_away(app, label) for label in links_to_files(app)}
        assert {label: name for label, (name, *_) in files.items()} == {
            "Report": "first-mass.html",
            "Supplement": "first-supplement.zip",
            "Figures": "first-mass-figures.zip",
            "Curves": "first-mass-curves.csv",
            "Films": "first-mass-films.csv",
            "All findings": "first-metrics.csv",
        }
        assert all(files[label][2] for label in files)


def test_small_groups_are_warned_about(run, stocked):
    assert "View: PA: Only " in said(run(finding="Mass", panel="subgroups"))


def test_a_model_that_is_gone_is_named(run, stocked):
    app = run(predictions="vanished")
    assert "There are no predictions “vanished” here; showing first." in plain(said(app))


def test_a_compared_model_that_is_gone_is_named_and_the_others_stay(run, stocked):
    app = run(predictions="first", models="second,lost")
    assert "“lost” cannot be compared" in plain(said(app))
    assert link_of(app)["models"] == "second"


def test_the_older_word_for_a_split_opens_the_same_films(run, stocked):
    app = run(part="test")
    assert said(app) == ""
    assert link_of(app)["split"] == "test"
    assert captions(app) == captions(run(split="test"))


def test_an_unknown_part_of_a_link_is_named_and_the_rest_is_shown(run, stocked):
    app = run(finding="Mass", splitt="test")
    assert "“splitt”" in plain(said(app))
    assert link_of(app)["finding"] == "Mass"


def test_a_bad_link_is_named_and_the_rest_is_shown(run, stocked):
    app = run(finding="Mass", threshold="2")
    assert "The link's threshold “2” was left out" in plain(said(app))
    assert app.subheader[0].value == "Mass"


def test_labels_that_are_gone_are_said_in_a_sentence(run, stocked, shelf):
    shutil.rmtree(shelf.root / "datasets" / "generated")
    app = run()
    assert "are of the dataset generated, which is not where they say" in plain(said(app))
    assert len(app.error) == 1


def test_probabilities_out_of_range_are_said_in_a_sentence(run, stocked, shelf):
    file = shelf.root / "predictions" / "first" / "predictions.parquet"
    table = pd.read_parquet(file)
    table.loc[3, "Mass"] = 1.7
    table.to_parquet(file)
    app = run(predictions="first")
    assert "gives 1.7 as the probability of Mass for the film “film03”; expected numbers from 0 to 1" in plain(
        said(app)
    )
    assert len(app.error) == 1


def test_duplicate_films_are_said_in_a_sentence(run, stocked, shelf):
    file = shelf.root / "predictions" / "first" / "predictions.parquet"
    table = pd.read_parquet(file)
    table.loc[3, "film"] = "film04"
    table.to_parquet(file)
    app = run(predictions="first")
    assert "has two rows for the film “film04”" in plain(said(app))


def test_classes_are_judged_each_against_the_rest(run, shelf):
    classes, said = add_classes(shelf)
    app = run(predictions="three", finding="covid")
    assert link_of(app) == {"predictions": "three", "finding": "covid"}
    assert "covid, normal and pneumonia are classes, each judged against the rest." in captions(app)
    area = roc_auc_score(classes == "covid", said["covid"])
    assert f"AUROC **{area:.3f}**" in captions(app)
    for panel in PANELS:
        assert not run(predictions="three", finding="normal", panel=panel).error
