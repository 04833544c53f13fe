"""What `lime`, `shap` and Keras' own Grad-CAM example are called with, so that they answer what our methods answer."""

from __future__ import annotations

import contextlib
import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import shap
from lime import lime_image
from scipy.special import logit

from xai.backend import keras, tf
from xai.cards.input_spec import InputSpec
from xai.cards.model_card import ModelCard
from xai.explainers.baselines import BLURRED, baseline_canvas
from xai.explainers.halving import cell_index
from xai.films.film import Film
from xai.findings import FINDINGS
from xai.models.classifier import Classifier
from xai.models.library import find_model
from xai.models.loading import load_model
from xai.models.units import model_units

DENSENET = "densenet"
MASKERS = ("inpaint_telea", "blur(32,32)")
SHAP_BATCH = 10  # pictures at a time, as shap's own example for pictures has it
GRID = 16  # blocks a side, in which maps of rectangles are compared
FLOOR = 1e-7  # of a probability, as ours have it


@dataclass(frozen=True, eq=False)
class Subject:
    """A network and its classifier: the same weights, asked by the stock libraries and by ours."""

    network: keras.Model
    classifier: Classifier
    title: str


def open_subject(model: str, engine: str, size: int = 224) -> Subject:
    """Open a model by name or path; `DENSENET` is DenseNet-121 with random weights."""
    if model != DENSENET:
        path = find_model(model)
        return Subject(load_model(path), Classifier.load(path, engine), path.stem)
    keras.utils.set_random_seed(0)
    network = keras.applications.DenseNet121(
        weights=None, input_shape=(size, size, 3), classes=len(FINDINGS), classifier_activation="sigmoid"
    )
    named = hashlib.sha256(b"".join(weights.tobytes() for weights in network.get_weights())).hexdigest()
    card = ModelCard(DENSENET, FINDINGS, "sigmoid", "probabilities", InputSpec(size, 3))
    return Subject(network, Classifier(network, card, named, engine), "DenseNet-121 with random weights")


def blocks(values: np.ndarray) -> np.ndarray:
    """Add a map (H, W) up in `GRID` by `GRID` blocks."""
    return np.bincount(cell_index(values.shape, GRID).ravel(), values.ravel().astype(np.float64))


class Stock:
    """The stock calls for one film; all explain log-odds, as ours do.

    Pictures have shades from 0 to 255: shap's inpainting rounds them to whole numbers.
    """

    def __init__(self, subject: Subject, film: Film) -> None:
        self._network, self._classifier = subject.network, subject.classifier
        self._card = subject.classifier.card
        self._outputs = range(len(self._card.outputs))
        self._canvas = subject.classifier.prepare(film)
        self._picture = _as_picture(self._canvas)
        layer = self._network.get_layer(subject.classifier.feature_layer)
        self._features = keras.Model(self._network.inputs, [layer.output, *self._network.outputs])
        self._forward = tf.function(lambda pictures: self._network(pictures, training=False))

    def predict(self, pictures: np.ndarray) -> np.ndarray:
        """Ask Keras for the log-odds (N, findings) of grey pictures (N, H, W, 3)."""
        inputs = model_units(tf.constant(_as_canvases(pictures)), self._card.input).numpy()
        answers = self._network.predict(inputs, verbose=0)
        return answers if self._card.emits == "logits" else logit(np.clip(answers, FLOOR, 1 - FLOOR))

    def forward(self) -> np.ndarray:
        """One film through the bare network, compiled."""
        return self._forward(model_units(tf.constant(self._canvas[None]), self._card.input)).numpy()

    def gradcam(self) -> list[np.ndarray]:
        """Keras' example: a gradient for each finding."""
        inputs = model_units(tf.constant(self._canvas[None]), self._card.input)
        maps = []
        for output in self._outputs:
            with tf.GradientTape() as tape:
                features, answers = self._features(inputs, training=False)
                one = answers[:, output]
            weights = tf.reduce_mean(tape.gradient(one, features), axis=(0, 1, 2))
            maps.append(tf.maximum(tf.reduce_sum(features[0] * weights, axis=-1), 0).numpy())
        return maps

    def lime(self, pieces: np.ndarray, samples: int) -> np.ndarray:
        """Weights (regions, findings) over our regions and with our baseline."""
        hide = baseline_canvas(BLURRED, self._classifier, self._canvas, pieces)
        with contextlib.redirect_stderr(io.StringIO()):
            made = lime_image.LimeImageExplainer(random_state=0).explain_instance(
                self._picture,
                self.predict,
                labels=self._outputs,
                top_labels=None,
                hide_color=_as_picture(hide),
                num_samples=samples,
                segmentation_fn=lambda _: pieces,
                random_seed=0,
            )
        return np.stack([[weight for _, weight in sorted(made.local_exp[k])] for k in self._outputs], axis=1)

    def shap(self, masker: str, evaluations: int, ask: Callable[[np.ndarray], np.ndarray] | None = None) -> np.ndarray:
        """Owen values in blocks (GRID**2, findings), with one of `MASKERS`.

        Parameters
        ----------
        masker : str
        evaluations : int
        ask : callable, optional
            From canvases (N, H, W) to log-odds, in place of Keras: for long runs.
        """
        predict = self.predict if ask is None else lambda pictures: ask(_as_canvases(pictures))
        explainer = shap.Explainer(predict, shap.maskers.Image(masker, self._picture.shape))
        made = explainer(self._picture[None], max_evals=evaluations, batch_size=SHAP_BATCH, silent=True).values[0]
        return np.stack([blocks(made[..., output].sum(axis=2)) for output in self._outputs], axis=1)


def _as_picture(canvas: np.ndarray) -> np.ndarray:
    return np.repeat(255 * canvas[..., None], 3, axis=-1)


def _as_canvases(pictures: np.ndarray) -> np.ndarray:
    return np.asarray(pictures[..., 0], np.float32) / 255
