"""What a card says of an imported checkpoint: its outputs, where it comes from, and what became of every tensor."""

from __future__ import annotations

import math
import platform
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from training.weights.finding import COUNTER, listed
from training.weights.placing import Placed
from training.weights.published import UNTRAINED, Published
from training.weights.registry import registry
from training.weights.tensors import Checkpoint, WeightsError
from xai.cards.model_card import Threshold
from xai.models.loading import file_sha256

OPERATING_POINT = (
    "Operating point published with the weights: where sensitivity + specificity was highest on its authors' films. "
    "Their software stretches the scores so that this value shows as 0.5; that is no probability, and is left out here."
)
ASSUMED_OUTPUTS = (
    "The outputs are taken to be in {layout}'s usual order, because the file does not say: check it, or name them with "
    "--outputs."
)
NUMBERED_OUTPUTS = "What its outputs mean is not in the file: they are numbered; name them with --outputs."
ASSUMED_SIGMOID = (
    "Whether a film can have several of its outputs is not in the file: each is taken to be a question of its own; "
    "--link softmax is for classes of which a film has one."
)
NO_OPERATING_POINT = (
    "Which of torchxrayvision's models this is cannot be told from the file's name, so it has no thresholds and all "
    "its outputs are kept, trained or not: name it with --source."
)
THRESHOLDS_TENSOR = "op_threshs"
MET_NONE = {"for": ["fit"], "datasets": [], "films": 0, "marks": ""}  # as `training.datasets.marks` records no film


@dataclass(frozen=True)
class Wishes:
    """What a person says of a checkpoint that the file does not, or differently.

    Attributes
    ----------
    layout : str
        One of `training.weights.published.LAYOUTS`.
    outputs : sequence of str or None
        Names of the outputs in the file's order, ``-`` for one to leave out.
    source : str or None
        Which published checkpoint it is.
    size : int or None
        Side of the input in pixels.
    link : {"sigmoid", "softmax"} or None
    prefix : str or None
        What the names of the wanted network begin with, where the file holds several.
    """

    layout: str
    outputs: Sequence[str] | None = None
    source: str | None = None
    size: int | None = None
    link: str | None = None
    prefix: str | None = None

    def command(self, file: Path, out: Path) -> str:
        """Give the command that does the same again."""
        said = {"--source": self.source, "--size": self.size, "--link": self.link, "--prefix": self.prefix}
        words = ["python", "-m", "training", "import-weights", file.name, "--layout", self.layout]
        words += [word for flag, value in said.items() if value for word in (flag, str(value))]
        words += ["--outputs", *self.outputs] if self.outputs else []
        return shlex.join([*words, "--out", out.name])


@dataclass(frozen=True)
class Outputs:
    """What the outputs of a checkpoint mean.

    Attributes
    ----------
    names : tuple of str
        One an output, `UNTRAINED` for those to leave out.
    points : tuple of float or None
        The authors' operating points, NaN where they have none.
    notes : tuple of str
        What was taken for granted; sentences.
    """

    names: tuple[str, ...]
    points: tuple[float, ...] | None
    notes: tuple[str, ...]

    @property
    def kept(self) -> list[int]:
        """Which outputs stay."""
        return [number for number, name in enumerate(self.names) if name != UNTRAINED]

    @property
    def thresholds(self) -> dict[str, Threshold]:
        """The authors' operating points by name."""
        pairs = zip(self.names, self.points or (), strict=bool(self.points))
        return {name: Threshold(point, OPERATING_POINT) for name, point in pairs if name and not math.isnan(point)}


def tell_outputs(checkpoint: Checkpoint, published: Published, wishes: Wishes, count: int) -> Outputs:
    """Tell what the outputs mean: by what a person says, what the file says, or the layout's order.

    Raises
    ------
    WeightsError
        If there are not as many names or operating points as outputs, or none would be left.
    """
    points = _operating_points(checkpoint, published, count)
    said = checkpoint.facts.get("names", ())
    known = tuple(said) if len(said) == count else published.outputs
    notes: tuple[str, ...] = ()
    if wishes.outputs is not None:
        names = tuple(UNTRAINED if name in ("", "-") else name for name in wishes.outputs)
        if len(names) != count:
            raise WeightsError(f"it has {count} outputs, but {len(names)} were named")
    elif len(known) == count:
        trained = [True] * count if points is None else [not math.isnan(point) for point in points]
        names = tuple(name if is_trained else UNTRAINED for name, is_trained in zip(known, trained, strict=True))
        if known is published.outputs and wishes.source is None:
            notes = (ASSUMED_OUTPUTS.format(layout=published.layout),)
    else:
        names = tuple(f"output_{number}" for number in range(1, count + 1))
        notes = (NUMBERED_OUTPUTS,)
    is_known = wishes.link is not None or published.link == "softmax"
    if len(published.outputs) != count and not is_known and count > 1:
        notes += (ASSUMED_SIGMOID,)
    if not any(names):
        raise WeightsError("none of its outputs would be left")
    if wishes.source is None and published.layout == "torchxrayvision" and points is None:
        notes += (NO_OPERATING_POINT,)
    return Outputs(names, points, notes)


def _operating_points(checkpoint: Checkpoint, published: Published, count: int) -> tuple[float, ...] | None:
    """Give the authors' thresholds: those in the file, else those known of the published checkpoint."""
    named = [values for name, values in checkpoint.tensors.items() if name.split(".")[-1] == THRESHOLDS_TENSOR]
    found = named[0].tolist() if named else checkpoint.facts.get(THRESHOLDS_TENSOR)
    points = published.operating_points if found is None else found
    if points is None:
        return None
    if len(points) != count or not all(isinstance(p, float) and (math.isnan(p) or 0 < p < 1) for p in points):
        raise WeightsError(f"its operating points must be {count} numbers between 0 and 1")
    return tuple(points)


def account(
    placed: Placed, checkpoint: Checkpoint, unused: tuple[str, ...], outputs: Outputs, published: Published
) -> tuple[str, ...]:
    """Say what became of every tensor and output, and what was assumed; sentences."""
    counters = sum(name.endswith(COUNTER) for name in unused)
    others = [name for name in unused if not name.endswith(COUNTER)]
    notes = [f"{len(placed.names) - len(unused) + len(placed.unused)} tensors are in the model."]
    if counters:
        notes.append(f"{counters} counters of training batches ({COUNTER}) are left out: nothing here reads them.")
    if THRESHOLDS_TENSOR in {name.split(".")[-1] for name in others}:
        notes.append(f"{THRESHOLDS_TENSOR} became the card's thresholds.")
    others = [name for name in others if name.split(".")[-1] != THRESHOLDS_TENSOR]
    if others:
        notes.append(f"{len(others)} tensors have no place in the network and are left out: {listed(others, 20)}.")
    if checkpoint.aside:
        notes.append(f"Beside the weights the file holds {listed(checkpoint.aside, 20)}; none of it is used.")
    if left_out := _left_out(outputs.names, published):
        notes.append(f"Outputs left out because nothing was trained on them: {listed(left_out, 20)}.")
    return (*notes, *placed.notes, *((published.caution,) if published.caution else ()), *outputs.notes)


def _left_out(names: tuple[str, ...], published: Published) -> list[str]:
    known = published.outputs if len(published.outputs) == len(names) else ("",) * len(names)
    numbered = enumerate(zip(names, known, strict=True), start=1)
    return [usual or str(number) for number, (name, usual) in numbered if name == UNTRAINED]


def summarise(source: str | None, layout: str, title: str, file: Path) -> str:
    """Say in a sentence or two what a model is."""
    if source is None:
        return (
            f"A {title} from {file.name} ({layout}), as its authors trained it. Nothing about it was measured here. "
            "Not for diagnosis."
        )
    entry = registry()[source]
    return f"{entry.title}. Brought in from its authors' checkpoint; nothing measured here. Not for diagnosis."


def provenance(
    file: Path, out: Path, wishes: Wishes, published: Published, placed: Placed, notes: tuple[str, ...], parameters: int
) -> dict[str, Any]:
    """Say where a model comes from, on whose terms, and how it was made."""
    from xai.backend import keras, tf

    entry = registry().get(wishes.source or "")
    not_told = "Not known: the file does not say whose it is; --source names it."
    return {
        "source": entry.title if entry else not_told,
        "address": entry.page if entry else not_told,
        "licence": entry.licence if entry else not_told,
        "citation": entry.citation if entry else not_told,
        "caution": entry.note if entry else "",
        "preprocessing": published.preprocessing,
        "checkpoint": {"file": file.name, "sha256": file_sha256(file), "layout": wishes.layout},
        "notes": list(notes),
        **({} if published.met_films else {"used": [MET_NONE]}),
        "architecture": placed.name,
        "parameters": parameters,
        "command": wishes.command(file, out),
        "versions": {
            "python": platform.python_version(),
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
            "numpy": np.__version__,
        },
    }
