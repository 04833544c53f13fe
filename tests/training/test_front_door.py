"""`import training`, as a notebook uses it."""

from __future__ import annotations

import pkgutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import training
from tests.examples import run_examples, told_to_editors, without_examples
from training.__main__ import main
from training.datasets.table import DatasetError
from training.evaluate.ranked import EvaluateError
from training.opening import film_path
from training.predictions.table import PredictionsError
from xai.films.film import FilmError

REPOSITORY = Path(__file__).resolve().parents[2]
JUDGED = "lightbox-on-simulated-2000"


@pytest.fixture(scope="module")
def dataset():
    return training.open_dataset("simulated")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return training.simulate(tmp_path_factory.mktemp("made") / "made", 2, size=64, prevalence="balanced", workers=1)


def test_nothing_is_imported_before_it_is_asked_for_and_tensorflow_never():
    script = f"""
import sys
import training
heavy = ("numpy", "pandas", "tensorflow", "keras", "streamlit")
print([name for name in heavy if name in sys.modules])
training.open_predictions({JUDGED!r}).open_dataset()
print([name for name in heavy if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=REPOSITORY, capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout.splitlines() == ["[]", "['numpy', 'pandas']"]


def test_every_public_name_is_there_and_none_is_a_module_of_the_package():
    assert all(getattr(training, name) is not None for name in training.__all__)
    assert set(training.__all__) <= set(dir(training))
    assert not set(training.__all__) & {module.name for module in pkgutil.iter_modules(training.__path__)}
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = training.nothing


def test_editors_are_told_of_every_public_name():
    assert told_to_editors(training) == training.__all__


def test_every_public_function_and_class_has_an_example_and_all_examples_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert without_examples(training) == []
    tries, failures = run_examples(training)
    assert failures == "" and tries > 15


def test_metrics_are_those_that_the_command_writes(tmp_path):
    table = training.metrics(training.open_predictions(JUDGED), split="test", thresholds="youden")
    folder = REPOSITORY / "assets" / "predictions" / JUDGED
    options = ["--split", "test", "--thresholds", "youden", "--out", str(tmp_path)]
    assert main(["evaluate", str(folder), *options]) == 0
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "metrics.csv"), table, check_dtype=False)


def test_a_folder_is_opened_by_its_path_as_by_its_name(dataset):
    folder = REPOSITORY / "assets" / "datasets" / "simulated"
    for path in (folder, str(folder)):
        pd.testing.assert_frame_equal(training.open_dataset(path).films, dataset.films)


def test_what_is_not_there_is_refused_with_the_names_there_are(tmp_path):
    with pytest.raises(DatasetError, match="no dataset “nowhere”: name one of simulated, simulated-2000, or a folder"):
        training.open_dataset("nowhere")
    with pytest.raises(PredictionsError, match=f"no predictions “.*”: name one of {JUDGED}, overcaller-on"):
        training.open_predictions(tmp_path)
    with pytest.raises(EvaluateError, match="no split “today”"):
        training.metrics(training.open_predictions(JUDGED), split="today")


def test_a_film_opens_from_its_file_and_without_it_from_its_recipe(made):
    read = training.open_film(made, "s00001")
    masks = training.open_masks(made, "s00001")
    assert read.facts.format == "PNG" and masks
    made.films["on_disk"] = False
    try:
        rendered = training.open_film(made, "s00001")
    finally:
        made.films["on_disk"] = True
    assert rendered.sha256 == read.sha256 and rendered.facts.format == "simulated"
    file = made.folder / "masks" / "s00001.png"
    kept = file.read_bytes()
    file.unlink()
    try:
        again = training.open_masks(made, "s00001")
    finally:
        file.write_bytes(kept)
    assert again.keys() >= masks.keys()
    for name, mask in masks.items():
        np.testing.assert_array_equal(again[name], mask)


def test_a_film_that_is_not_there_or_lies_elsewhere_is_not_opened(dataset, made):
    with pytest.raises(DatasetError, match="simulated has no film “x”"):
        training.open_film(dataset, "x")
    with pytest.raises(FilmError, match="lies outside its dataset"):
        film_path(dataset, dataset.films.iloc[0].replace({dataset.films["path"].iloc[0]: "../dataset.json"}))
    lost = type(made)(made.folder, made.facts, made.films.drop(columns="recipe").assign(on_disk=False))
    with pytest.raises(DatasetError, match="neither a file nor a recipe of the film “s00000”"):
        training.open_film(lost, "s00000")
    assert training.open_masks(lost, "s00000") == {}


def test_a_dataset_and_predictions_say_in_a_line_what_they_are(dataset):
    assert repr(dataset) == "<Dataset simulated: 240 films>"
    assert repr(training.open_predictions(JUDGED)) == f"<Predictions {JUDGED}: 2,000 films, 14 outputs>"


def test_the_page_in_docs_lists_exactly_the_public_names():
    page = (REPOSITORY / "docs" / "python.md").read_text(encoding="utf-8")
    listed = [line.split("`")[1] for line in page.splitlines() if line.startswith("| `training.")]
    assert sorted(name.removeprefix("training.").split("(")[0] for name in listed) == sorted(training.__all__)
