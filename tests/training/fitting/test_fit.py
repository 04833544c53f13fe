from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tests.conftest import REPOSITORY
from tests.training.made_films import QUICK, SHOWN, make_dataset, tiny
from training.__main__ import main
from training.datasets.marks import marked
from training.datasets.table import DatasetError, read_dataset
from training.fitting.films import readable_films
from training.fitting.journal import Journal
from training.fitting.recipe import Recipe, add_recipe_arguments, recipe_from
from training.fitting.targets import blend, patient_targets, read_soft_labels
from training.fitting.train import TrainingData
from training.networks.architectures import ARCHITECTURES
from xai.cards.model_card import read_card
from xai.findings import FINDINGS
from xai.models.loading import file_sha256, load_model
from xai.models.preprocess import decode_mean_film


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    return make_dataset(tmp_path_factory.mktemp("made") / "dataset")


@pytest.fixture(scope="module")
def fitted(made, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("models") / "quick.keras"
    assert main(["fit", str(made), "--out", str(out), "--name", "Squares", *QUICK]) == 0
    return out


def test_model_loads_and_its_card_describes_it(fitted, made):
    card, model = read_card(fitted.with_suffix(".json")), load_model(fitted)
    assert (card.name, card.outputs) == ("Squares", tuple(SHOWN))
    assert (card.link, card.emits, card.sha256) == ("sigmoid", "logits", file_sha256(fitted))
    assert model.input_shape == (None, 32, 32, 1)
    assert model.output_shape == (None, 2)
    assert not getattr(model, "optimizer", None)
    assert model.get_layer(card.feature_layer).output.shape[1:3] == (2, 2)
    assert decode_mean_film(card.mean_film, 32).shape == (32, 32)
    films = pd.read_parquet(made / "films.parquet")
    developed = films[films["split"] != "test"]
    assert card.prevalence == {name: round(developed[name].mean(), 4) for name in SHOWN}
    assert set(card.thresholds) == set(SHOWN)


def test_card_counts_films_and_patients(fitted):
    measured = read_card(fitted.with_suffix(".json")).performance
    assert measured["splits"]["test"] == {"films": 12, "patients": 6}
    assert measured["splits"]["train"] == {"films": 36, "patients": 18}
    assert (measured["held_out"]["films"], measured["held_out"]["patients"]) == (48, 24)
    for finding in measured["test"]["findings"].values():
        assert finding["positives"] + finding["negatives"] == 12
        assert 0 <= finding["auroc_low"] <= finding["auroc"] <= finding["auroc_high"] <= 1


def test_card_names_no_place_on_this_machine(fitted, made):
    text = fitted.with_suffix(".json").read_text()
    assert str(made.parent) not in text and str(fitted.parent) not in text
    command = read_card(fitted.with_suffix(".json")).provenance["command"]
    assert command.startswith("python -m training fit DATASET --architecture small-resnet --size 32 --epochs 10")
    assert "--out quick.keras" in command


def test_same_seed_same_weights_and_silent_in_a_pipe(fitted, made, tmp_path):
    again = tmp_path / "again.keras"
    command = [sys.executable, "-m", "training", "fit", str(made), "--out", str(again), *QUICK]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    for first, second in zip(load_model(fitted).get_weights(), load_model(again).get_weights(), strict=True):
        np.testing.assert_array_equal(first, second)


def test_learns_which_square_is_which(fitted):
    measured = read_card(fitted.with_suffix(".json")).performance
    assert measured["held_out"]["mean_auroc"] > 0.9
    assert measured["test"]["mean_auroc"] > 0.9


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (["--architecture", "alexnet"], "There is no architecture alexnet; there are small-resnet"),
        (["--epochs", "0"], "--epochs must lie between 1 and 10000; it is 0"),
        (["--folds", "1"], "--folds must be 0 or at least 2; it is 1"),
        (["--out", "model.h5"], "--out must end in .keras; it is model.h5"),
        (["--soft-labels", "nowhere.csv"], "There is no file nowhere.csv"),
        (["--name", "x" * 81], "name must be a short text, at most 80 printable characters"),
        (["--channels", "2"], "--channels must be 1 or 3; it is 2"),
        (["--hold-out", "validation"], "--hold-out validation goes with --folds 0; it is 2"),
        (["--patience", "3"], "--patience needs validation films that nothing is trained on: add --hold-out"),
        (["--schedule", "plateau"], "--schedule plateau needs validation films"),
        (["--schedule", "steps"], "--schedule must be one of cosine, constant, plateau; it is steps"),
        (["--imbalance", "focal", "--positive-power", "1"], "--positive-power goes with --imbalance positive-weights"),
        (["--flip", "2"], "--flip must lie between 0 and 1; it is 2.0"),
        (["--freeze", "stem_conv"], "--freeze keeps the weights of --start, and there is none"),
        (["--head", "softmax"], "--head softmax needs a dataset with classes"),
    ],
)
def test_bad_options_are_one_line_and_status_2(made, tmp_path, capsys, change, sentence):
    assert main(["fit", str(made), "--out", str(tmp_path / "m.keras"), *QUICK, *change]) == 2
    complaint = capsys.readouterr().err
    assert sentence in complaint
    assert complaint.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_bad_usage_is_one_line_and_status_2(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["fit", "somewhere"])
    assert stopped.value.code == 2
    complaint = capsys.readouterr().err
    assert complaint.count("\n") == 1
    assert "--out, --architecture" in complaint


def test_bad_datasets_are_one_line_and_status_2(tmp_path, capsys):
    one_class = make_dataset(tmp_path / "one", films=20, positives=False)
    gone = make_dataset(tmp_path / "gone", films=20)
    for film in (gone / "films").iterdir():
        film.unlink()
    untested = make_dataset(tmp_path / "untested", films=8)
    cases = {
        tmp_path / "nowhere": "There is no folder",
        one_class: "one class only",
        gone: "20 films in its table, but none on disk",
        untested: "no test films on disk",
    }
    for folder, sentence in cases.items():
        assert main(["fit", str(folder), "--out", str(tmp_path / "m.keras"), *QUICK]) == 2
        complaint = capsys.readouterr().err
        assert sentence in complaint
        assert complaint.count("\n") == 1


def test_a_broken_film_is_named_and_left_out(tmp_path, capsys):
    folder = make_dataset(tmp_path / "dataset", films=20)
    (folder / "films" / "f003.png").write_bytes(b"not a picture")
    films = readable_films([read_dataset(folder)], 32)
    assert "f003 is left out: " in capsys.readouterr().err
    assert films.table["film"].tolist() == [f"f{k:03}" for k in range(20) if k != 3]
    assert films.canvases[:].shape == (19, 32, 32)
    picture = Image.open(folder / "films" / "f004.png").resize((32, 32), Image.Resampling.BILINEAR)
    np.testing.assert_allclose(films.canvases[3:4][0], np.asarray(picture) / 255, atol=1 / 255)


def test_blend_leaves_what_is_missing_to_the_other():
    nan = np.nan
    targets, opinion = np.array([[1.0, nan, 0.0, nan]]), np.array([[0.2, 0.3, nan, nan]])
    np.testing.assert_allclose(blend(targets, opinion, 0.25), [[0.8, 0.3, 0.0, nan]])


def test_patient_targets():
    films = pd.DataFrame({"view": ["AP", "PA", None], "sex": ["F", "M", None], "age": [50.0, 60.0, np.nan]})
    np.testing.assert_allclose(patient_targets(films)[:2], [[1, 0, 0.5], [0, 1, 1 / (1 + np.exp(-1))]], rtol=1e-6)
    assert np.isnan(patient_targets(films)[2]).all()


def test_soft_labels_find_their_films(tmp_path):
    table = pd.DataFrame({f"prob_{name}": [0.1, 0.2] for name in FINDINGS} | {"Image Index": ["b.png", "a.png"]})
    table.to_csv(tmp_path / "soft.csv", index=False)
    read = read_soft_labels(tmp_path / "soft.csv", pd.DataFrame({"film": ["a", "c", "b"]}))
    assert read.shape == (3, 14)
    np.testing.assert_allclose(read[[0, 2], 0], [0.2, 0.1], rtol=1e-6)
    assert np.isnan(read[1]).all()


@pytest.mark.parametrize("held_out", [["--folds", "2"], ["--hold-out", "validation"]])
def test_soft_labels_are_learned_from_but_what_is_held_out_is_measured_against_the_truth(
    made, tmp_path, monkeypatch, held_out
):
    monkeypatch.setitem(ARCHITECTURES, "tiny", tiny)
    films = [f"f{k:03}" for k in range(60)]
    shares = {f"prob_{name}": np.linspace(0.1, 0.9, 60) for name in FINDINGS}
    table = pd.DataFrame(shares | {"Image Index": films})
    table.to_csv(tmp_path / "soft.csv", index=False)
    options = ["--architecture", "tiny", "--size", "32", "--batch-size", "8", "--epochs", "1", *held_out]
    out = tmp_path / "soft.keras"
    assert main(["fit", str(made), "--out", str(out), "--soft-labels", str(tmp_path / "soft.csv"), *options]) == 0
    assert read_card(out.with_suffix(".json")).provenance["soft_labels"]["films"] == 48
    watched = pd.read_csv(out.with_suffix(".training.csv")).iloc[0]
    assert 0 <= watched["validation_auroc"] <= 1


def test_soft_labels_of_another_dataset_are_refused(tmp_path):
    table = pd.DataFrame({f"prob_{name}": [0.1] for name in FINDINGS} | {"Image Index": ["b.png"]})
    table.to_csv(tmp_path / "soft.csv", index=False)
    with pytest.raises(DatasetError, match=r"soft\.csv has none of the dataset's 2 films: it belongs to another"):
        read_soft_labels(tmp_path / "soft.csv", pd.DataFrame({"film": ["a", "c"]}))


@pytest.mark.parametrize(
    ("values", "names", "sentence"),
    [
        ([0.1, 7], ["a", "b"], r"soft\.csv, row 3: prob_\w+ is “7\.0”; expected a number from 0 to 1 or blank"),
        ([0.1, 0.2], ["a", "a"], r"soft\.csv, row 3: the film “a” already has row 2"),
    ],
)
def test_soft_labels_that_are_none_are_named_with_their_row(tmp_path, values, names, sentence):
    pd.DataFrame({f"prob_{name}": values for name in FINDINGS} | {"Image Index": names}).to_csv(
        tmp_path / "soft.csv", index=False
    )
    with pytest.raises(DatasetError, match=sentence):
        read_soft_labels(tmp_path / "soft.csv", pd.DataFrame({"film": ["a", "b"]}))


def test_what_is_not_said_follows_from_the_rest():
    parser = argparse.ArgumentParser()
    add_recipe_arguments(parser)

    def recipe(*words: str) -> Recipe:
        return recipe_from(parser.parse_args(["--architecture", "small-resnet", *words]))

    assert recipe() == Recipe("small-resnet")
    assert (recipe().folds, recipe("--hold-out", "validation").folds) == (4, 0)
    assert recipe("--positive-power", "1.5").imbalance == "positive-weights"
    assert recipe("--imbalance", "positive-weights").positive_power == 1
    assert (recipe().mixed_precision, recipe("--mixed-precision").mixed_precision) == ("none", "bfloat16")
    assert recipe("--flip", "0.5").augmentation.flip == 0.5


def test_recipe_is_checked():
    with pytest.raises(ValueError, match=r"--dropout must lie between 0 and 0\.95; it is 1\.5"):
        Recipe("small-resnet", dropout=1.5)


def test_mixes_another_dataset_in_starts_from_a_model_and_weighs_positives(made, fitted, tmp_path):
    out = tmp_path / "weighed.keras"
    options = [*QUICK, "--folds", "0", "--epochs", "2", "--positive-power", "1", "--replay", "0.5"]
    command = ["fit", str(made), "--also", str(made), "--start", str(fitted), "--out", str(out), *options]
    assert main(command) == 0
    card = read_card(out.with_suffix(".json"))
    films = pd.read_parquet(made / "films.parquet")
    developed = films[films["split"] != "test"]
    negatives_to_positives = {name: (1 - developed[name]).sum() / developed[name].sum() for name in SHOWN}
    assert card.provenance["positive_weight"] == pytest.approx(negatives_to_positives, abs=1e-4)
    assert card.provenance["started_from"]["sha256"] == file_sha256(fitted)
    assert "--also made --start quick.keras" in card.provenance["command"]
    assert {name: card.threshold(name).value for name in SHOWN} == dict.fromkeys(SHOWN, 0.5)
    assert "held_out" not in card.performance
    assert card.performance["also"]["test"]["films"] == 12
    assert card.performance["test"]["mean_auroc"] > 0.9  # it goes on from where the other model was


def test_refuses_to_start_from_another_network(made, fitted, tmp_path, capsys):
    command = ["fit", str(made), "--start", str(fitted), "--out", str(tmp_path / "m.keras"), *QUICK, "--size", "48"]
    assert main(command) == 2
    assert "quick.keras cannot be started from: it is not a small-resnet of 48 px." in capsys.readouterr().err


def test_replayed_films_are_drawn_anew_each_epoch_and_fit_the_share():
    canvases = np.arange(30, dtype=np.float32)[:, None, None] * np.ones((1, 8, 8), np.float32)
    targets = np.arange(30, dtype=np.float32)[:, None]
    lesson = TrainingData(canvases, targets, np.arange(10), np.arange(10, 30), share=0.6)
    recipe = Recipe("small-resnet", batch_size=8)
    seeds = np.random.SeedSequence(0).spawn(2)
    epochs = [np.concatenate([target[:, 0] for _, target in lesson.epoch(recipe, seed)]) for seed in seeds]
    for films in epochs:
        assert len(films) == 16 and len(set(films)) == 16
        assert set(range(10)) <= set(films)
    assert set(epochs[0]) != set(epochs[1])


@pytest.fixture(scope="module")
def watched(made, tmp_path_factory) -> Path:
    """Train on the training films alone; the validation films decide."""
    out = tmp_path_factory.mktemp("watched") / "watched.keras"
    options = ["--architecture", "small-resnet", "--size", "32", "--batch-size", "8", "--epochs", "8"]
    more = ["--hold-out", "validation", "--patience", "2", "--learning-rate", "0.01", "--threshold-rule", "youden"]
    more += ["--imbalance", "logit-adjustment", "--mixed-precision", "--channels", "3", "--memory", "0"]
    command = ["fit", str(made), "--out", str(out), "--tensorboard", str(out.parent / "events"), *options, *more]
    assert main(command) == 0
    return out


def test_held_out_validation_chooses_epoch_calibration_and_thresholds(watched, made):
    card, log = read_card(watched.with_suffix(".json")), pd.read_csv(watched.with_suffix(".training.csv"))
    losses = log["validation_loss"]
    assert card.provenance["epochs_kept"] == losses.idxmin() + 1
    assert len(log) == min(8, losses.idxmin() + 3)
    assert card.performance["validation"]["films"] == 12
    assert "held_out" not in card.performance
    films = pd.read_parquet(made / "films.parquet")
    learned = films[films["split"] == "train"]
    assert card.prevalence == {name: round(learned[name].mean(), 4) for name in SHOWN}
    for name in SHOWN:
        assert "12 validation films" in card.threshold(name).rule
        shown = card.performance["validation"]["findings"][name]
        # An intercept for each output makes the mean probability the share of films, Platt's property.
        assert shown["mean_probability"] == pytest.approx(shown["positives"] / 12, abs=0.02)
    shift = {name: round(float(np.log(p / (1 - p))), 4) for name, p in learned[list(SHOWN)].mean().items()}
    assert card.provenance["imbalance"]["shift"] == pytest.approx(shift, abs=1e-4)
    assert "positive_weight" not in card.provenance  # the calibration has undone it


def test_the_model_computes_in_single_precision_whatever_it_was_trained_in(watched):
    model = load_model(watched)
    assert model.input_shape == (None, 32, 32, 3)
    assert {layer.compute_dtype for layer in model.layers} == {"float32"}


def test_log_has_one_row_an_epoch_and_tensorboard_the_same(watched, fitted):
    log = pd.read_csv(fitted.with_suffix(".training.csv"))
    assert log["network"].value_counts().to_dict() == {"fold-1": 10, "fold-2": 10, "model": 10}
    assert log.loc[log["network"] == "model", "validation_loss"].isna().all()
    assert log.loc[log["network"] != "model", "validation_loss"].notna().all()
    assert (log[["loss", "seconds", "films_per_second"]] > 0).all().all()

    from xai.backend import tf

    log = pd.read_csv(watched.with_suffix(".training.csv"))
    (file,) = (watched.parent / "events" / "model").iterdir()
    told = {}
    for record in tf.data.TFRecordDataset(str(file)):
        event = tf.compat.v1.Event.FromString(record.numpy())
        told |= {(value.tag, event.step): value.simple_value for value in event.summary.value}
    for name in ("loss", "learning_rate", "validation_loss", "seconds"):
        assert [told[name, epoch] for epoch in log["epoch"]] == pytest.approx(log[name].tolist(), rel=1e-5)


def test_card_says_where_the_model_comes_from(fitted, made):
    facts = read_card(fitted.with_suffix(".json")).provenance
    assert facts["data_version"]["tables"] == [
        {name: file_sha256(made / name) for name in ("dataset.json", "films.parquet")}
    ]
    assert facts["left_out"] == {"not on disk": 0, "in no split": 0, "not readable": 0}
    assert facts["imbalance"]["strategy"] == "none" and facts["seed"] == 0 and facts["workers"] == 1
    assert facts["calibration"]["films"] == 48
    assert facts["also_learned"] == "male, over 50; these outputs were cut off after training."  # every film is PA
    assert len(facts["data_version"]["pixels"]) == 64
    said = subprocess.run(["git", "rev-parse", "HEAD"], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert (facts["commit"] or "").rstrip("+") == said.stdout.strip()


def test_a_loss_that_is_no_number_ends_it_without_a_model(made, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(Journal, "save", lambda *_: pytest.fail("nothing of this may be kept"))
    options = [*QUICK, "--folds", "0", "--learning-rate", "1"]
    monkeypatch.setattr("training.fitting.train.learning_rate", lambda *_: 1e30)
    assert main(["fit", str(made), "--out", str(tmp_path / "m.keras"), *options]) == 2
    complaint = capsys.readouterr().err
    assert "The loss of model is no number any more in epoch 1: try a lower --learning-rate." in complaint
    assert not list(tmp_path.iterdir())


def test_the_card_records_which_films_served_for_what_and_names_no_patient(watched, made):
    card, films = read_card(watched.with_suffix(".json")), read_dataset(made).films
    used = card.provenance["used"]
    assert [one["for"] for one in used] == [["fit"], ["stop", "calibration", "thresholds"]]
    for one, split in zip(used, ("train", "validation"), strict=True):
        assert marked(films, [one])[0].tolist() == (films["split"] == split).tolist()
        assert one["films"] == (films["split"] == split).sum()
    assert not any(patient in json.dumps(used) for patient in films["patient"].unique())


def test_calibration_by_folds_rests_on_the_films_learned_from(fitted, made):
    card, films = read_card(fitted.with_suffix(".json")), read_dataset(made).films
    for one, uses in zip(card.provenance["used"], (["fit"], ["calibration", "thresholds"]), strict=True):
        assert one["for"] == uses
        assert marked(films, [one])[0].tolist() == (films["split"] != "test").tolist()
