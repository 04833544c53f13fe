from __future__ import annotations

import pandas as pd
import pytest

from tests.training.datasets.made_sources import MIMIC_VIEWS, make_mimic, mimic_name, rewrite
from training.datasets.facts import DatasetError
from training.datasets.labels import Policy
from training.datasets.mimic import read_mimic


def test_facts_of_each_film(tmp_path):
    make_mimic(tmp_path / "mimic")
    films = read_mimic(tmp_path / "mimic").films
    assert films["film"].tolist() == [*(mimic_name(k) for k in range(len(MIMIC_VIEWS))), mimic_name(90)]
    lateral = {"LL", "LATERAL", "XTABLE LATERAL"}
    assert films["view"].fillna("").tolist() == ["LATERAL" if view in lateral else view for view in MIMIC_VIEWS] + [
        "PA"
    ]
    assert films["raw_view"].fillna("").tolist() == [*MIMIC_VIEWS, "PA"]
    assert films["patient"].tolist()[:2] == ["mimic:10000000", "mimic:10000001"]
    assert films["study"].tolist()[:2] == ["mimic:50000000", "mimic:50000001"]
    assert films[["age", "sex"]].isna().all(axis=None)
    assert films["on_disk"].tolist() == [False] + [True] * 15
    name = mimic_name(0)
    assert films["path"][0] == f"files/p10/p10000000/s50000000/{name}.jpg"
    assert films["split"].tolist()[:3] == ["validation", "test", "train"]  # 10,000,000 leaves 1 when divided by 3


def test_both_films_of_a_study_have_its_labels(tmp_path):
    make_mimic(tmp_path / "mimic")
    films = read_mimic(tmp_path / "mimic", policy=Policy("keep")).films
    labelled = [name for name in films if name.startswith("source_")]
    pair = films[films["study"] == "mimic:50000000"]
    assert len(pair) == 2
    assert (pair[labelled].iloc[0] == pair[labelled].iloc[1]).all()
    # In alphabetical columns the first study says 1, 0, -1, blank in turn.
    first = films.iloc[0]
    assert (first["Atelectasis"], first["Cardiomegaly"], first["Consolidation"]) == (1, 0, -1)
    assert first["source_Edema"] == "not_mentioned"
    normal = films.iloc[4]
    assert (normal["Edema"], normal["source_Edema"]) == (0, "implied_by_no_finding")


def test_the_other_labeler(tmp_path):
    make_mimic(tmp_path / "mimic")
    negbio = tmp_path / "mimic" / "mimic-cxr-2.0.0-negbio.csv.gz"
    table = pd.read_csv(negbio)
    table["Atelectasis"] = 0.0
    table.to_csv(negbio, index=False)
    reading = read_mimic(tmp_path / "mimic", labeler="negbio")
    assert (reading.films["Atelectasis"] == 0).all()
    assert reading.facts.policy["labels"] == "negbio"
    assert negbio.name in reading.facts.files


def test_films_are_found_in_any_folder_and_format(tmp_path):
    source = make_mimic(tmp_path / "mimic")
    files = sorted((source.root / "files").rglob("*.jpg"))
    files[0].rename(source.root / f"{files[0].stem}.png")
    films = read_mimic(source.root).films
    assert films["on_disk"].sum() == 15
    assert f"{files[0].stem}.png" in films["path"].tolist()


def test_a_film_that_the_split_lacks_has_none(tmp_path):
    source = make_mimic(tmp_path / "mimic")
    split = source.root / "mimic-cxr-2.0.0-split.csv.gz"
    rewrite(split, lambda text: "\n".join(line for line in text.splitlines() if mimic_name(3) not in line))
    reading = read_mimic(source.root)
    assert reading.films.loc[reading.films["split"].isna(), "film"].tolist() == [mimic_name(3)]
    assert [one.count for one in reading.facts.report if "they have no split" in one.what] == [1]


def test_validate_is_the_only_word_for_validation(tmp_path):
    source = make_mimic(tmp_path / "mimic")
    rewrite(source.root / "mimic-cxr-2.0.0-split.csv.gz", lambda text: text.replace("validate", "val", 1))
    with pytest.raises(DatasetError, match=r"split\.csv\.gz, row \d+: the split “val” is none of MIMIC's"):
        read_mimic(source.root)
    assert read_mimic(source.root, splits="random").films["split"].notna().sum() == 15


@pytest.mark.parametrize("name", ["metadata", "split", "chexpert"])
def test_an_absent_table_is_named(tmp_path, name):
    source = make_mimic(tmp_path / "mimic")
    (source.root / f"mimic-cxr-2.0.0-{name}.csv.gz").unlink()
    with pytest.raises(DatasetError, match=rf"holds no table mimic-cxr-2\.0\.0-{name}\.csv\.gz"):
        read_mimic(source.root)
