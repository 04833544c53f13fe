"""How fast a network learns at which step, and when it stops."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

SCHEDULES: Mapping[str, str] = {
    "cosine": "rises, then falls to 0 as half a cosine (Loshchilov and Hutter, SGDR, ICLR 2017)",
    "constant": "rises, then stays",
    "plateau": "rises, then a tenth whenever the validation loss has not fallen for two epochs, as CheXNet's did",
}
RISING_EPOCHS = 3
PLATEAU_EPOCHS, PLATEAU_FACTOR = 2, 0.1


def learning_rate(schedule: str, highest: float, step: int, steps: int, epochs: int, lowered: int = 0) -> float:
    """Give the learning rate of a step.

    Parameters
    ----------
    schedule : str
        One of `SCHEDULES`.
    highest : float
        The rate once it has risen, over the first three epochs.
    step : int
        Steps taken before.
    steps, epochs : int
        Steps an epoch, and epochs at most.
    lowered : int
        How many times a plateau was reached.
    """
    rising = min(RISING_EPOCHS, epochs) * steps
    if step < rising:
        return highest * step / rising * PLATEAU_FACTOR**lowered
    if schedule == "plateau":
        return highest * PLATEAU_FACTOR**lowered
    if schedule == "constant":
        return highest
    return highest * 0.5 * (1 + math.cos(math.pi * (step - rising) / max(1, epochs * steps - rising)))


def best_epoch(losses: Sequence[float]) -> int:
    """Give the place of the lowest validation loss, the first of equals."""
    return min(range(len(losses)), key=losses.__getitem__)


def is_over(losses: Sequence[float], patience: int) -> bool:
    """Whether the validation loss has not fallen for so many epochs; never with a patience of 0."""
    return bool(patience and losses) and len(losses) - 1 - best_epoch(losses) >= patience


def plateaus(losses: Sequence[float]) -> int:
    """Count how often the validation loss has not fallen for `PLATEAU_EPOCHS` epochs."""
    count, lowest, since = 0, math.inf, 0
    for loss in losses:
        lowest, since = (loss, 0) if loss < lowest else (lowest, since + 1)
        if since == PLATEAU_EPOCHS:
            count, since = count + 1, 0
    return count
