"""The feature maps of a classifier: which of them stand last, and so are what Grad-CAM reads.

A map stands last where some way leads from it to the logits past no other map. In most networks there is one. Where
branches are pooled first and joined then, there are several, and each holds a part of the evidence that no other holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from xai.backend import keras, tf
from xai.models.graph import FlatGraph, KerasTensor, is_learned, made_from, nodes_in_order, run
from xai.models.place import BETWEEN, Place
from xai.models.placing import places, same_values

FILM = ""  # stands for the model's input, where layers are named


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

    def end_here(self, values: Any) -> Any:
        """Let no gradient pass the cells of the tensor's values; it passes tokens outside the grid."""
        if self.place.start is None:
            return tf.stop_gradient(values)
        number = np.arange(values.shape[1])[:, None] - self.place.start
        return tf.where((number >= 0) & (number < self.place.count), tf.stop_gradient(values), values)


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
    joined = tuple(name for name in last if not _repeats(graph, name, last, by_name))
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
    last = _met([target], {id(one.tensor): name for name, one in maps.items()})
    if any(maps[name].place.start is not None for name in last):
        last = _last_tokens(graph, target, maps) or last
    return tuple(name for name in maps if name in last)


def _last_tokens(graph: FlatGraph, target: KerasTensor, maps: dict[str, FeatureMap]) -> set[str]:
    """Name the last maps of a transformer, told by gradients, for the graph does not show which token a head reads.

    Where it reads the class token, the last tokens of the grid lead nowhere. Those that the class token saw last are
    read then. What it saw in the blocks before is, as with any network, not in the last map.
    """
    direct, reads_class = _moves(graph, target, maps, lambda one, values: tf.stop_gradient(values))
    if not reads_class:
        return direct
    alive, _ = _moves(graph, target, maps, lambda one, values: values)
    seen, _ = _moves(graph, target, {name: maps[name] for name in maps if name in alive}, FeatureMap.end_here)
    return direct | set([name for name in maps if name in seen - direct][:1])


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


def _moves(
    graph: FlatGraph, target: KerasTensor, maps: dict[str, FeatureMap], pass_on: Callable[[FeatureMap, Any], Any]
) -> tuple[set[str], bool]:
    """Name the maps of which some cell moves the logits of a film of noise.

    Parameters
    ----------
    pass_on : callable
        What the network goes on with in place of a map's values; where gradients end, only ways past that map count.

    Returns
    -------
    names : set of str
    outside : bool
        Whether tokens that are no cells, such as a class token, move them too.
    """
    rng = np.random.default_rng(0)
    model = keras.Model(graph.inputs, [*(one.tensor for one in maps.values()), target])
    film = tf.constant(rng.random((1, *graph.inputs.shape[1:])), tf.float32)
    with tf.GradientTape(watch_accessed_variables=False) as tape:

        def watched(one: FeatureMap, values: Any) -> Any:
            values = pass_on(one, values)
            tape.watch(values)
            return values

        *features, scores = run(model, film, {name: partial(watched, one) for name, one in maps.items()})
        mixed = tf.reduce_sum(tf.cast(scores, tf.float32) * tf.constant(rng.random(scores.shape), tf.float32))
    gradients = tape.gradient(mixed, features, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    names, outside = set(), False
    for one, gradient in zip(maps.values(), gradients, strict=True):
        moving = np.count_nonzero(one.cells(gradient))
        outside = outside or bool(moving < np.count_nonzero(gradient))
        if moving:
            names.add(one.name)
    return names, outside


def _repeats(graph: FlatGraph, name: str, last: tuple[str, ...], maps: dict[str, FeatureMap]) -> bool:
    """Whether all that a map holds came through another of the last with the same cells, which then stands for both.

    So do the weights of an attention that pools the map they were made from.
    """
    same = [other for other in last if other != name and maps[other].place.on_film == maps[name].place.on_film]
    stops = {id(maps[other].tensor): other for other in same} | {id(graph.inputs): FILM}
    return bool(same) and FILM not in _met(made_from(maps[name].tensor), stops)


def _offered(joined: tuple[str, ...], last: tuple[str, ...], maps: dict[str, FeatureMap]) -> tuple[str, ...]:
    """Name what can be read in place of another: all of the last, each of them, and the last map of each finer grid."""
    of_grid: dict[tuple[int, int], str] = {}
    for name, one in maps.items():
        of_grid.setdefault(one.place.grid, name)
    together = (BETWEEN.join(joined),) if len(joined) > 1 else ()
    return tuple(dict.fromkeys((*together, *joined, *last, *of_grid.values())))
