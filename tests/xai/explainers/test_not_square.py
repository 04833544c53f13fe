"""Inputs that are not square: a model that looks at one rectangle only, whose place on the film is known."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from tests.xai import made_models as models
from xai.__main__ import main
from xai.cards.model_card import card_path, write_card
from xai.explainers import EXPLAINERS
from xai.films.film import Film
from xai.models.classifier import Classifier
from xai.models.preprocess import footprint
from xai.pictures.render import place

SIZES = [(96, 160), (160, 96)]
ROWS, COLUMNS = models.RECTANGLE
SMALL = {"shap": {"evaluations": 100}, "lime": {"samples": 100, "regions": 40}}


def card(size: tuple[int, int], fit: str = "stretch"):
    return models.card(1, emits="logits", size=size, fit=fit)


@pytest.fixture(scope="module", params=SIZES, ids=str)
def classifier(request):
    return models.classifier(models.rectangle_model(request.param), card(request.param))


@pytest.fixture(scope="module")
def film() -> Film:
    return Film.from_pixels(0.3 + 0.4 * models.random_film(2, 120, 100).pixels)


def test_the_logit_in_closed_form_on_either_engine(classifier, film):
    canvas = classifier.prepare(film)
    assert canvas.shape == classifier.shape
    expected = 40 * canvas[ROWS, COLUMNS].mean() - 1
    assert classifier.answer(canvas)[0] == pytest.approx(expected, rel=1e-5)
    assert classifier.logits(canvas[None])[0, 0] == pytest.approx(expected, rel=1e-5)
    with pytest.raises(ValueError, match=r"expected canvases \(N, \d+, \d+\)"):
        classifier.logits(canvas.T[None])


@pytest.mark.parametrize("method", EXPLAINERS)
def test_every_method_explains_it(method, classifier, film):
    (found,) = EXPLAINERS[method](**SMALL.get(method, {})).explain(classifier, film)
    assert found.map.shape == classifier.shape
    assert found.map.any() and np.isfinite(found.map).all()


def test_grad_cam_is_the_rectangle_times_its_weight(classifier, film):
    (found,) = EXPLAINERS["gradcam"]().explain(classifier, film)
    canvas = classifier.prepare(film)
    seen = (ROWS.stop - ROWS.start) * (COLUMNS.stop - COLUMNS.start)
    expected = np.zeros_like(canvas)
    expected[ROWS, COLUMNS] = 40 * canvas[ROWS, COLUMNS] / seen
    np.testing.assert_allclose(found.map, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("method", ["shap", "lime"])
def test_what_hides_parts_finds_the_rectangle(method, classifier, film):
    (found,) = EXPLAINERS[method](**SMALL[method]).explain(classifier, film)
    touching = np.isin(found.pieces, np.unique(found.pieces[ROWS, COLUMNS]))
    assert touching.mean() < 0.5
    weight = np.abs(found.map)
    assert weight[touching].sum() > 0.85 * weight.sum()
    if method == "shap":
        assert found.map.sum() == pytest.approx(found.diagnostics["difference"], abs=1e-3)


@pytest.mark.parametrize("fit", ["stretch", "crop", "crop-first", "pad"])
@pytest.mark.parametrize("shape", [(120, 100), (90, 150)])
def test_the_map_lies_on_the_film_where_the_model_looked(fit, shape):
    size = SIZES[0]
    classifier = models.classifier(models.rectangle_model(size), card(size, fit))
    film = Film.from_pixels(np.full(shape, 0.5))
    (found,) = EXPLAINERS["gradcam"]().explain(classifier, film)
    on_film = place(found.map, classifier.footprint(film), *shape)
    x0, y0, x1, y1 = footprint(*shape, classifier.card.input)
    edges = [
        (y0 + (y1 - y0) * ROWS.start / size[0]) * shape[0],
        (y0 + (y1 - y0) * ROWS.stop / size[0]) * shape[0],
        (x0 + (x1 - x0) * COLUMNS.start / size[1]) * shape[1],
        (x0 + (x1 - x0) * COLUMNS.stop / size[1]) * shape[1],
    ]
    rows, columns = np.nonzero(on_film > on_film.max() / 2)
    found_edges = [rows.min(), rows.max() + 1, columns.min(), columns.max() + 1]
    limits = [shape[0], shape[0], shape[1], shape[1]]
    expected = [min(max(edge, 0), limit) for edge, limit in zip(edges, limits, strict=True)]
    np.testing.assert_allclose(found_edges, expected, atol=1.5)


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_explain_writes_maps_in_the_inputs_geometry_and_overlays_in_the_films(size, tmp_path):
    path = tmp_path / "wide.keras"
    models.rectangle_model(size).save(path)
    write_card(card(size), card_path(path))
    shades = np.rint(255 * models.random_film(2, 120, 100).pixels).astype(np.uint8)
    Image.fromarray(shades).save(tmp_path / "film.png")
    asked = ["explain", str(tmp_path / "film.png"), "--model", str(path), "--finding", "all", "--samples", "60"]
    assert main([*asked, "--method", "gradcam", "shap", "lime", "--out", str(tmp_path / "maps")]) == 0
    written = json.loads((tmp_path / "maps" / "explanations.json").read_text(encoding="utf-8"))
    assert [one["method"] for one in written] == ["gradcam", "shap", "lime"]
    for one in written:
        assert np.load(tmp_path / "maps" / one["map"]).shape == size
        with Image.open(tmp_path / "maps" / one["overlay"]) as overlay:
            assert overlay.size == (100, 120)


def test_a_starter_card_of_such_a_model_loads_with_it(tmp_path, capsys):
    path = tmp_path / "wide.keras"
    models.rectangle_model(SIZES[0]).save(path)
    assert main(["card", str(path)]) == 0
    assert Classifier.load(path).shape == SIZES[0]
    assert "96, 160" in json.dumps(json.loads(card_path(path).read_text(encoding="utf-8"))["input"]["size"])
