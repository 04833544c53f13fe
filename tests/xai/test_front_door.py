"""`import xai`, as a notebook uses it."""

from __future__ import annotations

import dataclasses
import io
import pkgutil
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from IPython.core.formatters import DisplayFormatter
from PIL import Image

import xai
from tests.examples import run_examples, told_to_editors, without_examples
from xai.explainers.archive import facts
from xai.pictures.notebook import SIDE
from xai.pictures.render import window
from xai.pictures.sheet import HEIGHT, MARGIN, WIDTH
from xai.showing import picture_of

REPOSITORY = Path(__file__).resolve().parents[2]
PICTURE = REPOSITORY / "assets" / "datasets" / "simulated" / "films" / "s00002.png"


@pytest.fixture(scope="module")
def model(zoo):
    return zoo("logits")


@pytest.fixture(scope="module")
def findings(model):
    return model.card.outputs[:2]


@pytest.fixture(scope="module")
def maps(model, film, findings):
    return xai.explain(model, film, ["gradcam", xai.SHAP(evaluations=20), xai.LIME(samples=20)], findings, seed=3)


def opened(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png))


def test_nothing_is_imported_before_it_is_asked_for_and_tensorflow_not_before_a_model():
    script = f"""
import sys
import xai
heavy = ("numpy", "cv2", "pandas", "tensorflow", "keras")
print([name for name in heavy if name in sys.modules])
xai.read_film({str(PICTURE)!r})._repr_png_()
print([name for name in heavy if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=REPOSITORY, capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout.splitlines() == ["[]", "['numpy', 'cv2']"]


def test_every_public_name_is_there_and_none_but_measures_is_a_module_of_the_package():
    assert all(getattr(xai, name) is not None for name in xai.__all__)
    assert set(xai.__all__) <= set(dir(xai))
    assert set(xai.__all__) & {module.name for module in pkgutil.iter_modules(xai.__path__)} == {"measures"}
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = xai.nothing


def test_editors_are_told_of_every_public_name():
    assert sorted(told_to_editors(xai)) == sorted(xai.__all__)


def test_every_public_function_and_class_has_an_example_and_all_examples_run(tmp_path, monkeypatch):
    shutil.copy(PICTURE, tmp_path / "film.png")
    monkeypatch.chdir(tmp_path)
    assert without_examples(xai) == []
    tries, failures = run_examples(xai)
    assert failures == "" and tries > 25


def test_a_film_and_an_explanation_are_plain_arrays_underneath(film, maps):
    for thing, values in ((film, film.pixels), (maps[1], maps[1].map)):
        assert np.asarray(thing) is values
        assert np.array_equal(np.asarray(thing, np.float64), values.astype(np.float64))
        copied = np.array(thing, copy=True)
        assert not np.shares_memory(copied, values) and copied.flags.writeable
        with pytest.raises(ValueError, match="copy"):
            np.array(thing, dtype=np.float64, copy=False)
    assert np.asarray(maps).shape == (6, 24, 24)


def test_maps_come_method_by_method_and_are_found_by_name(maps, findings):
    assert [(one.method, one.finding) for one in maps] == [
        (method, finding) for method in ("gradcam", "shap", "lime") for finding in findings
    ]
    assert maps.of("lime", findings[1]) is maps[5]
    assert {one.seed for one in maps} == {3}
    with pytest.raises(KeyError, match="no map of Hernia by lime"):
        maps.of("lime", "Hernia")


def test_a_name_alone_a_method_alone_and_their_lists_are_the_same_request(model, film, findings):
    (found,) = xai.explain(model, film, "lime", findings[0], samples=20)
    for method, finding in ((["lime"], [findings[0]]), (xai.LIME(samples=20), findings[0])):
        (same,) = xai.explain(model, film, method, finding, samples=20)
        np.testing.assert_array_equal(same.map, found.map)


def test_without_findings_all_of_the_card_are_explained_in_one_go(model, film):
    shares = []
    maps = xai.explain(model, film, "gradcam", progress=shares.append)
    assert maps.findings == model.card.outputs
    assert {one.evaluations for one in maps} == {1} and shares[-1] == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"methods": "guess"},
            "no method “guess”; there are gradcam, shap, lime, layercam, rise, occlusion, random, centred",
        ),
        ({"findings": "Measles"}, "no output “Measles”"),
        ({"findings": ()}, "at least one finding"),
        ({"samples": 3}, "^samples must be 10 to 100,000, got 3"),
        ({"seed": -1}, "^seed must be 0 to"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_one_sentence(changes, words, model, film):
    with pytest.raises(ValueError, match=words):
        xai.explain(model, film, **changes)


def test_predict_gives_the_cards_probabilities_and_thresholds(model, film):
    answers = xai.predict(model, film)
    logits = model.logits(model.prepare(film)[None])[0]
    np.testing.assert_allclose(answers["probability"], model.card.probabilities(logits))
    assert tuple(answers.index) == model.card.outputs
    first = answers.iloc[0]
    assert first["threshold"] == model.card.threshold(answers.index[0]).value
    assert first["flagged"] == (first["probability"] >= first["threshold"])


def test_explanations_come_back_from_a_file_as_they_were(maps, tmp_path):
    back = xai.load(xai.save(maps, tmp_path / "new" / "maps.npz"))
    assert (back.footprint, back.model, back.model_id) == (maps.footprint, maps.model, maps.model_id)
    assert back.film.sha256 == maps.film.sha256
    for one, before in zip(back, maps, strict=True):
        assert facts(one) == facts(before)
        for name in ("map", "cells", "pieces"):
            np.testing.assert_array_equal(getattr(one, name), getattr(before, name))
    np.testing.assert_array_equal(np.load(tmp_path / "new" / "maps.npz")["lime/maps"][1], maps[5].map)


def test_two_runs_of_one_method_come_back_in_their_order(model, film, findings, tmp_path):
    both = xai.explain(model, film, [xai.LIME(samples=20, regions=9), xai.LIME(samples=20, regions=30)], findings)
    back = xai.load(xai.save(both, tmp_path / "both.npz"))
    assert [one.parameters["regions"] for one in back] == [9, 9, 30, 30]
    assert {"lime/maps", "lime-2/maps"} < set(np.load(tmp_path / "both.npz"))
    for one, before in zip(back, both, strict=True):
        np.testing.assert_array_equal(one.pieces, before.pieces)


def test_a_film_comes_back_exactly_from_npz_and_to_16_bits_from_png(tmp_path):
    pixels = np.random.default_rng(0).random((40, 50))
    film = xai.Film.from_pixels(pixels)
    assert xai.load(xai.save(film, tmp_path / "film.npz")).sha256 == film.sha256
    assert xai.load(tmp_path / "film.npz").facts == film.facts
    back = xai.load(xai.save(film, tmp_path / "film.png"))
    assert back.facts.bits == 16
    np.testing.assert_allclose(back.pixels, film.pixels, atol=0.51 / 65535)


def test_what_cannot_be_saved_or_loaded_is_refused(film, maps, tmp_path):
    with pytest.raises(ValueError, match=r"ends in \.npz or \.png, got film\.jpg"):
        xai.save(film, tmp_path / "film.jpg")
    with pytest.raises(ValueError, match="a PNG holds a film alone"):
        xai.save(maps, tmp_path / "maps.png")
    np.savez(tmp_path / "other.npz", film=np.zeros(3))
    (tmp_path / "torn.npz").write_bytes(xai.save(maps, tmp_path / "maps.npz").read_bytes()[:-100])
    for name in ("other.npz", "torn.npz"):
        with pytest.raises(ValueError, match=f"{name} holds neither a film nor explanations"):
            xai.load(tmp_path / name)
    with pytest.raises(FileNotFoundError):
        xai.load(tmp_path / "absent.npz")


def test_a_notebook_gets_a_picture_and_words_of_each(film, maps):
    show = DisplayFormatter().format
    for thing in (film, maps, maps[0]):
        shown, _ = show(thing)
        assert shown["text/plain"] == repr(thing)
        assert shown["image/png"].startswith(b"\x89PNG")


def test_the_picture_of_a_film_is_the_film(film):
    np.testing.assert_array_equal(np.asarray(opened(film._repr_png_())), window(film.pixels))
    large = xai.Film.from_pixels(np.zeros((600, 1200)))
    assert opened(large._repr_png_()).size == (SIDE, SIDE // 2)


def test_maps_hang_beside_the_film_a_row_for_each_of_up_to_four_findings(model, film, maps):
    assert opened(maps._repr_png_()).size == (WIDTH, 2 * HEIGHT)
    assert opened(xai.explain(model, film, "centred")._repr_png_()).size == (WIDTH, 4 * HEIGHT)


def test_a_map_of_somebody_elses_method_is_drawn_under_its_own_name(maps):
    theirs = dataclasses.replace(maps[0], method="theirs", diagnostics={}, map=-np.ones((24, 24), np.float32))
    at_zero = dataclasses.replace(theirs, map=np.zeros((24, 24), np.float32))
    assert opened(theirs._repr_png_()).getpixel((MARGIN + 240, 300)) == (8, 81, 196)  # the far end of the signed scale
    assert opened(at_zero._repr_png_()).getpixel((MARGIN + 240, 300)) == (0, 0, 4)


def test_what_nobody_can_draw_has_no_picture():
    assert picture_of(object()) is None


def test_words_say_what_the_explanation_knows_and_no_more(maps, findings):
    lime = maps.of("lime", findings[0])
    lines = repr(lime).splitlines()
    assert lines[0].startswith(f"<Explanation: lime of {findings[0]}, 24 × 24, {lime.map.min():.3g} to ")
    assert lines[1] == f"  probability {lime.probability:.3g}, logit {lime.logit:.3g} on the untouched film"
    assert lines[2] == "  films through the model: 20, for all findings asked together"
    made_with = "samples 20, regions 60, baseline blurred film, design pairs, surrogate False, stops True, seed 3"
    assert lines[3] == f"  made with: {made_with}"
    told = [f"{name} {lime.diagnostics[name]:.3g}" for name in ("r2", "net_share", "regions")]
    assert lines[4].startswith(f"  found: {', '.join(told)}, ")
    assert "None" not in lines[4]  # what is not known is not said
    bare = repr(dataclasses.replace(lime, diagnostics={}))
    assert "found" not in bare and bare.endswith("seed 3>")


def test_a_map_is_put_where_the_model_looked(maps):
    placed = maps.on_film(maps[0])
    assert placed.shape == maps.film.pixels.shape
    assert placed.max() == pytest.approx(maps[0].map.max(), rel=0.05)


def test_the_page_in_docs_lists_exactly_the_public_names():
    page = (REPOSITORY / "docs" / "python.md").read_text(encoding="utf-8")
    listed = [line.split("`")[1] for line in page.splitlines() if line.startswith("| `xai.")]
    assert sorted(name.removeprefix("xai.").split("(")[0] for name in listed) == sorted(xai.__all__)


def test_what_is_no_model_no_film_and_no_method_is_refused_in_a_sentence(model, film, tmp_path):
    with pytest.raises(TypeError, match=r"expected a model that xai.open_model gave, got the text “lightbox”"):
        xai.explain("lightbox", film)
    with pytest.raises(TypeError, match=r"expected a film, .* got a ndarray"):
        xai.predict(model, np.zeros((64, 64)))
    with pytest.raises(TypeError, match=r"expected a film"):
        xai.explain(model, "film.png")
    with pytest.raises(ValueError, match=r"expected at least one method"):
        xai.explain(model, film, [])
    with pytest.raises(ValueError, match=r"There is no method"):
        xai.explain(model, film, xai.GradCAM)
    for seed in ("x", 1.5, True, -1):
        with pytest.raises(ValueError, match=r"seed must be 0 to"):
            xai.explain(model, film, "gradcam", "Effusion", seed=seed)
    with pytest.raises(ValueError, match=r"samples must be a whole number, got x"):
        xai.explain(model, film, "lime", "Effusion", samples="x")
    with pytest.raises(TypeError, match=r"expected a film or what xai.explain gave, got a Explanation"):
        xai.save(xai.explain(model, film, "gradcam", "Effusion")[0], tmp_path / "x.npz")
