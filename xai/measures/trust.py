"""What is measured of one map to say how far to trust it: against the truth of its film, and the model's answers.

Each number stands beside what a map reaches that knows nothing: controls on the same truth, the same map moved about
the film, maps drawn at random.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from xai.measures.chance import by_shifts
from xai.measures.faithfulness import deletion, insertion
from xai.measures.truth import energy, iou, pointing

Made = tuple[np.ndarray, np.ndarray | None]  # a map, and the cells that it was scaled up from
STEPS = 5  # in which a film is hidden: few, as a visitor waits
DRAWS = 10  # random maps, each with its opposite: a map ahead of all of them has p = 1 / 22


@dataclass(frozen=True)
class Scores:
    """How well a map lies on the truth of its film; `xai.measures.FACTS` says what each number is.

    Attributes
    ----------
    pointing, energy, iou : float
    """

    pointing: float
    energy: float
    iou: float


@dataclass(frozen=True)
class Placed:
    """How a map lies on the truth of its film, beside controls that know nothing of the film.

    Attributes
    ----------
    own : Scores
    controls : mapping of str to Scores
        By name; of a control that is drawn, the mean over its draws.
    by_chance : Scores
        Of each score, the share of all ways to move the map over the film that are at least as good.
    area : float
        Share of the map that is truth.
    """

    own: Scores
    controls: Mapping[str, Scores]
    by_chance: Scores
    area: float


@dataclass(frozen=True)
class Gain:
    """How much the model's answer hangs on what a map marks, beside random maps.

    Attributes
    ----------
    baseline : str
        What stood where the film was hidden.
    value : float
        In logits, see `gains`.
    drawn : tuple of float
        The same of maps drawn at random; each has an opposite, which has the negative of its gain.
    """

    baseline: str
    value: float
    drawn: tuple[float, ...]

    @property
    def by_chance(self) -> float:
        """How often a map drawn at random does as well.

        Of this map, its opposite, those that were drawn and theirs, the share that is at least as good.
        """
        size = np.abs(self.drawn)
        at_least = np.count_nonzero(size >= self.value) + np.count_nonzero(-size >= self.value)
        return float((1 + at_least + (self.value <= 0)) / (2 + 2 * len(self.drawn)))

    @property
    def most_drawn(self) -> float:
        """The largest gain of the maps drawn at random and their opposites."""
        return float(np.abs(self.drawn).max(initial=0.0))


def placed(made: Made, truth: ArrayLike, controls: Mapping[str, Sequence[Made]]) -> Placed | None:
    """Hold a map, and controls, against the truth of its film.

    Parameters
    ----------
    made : (array (H, W), array (h, w) or None)
        A raw map, and the cells that it was scaled up from, if it was.
    truth : array of bool, shape (H, W)
        In the map's geometry: see `xai.measures.on_map`.
    controls : mapping of str to sequence of such maps
        One map each, or several draws, of which the mean is taken.

    Returns
    -------
    Placed or None
        None where the truth is empty, or all of the map: then no map can lie on it or beside it.

    Raises
    ------
    ValueError
        If maps and truth differ in shape, or a map is not finite.

    Examples
    --------
    >>> found = placed((np.array([[0, 9, 0, 0]]), None), [[False, True, False, False]], {})
    >>> found.own, found.by_chance.pointing
    (Scores(pointing=1.0, energy=1.0, iou=1.0), 0.25)
    """
    inside = np.asarray(truth).astype(bool)
    own = _scores(made, inside)
    if inside.all() or not inside.any():
        return None
    values, cells = made
    chance = Scores(*(by_shifts(name, values, inside, cells) for name in ("pointing", "energy", "iou")))
    beside = {name: _mean([_scores(one, inside) for one in maps]) for name, maps in controls.items()}
    return Placed(own, beside, chance, float(inside.mean()))


def gains(
    values: ArrayLike,
    canvas: ArrayLike,
    answer: Callable[[np.ndarray], np.ndarray],
    baseline: ArrayLike,
    steps: int = STEPS,
) -> np.ndarray:
    """Give how much higher the answers stay when a map's strongest parts are shown first, not hidden first.

    The area under the curve of insertion less that of deletion (Petsiuk et al., RISE, BMVC 2018): the symmetric gain of
    Blücher et al., Transactions on Machine Learning Research 2024. A map drawn at random has 0 in the mean, and one and
    its opposite add up to 0, whatever the model and the baseline.

    Parameters
    ----------
    values, canvas, baseline, steps
        As `xai.measures.deletion` takes them.
    answer : callable
        Canvases, float32 (N, H, W), to logits of all outputs, (N, outputs).

    Returns
    -------
    ndarray, shape (outputs,)
        In logits.

    Examples
    --------
    >>> answers = lambda films: films.sum(axis=(1, 2))[:, None]
    >>> gains([[2, 1]], [[1.0, 3.0]], answers, [[0, 0]], steps=2)
    array([-1.])
    >>> gains([[1, 2]], [[1.0, 3.0]], answers, [[0, 0]], steps=2)
    array([1.])
    """
    shown, hidden = (way(values, canvas, answer, baseline, steps) for way in (insertion, deletion))
    areas = [np.trapezoid(curve.logits, curve.shares, axis=0) for curve in (shown, hidden)]
    return np.asarray(areas[0] - areas[1])


def films_asked(maps: int, baselines: int, steps: int = STEPS) -> int:
    """Count the films that the gains of some maps under some baselines ask about, at most."""
    return maps * baselines * 2 * (steps + 1)


def draws(shape: tuple[int, int], count: int = DRAWS, cells: int = 8, seed: int = 0) -> Iterator[np.ndarray]:
    """Draw maps of squares in a random order, (H, W) each: no two squares are equal."""
    rng = np.random.default_rng(seed)
    down, across = (np.arange(side) * cells // side for side in shape)
    for _ in range(count):
        yield rng.permutation(cells * cells).reshape(cells, cells)[np.ix_(down, across)].astype(np.float64)


def _scores(made: Made, truth: np.ndarray) -> Scores:
    values, cells = made
    return Scores(pointing(values, truth, cells), energy(values, truth), iou(values, truth))


def _mean(several: Sequence[Scores]) -> Scores:
    return Scores(*(float(np.mean(one)) for one in zip(*((s.pointing, s.energy, s.iou) for s in several), strict=True)))
