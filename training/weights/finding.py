"""Find a known network among the tensors of a checkpoint, whatever stands before their names."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from training.weights.layouts import layouts
from training.weights.slots import Layout
from training.weights.tensors import WeightsError

COUNTER = "num_batches_tracked"
MOST_PREFIXES = 50  # of one layout; a checkpoint holds a few networks
ENOUGH = 0.5  # share of a network's tensors that tells which one was meant
# What people call a running mean of the weights, or the network that teaches another.
AVERAGED = re.compile(r"ema|teacher|target|momentum|shadow|averaged|swa", re.IGNORECASE)
SHOWN = (("DenseNet-121", "torchvision"), ("ResNet-50", "torchvision"), ("EfficientNet-B0", "timm"))


@dataclass(frozen=True, eq=False)
class Found:
    """A network in a checkpoint.

    Attributes
    ----------
    layout : Layout
    prefix : str
        What stands before its names.
    others : tuple of str
        What stands before the names of other networks there, such as a running mean of the weights.
    """

    layout: Layout
    prefix: str
    others: tuple[str, ...] = ()

    def is_elsewhere(self, name: str) -> bool:
        """Whether a tensor belongs to one of the other networks."""
        for other in self.others:
            root, own = _root(other, self.prefix), _root(self.prefix, other)
            if name.startswith(root) and not (own.startswith(root) and name.startswith(own)):
                return True
        return False


def find_network(tensors: Mapping[str, np.ndarray], file: str, prefix: str | None = None) -> Found:
    """Find the network that the most tensors belong to.

    Parameters
    ----------
    tensors : mapping of str to ndarray
        By their names, with dots.
    file : str
        Name of the file; it tells two kinds of timm's EfficientNets apart.
    prefix : str, optional
        What the names of the wanted network begin with, where the file holds several.

    Raises
    ------
    WeightsError
        If there is none that is known, none that is whole, or more than one; the message names what was found, what
        was expected and the network that is nearest.
    """
    best = [_best(tensors, where, file) for where in _prefixes(tensors)]
    known = [one for one in best if _fitting(tensors, one) >= ENOUGH * len(one.layout.slots)]
    wanted = [one for one in known if one.prefix.startswith(prefix or "")]
    if not wanted:
        raise WeightsError(_unknown(tensors, file, prefix))
    chosen = _choose(wanted, prefix)
    missing = [name for name in chosen.layout.slots if chosen.prefix + name not in tensors]
    if missing:
        raise WeightsError(_not_whole(chosen, missing))
    return dataclasses.replace(chosen, others=tuple(one.prefix for one in known if one is not chosen))


def _prefixes(tensors: Mapping[str, np.ndarray]) -> list[str]:
    """Give what stands before the name of a kernel that may be some network's first."""
    found: dict[str, None] = {}
    for stem, slot in {layout.stem: layout.slots[layout.stem] for layout in layouts()}.items():
        kernels = (name for name, values in tensors.items() if values.ndim > 3 and values.shape[2] == slot.shape[2])
        found |= dict.fromkeys(name.removesuffix(stem) for name in kernels if f".{name}".endswith(f".{stem}"))
    return list(found)[:MOST_PREFIXES]


def _best(tensors: Mapping[str, np.ndarray], prefix: str, file: str) -> Found:
    """Give the layout that has a place for the most of the tensors under a prefix, and lacks the fewest."""
    ported = file.lower().startswith("tf_")

    def merit(layout: Layout) -> tuple[int, int, bool]:
        return _fitting(tensors, Found(layout, prefix)), -len(layout.slots), ported == ("TensorFlow" in layout.library)

    return Found(max(layouts(), key=merit), prefix)


def _fitting(tensors: Mapping[str, np.ndarray], found: Found) -> int:
    places = ((tensors.get(found.prefix + name), slot) for name, slot in found.layout.slots.items())
    return sum(values is not None and slot.fits(values.shape) for values, slot in places)


def _choose(known: list[Found], prefix: str | None) -> Found:
    """Take the only network, or the one that is no running mean or teacher of the other."""
    trained = [one for one in known if not AVERAGED.search(one.prefix)] if len(known) > 1 else known
    if len(trained) != 1:
        where = f"whose names begin with {prefix}" if prefix else "in it"
        under = listed([one.prefix or "no prefix" for one in known])
        raise WeightsError(f"there are {len(known)} networks {where}, under {under}: choose one with --prefix")
    return trained[0]


def _root(prefix: str, other: str) -> str:
    """Give as much of a prefix as tells it from another; all of it where the other only goes on."""
    parts, others = prefix.split("."), other.split(".")
    same = next((k for k, (a, b) in enumerate(zip(parts, others, strict=False)) if a != b), 0)
    return prefix if other.startswith(prefix) else ".".join(parts[: same + 1]) + "."


def _unknown(tensors: Mapping[str, np.ndarray], file: str, prefix: str | None) -> str:
    """Say which names came, which were expected, and what comes nearest."""
    names = [name for name in tensors if not name.endswith(COUNTER)]
    known = (one for one in layouts() if (one.title, one.library) in SHOWN)
    expected = "; ".join(f"{listed(one.kernels, 3)} ({one.title})" for one in known)
    return (
        f"it holds no network that is known here{f' behind {prefix}' if prefix else ''}: its {len(names)} tensors are "
        f"called {listed(names)}; expected, behind any prefix: {expected}; {_nearest(tensors, file)}"
    )


def _nearest(tensors: Mapping[str, np.ndarray], file: str) -> str:
    parts = next(iter(tensors), "").split(".")[:-1]
    prefixes = {"", *(f"{'.'.join(parts[:count])}." for count in range(1, len(parts) + 1)), *_prefixes(tensors)}
    nearest = max((_best(tensors, where, file) for where in sorted(prefixes)), key=lambda one: _fitting(tensors, one))
    layout = nearest.layout
    missing = [nearest.prefix + name for name in layout.slots if nearest.prefix + name not in tensors]
    there = len(layout.slots) - len(missing)
    if not there:
        return "none of the names of any known network is there"
    near = f"nearest is {layout.title} as {layout.library} names it: {there} of its {len(layout.slots)} names are there"
    near += f" under {nearest.prefix}" if nearest.prefix else ""
    return f"{near}, but not {listed(missing)}" if missing else near


def _not_whole(found: Found, missing: list[str]) -> str:
    title, count = found.layout.title, len(found.layout.slots)
    more = f" and {len(missing) - 1} others of {count}" if len(missing) > 1 else ""
    return f"it is no whole {title}: no tensor {found.prefix}{missing[0]}{more}"


def listed(names: Sequence[str], most: int = 4) -> str:
    """Give the first of some names, as text."""
    return ", ".join(name[:80] for name in names[:most]) + (", …" if len(names) > most else "")
