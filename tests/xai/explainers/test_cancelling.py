"""Parts of a map that cancel: colours at full strength, and a sum that is next to nothing."""

from __future__ import annotations

import numpy as np
import pytest

from tests.xai import made_models as models
from xai.explainers.baselines import baseline_canvas
from xai.explainers.cancelling import LITTLE, net_share
from xai.explainers.lime import LIME
from xai.explainers.shap import SHAP
from xai.films.film import Film
from xai.models.preprocess import prepare


@pytest.mark.parametrize(
    ("parts", "share"),
    [
        ((1.0, 2.0, 0.5), 1.0),
        ((-1.0, -3.0), 1.0),
        ((2.0, -1.0, -1.0), 0.0),
        ((3.0, -1.0), 0.5),
        ((0.55, -0.45), 0.1),
        ((0.0, 0.0), None),
        ((3e-5, -2e-5), None),  # logits: no colour stands for anything
    ],
)
def test_what_is_left_of_the_parts(parts, share):
    assert net_share(np.array(parts)) == (None if share is None else pytest.approx(share))


@pytest.mark.parametrize("method", [SHAP, LIME])
def test_only_what_cancels_is_told(method):
    def told(share: float | None) -> list[tuple[str, bool]]:
        return [(one.value, one.warn) for one in method.tell({"net_share": share}) if one.label == "Parts cancel"]

    assert told(0.02) == [("2\N{NO-BREAK SPACE}% is left", True)]
    assert told(0.001) == [("nearly nothing is left", True)]
    assert told(LITTLE) == told(1.0) == told(None) == []


def halves(film: Film, weight: float):
    """A model of whose logit the film's left half adds one to the blurred film's, and the right half takes a weight."""
    canvas = prepare(film.pixels, CARD.input)
    detail = canvas - baseline_canvas("blurred film", models.classifier(linear(canvas), CARD), canvas, canvas)
    weights = detail.copy()
    for columns, sum_of_half in ((slice(0, 8), 1), (slice(8, 16), -weight)):
        weights[:, columns] *= sum_of_half / np.square(detail[:, columns]).sum()
    return models.classifier(linear(weights), CARD)


CARD = models.card(1, size=16, emits="logits", mean=(0.0,), std=(1.0,))


def linear(weights: np.ndarray):
    layers = models.keras.layers
    model = models.keras.Sequential([models.keras.Input((16, 16, 1)), layers.Flatten(), layers.Dense(1)])
    model.set_weights([weights.reshape(-1, 1).astype(np.float32), np.zeros(1, np.float32)])
    return model


@pytest.mark.parametrize("method", [SHAP(evaluations=200), LIME(samples=300, regions=16)], ids=lambda one: one.name)
def test_a_film_whose_halves_speak_against_each_other(method, film):
    for weight, cancels in ((1.0, True), (0.4, False)):
        (made,) = method.explain(halves(film, weight), film)
        warned = [one.label for one in method.tell(made.diagnostics) if one.warn]
        assert ("Parts cancel" in warned) == cancels, made.diagnostics
        assert np.abs(made.map).max() > 0
