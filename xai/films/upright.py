"""Whether a picture looks like an upright frontal chest film, and which way it stands where it does not.

Two small networks of one hidden layer look at the order of light and dark on a coarse grid. `python -m training
learn-looks` makes their numbers, which lie beside this file together with what they were made of.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from scipy.stats import rankdata

from xai.films.mend import WAYS, Mend

CELLS = 32  # a side, of the coarse picture
NETWORKS = ("upright", "mirrored")
FILE = Path(__file__).with_suffix(".npz")
STANDING = tuple(way for way in WAYS if not way.mirrored)  # told apart by one network; the other tells mirrored films


@dataclass(frozen=True)
class Standing:
    """How a picture stands, in log-odds.

    Attributes
    ----------
    upright : float
        For an upright frontal chest film, mirrored or not, against any other picture.
    better : float
        The same, turned or inverted in the best other way.
    mend : Mend
        That way.
    mirrored : float
        For a mirrored film against one that is not; means something for an upright film only.
    limits : mapping of str to float
        How far ``turned`` (`better` above `upright`), ``other`` (`upright`, from below) and ``mirrored`` may go; and
        ``sure``, which `better` must reach, or it is no turned film but another picture.
    """

    upright: float
    better: float
    mend: Mend
    mirrored: float
    limits: Mapping[str, float]

    @property
    def is_turned(self) -> bool:
        """Whether it looks like a chest film once it is turned or inverted, and less so as it is."""
        return self.better - self.upright > self.limits["turned"] and self.better > self.limits["sure"]

    @property
    def is_other(self) -> bool:
        """Whether it looks like no frontal chest film whichever way it is turned."""
        unlike = self.upright < self.limits["other"] or self.better - self.upright > self.limits["turned"]
        return not self.is_turned and unlike

    @property
    def is_mirrored(self) -> bool:
        """Whether it looks like a chest film with left and right exchanged."""
        return not self.is_turned and not self.is_other and self.mirrored > self.limits["mirrored"]


@dataclass(frozen=True, eq=False)
class Networks:
    """Both networks.

    Attributes
    ----------
    numbers : mapping of str to ndarray
        Weights and biases: ``in`` (CELLS * CELLS, hidden), ``in_bias``, ``out`` (hidden,) and ``out_bias`` of each.
    made : mapping
        Of which films, the share of films that lie beyond each limit, and ``limits``.
    """

    numbers: Mapping[str, np.ndarray]
    made: Mapping[str, Any]

    def standing(self, pixels: np.ndarray) -> Standing:
        """Look which way a picture stands: (H, W) floats, 1 = white."""
        order = coarse_order(pixels)
        ways = np.stack([-way.moved(order) if way.inverted else way.moved(order) for way in STANDING])
        # Left and right are the other network's matter: here a way and its mirror image count alike.
        upright = (self.log_odds("upright", ways) + self.log_odds("upright", ways[:, :, ::-1])) / 2
        best = 1 + int(np.argmax(upright[1:]))
        here, there = self.log_odds("mirrored", np.stack([order, order[:, ::-1]]))
        found = float(upright[0]), float(upright[best]), STANDING[best], float(here - there) / 2
        return Standing(*found, self.made["limits"])

    def log_odds(self, network: str, orders: np.ndarray) -> np.ndarray:
        """Ask one of `NETWORKS` about coarse pictures, (N, CELLS, CELLS); gives (N,) log-odds."""
        weights, bias, out, out_bias = (
            self.numbers[f"{network}_{name}"] for name in ("in", "in_bias", "out", "out_bias")
        )
        hidden = np.maximum(orders.reshape(len(orders), -1) @ weights + bias, 0)
        odds: np.ndarray = hidden @ out + out_bias
        return odds


def standing(pixels: np.ndarray) -> Standing:
    """Look which way a picture stands, with the networks that come with the app."""
    return networks().standing(pixels)


@cache
def networks() -> Networks:
    """Read the networks that come with the app."""
    with np.load(FILE, allow_pickle=False) as file:
        numbers = {name: file[name].astype(np.float32) for name in file.files if name != "made"}
        return Networks(numbers, json.loads(str(file["made"])))


def coarse_order(pixels: np.ndarray) -> np.ndarray:
    """Give the order of light and dark: ranks on a coarse grid, from -1 to 1, so that no window matters.

    Returns
    -------
    ndarray of float32, shape (CELLS, CELLS)
        Cells of one shade share their rank.
    """
    coarse = cv2.resize(np.asarray(pixels, np.float32), (CELLS, CELLS), interpolation=cv2.INTER_AREA)
    ranks = rankdata(coarse.round(4))
    order: np.ndarray = (2 * (ranks - 1) / (ranks.size - 1) - 1).astype(np.float32)
    return order.reshape(CELLS, CELLS)
