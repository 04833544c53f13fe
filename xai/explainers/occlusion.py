"""Occlusion: how far a finding's logit falls when a window that slides over the film hides it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from xai.budget import Budget
from xai.explainers.baselines import ABOUT_AUTOMATIC, BASELINE_CHOICES, BLURRED, baseline_canvas
from xai.explainers.checks import check_choice, check_whole
from xai.explainers.declared import BLACK_BOX, Box, Setting
from xai.explainers.explanation import Evidence, Explainer, Task
from xai.explainers.hiding import MOSAIC_REGIONS
from xai.explainers.regions import superpixels
from xai.models.engine import BATCH_SIZE


@dataclass(frozen=True)
class Occlusion(Explainer):
    """A window slides over the film; each pixel gets the mean fall of the logit over the windows that hide it.

    Zeiler, Fergus, Visualizing and Understanding Convolutional Networks, ECCV 2014, with a baseline in place of grey.

    Parameters
    ----------
    window : int
        Width and height of the window, in hundredths of the film's.
    places : int
        Places of the window a side; from one border to the other.
    baseline : str
        What the window shows; see `xai.explainers.baselines.BASELINE_CHOICES`.

    Examples
    --------
    >>> (found,) = xai.Occlusion(places=5).explain(model, film, ["Effusion"])
    >>> found.evaluations
    26
    """

    window: int = 25
    places: int = 13
    baseline: str = BLURRED

    name: ClassVar[str] = "occlusion"
    title: ClassVar[str] = "Occlusion"
    signed: ClassVar[bool] = True
    box: ClassVar[Box] = BLACK_BOX
    unit: ClassVar[str] = "logit per window"
    reading: ClassVar[str] = (
        "A window is slid over the film and hides what lies there. Orange is where the score of this finding falls "
        "when the window hides it, blue where it rises. Nothing is asked of the network's inside."
    )
    pitfalls: ClassVar[str] = (
        "Nothing smaller than the window can be seen, and what lies on both sides of the chest may be missed, since "
        "the other side still shows it. What the window shows in place of the film matters."
    )
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting(
            "window",
            "% of a side hidden",
            (10, 15, 25, 40),
            "A small window shows small things, and misses wide ones.",
        ),
        Setting("places", "places a side", (7, 9, 13, 17, 25), "More make the map smoother; films are their square."),
        Setting(
            "baseline", "the window shows", BASELINE_CHOICES, f"What a hidden place is replaced by. {ABOUT_AUTOMATIC}"
        ),
    )

    def __post_init__(self) -> None:
        check_whole("window", self.window, 1, 99)
        check_whole("places", self.places, 1, 1000)
        check_choice("baseline", self.baseline, BASELINE_CHOICES)

    def within(self, budget: Budget) -> Occlusion:
        """Take as many places as the budget has films for."""
        if budget.evaluations is None:
            return self
        return dataclasses.replace(self, places=max(1, int((budget.evaluations - 1) ** 0.5)))

    @property
    def cost(self) -> int:
        """Films that one explanation sends through the model: one a place, and the untouched one."""
        return self.places**2 + 1

    def _explain(self, task: Task) -> list[Evidence]:
        baseline = baseline_canvas(
            self.baseline, task.classifier, task.canvas, superpixels(task.canvas, MOSAIC_REGIONS)
        )
        whole = task.logits[task.outputs].astype(np.float64)
        down, across = (spans(side, self.window, self.places) for side in task.canvas.shape)
        windows = [(top, bottom, left, right) for top, bottom in down for left, right in across]
        fallen = np.zeros((len(task.outputs), *task.canvas.shape))
        times = np.zeros(task.canvas.shape)
        for start in range(0, len(windows), BATCH_SIZE):
            batch = windows[start : start + BATCH_SIZE]
            films = np.repeat(task.canvas[None], len(batch), axis=0)
            for film, (top, bottom, left, right) in zip(films, batch, strict=True):
                film[top:bottom, left:right] = baseline[top:bottom, left:right]
            falls = whole - task.evaluate(films)[:, task.outputs]
            for fall, (top, bottom, left, right) in zip(falls, batch, strict=True):
                fallen[:, top:bottom, left:right] += fall[:, None, None]
                times[top:bottom, left:right] += 1
        return [Evidence(values) for values in fallen / np.maximum(times, 1)]


def spans(side: int, window: int, places: int) -> list[tuple[int, int]]:
    """Give the first pixel of each place of a window along a side, and the one behind its last.

    Parameters
    ----------
    side : int
        Pixels.
    window : int
        Hundredths of the side.
    places : int
        From one border to the other; a single one lies in the middle.
    """
    long = max(1, round(side * window / 100))
    starts = np.linspace(0, side - long, places) if places > 1 else np.array([(side - long) / 2])
    return [(start, start + long) for start in starts.round().astype(int).tolist()]
