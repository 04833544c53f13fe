"""Whether the model relies on what a map shows: the film with parts hidden, answered again.

Whatever hides a part is itself a sight that the model may react to, and a map made with one baseline is favoured by a
test with the same. So each measure takes the baseline as a picture; ask with more than one (`by_baseline`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from xai.measures.declared import Facts
from xai.measures.ranks import checked, falling, size

Answer = Callable[[np.ndarray], np.ndarray]
T = TypeVar("T")
BATCH = 32  # films that are asked about at a time
BASELINE = "The baseline decides: what is hidden is replaced by something, to which the model reacts too."

FACTS = {
    "deletion": Facts(
        asks="How fast does the answer fall when the strongest evidence is hidden first?",
        unit="mean logit (and mean probability) while the film is hidden, from none of it to all",
        span="any logit, or 0 to 1; low is good, and only differences between maps of one film mean something",
        ties="Equal pixels are hidden together; the curve is straight between.",
        empty="A map that is the same everywhere hides all at once: the mean of both ends.",
        misses=f"{BASELINE} Half-hidden films look like nothing that the model has learned from.",
        source="Petsiuk et al., RISE, BMVC 2018; the area by the trapezoid rule over the share that is hidden.",
    ),
    "insertion": Facts(
        asks="How fast does the answer rise when the strongest evidence is shown first?",
        unit="mean logit (and mean probability) while the film is shown, from none of it to all",
        span="any logit, or 0 to 1; high is good, and only differences between maps of one film mean something",
        ties="Equal pixels are shown together; the curve is straight between.",
        empty="A map that is the same everywhere shows all at once: the mean of both ends.",
        misses=f"{BASELINE} Shown on a blurred film, sharp parts of any kind may count as evidence.",
        source="Petsiuk et al., RISE, BMVC 2018; the area by the trapezoid rule over the share that is shown.",
    ),
    "mu_fidelity": Facts(
        asks="Where a map says that more evidence lies, does hiding take off more?",
        unit="Pearson correlation of the map's sum over hidden squares and what hiding them takes off the answer",
        span="-1 to 1, high is good; 0 is chance",
        ties="None: it adds up, it does not rank.",
        empty="NaN for a map, or an answer, that is the same whatever is hidden.",
        misses=f"{BASELINE} Squares drawn at random rarely hide all of a finding that lies in several places.",
        source="Bhatt, Weller and Moura, IJCAI 2020, with squares in place of single pixels as in xplique's "
        "MuFidelity.",
    ),
    "sufficiency": Facts(
        asks="How much of the answer is lost when only the strongest evidence is shown?",
        unit="logit (and probability) of the film less that of its strongest part alone",
        span="any logit, or -1 to 1; low is good, below 0 the part alone answers higher than the film",
        ties="Equal pixels are shown together, and only as long as no more than the share is shown.",
        empty="Of a map that is the same everywhere nothing is shown.",
        misses=f"{BASELINE} A part that is itself an alarming sight is sufficient, whatever the film shows.",
        source="DeYoung et al., ERASER, ACL 2020, at one share of the film.",
    ),
}


@dataclass(frozen=True, eq=False)
class OnBothScales:
    """A measure of the model's answers, in both units.

    Attributes
    ----------
    logit, probability : float
    """

    logit: float
    probability: float


@dataclass(frozen=True, eq=False)
class Curve:
    """The model's answers while a film is hidden or shown, the strongest evidence first.

    Attributes
    ----------
    shares : ndarray, shape (n,)
        Share of the film that is hidden, or shown, from 0 to 1.
    logits : ndarray, shape (n,)
    """

    shares: np.ndarray
    logits: np.ndarray

    @property
    def probabilities(self) -> np.ndarray:
        """The same answers as probabilities, before any calibration of the card."""
        return _probability(self.logits)

    @property
    def logit(self) -> float:
        """The area under the curve: the mean logit."""
        return float(np.trapezoid(self.logits, self.shares))

    @property
    def probability(self) -> float:
        """The area under the curve of probabilities."""
        return float(np.trapezoid(self.probabilities, self.shares))


def deletion(values: ArrayLike, canvas: ArrayLike, answer: Answer, baseline: ArrayLike, steps: int = 20) -> Curve:
    """Hide a film, the strongest evidence first, and ask for the answer at each step.

    Parameters
    ----------
    values : Explanation or array, shape (H, W)
        A raw map; evidence against the finding is hidden last.
    canvas : array, shape (H, W)
        The film in the model's geometry, as ``model.prepare(film)``.
    answer : callable
        Canvases, float32 (N, H, W), to logits (N,) of the finding:
        ``lambda canvases: model.logits(canvases)[:, model.card.index(finding)]``.
    baseline : array, shape (H, W)
        What stands where the film is hidden.
    steps : int, default 20

    Returns
    -------
    Curve
        Its ``logit`` and ``probability`` are the areas under it.

    Examples
    --------
    >>> curve = xai.measures.deletion([[2, 1]], [[1.0, 3.0]], lambda films: films.sum(axis=(1, 2)), [[0, 0]], steps=2)
    >>> curve.logits.tolist(), curve.logit
    ([4.0, 3.0, 0.0], 2.5)
    """
    film, hidden, given = _of_one_shape(canvas, baseline, values)
    return _curve(given, film, hidden, answer, steps)


def insertion(values: ArrayLike, canvas: ArrayLike, answer: Answer, baseline: ArrayLike, steps: int = 20) -> Curve:
    """Show a film, the strongest evidence first, and ask for the answer at each step; see `deletion`.

    Examples
    --------
    >>> curve = xai.measures.insertion([[2, 1]], [[1.0, 3.0]], lambda films: films.sum(axis=(1, 2)), [[0, 0]], steps=2)
    >>> curve.logits.tolist(), curve.logit
    ([0.0, 1.0, 4.0], 1.5)
    """
    film, hidden, given = _of_one_shape(canvas, baseline, values)
    return _curve(given, hidden, film, answer, steps)


def mu_fidelity(
    values: ArrayLike,
    canvas: ArrayLike,
    answer: Answer,
    baseline: ArrayLike,
    rng: np.random.Generator,
    subsets: int = 100,
    squares: int = 9,
    share: float = 0.2,
) -> OnBothScales:
    """Correlate a map's sum over hidden squares with what hiding them takes off the answer; see `deletion`.

    Parameters
    ----------
    values, canvas, answer, baseline
        As in `deletion`.
    rng : numpy.random.Generator
    subsets : int, default 100
        Sets of squares, each hidden at once.
    squares : int, default 9
        A side.
    share : float, default 0.2
        Of all squares, in a set.

    Examples
    --------
    >>> film = np.arange(4.0).reshape(2, 2)
    >>> added = lambda films: films.sum(axis=(1, 2))
    >>> round(xai.measures.mu_fidelity(film, film, added, 0 * film, np.random.default_rng(0), squares=2).logit, 6)
    1.0
    """
    film, hidden, given = _of_one_shape(canvas, baseline, values)
    down, across = (np.arange(side) * squares // side for side in film.shape)
    square = down[:, None] * squares + across
    drawn = np.argsort(rng.random((subsets, squares**2)), axis=1) < max(1, round(share * squares**2))
    sums = drawn @ np.bincount(square.ravel(), given.ravel(), squares**2)
    logits = _answers(answer, drawn[:, square], film, hidden)
    return OnBothScales(_correlation(sums, -logits), _correlation(sums, -_probability(logits)))


def sufficiency(
    values: ArrayLike, canvas: ArrayLike, answer: Answer, baseline: ArrayLike, share: float = 0.2
) -> OnBothScales:
    """Give what the answer loses when only the strongest ``share`` of the film is shown; see `deletion`.

    Examples
    --------
    >>> added = lambda films: films.sum(axis=(1, 2))
    >>> xai.measures.sufficiency([[2, 1]], [[1.0, 3.0]], added, [[0, 0]], share=0.5).logit
    3.0
    """
    film, hidden, given = _of_one_shape(canvas, baseline, values)
    _, level, counts = np.unique(-given, return_inverse=True, return_counts=True)
    shown = (np.cumsum(counts) <= share * given.size)[level].reshape(given.shape)
    logits = _answers(answer, np.stack([np.zeros_like(shown), ~shown]), film, hidden)
    return OnBothScales(*(float(scale[0] - scale[1]) for scale in (logits, _probability(logits))))


def by_baseline(
    measure: Callable[..., T],
    values: ArrayLike,
    canvas: ArrayLike,
    answer: Answer,
    baselines: Mapping[str, ArrayLike],
    **settings: Any,
) -> dict[str, T]:
    """Take a measure of this module with several baselines: a dict by their names; see `deletion`.

    Examples
    --------
    >>> film, added = [[1.0, 3.0]], lambda films: films.sum(axis=(1, 2))
    >>> both = {"black": [[0, 0]], "white": [[1, 1]]}
    >>> found = xai.measures.by_baseline(xai.measures.deletion, [[2, 1]], film, added, both)
    >>> {name: curve.logit for name, curve in found.items()}
    {'black': 2.5, 'white': 3.5}
    """
    return {name: measure(values, canvas, answer, baseline, **settings) for name, baseline in baselines.items()}


def _curve(values: np.ndarray, before: np.ndarray, after: np.ndarray, answer: Answer, steps: int) -> Curve:
    stage, shares = falling(values, steps)
    return Curve(shares, _answers(answer, stage <= np.arange(len(shares))[:, None, None], before, after))


def _answers(answer: Answer, changed: np.ndarray, before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Ask for the logits (N,) of films that are changed, bool (N, H, W), from one picture to another."""
    one, other = before.astype(np.float32), after.astype(np.float32)
    batches = (np.where(changed[start : start + BATCH], other, one) for start in range(0, len(changed), BATCH))
    return np.concatenate([np.asarray(answer(batch), np.float64) for batch in batches])


def _of_one_shape(canvas: ArrayLike, baseline: ArrayLike, values: ArrayLike) -> tuple[np.ndarray, ...]:
    arrays = checked(canvas), checked(baseline), checked(values)
    if len({array.shape for array in arrays}) > 1:
        shapes = ", ".join(size(array.shape) for array in arrays)
        raise ValueError(f"expected a film, a baseline and a map of one shape, got {shapes} pixels")
    return arrays


def _correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Give Pearson's correlation; NaN where one of them is the same throughout, but for rounding."""
    off, off_there = first - first.mean(), second - second.mean()
    if any(np.abs(part).max() <= 1e-9 * np.abs(all_).max() for part, all_ in ((off, first), (off_there, second))):
        return np.nan
    return float(off @ off_there / np.sqrt((off @ off) * (off_there @ off_there)))


def _probability(logits: np.ndarray) -> np.ndarray:
    return 0.5 + 0.5 * np.tanh(np.asarray(logits) / 2)
