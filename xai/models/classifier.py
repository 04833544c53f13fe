"""A classifier: a Keras model with its card, from films to logits, probabilities, features and gradients."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from xai.backend import keras, tf
from xai.cards.model_card import ModelCard, ModelCardError, card_path, read_card
from xai.models.card_check import checked_graph
from xai.models.closed import closed_in
from xai.models.engine import BATCH_SIZE, DEFAULT_ENGINE, answering_engine, hiding_engine, only_engine
from xai.models.engines.compiled import Compiled
from xai.models.errors import reason_of
from xai.models.feature_maps import FeatureMap, FeatureMaps, find_feature_maps
from xai.models.gradients import FeatureGradients, LayerGradients, differentiator
from xai.models.loading import ModelError, checked_kind, file_sha256, load_model
from xai.models.preprocess import decode_mean_film, footprint, prepare
from xai.models.units import model_units

if TYPE_CHECKING:
    from xai.cards.input_spec import InputSpec
    from xai.films.film import Film

ANSWERS = 256  # films whose logits are remembered
CHOICES = 4  # of feature layers, for which a function stays compiled
PROBABILITY_FLOOR = 1e-7  # float32 cannot tell a probability nearer to 0 or 1


class Classifier:
    """A loaded model and its card.

    Everything goes through *canvases*: grey films fitted to the model's input, in [0, 1], one channel.
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
        self._differentiators: dict[tuple[str, ...], Any] = {}
        if card.feature_layer is not None:
            self.feature_layer  # noqa: B018 - a wrong name is a wrong card, and should not wait for the first map

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
        return f"<Classifier {self.card.name}: {outputs} outputs, films of {' × '.join(map(str, self.shape))} px>"

    @property
    def engine(self) -> str:
        """What answers for films, in single precision: see `xai.models.engine.answering_engine`."""
        return self._predict.engine

    @property
    def engine_note(self) -> str:
        """Why OpenVINO does not run it although it could; empty where there is nothing to say."""
        return self._predict.note

    @property
    def hiding(self) -> Compiled:
        """What answers for hidden films, chosen when it is first asked for: see `xai.models.engine.hiding_engine`."""
        with self._lock:
            return self._hiding

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the model's input in pixels."""
        return self.card.input.shape

    @property
    def engine_facts(self) -> str:
        """What runs films and what its answers were held against; empty until it has run some."""
        chosen = [vars(self)[name].facts for name in ("_predict", "_hiding") if name in vars(self)]
        return " ".join(filter(None, chosen))

    @property
    def size(self) -> int:
        """Longer side of the model's input in pixels."""
        return max(self.shape)

    def prepare(self, film: Film) -> np.ndarray:
        """Fit a film to the model's input: float32 (height, width), see `xai.models.preprocess.prepare`."""
        return prepare(film.pixels, self.card.input)

    def footprint(self, film: Film) -> tuple[float, float, float, float]:
        """Part of the film that the model sees: (x0, y0, x1, y1) in fractions of its width and height."""
        height, width = film.pixels.shape
        return footprint(height, width, self.card.input)

    @functools.cached_property
    def mean_film(self) -> np.ndarray | None:
        """Mean training film (height, width) from the card, or None where the card has none."""
        return None if self.card.mean_film is None else decode_mean_film(self.card.mean_film, self.shape)

    def logits(self, canvases: np.ndarray) -> np.ndarray:
        """Log-odds of every output, in single precision.

        Parameters
        ----------
        canvases : ndarray of float32, shape (N, height, width)
            In [0, 1]; run in batches of `BATCH_SIZE`.

        Returns
        -------
        ndarray of float32, shape (N, n_outputs)
        """
        return self._run("_predict", canvases)

    def hidden_logits(self, canvases: np.ndarray) -> np.ndarray:
        """Log-odds of every output for films with parts hidden, by `hiding`: maybe in a lower precision.

        For maps, which are made of many; a number that people read is of `logits`, which has the parameters.
        """
        return self._run("_hiding", canvases)

    def _run(self, chosen: str, canvases: np.ndarray) -> np.ndarray:
        canvases = np.asarray(canvases, np.float32)
        if canvases.ndim != 3 or canvases.shape[1:] != self.shape:
            raise ValueError(f"expected canvases (N, {', '.join(map(str, self.shape))}), got {canvases.shape}")
        parts = [np.empty((0, len(self.card.outputs)), np.float32)]
        for start in range(0, len(canvases), BATCH_SIZE):
            with self._lock:
                engine: Compiled = getattr(self, chosen)
                parts.append(engine.run(canvases[start : start + BATCH_SIZE]))
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

    def logits_under(self, specs: Sequence[InputSpec], film: Film) -> np.ndarray:
        """Log-odds (len(specs), n_outputs) of one film, prepared in other ways than the card says too.

        The card's own way gets its own answer. A way that the model cannot stand may give numbers that are not finite.

        Raises
        ------
        ValueError
            If a way leads to another shape than the model's own.
        """
        own = self.card.input
        if any((spec.shape, spec.channels) != (own.shape, own.channels) for spec in specs):
            raise ValueError(f"expected inputs of {own.shape} with {own.channels} channels, got {list(specs)}")
        films = [model_units(tf.constant(prepare(film.pixels, spec)[None]), spec) for spec in specs]
        with self._lock:
            logits = self._log_odds(self._scores(tf.concat(films, 0), training=False)).numpy()
        stands = [spec == own for spec in specs]
        if any(stands):
            logits[stands] = self.answer(self.prepare(film))
        return np.asarray(logits, np.float32)

    def _remember(self, key: bytes, logits: np.ndarray) -> np.ndarray:
        """Keep the answer to a film, unless there is one; gives the one that stands."""
        logits.setflags(write=False)
        with self._remembering:
            stands = self._answers.setdefault(key, logits)
            while len(self._answers) > ANSWERS:
                self._answers.pop(next(iter(self._answers)))
        return stands

    def feature_gradients(self, canvas: np.ndarray, outputs: list[int], layer: str = "") -> FeatureGradients:
        """Features of one film and the gradients of its logits: one forward pass, and back only to the features.

        Parameters
        ----------
        canvas : ndarray of float32, shape (size, size)
        outputs : list of int
        layer : str
            Whose output to read; `feature_layer` where empty.

        Raises
        ------
        ModelError
            If the model has no spatial feature map, or none of this name.
        """
        read = self.maps_of(layer)
        with self._lock:
            features, gradients, logits = self._differentiator(read)(tf.constant(canvas[None]))
        self._check_finite(logits.numpy())
        answer = self._remember(_name(canvas), logits.numpy()[0])
        layers = (
            LayerGradients(one.name, one.place, values.numpy()[0], moved.numpy()[outputs])
            for one, values, moved in zip(read, features, gradients, strict=True)
        )
        return FeatureGradients(tuple(layers), answer)

    def film_gradient(self, canvas: np.ndarray, output: int) -> np.ndarray:
        """Gradient of one logit with respect to every pixel of a film, in logits a shade: float32 (height, width).

        Simonyan et al., Deep Inside Convolutional Networks, 2013, whose saliency map its absolute values are.

        Parameters
        ----------
        canvas : ndarray of float32, shape (height, width)
        output : int

        Raises
        ------
        ModelError
            If the model gives its answers and no gradients.
        """
        if self._closed:
            raise ModelError(f"{self.card.name} is {self._closed.kind}, which gives its answers and no gradients.")
        film = tf.constant(np.asarray(canvas, np.float32)[None])
        with self._lock, tf.GradientTape() as tape:
            tape.watch(film)
            logits = self._log_odds(self._scores(model_units(film, self.card.input), training=False))
            one = logits[0, output]
        return np.asarray(tape.gradient(one, film)[0], np.float32)

    def features(self, canvases: np.ndarray) -> np.ndarray:
        """Give what the network has made of films before its head: the mean of each channel of `feature_layer`.

        Where Grad-CAM reads several layers, theirs side by side.

        Parameters
        ----------
        canvases : ndarray of float32, shape (N, height, width)

        Returns
        -------
        ndarray of float32, shape (N, d)

        Raises
        ------
        ModelError
            If the model has no spatial feature map.
        """
        canvases = np.asarray(canvases, np.float32)
        parts = []
        for start in range(0, len(canvases), BATCH_SIZE):
            with self._lock:
                parts.append(self._pooled(tf.constant(canvases[start : start + BATCH_SIZE])).numpy())
        features = np.concatenate(parts)
        self._check_finite(features)
        return features

    def distance(self, film: Film) -> float | None:
        """Give how far a film is from those that the model learned from; None where the card does not say enough."""
        seen = self.card.seen
        if seen is None:
            return None
        features = self.features(self.prepare(film)[None])
        if features.shape[1] != seen.means.shape[1]:
            raise ModelCardError(
                f"seen in the card of {self.card.name} is of {seen.means.shape[1]} features, but its feature layer has "
                f"{features.shape[1]}; `python -m training seen` makes it anew."
            )
        return float(seen.distances(features)[0])

    def _check_finite(self, logits: np.ndarray) -> None:
        if not np.isfinite(logits).all():
            raise ModelError(
                f"{self.card.name} answers with a number that is not finite: its weights are damaged, or "
                "input.multiply, mean and std in its card do not fit it."
            )

    @functools.cached_property
    def feature_maps(self) -> FeatureMaps:
        """The layers whose outputs Grad-CAM can read."""
        return find_feature_maps(self._graph)

    @functools.cached_property
    def feature_layer(self) -> str | None:
        """Name of the layer whose output Grad-CAM reads: the one that the card names, or the last with spatial axes.

        Where several are joined after pooling all of them, with ``" + "`` between; None where there is none.
        """
        name = self.card.feature_layer
        if name is None:
            return self.feature_maps.usual
        try:
            self.feature_maps.chosen(name)
        except ValueError as error:
            raise ModelCardError(f"feature_layer in the card of {self.card.name}: {error}.") from error
        return name

    def maps_of(self, layer: str = "") -> tuple[FeatureMap, ...]:
        """Give the feature maps that a layer's name stands for, or several names with ``" + "`` between.

        Parameters
        ----------
        layer : str
            `feature_layer` where empty.

        Raises
        ------
        ModelError
            If the model has no spatial feature map, or none of this name.
        """
        if self._closed:
            raise ModelError(
                f"{self.card.name} is {self._closed.kind}, which shows its answers and no feature maps inside, so "
                "Grad-CAM has nothing to read; SHAP and LIME work. The Keras model that it was made of would have them."
            )
        name = layer or self.feature_layer
        if name is None:
            why = self.feature_maps.lost
            raise ModelError(
                f"{self.card.name} has no spatial feature map{f', for {why}' if why else ''}, so Grad-CAM has nothing "
                "to read; SHAP and LIME work."
            )
        try:
            return self.feature_maps.chosen(name)
        except ValueError as error:
            raise ModelError(f"Grad-CAM cannot read this layer of {self.card.name}: {error}.") from error

    @functools.cached_property
    def _scores(self) -> keras.Model:
        graph = self._graph
        return keras.Model(graph.inputs, graph.outputs if graph.logits is None else graph.logits)

    @functools.cached_property
    def _function(self) -> Any:
        """Canvases to logits, compiled once for any number of films."""

        def predict(canvases: tf.Tensor) -> tf.Tensor:
            return self._log_odds(self._scores(model_units(canvases, self.card.input), training=False))

        return self._compile(predict)

    @functools.cached_property
    def _predict(self) -> Compiled:
        """What answers for films."""
        if self._closed and self._closed.engine:
            return only_engine(self._asked_engine, self._closed, self._function)
        return answering_engine(self._asked_engine, self._function, self.shape)

    @functools.cached_property
    def _hiding(self) -> Compiled:
        """What answers for hidden films."""
        if self._closed and self._closed.engine:
            return dataclasses.replace(self._predict, facts="")
        return hiding_engine(self._asked_engine, self._function, self.shape, self._predict)

    @functools.cached_property
    def _pooled(self) -> Any:
        """Canvases to features, compiled once for any number of films."""
        read = self.maps_of()
        inner = keras.Model(self._scores.inputs, [one.tensor for one in read])

        def pool(canvases: tf.Tensor) -> tf.Tensor:
            found = inner(model_units(canvases, self.card.input), training=False)
            maps = found if isinstance(found, list | tuple) else [found]
            cells = [tf.cast(one.cells(values), tf.float32) for one, values in zip(read, maps, strict=True)]
            return tf.concat([tf.reduce_mean(one, axis=(1, 2)) for one in cells], axis=-1)

        return self._compile(pool)

    def _differentiator(self, read: tuple[FeatureMap, ...]) -> Any:
        """A canvas to features, gradients of all logits with respect to them, and logits; compiled once a choice."""
        names = tuple(one.name for one in read)
        if names not in self._differentiators:
            while len(self._differentiators) >= CHOICES:
                self._differentiators.pop(next(iter(self._differentiators)))
            differentiate = differentiator(
                self._scores, read, functools.partial(model_units, spec=self.card.input), self._log_odds
            )
            self._differentiators[names] = self._compile(differentiate)
        return self._differentiators[names]

    def _compile(self, function: Callable[[tf.Tensor], Any]) -> Any:
        canvases = tf.TensorSpec((None, *self.shape), tf.float32)
        try:
            return tf.function(function).get_concrete_function(canvases)
        except ModelError:
            raise
        except Exception as error:  # a layer that contradicts its own shapes, or knows no gradient
            raise ModelError(f"{self.card.name} cannot be run: {reason_of(error)}") from error

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
