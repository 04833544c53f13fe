"""A classifier: a Keras model with its card, from films to logits, probabilities, features and gradients."""

from __future__ import annotations

import functools
import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from xai.backend import keras, tf
from xai.cards.model_card import ModelCard, ModelCardError, card_path, read_card
from xai.models.card_check import checked_graph
from xai.models.closed import closed_in
from xai.models.engine import BATCH_SIZE, DEFAULT_ENGINE, Compiled, compile_for, only_engine
from xai.models.errors import reason_of
from xai.models.graph import run, spatial_tensors
from xai.models.loading import ModelError, checked_kind, file_sha256, load_model
from xai.models.preprocess import decode_mean_film, footprint, prepare

if TYPE_CHECKING:
    from xai.films.film import Film

ANSWERS = 256  # films whose logits are remembered
PROBABILITY_FLOOR = 1e-7  # float32 cannot tell a probability nearer to 0 or 1


@dataclass(frozen=True, eq=False)
class FeatureGradients:
    """What Grad-CAM needs of one film.

    Attributes
    ----------
    features : ndarray of float32, shape (h, w, c)
        Activations of the feature layer.
    gradients : ndarray of float32, shape (K, h, w, c)
        Gradient of each requested logit with respect to them.
    logits : ndarray of float32, shape (n_outputs,)
        As `Classifier.answer` gives them.
    """

    features: np.ndarray
    gradients: np.ndarray
    logits: np.ndarray


class Classifier:
    """A loaded model and its card.

    Everything goes through *canvases*: grey films fitted to the model's square, in [0, 1], one channel.
    Scaling to the model's own units and repeating the channel are part of the compiled function.

    Parameters
    ----------
    model : keras.Model
        Any image classifier; never changed.
    card : ModelCard
        What its input and outputs mean.
    model_id : str
        Sha256 of the model file, or any text that names the weights.
    engine : str
        What runs batches of films; see `xai.models.engine`.

    Raises
    ------
    ModelCardError
        If the card does not match the model.

    Notes
    -----
    A *logit* here is the log-odds of an output, so that ``probability = sigmoid(logit)`` whatever the head:
    a sigmoid head's input, and for softmax ``z_k - log(sum of exp(z_j) over the other classes)``.

    One compiled function serves all threads, one call at a time.
    """

    def __init__(self, model: keras.Model, card: ModelCard, model_id: str, engine: str = DEFAULT_ENGINE) -> None:
        self.card = card
        self.model_id = model_id
        self._asked_engine = engine
        self._closed = closed_in(model)
        self._graph = checked_graph(model, card)
        self._lock = threading.Lock()
        self._answers: dict[bytes, np.ndarray] = {}
        self._remembering = threading.Lock()
        if card.feature_layer is not None:
            self._feature_map  # noqa: B018 - a wrong name is a wrong card, and should not wait for the first map

    @classmethod
    def load(cls, path: Path, engine: str = DEFAULT_ENGINE) -> Classifier:
        """Load a model file and the card beside it.

        Raises
        ------
        ModelError, ModelCardError
            In one sentence, if either cannot be used or they do not belong together.
        """
        path = Path(path)
        checked_kind(path)
        card = read_card(card_path(path))
        model_id = file_sha256(path)
        if card.sha256 not in (None, model_id):
            raise ModelCardError(
                f"{path.name} is not the model that its card was written for: "
                f"the card says sha256 {card.sha256[:12]}…, the file has {model_id[:12]}…"
            )
        return cls(load_model(path), card, model_id, engine)

    def __repr__(self) -> str:
        outputs = len(self.card.outputs)
        return f"<Classifier {self.card.name}: {outputs} outputs, films of {self.size} × {self.size} px>"

    @property
    def engine(self) -> str:
        """What runs batches of films: ``"openvino"`` or ``"tensorflow"``."""
        return self._predict.engine

    @property
    def engine_note(self) -> str:
        """Why OpenVINO does not run it although it could; empty where there is nothing to say."""
        return self._predict.note

    @property
    def engine_facts(self) -> str:
        """What runs batches of films and what its answers were held against; empty until it has run some."""
        return self._predict.facts if "_predict" in vars(self) else ""

    @property
    def size(self) -> int:
        """Side of the model's square input in pixels."""
        return self.card.input.size

    def prepare(self, film: Film) -> np.ndarray:
        """Fit a film to the model's square: float32 (size, size) in [0, 1]."""
        return prepare(film.pixels, self.card.input)

    def footprint(self, film: Film) -> tuple[float, float, float, float]:
        """Part of the film that the model sees: (x0, y0, x1, y1) in fractions of its width and height."""
        height, width = film.pixels.shape
        return footprint(height, width, self.card.input)

    @functools.cached_property
    def mean_film(self) -> np.ndarray | None:
        """Mean training film (size, size) from the card, or None where the card has none."""
        return None if self.card.mean_film is None else decode_mean_film(self.card.mean_film, self.size)

    def logits(self, canvases: np.ndarray) -> np.ndarray:
        """Log-odds of every output.

        Parameters
        ----------
        canvases : ndarray of float32, shape (N, size, size)
            In [0, 1]; run in batches of `BATCH_SIZE`.

        Returns
        -------
        ndarray of float32, shape (N, n_outputs)
        """
        canvases = np.asarray(canvases, np.float32)
        if canvases.ndim != 3 or canvases.shape[1:] != (self.size, self.size):
            raise ValueError(f"expected canvases (N, {self.size}, {self.size}), got {canvases.shape}")
        parts = [np.empty((0, len(self.card.outputs)), np.float32)]
        for start in range(0, len(canvases), BATCH_SIZE):
            with self._lock:
                parts.append(self._predict.run(canvases[start : start + BATCH_SIZE]))
        logits = np.concatenate(parts)
        self._check_finite(logits)
        return logits

    def answer(self, canvas: np.ndarray) -> np.ndarray:
        """Log-odds (n_outputs,) of every output for one film: the same numbers whichever method asks.

        Two engines agree to some digits only, so what the first that was asked said stands for all, as long as the
        film is among the last `ANSWERS` ones.
        """
        key = _name(canvas)
        known = self._answers.get(key)
        return self._remember(key, self.logits(canvas[None])[0]) if known is None else known

    def _remember(self, key: bytes, logits: np.ndarray) -> np.ndarray:
        """Keep the answer to a film, unless there is one; gives the one that stands."""
        logits.setflags(write=False)
        with self._remembering:
            stands = self._answers.setdefault(key, logits)
            while len(self._answers) > ANSWERS:
                self._answers.pop(next(iter(self._answers)))
        return stands

    def feature_gradients(self, canvas: np.ndarray, outputs: list[int]) -> FeatureGradients:
        """Features of one film and the gradients of its logits: one forward pass, and back only to the features.

        Raises
        ------
        ModelError
            If the model has no spatial feature map.
        """
        with self._lock:
            features, gradients, logits = self._differentiate(tf.constant(canvas[None]))
        self._check_finite(logits.numpy())
        answer = self._remember(_name(canvas), logits.numpy()[0])
        return FeatureGradients(features.numpy()[0], np.stack([gradients[k].numpy()[0] for k in outputs]), answer)

    def _check_finite(self, logits: np.ndarray) -> None:
        if not np.isfinite(logits).all():
            raise ModelError(
                f"{self.card.name} answers with a number that is not finite: its weights are damaged, or "
                "input.multiply, mean and std in its card do not fit it."
            )

    @functools.cached_property
    def feature_layer(self) -> str | None:
        """Name of the layer whose output Grad-CAM reads, None where the model has no spatial feature map."""
        if self._feature_map is None:
            return None
        return self._feature_map[0]

    @functools.cached_property
    def _feature_map(self) -> tuple[str, keras.KerasTensor] | None:
        """The last spatial tensor before the axes are lost to pooling or flattening, or the one the card names."""
        found = spatial_tensors(self._graph)
        name = self.card.feature_layer
        if name is None:
            return next(iter(found.items()), None)
        if name not in found:
            raise ModelCardError(
                f"feature_layer “{name}” is no spatial layer of {self.card.name}; it has {', '.join(found) or 'none'}."
            )
        return name, found[name]

    @functools.cached_property
    def _scores(self) -> keras.Model:
        graph = self._graph
        return keras.Model(graph.inputs, graph.outputs if graph.logits is None else graph.logits)

    @functools.cached_property
    def _predict(self) -> Compiled:
        """Canvases to logits, compiled once for any number of films."""

        def predict(canvases: tf.Tensor) -> tf.Tensor:
            return self._log_odds(self._scores(self._model_units(canvases), training=False))

        function = self._compile(predict)
        if self._closed and self._closed.engine:
            return only_engine(self._asked_engine, self._closed, function)
        return compile_for(self._asked_engine, function, self.size)

    @functools.cached_property
    def _differentiate(self) -> Any:
        """A canvas to features, the gradient of each logit with respect to them, and logits; compiled once."""
        if self._closed:
            raise ModelError(
                f"{self.card.name} is {self._closed.kind}, which shows its answers and no feature maps inside, so "
                "Grad-CAM has nothing to read; SHAP and LIME work. The Keras model that it was made of would have them."
            )
        if self._feature_map is None:
            raise ModelError(
                f"{self.card.name} has no spatial feature map, so Grad-CAM has nothing to read; SHAP and LIME work."
            )
        layer, tensor = self._feature_map
        with_features = keras.Model(self._graph.inputs, [tensor, self._scores.outputs[0]])

        def differentiate(canvas: tf.Tensor) -> tuple[tf.Tensor, list[tf.Tensor], tf.Tensor]:
            # Watched from the features on: what lies before them would be differentiated once a finding for nothing.
            with tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:
                features, scores = run(with_features, self._model_units(canvas), {layer: tape.watch})
                logits = self._log_odds(scores)
                targets = tf.unstack(logits, num=len(self.card.outputs), axis=-1)
            zero = tf.UnconnectedGradients.ZERO
            gradients = [tape.gradient(target, features, unconnected_gradients=zero) for target in targets]
            return tf.cast(features, tf.float32), [tf.cast(g, tf.float32) for g in gradients], logits

        return self._compile(differentiate)

    def _compile(self, function: Callable[[tf.Tensor], Any]) -> Any:
        canvases = tf.TensorSpec((None, self.size, self.size), tf.float32)
        try:
            return tf.function(function).get_concrete_function(canvases)
        except ModelError:
            raise
        except Exception as error:  # a layer that contradicts its own shapes, or knows no gradient
            raise ModelError(f"{self.card.name} cannot be run: {reason_of(error)}") from error

    def _model_units(self, canvases: tf.Tensor) -> tf.Tensor:
        spec = self.card.input
        grey = canvases[..., None] * spec.multiply
        x = tf.repeat(grey, spec.channels, axis=-1)
        return (x - tf.constant(spec.mean, tf.float32)) / tf.constant(spec.std, tf.float32)

    def _log_odds(self, scores: tf.Tensor) -> tf.Tensor:
        """Turn the graph's last tensor into log-odds."""
        scores = tf.cast(scores, tf.float32)
        if self._graph.logits is None and self.card.emits == "probabilities":
            p = tf.clip_by_value(scores, PROBABILITY_FLOOR, 1 - PROBABILITY_FLOOR)
            return tf.math.log(p) - tf.math.log1p(-p)
        if self.card.link == "sigmoid":
            return scores
        n = len(self.card.outputs)
        others = tf.where(tf.constant(np.eye(n, dtype=bool)), tf.constant(-np.inf, tf.float32), scores[:, None, :])
        return scores - tf.reduce_logsumexp(others, axis=-1)


def _name(canvas: np.ndarray) -> bytes:
    """Name a canvas by its pixels."""
    return hashlib.sha256(canvas.tobytes()).digest()
