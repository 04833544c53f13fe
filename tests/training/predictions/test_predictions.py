from __future__ import annotations

import errno
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from training.predictions.table import (
    FACTS_FILE,
    TABLE_FILE,
    PredictionsError,
    PredictionsFacts,
    read_predictions,
    write_predictions,
)
from xai.cards.model_card import Threshold


def facts(folder: Path, **changes) -> PredictionsFacts:
    known = {"name": "m-on-d", "dataset": "d", "dataset_folder": str(folder / "d"), "model": "m", "source": "predict"}
    known |= {"outputs": ("Mass", "Edema"), "thresholds": {"Mass": Threshold(0.4, "a rule")}, "left_out": {"z": "why"}}
    return PredictionsFacts(**known | changes)


def table(mass: list = [0.25, 1.0, 0.0], films: tuple = ("a", "b", "c")) -> pd.DataFrame:  # noqa: B006
    return pd.DataFrame({"Mass": mass, "Edema": 0.5}, index=pd.Index(films, name="film"))


def test_round_trip(tmp_path):
    write_predictions(tmp_path / "p", facts(tmp_path), table())
    made = read_predictions(tmp_path / "p")
    assert made.facts == facts(tmp_path, dataset_folder="../d")
    pd.testing.assert_frame_equal(made.table, table())
    assert sorted(path.name for path in (tmp_path / "p").iterdir()) == [FACTS_FILE, TABLE_FILE]


def test_folders_move_together(tmp_path):
    write_predictions(tmp_path / "p", facts(tmp_path), table())
    (tmp_path / "moved").mkdir()
    (tmp_path / "p").rename(tmp_path / "moved" / "p")
    made = read_predictions(tmp_path / "moved" / "p")
    assert (made.folder / made.facts.dataset_folder).resolve() == (tmp_path / "moved" / "d").resolve()


def test_a_film_may_lack_one_output(tmp_path):
    write_predictions(tmp_path, facts(tmp_path), table([0.5, np.nan, 0.5]))
    assert np.isnan(read_predictions(tmp_path).table.loc["b", "Mass"])


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (table([0.5, 1.25, 0.5]), "gives 1.25 as the probability of Mass for the film “b”"),
        (table([0.5, 0.5, -np.inf]), "gives -inf as the probability of Mass for the film “c”"),
        (table(["x", "y", "z"]), "something else than numbers in the column Mass"),
        (table(films=("a", "b", "a")), "two rows for the film “a”"),
        (table().iloc[:0], "has no film; expected at least one row"),
        (table(films=("a", "b", "a")), "two rows for the film “a”"),
        (table().drop(columns="Edema"), "lacks the columns Edema"),
    ],
)
def test_wrong_tables_are_neither_written_nor_read(tmp_path, wrong, sentence):
    with pytest.raises(PredictionsError) as refused:
        write_predictions(tmp_path, facts(tmp_path), wrong)
    assert sentence in str(refused.value) and not (tmp_path / FACTS_FILE).exists()
    write_predictions(tmp_path, facts(tmp_path), table())
    wrong.reset_index().to_parquet(tmp_path / TABLE_FILE)
    with pytest.raises(PredictionsError) as refused:
        read_predictions(tmp_path)
    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "3", "{}", '{"outputs": 3}', '{"outputs": ["a"], "thresholds": {"a": 2}}', "[" * 100_000],
)
def test_damaged_facts_are_one_sentence(tmp_path, text):
    write_predictions(tmp_path, facts(tmp_path), table())
    (tmp_path / FACTS_FILE).write_text(text)
    with pytest.raises(PredictionsError, match="cannot be read"):
        read_predictions(tmp_path)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"outputs": [["Mass"]]}, "outputs in predictions.json must be names"),
        ({"outputs": "Mass"}, "outputs in predictions.json is str, not list"),
        ({"dataset_folder": 5}, "dataset_folder in predictions.json is int, not str"),
        ({"dataset_folder": "a\0b"}, "dataset_folder in predictions.json holds a character that no name has"),
        ({"thresholds": {"Mass": {"value": 10**400, "rule": "x"}}}, r"a threshold must lie in \[0, 1\]"),
        ({"name": float("nan")}, "name in predictions.json is float, not str"),
    ],
)
def test_facts_of_another_kind_are_named(tmp_path, changes, sentence):
    write_predictions(tmp_path, facts(tmp_path), table())
    content = json.loads((tmp_path / FACTS_FILE).read_text())
    (tmp_path / FACTS_FILE).write_text(json.dumps(content | changes))
    with pytest.raises(PredictionsError, match=sentence):
        read_predictions(tmp_path)


def test_a_full_disk_leaves_nothing_new_and_what_was_there(tmp_path, monkeypatch):
    def full(self, path, **options):
        Path(path).write_bytes(b"PAR")
        raise OSError(errno.ENOSPC, "No space left on device")

    write_predictions(tmp_path / "old", facts(tmp_path), table())
    monkeypatch.setattr(pd.DataFrame, "to_parquet", full)
    for name in ("old", "new"):
        with pytest.raises(OSError, match="No space left"):
            write_predictions(tmp_path / name, facts(tmp_path, model="another"), table([0.5, 0.5, 0.5]))
    assert not (tmp_path / "new").exists()
    assert sorted(path.name for path in (tmp_path / "old").iterdir()) == [FACTS_FILE, TABLE_FILE]
    monkeypatch.undo()
    kept = read_predictions(tmp_path / "old")
    assert kept.facts.model == "m"
    pd.testing.assert_frame_equal(kept.table, table())


def test_what_is_missing_is_named(tmp_path):
    with pytest.raises(PredictionsError, match="There is no folder"):
        read_predictions(tmp_path / "none")
    with pytest.raises(PredictionsError, match=f"{FACTS_FILE} is missing"):
        read_predictions(tmp_path)
    write_predictions(tmp_path, facts(tmp_path), table())
    table().to_parquet(tmp_path / TABLE_FILE, index=False)
    with pytest.raises(PredictionsError, match="lacks the column film"):
        read_predictions(tmp_path)
    (tmp_path / TABLE_FILE).write_bytes(b"PAR1")
    with pytest.raises(PredictionsError, match="cannot be read"):
        read_predictions(tmp_path)


def test_facts_of_a_later_version_may_say_more(tmp_path):
    write_predictions(tmp_path, facts(tmp_path), table())
    content = json.loads((tmp_path / FACTS_FILE).read_text())
    (tmp_path / FACTS_FILE).write_text(json.dumps(content | {"future": 1}))
    assert read_predictions(tmp_path).facts.outputs == ("Mass", "Edema")
