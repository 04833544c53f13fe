"""Many films by the command and from Python: the maps of each alone, whatever was made before and wherever."""

from __future__ import annotations

import dataclasses
import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import xai
from tests.conftest import REPOSITORY
from tests.xai import made_models as models
from xai.__main__ import main
from xai.cards.model_card import card_path, write_card
from xai.many import kept
from xai.many.cluster import ClusterError
from xai.many.making import Asked, FilmFile, make_there, readable_sha256

FINDINGS = models.ZOO["logits"].card.outputs[:2]
OTHER = next(name for name in models.ZOO["logits"].card.outputs if name not in FINDINGS)
METHODS = ("shap", "lime", "random")
NAMES = ("chest", "chest-2", "long" * 60)
KILLED = """
import os, signal, sys
from xai.__main__ import main
from xai.many.kept import Kept

keep, kept = Kept.keep, []

def keep_and_die(self, file, asked, made):
    keep(self, file, asked, made)
    kept.append(file)
    if len(kept) == 2:
        os.kill(os.getpid(), signal.SIGKILL)

Kept.keep = keep_and_die
main(sys.argv[1:])
"""


def hang(path: Path, seed: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray((255 * models.random_film(seed).pixels).astype(np.uint8)).save(path)
    return path


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("models") / "small.keras"
    models.build("logits").save(path)
    write_card(models.ZOO["logits"].card, card_path(path))
    return path


@pytest.fixture(scope="module")
def films(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("films")
    for seed, name in enumerate(("a/chest.png", "b/chest.png", f"b/{NAMES[2]}.png")):
        hang(folder / name, seed)
    (folder / "notes.txt").write_text("no film")
    return folder


def words(films: Path, model: Path, out: Path, *more: str) -> list[str]:
    asked = ["--finding", *FINDINGS, "--method", *METHODS, "--samples", "30", "--engine", "tensorflow", "--boxes"]
    return ["explain", str(films), "--model", str(model), "--out", str(out), *asked, *more]


@pytest.fixture(scope="module")
def whole(films, model, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("whole") / "maps"
    assert main(words(films, model, out)) == 0
    return out


def contents(out: Path) -> dict[str, object]:
    """Everything in a folder of maps; but for how long it took."""
    read = {path.name: path.read_bytes() for path in out.iterdir()}
    records = json.loads(read[kept.LIST_FILE])
    return read | {kept.LIST_FILE: [{**one, "seconds": 0} for one in records]}


@pytest.fixture
def made(monkeypatch) -> list[str]:
    """The films that are explained, not kept."""
    from xai import command_explain

    explained: list[str] = []

    def noting(classifier, asked, file, budget):
        explained.append(file.name)
        return make(classifier, asked, file, budget)

    make = command_explain.make
    monkeypatch.setattr(command_explain, "make", noting)
    return explained


def test_the_maps_of_a_folder_are_those_of_each_film_alone(films, model, whole):
    classifier = xai.open_model(model, "tensorflow")
    records = json.loads((whole / kept.LIST_FILE).read_text())
    assert [one["film"] for one in records[:: len(METHODS) * len(FINDINGS)]] == list(NAMES)
    assert len({one["map"] for one in records}) == 3 * len(METHODS) * len(FINDINGS)
    assert {path.suffix for path in whole.iterdir()} == {".npy", ".png", ".json"} and not (
        whole / ".unfinished"
    ).exists()
    many = {one.name: one.result for one in xai.explain_many(classifier, films, METHODS, FINDINGS, samples=30)}
    for record in records:
        film = xai.read_film(record["film_file"])
        alone = xai.explain(classifier, film, record["method"], FINDINGS, samples=30).of(
            record["method"], record["finding"]
        )
        np.testing.assert_array_equal(np.load(whole / record["map"]), alone.map)
        np.testing.assert_array_equal(many[record["film"]].of(record["method"], record["finding"]).map, alone.map)
        assert record["film_sha256"] == film.sha256 and record["evaluations"] == alone.evaluations


def test_killed_half_way_and_started_again_it_goes_on_and_ends_with_the_same_bytes(films, model, whole, tmp_path, made):
    out = tmp_path / "maps"
    command = [sys.executable, "-c", KILLED, *words(films, model, out)]
    killed = subprocess.run(command, cwd=REPOSITORY, capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert not (out / kept.LIST_FILE).exists()
    (out / ".writing-left").mkdir()
    (out / f"chest.{FINDINGS[0]}.lime.npy").write_bytes(b"\x93NUMPY")  # as a power failure leaves it
    assert main(words(films, model, out)) == 0
    assert sorted(made) == ["chest", NAMES[2]]
    assert contents(out) == contents(whole)


def test_what_is_there_is_kept_and_what_is_asked_for_otherwise_made_anew(films, model, whole, tmp_path, made, capfd):
    out, mine = tmp_path / "maps", tmp_path / "films"
    shutil.copytree(films, mine)
    shutil.copytree(whole, out)
    assert main(words(mine, model, out)) == 0 and made == []
    said = capfd.readouterr()
    assert "Passed by: 1 file that is no film.\nKept as they are: the maps of 3 of 3 films.\n" in said.out
    assert said.err == ""
    assert {**contents(out), kept.LIST_FILE: 0} == {**contents(whole), kept.LIST_FILE: 0}

    def made_of(*more: str) -> list[str]:
        made.clear()
        assert main(words(mine, model, out, *more)) == 0
        return sorted(made)

    hang(mine / "b" / "chest.png", 7)  # another film of the same name
    hang(mine / "c" / "new.png", 8)
    (out / f"chest.{FINDINGS[0]}.random.png").unlink()
    assert made_of() == ["chest", "chest-2", "new"]
    everything = ["chest", "chest-2", NAMES[2], "new"]
    assert made_of("--seed", "1") == made_of("--seed", "1", "--samples", "31") == everything
    assert made_of("--finding", FINDINGS[0]) == made_of() == everything
    write_card(dataclasses.replace(models.ZOO["logits"].card, summary="changed"), card_path(model))
    try:
        assert made_of() == everything
    finally:
        write_card(models.ZOO["logits"].card, card_path(model))


def test_what_is_asked_for_later_stands_beside_what_is_there_and_a_wrong_name_takes_nothing_away(
    films, model, whole, tmp_path, made, capfd
):
    out, boxes = tmp_path / "maps", "boxes.json"
    shutil.copytree(whole, out)
    before, known = contents(out), json.loads((out / boxes).read_text())
    assert main(words(films / "gone.png", model, out)) == 2 and "gone.png" in capfd.readouterr().err
    assert contents(out) == before and json.loads((out / boxes).read_text()) == known
    assert main(words(films / "gone.png", model, tmp_path / "new")) == 2
    assert not (tmp_path / "new" / kept.LIST_FILE).exists()
    other = [*words(films / "a" / "chest.png", model, out), "--finding", OTHER]
    assert main(other) == 0 and made[-1] == "chest"
    records = json.loads((out / kept.LIST_FILE).read_text())
    assert len(records) == len(before[kept.LIST_FILE]) + len(METHODS)
    assert {one["map"] for one in records} == {path.name for path in out.glob("*.npy")}
    made.clear()
    assert main(words(films, model, out)) == 0 and made == []


def test_what_stops_it_leaves_a_list_of_what_is_done(films, model, whole, tmp_path, monkeypatch, made):
    out = tmp_path / "maps"
    shutil.copytree(whole, out)

    def full(folder, files, **more):
        if any(name.startswith("chest-2") for name in files):
            raise OSError(28, "No space left on device")
        return write(folder, files, **more)

    write = kept.write_files
    monkeypatch.setattr(kept, "write_files", full)
    assert main(words(films, model, out, "--seed", "1")) == 2
    records = json.loads((out / kept.LIST_FILE).read_text())
    assert {one["film"] for one in records if one["seed"] == 1} == {"chest"}  # beside what was there before
    assert {one["film"] for one in records if one["seed"] == 0} == set(NAMES[1:])
    monkeypatch.setattr(kept, "write_files", write)
    made.clear()
    assert main(words(films, model, out, "--seed", "1")) == 0 and sorted(made) == sorted(NAMES[1:])


def test_two_programs_do_not_write_into_the_same_folder(films, model, tmp_path, capfd):
    with kept.open_kept(tmp_path / "maps"):
        assert main(words(films, model, tmp_path / "maps")) == 2
    assert "Another program writes maps into" in capfd.readouterr().err


def test_a_list_that_leads_elsewhere_or_is_none_is_not_believed(films, model, whole, tmp_path, made):
    for content in ('[{"request_sha256": []}, 1]', "[" * 100_000):
        out = tmp_path / str(len(content))
        out.mkdir()
        (out / kept.LIST_FILE).write_text(content)
        made.clear()
        assert main(words(films, model, out)) == 0 and sorted(made) == sorted(NAMES)
    lying = json.loads((whole / kept.LIST_FILE).read_text())
    for one in lying:
        one["map"] = f"../{whole.name}/{one['map']}"
    (out / kept.LIST_FILE).write_text(json.dumps(lying))
    made.clear()
    assert main(words(films, model, out)) == 0 and sorted(made) == sorted(NAMES)


def test_two_workers_of_a_cluster_give_the_bytes_of_one_process(films, model, whole, tmp_path, made):
    distributed = pytest.importorskip("distributed", reason="Dask is not installed: requirements-cluster.txt")
    settings = {"n_workers": 2, "threads_per_worker": 1, "processes": False, "dashboard_address": None}
    with distributed.LocalCluster(**settings, silence_logs=50) as cluster:
        assert main(words(films, model, tmp_path / "maps", "--scheduler", cluster.scheduler_address)) == 0
    assert contents(tmp_path / "maps") == contents(whole)
    assert main(words(films, model, tmp_path / "maps")) == 0 and made == []  # they count as made by one process


def test_a_worker_with_another_model_card_or_film_says_so(films, model):
    classifier = xai.open_model(model, "tensorflow")
    asked = Asked.of(classifier, [xai.EXPLAINERS["random"]()], FINDINGS)
    path = films / "a" / "chest.png"
    file = FilmFile("chest", path, ("a", "b"), readable_sha256(path))
    assert [one["film"] for one in make_there(model, asked, file).records] == ["chest", "chest"]
    on_gpu = make_there(model, dataclasses.replace(asked, engine="tensorflow-gpu"), file)  # a worker may have none
    assert [one["film"] for one in on_gpu.records] == ["chest", "chest"]
    with pytest.raises(ClusterError, match=r"The film .*chest\.png on .* is not there, or another than the one here"):
        make_there(model, asked, FilmFile("chest", path, ("a", "b"), "another"))


def test_many_films_come_by_names_of_ones_own_and_those_that_cannot_be_read_say_why(model, films):
    classifier, film = xai.open_model(model, "tensorflow"), models.random_film(3)
    heard: list[float] = []
    mine = {"a film": film, "opened later": lambda: film, "bad": films / "notes.txt", "path": films / "a" / "chest.png"}
    found = list(xai.explain_many(classifier, mine, "random", FINDINGS, progress=heard.append))
    assert [one.name for one in found] == list(mine)
    assert found[2].result is None and found[2].why.startswith("This is text; expected a PNG")
    assert found[0].result.film is found[1].result.film is film and heard == sorted(heard) and heard[-1] == 1
    with pytest.raises(ValueError, match="no method “guess”"):
        xai.explain_many(classifier, mine, "guess")
    with pytest.raises(ValueError, match="at_once must be a whole number from 1, got 0"):
        xai.explain_many(classifier, mine, at_once=0)
