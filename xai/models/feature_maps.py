"""The feature maps of a classifier: which of them stand last, and so are what Grad-CAM reads.

A map stands last where some way leads from it to the logits past no other map. In most networks there is one. Where
branches are pooled first and joined then, there are several, and each holds a part of the evidence that no other holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from xai.backend import keras, tf
from xai.models.graph import FlatGraph, KerasTensor, is_learned, made_from, nodes_in_order, run
from xai.models.place import BETWEEN, Place
from xai.models.placing import places, same_values


@dataclass(frozen=True)
class FeatureMap:
    """The output of a layer whose cells have a place on the film.

    Attributes
    ----------
    name : str
        The layer's, as the flat graph calls it.
    tensor : KerasTensor, shape (None, h, w, c) or (None, tokens, c)
    place : Place
    """

    name: str
    tensor: KerasTensor
    place: Place

    def cells(self, values: Any) -> Any:
        """Cut the grid, (N, h, w, c), out of the tensor's values."""
        if self.place.start is None:
            return values
        tokens = values[:, self.place.start : self.place.start + self.place.count]
        return tf.reshape(tokens, (-1, *self.place.grid, values.shape[-1]))


@dataclass(frozen=True)
class FeatureMaps:
    """All feature maps of a classifier.

    Attributes
    ----------
    by_name : dict of str to FeatureMap
        The last first.
    joined : tuple of str
        Those that stand last; Grad-CAM reads them all unless it is told otherwise. Empty where there is no map.
    offered : tuple of str
        What is worth reading instead: each of the last alone, and the last of each finer grid.
    lost : str
        Why there is no map, as far as that can be told.
    """

    by_name: dict[str, FeatureMap]
    joined: tuple[str, ...]
    offered: tuple[str, ...]
    lost: str = ""

    @property
    def usual(self) -> str | None:
        """What Grad-CAM reads unless it is told otherwise; None where there is nothing to read."""
        return BETWEEN.join(self.joined) or None

    def chosen(self, layer: str) -> tuple[FeatureMap, ...]:
        """Give the maps that a layer's name, or several with `BETWEEN` between them, stand for.

        Raises
        ------
        ValueError
            If there is no such map, or those named have no sum.
        """
        names = (layer,) if layer in self.by_name else tuple(dict.fromkeys(layer.split(BETWEEN)))
        unknown = [name for name in names if name not in self.by_name]
        if unknown:
            raise ValueError(f"“{unknown[0]}” is no spatial layer; it has {', '.join(self.by_name) or 'none'}")
        if len(names) > 1 and not set(names) <= set(self.joined):
            several = ", ".join(self.joined) if len(self.joined) > 1 else "none"
            raise ValueError(f"only maps that are joined after pooling can be added up: {several}, not {layer}")
        return tuple(self.by_name[name] for name in names)


def find_feature_maps(graph: FlatGraph) -> FeatureMaps:
    """Find the feature maps on the way to a classifier's logits.

    A feature map has two spatial axes above 1, or tokens cut out of such a grid, and comes after the network's first
    layer with weights (rescaled or normalised input is not evidence).
    """
    target = graph.outputs if graph.logits is None else graph.logits
    by_name, sequences = _all_maps(graph, target)
    last = _last(graph, target, by_name)
    joined = tuple(name for name in last if not _repeats(name, last, by_name))
    lost = "" if by_name or not sequences else f"its {sequences[0]} tokens are no grid whose place on the film is known"
    return FeatureMaps(by_name, joined, _offered(joined, last, by_name), lost)


def _all_maps(graph: FlatGraph, target: KerasTensor) -> tuple[dict[str, FeatureMap], list[int]]:
    """Give all feature maps, the last first, and the lengths of learned sequences that are none."""
    placed = places(graph, target)
    found: list[FeatureMap] = []
    sequences: list[int] = []
    learned: set[int] = set()
    for node in nodes_in_order(graph, target):
        if not is_learned(node.operation) and not any(id(tensor) in learned for tensor in node.input_tensors):
            continue
        learned.update(map(id, node.outputs))
        tensor = node.outputs[0]
        place = placed.get(id(tensor))
        rank = len(tensor.shape)
        if place is None and rank == 3:
            sequences.append(tensor.shape[1])
        if place is None or len(node.outputs) > 1 or same_values(node.operation):
            continue
        if rank == (4 if place.start is None else 3):
            found.append(FeatureMap(node.operation.name, tensor, place))
    by_name: dict[str, FeatureMap] = {}
    for one in reversed(found):
        by_name.setdefault(one.name, one)
    return by_name, sequences


def _last(graph: FlatGraph, target: KerasTensor, maps: dict[str, FeatureMap]) -> tuple[str, ...]:
    """Name the maps from which a way leads to the logits past no other map, the one nearest to them first."""
    stops = {id(one.tensor): name for name, one in maps.items()}
    last = _met([target], stops)
    if all(maps[name].place.start is None for name in last):
        return tuple(name for name in maps if name in last)
    # Where the head reads the class token, the last tokens of the grid lead nowhere: their gradient is 0.
    alive = _reach(graph, target, list(maps.values()), lambda features: features)
    stops = {id(maps[name].tensor): name for name in alive}
    cut = _reach(graph, target, [maps[name] for name in alive], tf.stop_gradient)
    last = _met([target], stops) & cut
    return tuple(name for name in maps if name in last)


def _met(starts: Iterable[KerasTensor], stops: dict[int, str]) -> set[str]:
    """Go back from tensors along all ways, and name the stops that are met first."""
    met, seen, todo = set(), set(), list(starts)
    while todo:
        tensor = todo.pop()
        if id(tensor) in stops:
            met.add(stops[id(tensor)])
        elif id(tensor) not in seen:
            seen.add(id(tensor))
            todo += made_from(tensor)
    return met


def _reach(graph: FlatGraph, target: KerasTensor, maps: list[FeatureMap], pass_on: Callable[[Any], Any]) -> set[str]:
    """Name the maps of which some cell moves the logits of a film of noise.

    With ``tf.stop_gradient`` to pass features on, only ways past no other map count.
    """
    rng = np.random.default_rng(0)
    model = keras.Model(graph.inputs, [*(one.tensor for one in maps), target])
    film = tf.constant(rng.random((1, *graph.inputs.shape[1:])), tf.float32)
    with tf.GradientTape(watch_accessed_variables=False) as tape:

        def watch(features: Any) -> Any:
            features = pass_on(features)
            tape.watch(features)
            return features

        *features, scores = run(model, film, {one.name: watch for one in maps})
        mixed = tf.reduce_sum(tf.cast(scores, tf.float32) * tf.constant(rng.random(scores.shape), tf.float32))
    gradients = tape.gradient(mixed, features, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    moves = (np.any(one.cells(gradient).numpy()) for one, gradient in zip(maps, gradients, strict=True))
    return {one.name for one, has_moved in zip(maps, moves, strict=True) if has_moved}


def _repeats(name: str, last: tuple[str, ...], maps: dict[str, FeatureMap]) -> bool:
    """Whether all that a map holds came through another of the last with the same cells, which then stands for both.

    So do the weights of an attention that pools the map they were made from.
    """
    others = {id(maps[other].tensor): other for other in last if other != name}
    before = _met(made_from(maps[name].tensor), others)
    return any(maps[other].place.on_film == maps[name].place.on_film for other in before)


def _offered(joined: tuple[str, ...], last: tuple[str, ...], maps: dict[str, FeatureMap]) -> tuple[str, ...]:
    """Name what can be read in place of another: all of the last, each of them, and the last map of each finer grid."""
    of_grid: dict[tuple[int, int], str] = {}
    for name, one in maps.items():
        of_grid.setdefault(one.place.grid, name)
    together = (BETWEEN.join(joined),) if len(joined) > 1 else ()
    return tuple(dict.fromkeys((*together, *joined, *last, *of_grid.values())))
