"""Which films a model has met: recorded, read from older cards, or not known."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from training.datasets.marks import record
from training.datasets.table import COLUMNS, Dataset, DatasetFacts
from training.evaluate.joining import judge
from training.evaluate.judged import ALL, NEVER_MET, NOT_MET, Judged
from training.evaluate.met import films_met
from training.evaluate.met_words import TAUGHT, film_words, flattered, left_out_films, met_codes, met_facts, met_words
from training.evaluate.ranked import EvaluateError
from training.mending.mended import Kept, mend_card
from training.mending.remedy import try_remedy
from training.predictions.table import Predictions, PredictionsFacts
from training.weights.describing import MET_NONE
from xai.cards.model_card import InputSpec, ModelCard

SPLIT = ["train"] * 40 + ["validation"] * 20 + ["test"] * 40
FILES = {"labels.csv": "its sha256"}
POLICY = {"reader": "nih", "splits": "random"}


def made_films(patients: list[str | None] | None = None) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    facts = {"dataset": "nih", "view": "PA", "age": 50.0, "sex": "F", "on_disk": True, "split": SPLIT}
    table = pd.DataFrame(dict.fromkeys(COLUMNS, np.nan), index=range(100))
    patients = [f"nih:{k // 2}" for k in range(100)] if patients is None else patients
    names = [f"f{k:02d}" for k in range(100)]
    table = table.assign(film=names, path=names, patient=pd.Series(patients, dtype=object), **facts)
    return table.assign(Emphysema=(rng.random(100) < 0.4).astype(float), Mass=(rng.random(100) < 0.4).astype(float))


def made_dataset(films: pd.DataFrame | None = None, **facts: Any) -> Dataset:
    told = DatasetFacts("nih", "/nowhere", "NIH", "none", "none", FILES, 0, policy=POLICY)
    return Dataset(Path("nowhere"), replace(told, **facts), made_films() if films is None else films)


def made_judged(card: dict[str, Any], dataset: Dataset | None = None, **notes: Any) -> Judged:
    dataset = made_dataset() if dataset is None else dataset
    rng, films = np.random.default_rng(1), dataset.films
    said = {name: (films[name] + rng.random(len(films))) / 2 for name in ("Emphysema", "Mass")}
    learned = films["split"].isin(["train", "validation"])
    said = {name: np.where(learned, (3 * films[name] + one) / 4, one) for name, one in said.items()}
    facts = PredictionsFacts("p", "nih", "nih", "m", "predict", tuple(said), card=card, notes=notes)
    table = pd.DataFrame(said, pd.Index(films["film"], name="film"))
    return judge(Predictions(Path("nowhere"), facts, table), dataset)


def recorded(**uses: tuple[str, ...]) -> dict[str, Any]:
    films = made_films()
    return {"provenance": {"used": [record(films[films["split"].isin(uses[one])], [one]) for one in uses]}}


def older(**provenance: Any) -> dict[str, Any]:
    """A card as it was before there were records."""
    digest = hashlib.sha256("\0".join(made_films()["film"]).encode()).hexdigest()
    data = {"name": "nih", "source": "NIH", "files": FILES, "split_seed": 0, "policy": POLICY}
    told = {"data": data, "data_version": {"films": digest, "tables": []}, "recipe": {"hold_out": "none", "folds": 4}}
    return {"provenance": told | {"calibration": {"films": 60}} | provenance}


def test_what_a_card_records_is_met_and_the_rest_is_of_patients_that_it_has_never_met():
    judged = made_judged(recorded(fit=("train", "validation"), thresholds=("validation",)))
    assert met_facts(judged) == {"fit": 60, "thresholds": 20, "never_met": 40, "not_known": 0}
    told = met_words(judged)
    assert "60 served to fit it; 20 served to choose its thresholds" in told
    assert "40 are of 20 patients that it has never met." in told
    assert judged.usual == NEVER_MET
    new = judged.in_split(NEVER_MET)
    assert set(new.films["split"]) == {"test"}
    assert met_words(new) == "All 40 films are of 20 patients that it has never met."


def area(judged: Judged, here: np.ndarray, findings: tuple[str, ...] = ("Emphysema", "Mass")) -> str:
    values = [roc_auc_score(judged.truth(name)[here], judged.scores(name)[here]) for name in findings]
    return f"{np.mean(values):.3f}"


def learned_by_heart(**uses: tuple[str, ...]) -> Judged:
    """All films that were learned from are answered rightly, the test films at random; what a card says of it."""
    judged, rng = made_judged(recorded(**uses)), np.random.default_rng(3)
    test = (judged.films["split"] == "test").to_numpy()
    for name in judged.findings:
        judged = judged.with_probabilities(name, np.where(test, rng.random(100), judged.scores(name)))
    return judged


def test_all_films_come_with_a_warning_that_has_the_numbers_in_it():
    judged = learned_by_heart(fit=("train", "validation"))
    met = judged.films["split"].isin(["train", "validation"]).to_numpy()
    told = flattered(judged)
    assert told.startswith(
        "The model has met 60 of these 100 films, and films that it has met usually flatter a model. Mean AUROC over "
        f"all 2 findings: {area(judged, met)} ("
    )
    assert f"on films that it has met, {area(judged, ~met)} (" in told and "on the 40 that it has never met." in told
    assert "They flatter here: the difference is +0." in told
    assert flattered(judged.in_split(NEVER_MET)) == ""
    learned = judged.restrict(met)
    assert f"Mean AUROC over all 2 findings: {area(learned, met[met])} (" in flattered(learned)
    assert "has met these films" in flattered(learned) and "flatter here" not in flattered(learned)


def test_that_films_flatter_is_not_said_where_they_do_not():
    judged = learned_by_heart(fit=("test",))  # it answers the others better, whatever its card says
    met = (judged.films["split"] == "test").to_numpy()
    told = flattered(judged)
    assert f"{area(judged, met)} (" in told and f"{area(judged, ~met)} (" in told
    assert "Here they do not: on films that it has met it ranks worse (−0." in told
    even = judged.with_probabilities("Emphysema", np.random.default_rng(0).random(100))
    even = even.with_probabilities("Mass", np.random.default_rng(1).random(100))
    assert "does not show here: the difference may be chance (" in flattered(even)


def test_findings_that_are_not_in_the_mean_are_named_and_films_of_which_nothing_is_known_are_in_neither():
    films = made_films()
    films.loc[films["split"] == "test", "Mass"] = 0.0
    films.loc[80:, "split"] = None
    judged = made_judged({}, made_dataset(films), learned_from=["train", "validation"])
    new = np.arange(100) // 20 == 3
    told = flattered(judged)
    assert "Mean AUROC over Emphysema, which can be measured there:" in told
    assert f"{area(judged, new, ('Emphysema',))} (" in told and "on the 20 that it has never met." in told
    assert left_out_films(judged.never_met()) == "Films left out: 60 that it has met and 20 of which that is not known."
    assert left_out_films(made_judged(recorded(fit=("train",))).never_met()) == "Films left out: 40 that it has met."


def test_another_film_of_a_patient_that_it_met_is_met_too():
    films = made_films()
    films.loc[[98, 99], "patient"] = "nih:0"
    judged = made_judged(recorded(fit=("train",)), made_dataset(films))
    assert judged.met.served["fit"][[98, 99]].all() and met_facts(judged)["fit"] == 42


def test_an_older_card_is_read_by_the_split_of_the_dataset_that_it_names():
    judged = made_judged(older())
    assert met_facts(judged) == {"fit": 60, "calibration": 60, "thresholds": 60, "never_met": 40, "not_known": 0}
    assert met_facts(made_judged(older(), made_dataset(name="by another name")))["fit"] == 60
    held_out = made_judged(older(recipe={"hold_out": "validation", "patience": 3}))
    assert {name: int(one.sum()) for name, one in held_out.met.served.items()} == {
        **{"fit": 40, "calibration": 20, "thresholds": 20, "stop": 20},
    }


@pytest.mark.parametrize(
    "dataset",
    [
        made_dataset(split_seed=1),
        made_dataset(policy=POLICY | {"splits": "official"}),
        made_dataset(made_films().iloc[1:].reset_index(drop=True)),
        made_dataset(files={}),
        made_dataset(name="mine", source="NIH", split_seed=1),
        made_dataset(name="mine", source="not stated", split_seed=1),  # its patients are NIH's
    ],
    ids=["another seed", "another lot", "another film", "other files", "the same source", "the same patients"],
)
def test_an_older_card_says_nothing_of_another_lot_of_the_same_films(dataset: Dataset):
    judged = made_judged(older(), dataset)
    assert not judged.met.known and judged.usual == ALL
    assert "is not known" in met_words(judged) and "never met" not in met_words(judged)


def test_films_of_elsewhere_are_new():
    films = made_films([f"elsewhere:{k}" for k in range(100)])
    judged = made_judged(older(), made_dataset(films, name="elsewhere", source="elsewhere"))
    assert judged.usual == ALL and flattered(judged) == ""
    assert met_words(judged) == "All 100 films are of 100 patients that it has never met."


def test_somebody_elses_model_has_met_nobody_knows_whom():
    judged = made_judged({})
    assert judged.usual == ALL and flattered(judged) == ""
    assert met_words(judged) == (
        "Whether it was fitted on any of these films is not known, so neither is whether it has met these patients. "
        "The split is a random lot drawn here: it says nothing of this model."
    )
    with pytest.raises(EvaluateError, match="None of these 100 films is known to be new to m: nobody recorded"):
        judged.never_met()


def test_a_card_that_names_its_films_and_no_recipe_does_not_say_what_validation_served_for():
    judged = made_judged(older(recipe=None, calibration=None))
    assert met_facts(judged) == {"fit": 40, "never_met": 40, "not_known": 20}


def test_who_imports_predictions_can_say_what_the_model_learned_from():
    judged = made_judged({}, learned_from=["train"])
    assert met_facts(judged) == {"fit": 40, "never_met": 60, "not_known": 0}


def test_a_model_that_started_from_another_has_met_what_that_one_met():
    first, second = recorded(fit=("validation",))["provenance"], recorded(fit=("train",))["provenance"]
    judged = made_judged({"provenance": second | {"started_from": first}})
    assert met_facts(judged)["fit"] == 60
    unknown = made_judged({"provenance": second | {"started_from": {"source": "published weights"}}})
    assert met_facts(unknown) == {"fit": 40, "never_met": 0, "not_known": 60}
    photographs = made_judged({"provenance": second | {"started_from": {"used": [MET_NONE]}}})
    assert met_facts(photographs) == {"fit": 40, "never_met": 60, "not_known": 0}


def test_what_the_models_had_met_whose_answers_it_learned_from_is_not_known():
    card = recorded(fit=("train",))
    card["provenance"]["soft_labels"] = {"file": "soft.csv"}
    here = made_judged(card)
    assert here.met.taught and met_words(here).endswith(TAUGHT)
    assert film_words(here.met, int(here.met.new().argmax()), patient_known=True).endswith(TAUGHT)
    codes = met_codes(here.met, here.films["patient"].notna().to_numpy())
    assert set(codes[here.met.new()]) == {"new, but for what its teachers met"}
    assert TAUGHT not in met_words(made_judged(recorded(fit=("train",))))
    child = {"provenance": recorded(stop=("validation",))["provenance"] | {"started_from": card["provenance"]}}
    assert made_judged(child).met.taught


def test_no_patient_is_promised_where_patients_are_not_known():
    films = made_films([None] * 100)
    card = {"provenance": {"used": [record(films[films["split"] == "train"], ["fit"])]}}
    told = met_words(made_judged(card, made_dataset(films)))
    assert "never met" not in told and "None of the other 60 served for any of this" in told
    known = met_words(made_judged(card))  # the same films, whose patients are known by now
    assert "never met" not in known and "not all patients are known" in known


def test_films_that_a_remedy_was_fitted_on_are_not_new_to_the_mended_model():
    card = recorded(fit=("train", "validation"))
    trial = try_remedy(made_judged(card).never_met(), "Emphysema")
    assert (trial.remedy.used["finding"], trial.remedy.used["films"]) == ("Emphysema", trial.fitted_films)
    plain = ModelCard("m", ("Emphysema", "Mass"), "sigmoid", "logits", InputSpec(8, 1), provenance=card["provenance"])
    mended = made_judged({"provenance": mend_card(plain, [Kept(trial.remedy)]).provenance})
    assert int(mended.met.mended["Emphysema"].sum()) == trial.fitted_films == 20
    assert mended.met.new().sum() == 20 and mended.met.new("Mass").sum() == 40
    assert "20 are of 10 patients that it has never met." in met_words(mended)
    new = mended.never_met()
    assert (new.ranked("Emphysema").films, new.ranked("Mass").films, new.withheld) == (20, 40, {"Emphysema": 20})
    assert flattered(new) == ""  # what the remedy was fitted on does not count
    assert "A remedy was fitted on films of these patients: Emphysema 20; for it they are not counted." in met_words(
        new
    )


def test_of_a_model_that_nobody_knows_the_films_of_its_remedy_are_known():
    trial = try_remedy(made_judged({}), "Mass")
    told = met_words(made_judged({"provenance": {"remedies": [Kept(trial.remedy).note]}}))
    assert told.startswith("Whether it was fitted on any of these films is not known")
    assert told.endswith("A remedy was fitted on films of these patients: Mass 50.")


def test_where_nothing_else_is_known_the_films_of_a_remedy_do_not_count_by_default():
    trial = try_remedy(made_judged({}), "Mass")
    whole = made_judged({"provenance": {"remedies": [Kept(trial.remedy).note]}})
    fitted = trial.fitted_films
    assert (whole.usual, made_judged({}).usual) == (NOT_MET, ALL)
    here = whole.in_split(NOT_MET)
    assert (len(here), here.withheld) == (100, {"Mass": fitted})
    assert (here.ranked("Mass").films, here.ranked("Emphysema").films) == (100 - fitted, 100)
    row = int(whole.met.mended["Mass"].argmax())
    assert film_words(whole.met, row, patient_known=True).endswith("it served to mend Mass.")
    assert film_words(whole.met, int(whole.unmet.all(axis=1).argmax()), patient_known=True).endswith("is not known.")
    with pytest.raises(EvaluateError, match="m has met each of these"):
        made_judged(recorded(fit=("train", "validation", "test"))).in_split(NOT_MET)


def test_a_remedy_that_does_not_say_what_it_was_fitted_on_leaves_nothing_certain():
    card = recorded(fit=("train", "validation"))
    card["provenance"]["remedies"] = [{"finding": "Emphysema", "origin": "somewhere"}]
    assert met_facts(made_judged(card)) == {"fit": 60, "never_met": 0, "not_known": 40}


@pytest.mark.parametrize(("method", "rule", "fits"), [("weighting", "half", 0), ("weighting", "prevalence", 50)])
def test_a_remedy_that_learns_nothing_from_films_has_met_none(method: str, rule: str, fits: int):
    trial = try_remedy(made_judged({}), "Mass", method, rule, weight=3.0)
    assert trial.remedy.used["films"] == fits


@pytest.mark.parametrize("provenance", [None, [], {"used": 3}, {"used": [{"for": 1}]}, {"data": {"name": 2}}])
def test_whatever_a_card_holds_nothing_fails(provenance: Any):
    met = films_met({"provenance": provenance}, {}, made_dataset())
    assert len(met) == 100 and not met.used.any() and not met.new().any()
