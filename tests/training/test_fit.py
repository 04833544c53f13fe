from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tests.conftest import REPOSITORY
from training.__main__ import main
from training.datasets.table import COLUMNS, DatasetFacts, read_dataset, write_dataset
from training.fit import readable_films
from training.input import ahead
from training.recipe import Recipe
from training.targets import blend, patient_targets, read_soft_labels
from training.train import Lesson
from xai.findings import FINDINGS
from xai.loading import file_sha256, load_model
from xai.model_card import read_card
from xai.preprocess import decode_mean_film

QUICK = ["--architecture", "small-resnet", "--epochs", "10", "--folds", "2", "--size", "32", "--batch-size", "8"]
# What a film of the made dataset can show: a bright square on its left, or on its right.
SHOWN = {"Effusion": slice(2, 14), "Mass": slice(34, 46)}


def _make_dataset(folder: Path, films: int = 60, positives: bool = True) -> Path:
    rng = np.random.default_rng(0)
    rows = []
    (folder / "films").mkdir(parents=True)
    for k in range(films):
        pixels = rng.integers(60, 100, (48, 48)).astype(np.uint8)
        row = dict.fromkeys(FINDINGS, np.nan) | dict.fromkeys(SHOWN, 0.0)
        for finding, columns in SHOWN.items():
            if positives and rng.random() < 0.5:
                pixels[18:30, columns] = 220
                row[finding] = 1.0
        Image.fromarray(pixels).save(folder / "films" / f"f{k:03}.png")
        facts = {"film": f"f{k:03}", "path": f"films/f{k:03}.png", "dataset": "made", "patient": f"made:{k // 2}"}
        facts |= {"view": "PA", "age": 40.0 + k % 30, "sex": "MF"[k % 2], "on_disk": True}
        facts |= {"split": ("train", "train", "train", "validation", "test")[k // 2 % 5]}
        rows.append(facts | row)
    facts = DatasetFacts("made", str(folder.resolve()), "made for a test", "MIT", "none", {}, 0)
    write_dataset(folder, facts, pd.DataFrame(rows)[list(COLUMNS)])
    return folder


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    return _make_dataset(tmp_path_factory.mktemp("made") / "dataset")


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
    one_class = _make_dataset(tmp_path / "one", films=20, positives=False)
    gone = _make_dataset(tmp_path / "gone", films=20)
    for film in (gone / "films").iterdir():
        film.unlink()
    untested = _make_dataset(tmp_path / "untested", films=8)
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
    folder = _make_dataset(tmp_path / "dataset", films=20)
    (folder / "films" / "f003.png").write_bytes(b"not a picture")
    films = readable_films([read_dataset(folder)], 32)
    assert "f003 is left out: " in capsys.readouterr().err
    assert films.table["film"].tolist() == [f"f{k:03}" for k in range(20) if k != 3]
    assert films.canvases.shape == (19, 32, 32)
    picture = Image.open(folder / "films" / "f004.png").resize((32, 32), Image.Resampling.BILINEAR)
    np.testing.assert_allclose(films.canvases[3], np.asarray(picture) / 255, atol=1 / 255)


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
    lesson = Lesson(canvases, targets, np.arange(10), np.arange(10, 30), share=0.6)
    recipe = Recipe("small-resnet", batch_size=8)
    rng = np.random.default_rng(0)
    epochs = [np.concatenate([target[:, 0] for _, target in lesson.epoch(recipe, rng)]) for _ in range(2)]
    for films in epochs:
        assert len(films) == 16 and len(set(films)) == 16
        assert set(range(10)) <= set(films)
    assert set(epochs[0]) != set(epochs[1])


def test_what_goes_wrong_while_films_are_made_ready_arrives():
    def broken():
        yield 1
        raise OSError("disk gone")

    taken = ahead(broken())
    assert next(taken) == 1
    with pytest.raises(OSError, match="disk gone"):
        next(taken)
