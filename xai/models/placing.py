"""Find which of a network's inner tensors have cells with a place on the film.

The film's own place is carried from tensor to tensor along a flat graph. Rows and columns survive what works on each
cell or its neighbours, such as a convolution, and get lost in what mixes them, such as a transposition. Tokens, as of a
vision transformer, are cells in a row: they have a place where they were cut out of a grid, and keep it as long as
their number stays, whatever the layers are called.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np

from xai.backend import keras
from xai.models.graph import FlatGraph, KerasTensor, inner, is_learned, nodes_in_order
from xai.models.place import Place

Shape: TypeAlias = tuple[int, ...]
MIXING = (
    *("AffineTransform", "Einsum", "ElasticTransform", "MapCoordinates", "Moveaxis", "PerspectiveTransform", "Roll"),
    *("Rot90", "Swapaxes"),
)
CUTTING = ("Repeat", "Slice", "Take", "Tile")  # of the channels they are followed, of rows and columns not
SAME_VALUES = ("ExpandDims", "Flatten", "Permute", "Reshape", "Squeeze", "Transpose")  # in another order at most
OF_THE_FIRST = ("Dot", "Matmul")  # rows of a product are those of its first factor

EATEN = 3  # pixels of a border on each side: no more than the convolution behind it eats
EATEN_SHARE = 0.08  # of the film's side, likewise
DIGITS = 9  # of an extent: cropped and padded again, a film is whole


def places(graph: FlatGraph, target: KerasTensor) -> dict[int, Place]:
    """Find the tensors on the way to a target whose cells have a place on the film.

    Returns
    -------
    dict of int to Place
        By the tensor's `id`.
    """
    found = {id(graph.inputs): Place(tuple(graph.inputs.shape[1:3]))}
    learned: set[int] = set()
    for node in nodes_in_order(graph, target):
        if is_learned(node.operation) or any(id(tensor) in learned for tensor in node.input_tensors):
            learned.update(map(id, node.outputs))
        known = [(tensor, found[id(tensor)]) for tensor in node.input_tensors if id(tensor) in found]
        for tensor in node.outputs if known else ():
            place = _carried(graph, node, known, tensor, is_raw=id(tensor) not in learned)
            if place is not None and min(place.grid) > 1:
                found[id(tensor)] = place
    return found


def _carried(
    graph: FlatGraph, node: Any, known: list[tuple[KerasTensor, Place]], to: KerasTensor, is_raw: bool
) -> Place | None:
    """Give the place of a node's output from those of its inputs, None where it is lost."""
    operation, kind = inner(node.operation), _kind(node.operation)
    if kind in MIXING or (kind in OF_THE_FIRST and known[0][0] is not node.input_tensors[0]) or None in to.shape[1:3]:
        return None
    tensor, place = known[0]
    if any((other.down, other.across) != (place.down, place.across) for _, other in known):
        return None  # cells of several parts of the film meet in one
    if kind in ("Permute", "Transpose"):
        return _transposed(operation, place)
    if kind in SAME_VALUES:
        return _reshaped(place, tensor.shape, to.shape)
    if kind == "Flip":
        return _mirrored(operation, place, len(to.shape))
    if kind == "Concatenate" and operation.axis % len(to.shape) < (3 if place.start is None else 2):
        return None if place.start is None else _joined(node.input_tensors, known)
    if kind == "GetItem":
        return _sliced(node.arguments.args[1], place, tensor.shape, to.shape)
    if kind == "Split":
        return _sliced(_key_of_split(node, to), place, tensor.shape, to.shape)
    if kind in CUTTING and to.shape[1:3] != tensor.shape[1:3]:
        return None
    if place.start is None and len(to.shape) == 4:
        if is_raw and kind in ("CenterCrop", "CropImages", "Cropping2D"):
            return _cropped(operation, place, tensor.shape, to.shape)
        if is_raw and kind in ("Pad", "PadImages", "ZeroPadding2D"):
            return _padded(operation, place, tensor.shape, to.shape)
        if getattr(operation, "crop_to_aspect_ratio", False) or getattr(operation, "pad_to_aspect_ratio", False):
            return _kept_in_proportion(operation, place, tensor.shape, to.shape)
    return _through_layer(graph, operation, known, to)


def _kind(operation: Any) -> str:
    """Name the class of an operation, empty where it is not Keras' own: names of others mean nothing."""
    kind = type(inner(operation))
    return kind.__name__ if kind.__module__.startswith("keras.") else ""


def _through_layer(
    graph: FlatGraph, operation: Any, known: list[tuple[KerasTensor, Place]], to: KerasTensor
) -> Place | None:
    """Carry a place through what works cell by cell, on neighbours, or on all tokens."""
    for tensor, place in known:
        if place.start is None and len(to.shape) >= 4:
            return replace(place, grid=tuple(to.shape[1:3]))
        if place.start is not None and len(to.shape) >= 3 and to.shape[1] == tensor.shape[1]:
            return place
    if len(to.shape) != 3:
        return None
    return (
        _patches(graph, operation, known[0][1], to)
        if known[0][1].start is None
        else _told_apart(graph, known[0][1], to)
    )


def _transposed(operation: Any, place: Place) -> Place | None:
    axes = (0, *operation.dims) if hasattr(operation, "dims") else tuple(operation.axes or ())
    kept = 3 if place.start is None else 2
    return place if axes[:kept] == tuple(range(kept)) else None


def _reshaped(place: Place, before: Shape, after: Shape) -> Place | None:
    """Follow a grid into another shape: rows and columns into a row of tokens and back, channels into groups."""
    is_grid = place.start is None
    if after[1 : 3 if is_grid else 2] == before[1 : 3 if is_grid else 2] and len(after) >= (4 if is_grid else 3):
        return place
    if is_grid and len(after) == 3 and after[1] == place.count:
        return replace(place, start=0)
    if place.start == 0 and before[1] == place.count and len(after) == 4 and after[1:3] == place.grid:
        return replace(place, start=None)
    return None


def _joined(tensors: list[KerasTensor], known: list[tuple[KerasTensor, Place]]) -> Place | None:
    """Put other tokens before or behind those of the grid; two grids in one row have no single place."""
    if len(known) > 1:
        return None
    tensor, place = known[0]
    before = [other.shape[1] for other in tensors[: next(k for k, one in enumerate(tensors) if one is tensor)]]
    return None if None in before else replace(place, start=(place.start or 0) + sum(before))


def _sliced(key: Any, place: Place, before: Shape, after: Shape) -> Place | None:
    """Follow ``tensor[key]``: a part of the rows and columns, or of the tokens."""
    axes = _whole_key(key, len(before))[1 : 3 if place.start is None else 2]
    if not all(_is_known(item) for item in axes) or len(after) < len(axes) + 2 or 0 in after[1:]:
        return None
    kept = [range(extent)[item] for extent, item in zip(before[1:3], axes, strict=False)]
    if place.start is None:
        down, across = _part(place.down, kept[0], before[1]), _part(place.across, kept[1], before[2])
        return replace(place, grid=(len(kept[0]), len(kept[1])), down=down, across=across)
    grid = range(place.start, place.start + place.count)
    is_inside = kept[0].step == 1 and set(grid) <= set(kept[0])
    return replace(place, start=kept[0].index(grid[0])) if is_inside else None


def _is_known(item: Any) -> bool:
    """Whether an item of an index is a slice whose ends are numbers, not tensors."""
    if not isinstance(item, slice):
        return False
    return all(end is None or isinstance(end, int) for end in (item.start, item.stop, item.step))


def _whole_key(key: Any, rank: int) -> tuple[Any, ...]:
    """Write an index with an item for every axis."""
    items = tuple(key) if isinstance(key, (tuple, list)) else (key,)  # a file makes a list of a tuple
    at = next((k for k, item in enumerate(items) if item is Ellipsis), len(items))
    rest = items[at + 1 :]
    return (*items[:at], *[slice(None)] * (rank - at - len(rest)), *rest)


def _key_of_split(node: Any, to: KerasTensor) -> tuple[slice, ...]:
    """Write one part of a split as an index."""
    axis = inner(node.operation).axis % len(to.shape)
    number = next(k for k, part in enumerate(node.outputs) if part is to)
    first = sum(part.shape[axis] for part in node.outputs[:number])
    return (*[slice(None)] * axis, slice(first, first + to.shape[axis]))


def _part(extent: tuple[float, float], kept: range, count: int) -> tuple[float, float]:
    """Narrow an extent to the rows that are kept, in their order; where each stands for its neighbours, to none."""
    if abs(kept.step) > 1:
        return extent if kept.step > 0 else extent[::-1]
    first, last = (kept[0], kept[-1] + 1) if kept.step > 0 else (kept[0] + 1, kept[-1])
    start, length = extent[0], extent[1] - extent[0]
    return start + length * first / count, start + length * last / count


def _mirrored(operation: Any, place: Place, rank: int) -> Place | None:
    axes = range(rank) if operation.axis is None else np.atleast_1d(operation.axis)
    turned = {int(axis) % rank for axis in axes}
    if place.start is not None:
        return None if 1 in turned else place
    down = place.down[::-1] if 1 in turned else place.down
    return replace(place, down=down, across=place.across[::-1] if 2 in turned else place.across)


def _cropped(operation: Any, place: Place, before: Shape, after: Shape) -> Place | None:
    if hasattr(operation, "cropping"):
        (top, _), (left, _) = operation.cropping
    elif hasattr(operation, "top_cropping"):
        top = _start(operation.top_cropping, operation.bottom_cropping, before[1] - after[1])
        left = _start(operation.left_cropping, operation.right_cropping, before[2] - after[2])
    else:  # from the middle; a film smaller than the crop is scaled instead, and keeps its extent
        if before[1] < after[1] or before[2] < after[2]:
            return replace(place, grid=(after[1], after[2]))
        top, left = (before[1] - after[1]) // 2, (before[2] - after[2]) // 2
    return _cut_out(place, before, (top, left), (after[1], after[2]))


def _start(first: int | None, last: int | None, both: int) -> int:
    """Give what is cut off or added before, which may be told by what is behind and both together."""
    return both - (last or 0) if first is None else first


def _cut_out(place: Place, before: Shape, corner: tuple[int, int], grid: tuple[int, int]) -> Place:
    rows, columns = range(corner[0], corner[0] + grid[0]), range(corner[1], corner[1] + grid[1])
    down, across = _part(place.down, rows, before[1]), _part(place.across, columns, before[2])
    return replace(place, grid=grid, down=down, across=across)


def _padded(operation: Any, place: Place, before: Shape, after: Shape) -> Place | None:
    """Put a border around the film, or back around a part of it; a margin that a convolution eats means nothing."""
    more = after[1] - before[1], after[2] - before[2]
    if hasattr(operation, "padding"):
        (top, _), (left, _) = operation.padding
    elif hasattr(operation, "top_padding"):
        top = _start(operation.top_padding, operation.bottom_padding, more[0])
        left = _start(operation.left_padding, operation.right_padding, more[1])
    elif len(operation.pad_width) == len(after):
        top, left = operation.pad_width[1][0], operation.pad_width[2][0]
    else:
        return None
    borders = ((top, more[0] - top, before[1]), (left, more[1] - left, before[2]))
    if place.is_whole and all(max(one, other) <= max(EATEN, EATEN_SHARE * side) for one, other, side in borders):
        return replace(place, grid=(after[1], after[2]))
    return _surrounded(place, before, (top, left), (after[1], after[2]))


def _surrounded(place: Place, before: Shape, corner: tuple[int, int], grid: tuple[int, int]) -> Place:
    behind = grid[0] - before[1] - corner[0], grid[1] - before[2] - corner[1]
    down = _grown(place.down, corner[0] / before[1], behind[0] / before[1])
    return replace(
        place, grid=grid, down=down, across=_grown(place.across, corner[1] / before[2], behind[1] / before[2])
    )


def _kept_in_proportion(operation: Any, place: Place, before: Shape, after: Shape) -> Place:
    """Follow a scaling that first cuts the middle out, or puts a border around, so that nothing is stretched."""
    (height, width), size = before[1:3], (after[1], after[2])
    rows, columns = int(width * size[0] / size[1]), int(height * size[1] / size[0])
    if operation.crop_to_aspect_ratio:
        box = max(min(height, rows), 1), max(min(width, columns), 1)
        found = _cut_out(place, before, ((height - box[0]) // 2, (width - box[1]) // 2), box)
    else:
        top, left = (max(height, rows) - height) // 2, (max(width, columns) - width) // 2
        found = _surrounded(place, before, (top, left), (height + 2 * top, width + 2 * left))
    return replace(found, grid=size)


def _grown(extent: tuple[float, float], before: float, behind: float) -> tuple[float, float]:
    start, length = extent[0], extent[1] - extent[0]
    return round(start - before * length, DIGITS), round(start + (1 + behind) * length, DIGITS)


def _told_apart(graph: FlatGraph, place: Place, to: KerasTensor) -> Place | None:
    """Find the grid among the tokens of a layer that adds or drops some without showing which.

    Class and register tokens are the same for every film before the first attention, those of the grid are not.
    """
    if to.shape[1] == place.count:
        return replace(place, start=0)
    differ = _that_differ(graph, to, *_noise(graph, 2))
    is_one_row = len(differ) == place.count and differ[-1] - differ[0] + 1 == len(differ)
    return replace(place, start=int(differ[0])) if is_one_row else None


def _patches(graph: FlatGraph, operation: Any, place: Place, to: KerasTensor) -> Place | None:
    """Find the grid among the tokens that a layer of somebody's own cuts a film into."""
    if to.shape[1] == place.count:
        return replace(place, start=0)
    if not is_learned(operation) or _kind(operation):
        return None
    film, other = _noise(graph, 2)
    differ = _that_differ(graph, to, film, other)
    grid = _grid_of(len(differ), place.grid)
    if grid is None or differ[-1] - differ[0] + 1 != len(differ):
        return None
    # Rows of a film are a sequence too: what lies in the upper right corner must be told apart from the upper left.
    corner = film.copy()
    height, width = place.grid[0] // grid[0], place.grid[1] // grid[1]
    corner[:height, -width:] = other[:height, -width:]
    moved = set(_that_differ(graph, to, film, corner) - differ[0])
    return replace(place, grid=grid, start=int(differ[0])) if grid[1] - 1 in moved and 0 not in moved else None


def _noise(graph: FlatGraph, films: int) -> np.ndarray:
    return np.random.default_rng(0).random((films, *graph.inputs.shape[1:])).astype(np.float32)


def _that_differ(graph: FlatGraph, to: KerasTensor, film: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Give the numbers of the tokens that are not the same for two films."""
    both = keras.Model(graph.inputs, to)(np.stack([film, other]), training=False)
    one, two = keras.ops.convert_to_numpy(both)
    return np.flatnonzero((one != two).any(axis=-1))


def _grid_of(count: int, shape: tuple[int, int]) -> tuple[int, int] | None:
    """Lay tokens out in rows and columns in the film's own proportions, None where that is impossible."""
    rows = math.isqrt(count * shape[0] // shape[1])
    fits = 1 < rows < shape[0] and count % rows == 0 and rows * shape[1] == count // rows * shape[0]
    return (rows, count // rows) if fits else None


def same_values(operation: Any) -> bool:
    """Whether an operation only gives its input another shape or a border, so that there is nothing new to read."""
    return _kind(operation) in (*SAME_VALUES, "Pad", "ZeroPadding2D")
