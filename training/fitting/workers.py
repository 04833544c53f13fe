"""Several programs that train one network together, as TensorFlow's ``TF_CONFIG`` tells them."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from training.fitting.journal import FitError

if TYPE_CHECKING:
    from tensorflow.distribute import Strategy


@dataclass(frozen=True, eq=False)
class Team:
    """Who trains.

    Attributes
    ----------
    worker, workers : int
        This one, from 0, and how many there are.
    strategy : tf.distribute.Strategy or None
        None where this one is alone.
    """

    worker: int = 0
    workers: int = 1
    strategy: Strategy | None = None

    @property
    def is_first(self) -> bool:
        """Whether this one writes the model, the card and the journal."""
        return self.worker == 0


def join_team() -> Team:
    """Join the others that the environment variable ``TF_CONFIG`` names; alone without it.

    Must be called before TensorFlow has done anything. Every worker is given the same command; batch and batch
    statistics are those of all of them, so that the network is the one that a single worker would have trained.

    Raises
    ------
    FitError
        If ``TF_CONFIG`` is not what TensorFlow expects.
    """
    text = os.environ.get("TF_CONFIG")
    if not text:
        return Team()
    try:
        content = json.loads(text)
        workers, task = content["cluster"]["worker"], content["task"]
        worker, kind = int(task["index"]), task["type"]
    except (ValueError, KeyError, TypeError) as error:
        raise FitError(
            'TF_CONFIG must read {"cluster": {"worker": ["HOST:PORT", ...]}, "task": {"type": "worker", "index": N}}; '
            f"it is {text[:80]}."
        ) from error
    if kind != "worker" or not 0 <= worker < len(workers) or set(content["cluster"]) != {"worker"}:
        raise FitError(f"TF_CONFIG must name workers only, and this one among them; it is {text[:80]}.")
    if len(workers) == 1:
        return Team()
    from xai.backend import tf

    return Team(worker, len(workers), tf.distribute.MultiWorkerMirroredStrategy())
