"""`python -m xai explain`, as scripts use it."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.xai import made_forks as forks
from tests.xai import made_models as models
from tests.xai.films.test_film import dicom, gradient
from xai.__main__ import main
from xai.cards.model_card import card_path, write_card
from xai.cards.seen import fit_seen
from xai.models.loading import file_sha256

REPOSITORY = Path(__file__).resolve().parents[2]
FIELDS = {
    "film", "model", "finding", "method", "probability", "logit", "target", "evaluations", "seconds", "seed",
    "map", "overlay", "diagnostics", "film_notes", "film_doubts",
    "film_distance", "film_farther_than", "trust",
}  # fmt: skip


def hang(path, seed=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray((255 * models.random_film(seed).pixels).astype(np.uint8)).save(path)
    return str(path)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "small.keras"
    models.build("logits").save(path)
    write_card(models.ZOO["logits"].card, card_path(path))
    return str(path)


@pytest.fixture
def film_file(tmp_path):
    return hang(tmp_path / "chest.png")


def explain(*arguments):
    return main(["explain", *map(str, arguments)])


def records(out):
    return json.loads((out / "explanations.json").read_text())


def test_files_and_fields_are_as_documented(model, film_file, tmp_path, capfd):
    out = tmp_path / "out"
    assert explain(film_file, "--model", model, "--samples", 30, "--seed", 4, "--out", out) == 0
    found = records(out)
    findings = models.ZOO["logits"].card.outputs
    assert [(one["method"], one["finding"]) for one in found] == [
        (method, finding) for method in ("gradcam", "shap", "lime") for finding in findings
    ]
    expected = {"explanations.json"}
    for one in found:
        assert set(one) >= FIELDS
        stem = f"chest.{one['finding']}.{one['method']}"
        assert (one["film"], one["map"], one["overlay"]) == ("chest", f"{stem}.npy", f"{stem}.png")
        expected |= {one["map"], one["overlay"]}
        values = np.load(out / one["map"])
        assert values.dtype == np.float32 and values.shape == (24, 24)
        with Image.open(out / one["overlay"]) as picture:
            assert picture.size == (52, 60) and picture.mode == "RGB"
        assert (one["target"], one["seed"]) == ("logit", 4)
        assert one["probability"] == pytest.approx(1 / (1 + np.exp(-one["logit"])), abs=1e-6)
        assert one["model_sha256"] == file_sha256(Path(model))
        threshold = models.ZOO["logits"].card.threshold(one["finding"]).value
        assert one["trust"] == {
            "flagged": one["probability"] >= threshold,
            "threshold": threshold,
            "evidence": bool(values.max() > 0),
            "steady": one["diagnostics"].get("rank_stability"),
            "sure": one["diagnostics"].get("sure_share"),
        }
    assert {one["method"]: one["evaluations"] for one in found} == {"gradcam": 1, "shap": 29, "lime": 30}
    engines = {one["method"]: one["engine"] for one in found}
    assert engines.pop("gradcam") == "tensorflow"  # whatever runs hidden films
    assert set(engines.values()) <= {"openvino", "openvino-bf16", "tensorflow", "tensorflow-gpu"}
    assert {path.name for path in out.iterdir()} == expected
    captured = capfd.readouterr()
    assert captured.err == ""
    assert captured.out == "".join(f"chest: {doubt}.\n" for doubt in found[0]["film_doubts"])
    assert found[0]["film_distance"] is None and found[0]["film_farther_than"] is None  # the card does not say


def test_files_have_names_that_every_system_takes_and_none_overwrites_another(model, tmp_path):
    films, out = [hang(tmp_path / name) for name in ("a:b.png", "a?b.png", "A-b.png", "nul.png")], tmp_path / "out"
    finding = models.ZOO["logits"].card.outputs[0]
    assert explain(*films, "--model", model, "--finding", finding, "--method", "gradcam", "--out", out) == 0
    ends = [f"{finding}.gradcam{number}.npy" for number in ("", "-2", "-3", "")]
    stems = ["a-b", "a-b", "A-b", "nul-"]
    found = records(out)
    assert [one["map"] for one in found] == [f"{stem}.{end}" for stem, end in zip(stems, ends, strict=True)]
    assert [one["film"] for one in found] == ["a:b", "a?b", "A-b", "nul"]
    assert all((out / one["map"]).is_file() and (out / one["overlay"]).is_file() for one in found)


def test_the_same_seed_gives_the_same_bytes(model, film_file, tmp_path):
    outs = [tmp_path / name for name in ("one", "two", "other")]
    for out, seed in zip(outs, (7, 7, 8), strict=True):
        arguments = ["--model", model, "--finding", "Mass", "--samples", 40, "--seed", seed, "--out", out]
        assert explain(film_file, *arguments, "--method", "shap", "lime", "random") == 0
    files = [{path.name: path.read_bytes() for path in out.iterdir() if path.suffix != ".json"} for out in outs]
    assert len(files[0]) == 6
    assert files[0] == files[1]
    assert files[0]["chest.Mass.lime.npy"] != files[2]["chest.Mass.lime.npy"]


def test_the_map_is_the_explainers_own(model, film_file, tmp_path):
    from xai.explainers.lime import LIME
    from xai.films.reading import read_film
    from xai.models.classifier import Classifier

    arguments = ["--model", model, "--finding", "Mass", "--method", "lime", "--samples", 40, "--out", tmp_path / "o"]
    assert explain(film_file, *arguments) == 0
    (expected,) = LIME(samples=40).explain(Classifier.load(Path(model)), read_film(film_file), ["Mass"])
    np.testing.assert_array_equal(np.load(tmp_path / "o" / "chest.Mass.lime.npy"), expected.map)


def test_a_bad_film_among_good_ones_is_named_and_the_others_are_explained(model, tmp_path, capfd):
    good, other = hang(tmp_path / "a.png"), hang(tmp_path / "b.png", 1)
    bad = tmp_path / "bad.png"
    bad.write_text("no picture")
    out = tmp_path / "out"
    arguments = [good, bad, tmp_path / "absent.png", other, "--model", model, "--method", "gradcam", "--out", out]
    assert explain(*arguments) == 2
    assert {one["film"] for one in records(out)} == {"a", "b"}
    error = capfd.readouterr().err
    assert error.count("\n") == 1 and "bad.png" in error and "absent.png" in error


def test_films_of_the_same_name_do_not_overwrite_each_other(model, tmp_path):
    films = [hang(tmp_path / folder / "film.png", seed) for seed, folder in enumerate(("x", "y", "z"))]
    out = tmp_path / "out"
    assert explain(*films, "--model", model, "--method", "gradcam", "--finding", "Mass", "--out", out) == 0
    found = records(out)
    assert [one["film"] for one in found] == ["film", "film-2", "film-3"]
    assert len({one["map"] for one in found}) == len({one["film_sha256"] for one in found}) == 3


def test_a_finding_or_method_named_twice_is_explained_once(model, film_file, tmp_path):
    arguments = ["--finding", "Mass", "Mass", "--method", "gradcam", "gradcam", "--out", tmp_path / "out"]
    assert explain(film_file, "--model", model, *arguments) == 0
    assert len(records(tmp_path / "out")) == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--finding", "Measles"], "no output “Measles”; it has Atelectasis"),
        (["--model", "nowhere"], "no model “nowhere”"),
        (["--samples", "3"], "--samples must be 10 to 100,000, got 3"),
        (["--samples", "1000000000"], "--samples must be 10 to 100,000"),
        (["--seed", "-1"], "--seed must be 0 to"),
        (["--seed", str(2**32)], "--seed must be 0 to"),
    ],
)
def test_bad_input_is_one_line_and_status_2(arguments, words, model, film_file, tmp_path, capfd):
    if "--model" not in arguments:
        arguments = [*arguments, "--model", model]
    assert explain(film_file, *arguments, "--out", tmp_path / "out") == 2
    captured = capfd.readouterr()
    assert words in captured.err and captured.err.count("\n") == 1 and captured.out == ""
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("arguments", [["--method", "guess"], ["--samples", "many"], ["--wrong"], []])
def test_bad_usage_is_one_line_and_status_2(arguments, film_file, capfd):
    with pytest.raises(SystemExit) as stop:
        explain(film_file, *arguments)
    assert stop.value.code == 2
    error = capfd.readouterr().err
    assert error.startswith("python -m xai explain: ") and error.count("\n") == 1


def test_an_out_that_is_a_file_is_refused(model, film_file, tmp_path, capfd):
    (tmp_path / "out").write_text("mine")
    assert explain(film_file, "--model", model, "--out", tmp_path / "out") == 2
    assert capfd.readouterr().err.count("\n") == 1
    assert (tmp_path / "out").read_text() == "mine"


def test_in_a_pipe_a_process_says_nothing_but_its_errors(model, film_file, tmp_path):
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"")
    command = [sys.executable, "-m", "xai", "explain", film_file, str(bad), "--model", model, "--samples", "30"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
    done = subprocess.run(
        [*command, "--finding", "Mass", "--out", str(tmp_path / "out")],
        cwd=REPOSITORY,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 2
    assert (
        done.stdout
        == "chest: it does not look like a frontal chest film. That the answer means anything is not known.\n"
    )
    assert done.stderr.startswith("python -m xai: The file bad.png is empty; expected ")
    assert done.stderr.count("\n") == 1
    assert len(records(tmp_path / "out")) == 3


@pytest.mark.real_films
def test_a_real_film_is_explained(model, real_data, tmp_path):
    film = next(path for path in sorted(real_data.rglob("*")) if path.suffix.lower() in (".png", ".jpg"))
    arguments = ["--model", model, "--samples", 20, "--finding", "Mass", "--out", tmp_path / "out"]
    assert explain(film, *arguments) == 0
    assert len(records(tmp_path / "out")) == 3


def test_a_method_that_cannot_work_leaves_the_others(film_file, tmp_path, capfd):
    path = tmp_path / "dense.keras"
    keras = models.keras
    inputs = keras.Input((16, 16, 1))
    keras.Model(inputs, keras.layers.Dense(1)(keras.layers.Flatten()(inputs))).save(path)
    write_card(models.card(1, size=16, emits="logits"), card_path(path))
    assert explain(film_file, "--model", path, "--samples", 20, "--out", tmp_path / "out") == 2
    assert "no spatial feature map" in capfd.readouterr().err
    assert [one["method"] for one in records(tmp_path / "out")] == ["shap", "lime"]


def test_what_makes_one_doubt_the_answer_stands_beside_it(model, tmp_path):
    film = tmp_path / "lateral.dcm"
    film.write_bytes(dicom(gradient(8), ViewPosition="LL"))
    explain(film, "--model", model, "--method", "gradcam", "--out", tmp_path / "out")
    (one, *_) = records(tmp_path / "out")
    lateral = "a lateral view: most chest models learned from frontal films alone"
    assert one["film_notes"] == [lateral]
    assert one["film_doubts"][0] == lateral


def test_a_film_unlike_those_that_the_model_learned_from_is_said_to_be(film_file, tmp_path, capfd):
    path = tmp_path / "seen.keras"
    models.build("logits").save(path)
    card = models.ZOO["logits"].card
    films = models.classifier(models.build("logits"), card).features(np.zeros((5, 24, 24), np.float32))
    spread = films + np.random.default_rng(0).normal(0, 1e-3, films.shape)  # all of them black films, but for noise
    write_card(dataclasses.replace(card, seen=fit_seen({"black": spread}, spread, directions=2)), card_path(path))
    explain(film_file, "--model", path, "--method", "gradcam", "--out", tmp_path / "out")
    (one, *_) = records(tmp_path / "out")
    unlike = (
        "unlike the films that the model learned from, farther away than all the 5 films of black that were held out"
    )
    assert one["film_doubts"][-1] == f"{unlike}. That the answer means anything is not known"
    assert f"chest: {one['film_doubts'][-1]}.\n" in capfd.readouterr().out
    assert one["film_farther_than"] == 1 and one["film_distance"] > 10


def test_a_layer_is_read_that_is_not_the_last(film_file, tmp_path, capsys):
    path = tmp_path / "forked.keras"
    forks.fork("concatenated").save(path)
    write_card(models.card(2, emits="logits"), card_path(path))
    for layer, expected in ((None, "deep + side"), ("deep", "deep"), ("first", "first")):
        out = tmp_path / str(layer)
        words = ["--layer", layer] if layer else []
        assert explain(film_file, "--model", path, "--method", "gradcam", "--out", out, *words) == 0
        found = records(out)[0]
        assert found["diagnostics"]["layer"] == expected and found["parameters"] == {"layer": layer or ""}
        assert found["diagnostics"]["layers"][:3] == ["deep + side", "deep", "side"]
    assert explain(film_file, "--model", path, "--layer", "nowhere", "--out", tmp_path / "none") == 2
    error = capsys.readouterr().err
    assert "Grad-CAM cannot read this layer of zoo: “nowhere” is no spatial layer; it has deep, " in error
    assert not (tmp_path / "none").exists()


def test_boxes_are_written_and_drawn_where_they_are_asked_for(model, film_file, tmp_path):
    plain, boxed = tmp_path / "plain", tmp_path / "boxed"
    arguments = [film_file, "--model", model, "--finding", "Mass", "--method", "gradcam", "centred"]
    assert explain(*arguments, "--out", plain) == 0 and explain(*arguments, "--boxes", "--out", boxed) == 0
    assert not (plain / "boxes.json").exists()
    content = json.loads((boxed / "boxes.json").read_text())
    (picture,) = content["images"]
    assert (picture["file_name"], picture["width"], picture["height"]) == ("chest", 52, 60)
    found = {one["method"]: one for one in content["annotations"]}
    left, top, width, height = found["centred"]["bbox"]  # a blob in the middle
    assert (left + width / 2, top + height / 2) == pytest.approx((26, 30), abs=1)
    assert found["centred"]["map"] == "chest.Mass.centred.npy" and "0.5 of its largest" in content["info"]["rule"]
    overlays = [np.asarray(Image.open(out / "chest.Mass.centred.png"), int) for out in (plain, boxed)]
    changed = np.argwhere((overlays[0] != overlays[1]).any(axis=2))
    rows, columns = changed.min(axis=0), changed.max(axis=0)
    assert (*rows[::-1], *columns[::-1]) == pytest.approx((left, top, left + width, top + height), abs=2)
