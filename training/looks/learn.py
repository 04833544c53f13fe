"""Learn which way a chest film stands, and what is none, for `xai.films.upright`.

Every film is also the example of what it is not: turned, inverted, mirrored, and taken for pages, textures and
photographs of screens (`training.looks.made`).
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence

import cv2
import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from training.looks.made import MAKERS
from xai.films.mend import WAYS, Mend
from xai.films.upright import Standing, coarse_order

HIDDEN = {"upright": 48, "mirrored": 32}  # units
EPOCHS = 14
ALLOWED = 0.005  # share of the validation films that may lie beyond a limit; some of them are turned indeed
ALLOWED_MIRRORED = 0.002  # fewer, because a film in bed shows the heart's side less well than those that it is told by
UNSURE = 0.02  # share of the validation films that look less like a film than what is called a turned one
TURNED, OTHERS = 3, 2  # examples of each that a film gives
_TURNED_WAYS = tuple(way for way in WAYS if way.turns or way.inverted)

Example = tuple[np.ndarray, bool]


def learn(films: Sequence[np.ndarray], seed: int = 0) -> dict[str, np.ndarray]:
    """Train both networks.

    Parameters
    ----------
    films : sequence of ndarray of float32, shape (H, W)
        Upright frontal chest films; none that a figure will be stated of.
    seed : int

    Returns
    -------
    dict of str to ndarray
        Weights and biases by their name in `xai.films.upright.Networks`, in half precision.
    """
    rng = np.random.default_rng(seed)
    numbers: dict[str, np.ndarray] = {}
    for name, examples in (("upright", _upright_examples(films, rng)), ("mirrored", _mirrored_examples(films, rng))):
        network = _fitted(examples, HIDDEN[name], seed)
        (numbers[f"{name}_in"], numbers[f"{name}_out"]) = network.coefs_[0], network.coefs_[1][:, 0]
        (numbers[f"{name}_in_bias"], numbers[f"{name}_out_bias"]) = network.intercepts_[0], network.intercepts_[1][0]
    return {name: np.asarray(values, np.float16) for name, values in numbers.items()}


def limits(
    standings: Sequence[Standing], allowed: float = ALLOWED, mirrored: float = ALLOWED_MIRRORED
) -> dict[str, float]:
    """Give the limits beyond which at most a share of ordinary films lie, and one that most of them reach.

    Parameters
    ----------
    standings : sequence of Standing
        Of validation films, as they are.
    allowed, mirrored : float
        The share, and that of the limit for mirrored films.

    Returns
    -------
    dict of str to float
        See `Standing`.
    """
    turned = [one.better - one.upright for one in standings]
    upright = [one.upright for one in standings]
    return {
        "turned": max(0.0, float(np.quantile(turned, 1 - allowed))),
        "other": float(np.quantile(upright, allowed)),
        "sure": float(np.quantile(upright, UNSURE)),
        "mirrored": float(np.quantile([one.mirrored for one in standings], 1 - mirrored)),
    }


def _upright_examples(films: Sequence[np.ndarray], rng: np.random.Generator) -> Iterable[Example]:
    makers = list(MAKERS.values())
    for number, film in enumerate(films):
        for mirrored in (False, True):
            yield Mend(0, mirrored).pixels(_varied(film, rng)), True
        for way in rng.choice(len(_TURNED_WAYS), TURNED, replace=False):
            yield _TURNED_WAYS[way].pixels(_varied(film, rng)), False
        for other in range(OTHERS):
            made = makers[(OTHERS * number + other) % len(makers)](film, rng)
            yield WAYS[rng.integers(len(WAYS))].pixels(made), False


def _mirrored_examples(films: Sequence[np.ndarray], rng: np.random.Generator) -> Iterable[Example]:
    for film in films:
        varied = _varied(film, rng)
        yield varied, False
        yield Mend(mirrored=True).pixels(varied), True


def _varied(film: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Show a film as others might: nearer or farther, a little turned, with a margin, noisy, or with more contrast."""
    picture = film
    if rng.random() < 0.3:
        return picture
    side = len(picture)
    warp = np.asarray(cv2.getRotationMatrix2D((side / 2, side / 2), rng.normal(0, 4), rng.uniform(0.85, 1.25)), float)
    warp[:, 2] += rng.normal(0, 0.03 * side, 2)
    border = cv2.BORDER_CONSTANT if rng.random() < 0.5 else cv2.BORDER_REPLICATE
    picture = cv2.warpAffine(picture, warp, (side, side), flags=cv2.INTER_LINEAR, borderMode=border, borderValue=0)
    if rng.random() < 0.3:
        picture = np.clip(picture + rng.normal(0, 0.05, picture.shape), 0, 1).astype(np.float32)
    if rng.random() < 0.2:
        picture = cv2.equalizeHist(np.rint(255 * picture.clip(0, 1)).astype(np.uint8)) / np.float32(255)
    return picture


def _fitted(examples: Iterable[Example], hidden: int, seed: int) -> MLPClassifier:
    orders, answers = [], []
    for picture, answer in examples:
        orders.append(coarse_order(picture).ravel())
        answers.append(answer)
    told = np.array(answers)
    weights = np.where(told, 0.5 / told.mean(), 0.5 / (1 - told.mean()))
    network = MLPClassifier(
        (hidden,),
        alpha=1e-3,
        batch_size=min(256, len(told)),
        learning_rate_init=2e-3,
        max_iter=EPOCHS,
        n_iter_no_change=EPOCHS,
        random_state=seed,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # it is meant to stop after so many epochs
        return network.fit(np.array(orders), told, sample_weight=weights)
