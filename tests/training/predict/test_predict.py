from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy.special import expit

from tests.conftest import REPOSITORY
from tests.xai import made_models as models
from training.__main__ import main
from training.datasets.table import COLUMNS, DatasetError, DatasetFacts, read_dataset, write_dataset
from training.opening import rendered_size
from training.predict import films as films_module
from training.predict import predict_dataset, shards
from training.predict.films import Reader, Source, read_ahead
from training.predictions.table import FACTS_FILE, TABLE_FILE, PredictionsError, read_predictions
from training.simulation import Plan, generate
from xai.budget import Budget, Cancelled
from xai.cards.model_card import InputSpec, Threshold, card_path, card_sha256, read_card, write_card
from xai.films.reading import read_film
from xai.findings import FINDINGS
from xai.many.cluster import ClusterError
from xai.models.classifier import Classifier
from xai.models.loading import file_sha256

FILMS = 40


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    model, card = models.build("flat"), models.ZOO["flat"].card
    card = dataclasses.replace(card, name="Tiny", thresholds={"Mass": Threshold(0.3, "for a test")})
    return Classifier(model, card, "tiny", "tensorflow")


@pytest.fixture
def small_shards(monkeypatch):
    monkeypatch.setattr(shards, "SHARD_FILMS", 8)


def made_dataset(folder: Path, films: int = FILMS, absent: int = 3) -> Path:
    rng = np.random.default_rng(0)
    (folder / "films").mkdir(parents=True)
    rows = []
    for k in range(films + absent):
        name = f"f{k:03}"
        if k < films:
            Image.fromarray(rng.integers(0, 256, (40, 36)).astype(np.uint8)).save(folder / "films" / f"{name}.png")
        row = dict.fromkeys(FINDINGS, np.nan) | {"film": name, "path": f"films/{name}.png", "dataset": "made"}
        row |= {"patient": f"made:{k}", "view": "PA", "age": 40.0, "sex": "F", "on_disk": k < films}
        rows.append(row | {"split": "test" if k % 4 == 0 else "train"})
    facts = DatasetFacts("made", str(folder.resolve()), "made for a test", "MIT", "none", {}, 0)
    write_dataset(folder, facts, pd.DataFrame(rows)[list(COLUMNS)])
    return folder


def change_table(folder: Path, change) -> None:
    table = pd.read_parquet(folder / "films.parquet")
    change(table).to_parquet(folder / "films.parquet", index=False)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def stopping_after(films: int, total: int = FILMS) -> Budget:
    done = []
    return Budget(progress=done.append, cancelled=lambda: done[-1] * total >= films)


def test_rows_are_the_models_own_answers(classifier, tmp_path):
    dataset = read_dataset(made_dataset(tmp_path / "data"))
    made = predict_dataset(dataset, classifier, tmp_path / "out", batch_size=7)
    assert list(made.table.index) == [f"f{k:03}" for k in range(FILMS)]
    for film in ("f000", "f017", "f039"):
        canvas = classifier.prepare(read_film(dataset.path(f"films/{film}.png")))
        expected = expit(classifier.logits(canvas[None]))[0]
        np.testing.assert_allclose(made.table.loc[film], expected, rtol=1e-5)
    facts = made.facts
    assert (facts.name, facts.model, facts.dataset, facts.source) == ("Tiny-on-made", "Tiny", "made", "predict")
    assert facts.outputs == classifier.card.outputs
    assert facts.thresholds == {"Mass": Threshold(0.3, "for a test")}
    assert facts.notes["not_on_disk"] == 3 and facts.left_out == {}
    assert made.open_dataset().films["film"].tolist() == dataset.films["film"].tolist()
    assert set(contents(tmp_path / "out")) == {FACTS_FILE, TABLE_FILE}


def test_bad_films_are_left_out_with_the_reason(classifier, tmp_path):
    folder = made_dataset(tmp_path / "data")
    (folder / "films" / "f001.png").write_text("no picture")
    (folder / "films" / "f002.png").unlink()
    (folder / "films" / "f003.png").unlink()
    Image.fromarray(np.zeros((40, 40), np.uint8)).save(tmp_path / "secret.png")
    (folder / "films" / "f003.png").symlink_to(tmp_path / "secret.png")
    whole = predict_dataset(read_dataset(made_dataset(tmp_path / "whole")), classifier, tmp_path / "all")
    made = predict_dataset(read_dataset(folder), classifier, tmp_path / "out")
    reasons = made.facts.left_out
    assert list(reasons) == ["f001", "f002", "f003"]
    assert "expected a PNG, JPEG, TIFF, DICOM," in reasons["f001"]
    assert "f002.png cannot be opened: No such file" in reasons["f002"]
    assert "lies outside its dataset" in reasons["f003"]
    pd.testing.assert_frame_equal(made.table, whole.table.drop(index=["f001", "f002", "f003"]), rtol=1e-5)


def test_nothing_readable_is_an_error_not_an_empty_table(classifier, tmp_path):
    folder = made_dataset(tmp_path / "data", films=3)
    for path in (folder / "films").iterdir():
        path.unlink()
    with pytest.raises(PredictionsError, match=r"None of 3 films could be read; the first, f000: The file f000\.png"):
        predict_dataset(read_dataset(folder), classifier, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []  # the next run looks again
    change_table(folder, lambda table: table.assign(on_disk=False))
    with pytest.raises(PredictionsError, match="Of the 6 films chosen of made none is on disk or has a recipe"):
        predict_dataset(read_dataset(folder), classifier, tmp_path / "other")


def test_a_choice_of_films(classifier, tmp_path):
    dataset = read_dataset(made_dataset(tmp_path / "data"))
    tested = predict_dataset(dataset, classifier, tmp_path / "test", split="test")
    assert list(tested.table.index) == [f"f{k:03}" for k in range(0, FILMS, 4)]
    named = predict_dataset(dataset, classifier, tmp_path / "named", films=["f009", "f004", "f041"])
    assert list(named.table.index) == ["f004", "f009"]
    assert named.facts.notes["not_on_disk"] == 1
    with pytest.raises(PredictionsError, match="no film “f999”"):
        predict_dataset(dataset, classifier, tmp_path / "x", films=["f999"])
    with pytest.raises(PredictionsError, match="no film in the split validation"):
        predict_dataset(dataset, classifier, tmp_path / "x", split="validation")


def test_cancelled_and_continued_ends_with_the_same_bytes(classifier, tmp_path, small_shards, monkeypatch):
    dataset = read_dataset(made_dataset(tmp_path / "data"))
    predict_dataset(dataset, classifier, tmp_path / "whole", batch_size=4)
    with pytest.raises(Cancelled):
        predict_dataset(dataset, classifier, tmp_path / "out", batch_size=4, budget=stopping_after(20))
    kept = contents(tmp_path / "out" / shards.WORK_FOLDER)
    assert set(kept) == {shards.CLAIM_FILE, "000000.parquet", "000001.parquet"}
    with pytest.raises(PredictionsError, match="is missing"):
        read_predictions(tmp_path / "out")

    done: list[float] = []
    predict_dataset(dataset, classifier, tmp_path / "out", batch_size=4, budget=Budget(progress=done.append))
    assert done[0] == 16 / FILMS and done[-1] == 1 and len(done) == 1 + (FILMS - 16) / 4
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")

    # Asked once more, nothing is left to do.
    monkeypatch.setattr(films_module.Reader, "read", None)
    predict_dataset(dataset, classifier, tmp_path / "out", batch_size=4)


KILLED = """
import os, signal, sys
from pathlib import Path
from training.datasets.table import read_dataset
from training.predict import predict_dataset, shards
from xai.models.classifier import Classifier
from xai.budget import Budget

shards.SHARD_FILMS = 8
stop = lambda share: share > 0.5 and os.kill(os.getpid(), signal.SIGKILL)
data, model, out = map(Path, sys.argv[1:])
classifier = Classifier.load(model, "tensorflow")
predict_dataset(read_dataset(data), classifier, out, batch_size=4, budget=Budget(progress=stop))
"""


@pytest.fixture(scope="module")
def model_file(classifier, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("model") / "tiny.keras"
    models.build("flat").save(path)
    write_card(classifier.card, card_path(path))
    return path


def _another_probability(table: pd.DataFrame) -> pd.DataFrame:
    table.iloc[2, 0] = 1e288
    return table


@pytest.mark.parametrize(
    "change", [_another_probability, lambda table: table.iloc[::2], lambda table: table.drop(columns=shards.WHY)]
)
def test_a_damaged_shard_is_computed_again(classifier, tmp_path, small_shards, change):
    dataset = read_dataset(made_dataset(tmp_path / "data"))
    predict_dataset(dataset, classifier, tmp_path / "whole", batch_size=4)
    with pytest.raises(Cancelled):
        predict_dataset(dataset, classifier, tmp_path / "out", batch_size=4, budget=stopping_after(20))
    shard = tmp_path / "out" / shards.WORK_FOLDER / "000001.parquet"
    change(pd.read_parquet(shard)).to_parquet(shard)
    predict_dataset(dataset, classifier, tmp_path / "out", batch_size=4)
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")


def test_a_shard_with_a_changed_byte_is_not_done(tmp_path):
    shard = shards.Shard(0, (tuple(Source(f"f{k}", "", None) for k in range(200)),))
    work = shards.WorkFolder(tmp_path, {})
    rng = np.random.default_rng(0)
    work.keep(shard, pd.DataFrame({"Mass": rng.random(200), shards.WHY: ""}, [f"f{k}" for k in range(200)]))
    assert work.is_done(shard)
    path = tmp_path / shards.WORK_FOLDER / "000000.parquet"
    data = bytearray(path.read_bytes())
    data[300] ^= 1
    path.write_bytes(data)
    assert not work.is_done(shard)


def test_killed_half_way_and_continued_ends_with_the_same_bytes(model_file, tmp_path, small_shards):
    data, out = made_dataset(tmp_path / "data"), tmp_path / "out"
    command = [sys.executable, "-c", KILLED, str(data), str(model_file), str(out)]
    killed = subprocess.run(command, cwd=REPOSITORY, capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert (out / shards.WORK_FOLDER / "000001.parquet").exists() and not (out / TABLE_FILE).exists()
    # What a power failure may leave behind: a shard that is not whole is done again.
    (out / shards.WORK_FOLDER / "000001.parquet").write_bytes(b"PAR1")
    for folder in (out, tmp_path / "whole"):
        predict_dataset(read_dataset(data), Classifier.load(model_file, "tensorflow"), folder, batch_size=4)
    assert contents(out) == contents(tmp_path / "whole")


def test_another_model_card_or_table_is_not_continued(classifier, tmp_path, small_shards):
    folder = made_dataset(tmp_path / "data")

    def go(one: Classifier = classifier, **settings) -> None:
        predict_dataset(read_dataset(folder), one, tmp_path / "out", **{"batch_size": 4} | settings)

    def with_card(**changes) -> Classifier:
        card = dataclasses.replace(classifier.card, **changes)
        return Classifier(models.build("flat"), card, "tiny", "tensorflow")

    with pytest.raises(Cancelled):
        go(budget=stopping_after(20))
    other_model = Classifier(models.build("flat"), classifier.card, "other", "tensorflow")
    for finished in (False, True):
        with pytest.raises(PredictionsError, match="was begun with another model file: choose another folder"):
            go(other_model)
        with pytest.raises(PredictionsError, match="another model card"):
            go(with_card(thresholds={}))
        with pytest.raises(PredictionsError, match="another choice of films and another batch size"):
            go(split="test", batch_size=2)
        if not finished:
            go()
    change_table(folder, lambda table: table.assign(age=41.0))
    with pytest.raises(PredictionsError, match="another table of films"):
        go()


def test_imported_predictions_are_not_written_over(classifier, tmp_path):
    dataset = read_dataset(made_dataset(tmp_path / "data"))
    csv = tmp_path / "theirs.csv"
    csv.write_text("film,Mass\nf000,0.5\n")
    out = tmp_path / "out"
    assert main(["import-predictions", str(csv), "--dataset", str(dataset.folder), "--out", str(out)]) == 0
    with pytest.raises(PredictionsError, match="were not made by this command"):
        predict_dataset(dataset, classifier, out)


@pytest.mark.parametrize("processes", [False, True])
def test_films_without_pixels_are_rendered_as_their_files_would_be(tmp_path, monkeypatch, processes):
    monkeypatch.setattr(films_module, "PROCESSES_FROM", 1)
    generate(Plan(3, seed=5, size=64), tmp_path / "files", workers=1)
    generate(Plan(3, seed=5, size=64, recipes_only=True), tmp_path / "recipes", workers=1)
    spec = InputSpec(32, 1)
    batches = {}
    for name in ("files", "recipes"):
        dataset = read_dataset(tmp_path / name)
        sources = films_module.sources_of(dataset.films)
        assert all((source.recipe is None) == (name == "files") for source in sources)
        batches[name] = list(read_ahead(Reader.of(dataset, spec), [sources[:2], sources[2:]], 2, processes))
    for drawn, rendered in zip(batches["files"], batches["recipes"], strict=True):
        assert drawn.films == rendered.films
        np.testing.assert_array_equal(drawn.canvases, rendered.canvases)
    (refused,) = read_ahead(Reader.of(dataset, spec), [[Source("f", "", '{"version": 9}')]], 2, processes)
    assert list(refused.left_out) == ["f"] and "recipe version" in refused.left_out["f"]


def test_batches_are_read_ahead_but_not_all_at_once():
    read: list[Source] = []

    class Counting:
        def read(self, sources):
            read.extend(sources)
            return films_module.Batch(tuple(sources), np.empty((0, 8, 8)), {})

    sources = [Source(f"f{k}", "") for k in range(50)]
    batches = read_ahead(Counting(), [[source] for source in sources], workers=2, processes=False)
    assert [next(batches).films for _ in range(3)] == [(source,) for source in sources[:3]]
    ahead = 2 + films_module.BATCHES_IN_STORE - 1  # one of those waiting was the third
    for _ in range(500):
        if len(read) == 3 + ahead:
            break
        time.sleep(0.01)
    time.sleep(0.05)
    assert len(read) == 3 + ahead
    batches.close()


@pytest.mark.parametrize("sizes", [(1, 1), (10, 3), (256, 32), (1000, 300), (513, 32)])
def test_shards_hold_every_film_once_in_order(sizes):
    total, batch = sizes
    sources = [Source(f"f{k}", "") for k in range(total)]
    parts = shards.make_shards(sources, batch)
    assert [source for shard in parts for part in shard.batches for source in part] == sources
    assert [shard.index for shard in parts] == list(range(len(parts)))
    assert all(len(part) == batch for shard in parts[:-1] for part in shard.batches)


def test_command(model_file, tmp_path, capsys):
    data, out = made_dataset(tmp_path / "data"), tmp_path / "out"
    (data / "films" / "f001.png").write_text("no picture")
    command = ["predict", str(data), "--model", str(model_file), "--out", str(out), "--engine", "tensorflow"]
    assert main(command) == 0
    said = capsys.readouterr()
    assert said.out == "39 films predicted, 1 left out (predictions.json says why), 3 not on disk\n"
    assert said.err == ""
    assert len(read_predictions(out).table) == FILMS - 1
    assert main([*command, "--batch-size", "3"]) == 2
    assert "another batch size" in capsys.readouterr().err
    assert main(["predict", str(tmp_path / "none"), "--model", str(model_file), "--out", str(out)]) == 2
    assert main(["predict", str(data), "--model", "none", "--out", str(tmp_path / "x")]) == 2
    assert capsys.readouterr().err.count("\n") == 2


def test_rendered_size_is_the_datasets(tmp_path):
    generate(Plan(1, seed=1, size=96, recipes_only=True), tmp_path, workers=1)
    assert Reader.of(read_dataset(tmp_path), InputSpec(32, 1)).rendered_size == 96
    content = json.loads((tmp_path / "dataset.json").read_text())
    for plan in ("/etc/passwd", {"size": 10**9}, {"size": True}, {"size": None}):
        (tmp_path / "dataset.json").write_text(json.dumps(content | {"plan": plan}))
        with pytest.raises(DatasetError, match="something else than 1 to 4096 pixels a side"):
            rendered_size(tmp_path)


# On a cluster ---------------------------------------------------------------------------------------------------------


def test_a_cluster_without_dask_says_how_to_get_it(model_file, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "distributed", None)
    data = made_dataset(tmp_path / "data", films=2)
    command = ["predict", str(data), "--model", str(model_file), "--out", str(tmp_path / "o"), "--scheduler", "local"]
    assert main(command) == 2
    assert "pip install -r requirements-cluster.txt" in capsys.readouterr().err


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nonsense", "http:/x"])
def test_no_scheduler_at_the_address(model_file, tmp_path, monkeypatch, address):
    pytest.importorskip("distributed", reason="Dask is not installed: requirements-cluster.txt")
    from training.predict.cluster import predict_on_cluster

    monkeypatch.setattr("xai.many.cluster.PATIENCE", "200ms")
    dataset = read_dataset(made_dataset(tmp_path / "data", films=2))
    with pytest.raises(ClusterError, match="No Dask scheduler answers at"):
        predict_on_cluster(dataset, model_file, tmp_path / "out", address)


def test_a_worker_without_the_shared_folder_or_model_says_so(model_file, tmp_path):
    from training.predict.cluster import predict_shard

    shard = shards.Shard(0, ((Source("a", "a.png"),),))
    reader = Reader(tmp_path / "not mounted", InputSpec(24, 1), None)
    sha256, card = file_sha256(model_file), card_sha256(read_card(card_path(model_file)))
    with pytest.raises(ClusterError, match=r"has no folder .*not mounted, where the films lie"):
        predict_shard(model_file, sha256, card, "tensorflow", reader, shard)
    here = dataclasses.replace(reader, root=tmp_path)
    with pytest.raises(ClusterError, match="has no model file"):
        predict_shard(tmp_path / "none.keras", sha256, card, "tensorflow", here, shard)
    with pytest.raises(ClusterError, match=r"The model file .* is another than the one here"):
        predict_shard(model_file, "another sha256", card, "tensorflow", here, shard)
    with pytest.raises(ClusterError, match=r"The card of the model file .* is another than the one here"):
        predict_shard(model_file, sha256, "another sha256", "tensorflow", here, shard)


def test_two_workers_one_killed_give_the_rows_of_a_plain_run(model_file, tmp_path, small_shards):
    distributed = pytest.importorskip("distributed", reason="Dask is not installed: requirements-cluster.txt")
    from training.predict.cluster import predict_on_cluster

    dataset = read_dataset(made_dataset(tmp_path / "data", films=64))
    (dataset.folder / "films" / "f005.png").write_text("no picture")
    plain = predict_dataset(
        dataset, Classifier.load(model_file, "tensorflow"), tmp_path / "plain", model="tiny", batch_size=4
    )
    alive: list[int] = []

    def kill_one(share: float) -> None:
        if 0.2 < share < 1 and len(alive) == 2:
            os.kill(alive.pop(), signal.SIGKILL)

    settings = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None, "silence_logs": 50}
    with distributed.LocalCluster(**settings) as cluster:
        with distributed.Client(cluster) as client:
            alive += client.run(os.getpid).values()
        where = cluster.scheduler_address
        budget = Budget(progress=kill_one)
        done = predict_on_cluster(
            dataset, model_file, tmp_path / "out", where, engine="tensorflow", batch_size=4, budget=budget
        )
    assert len(alive) == 1
    assert list(done.facts.left_out) == ["f005"]
    pd.testing.assert_frame_equal(done.table, plain.table, check_exact=True)
    assert contents(tmp_path / "out") == contents(tmp_path / "plain")


@pytest.mark.parametrize("plan", [[1], {"size": "large"}])
def test_a_plan_that_is_none_is_one_sentence(tmp_path, plan):
    folder = made_dataset(tmp_path / "data", films=2)
    facts = folder / "dataset.json"
    facts.write_text(json.dumps(json.loads(facts.read_text()) | {"plan": plan}))
    with pytest.raises(PredictionsError, match="has no size that is a whole number"):
        Reader.of(read_dataset(folder), InputSpec(32, 1))


def test_a_recipe_nested_without_end_is_left_out(tmp_path):
    reader = Reader(tmp_path, InputSpec(32, 1), None)
    assert "A recipe needs" in reader.read([Source("a", "", "[" * 100_000)]).left_out["a"]


def test_films_are_read_for_a_model_whose_input_is_not_square(tmp_path):
    dataset = read_dataset(made_dataset(tmp_path / "made", films=2, absent=1))
    reader = Reader.of(dataset, InputSpec((24, 36), 1, "pad"))
    batch = reader.read([Source(f"f{k:03}", f"films/f{k:03}.png") for k in range(3)])
    assert batch.canvases.shape == (2, 24, 36) and batch.films == ("f000", "f001") and list(batch.left_out) == ["f002"]
    assert reader.read([Source("f002", "films/f002.png")]).canvases.shape == (0, 24, 36)
