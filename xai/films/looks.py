"""What makes one doubt that a picture is an upright frontal chest film: a model answers whatever it is shown.

Two checks that need no model: hard edges, as of writing, and which way the picture stands (`xai.films.upright`). How
often each kind of odd picture is noticed, and real films are taken for odd, was measured; see `measured`.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from xai.films.film import Film
from xai.films.mend import Mend
from xai.films.upright import standing

UNKNOWN = "That the answer means anything is not known"
_SIDE = 256  # px, of the picture in which edges are looked for
_STEEP = 200 / 255  # of the gradient (Sobel), which is 4 at an edge from black to white
MOST_EDGES = 0.1  # share of the pixels; the real film with the most had 0.084, a page of text has 0.15
_MEASURED = Path(__file__).with_name("looks.json")
_TURNED = {
    1: "turned on its side, its top to the right",
    2: "turned upside down",
    3: "turned on its side, its top to the left",
}


def doubts_about(film: Film) -> tuple[str, ...]:
    """Give all reasons to doubt what a model answers about a film: its reader's, and what it looks like.

    Parameters
    ----------
    film : Film

    Returns
    -------
    tuple of str
        Of one sentence or several, without the last's full stop. Empty where there is no reason, which is no proof
        that it is a chest film.
    """
    looks = odd_looks(film)
    return film.facts.doubts + ((f"{looks[0]}. {UNKNOWN}",) if looks else ())


def odd_looks(film: Film) -> tuple[str, Mend] | None:
    """Say what a picture looks like where it does not look like an upright frontal chest film.

    Parameters
    ----------
    film : Film

    Returns
    -------
    reason : str
        Such as "it looks turned upside down".
    mend : Mend
        What would make it look like one; nothing to do where nothing would.
    """
    if (edges := hard_edges(film.pixels)) > MOST_EDGES:
        where = f"hard edges lie over {edges:.0%} of the picture"
        return f"{where}, as in writing and drawings, so that it may be no chest film", Mend()
    stands = standing(film.pixels)
    if stands.is_turned:
        return f"it looks {turned_words(stands.mend)}", stands.mend
    if stands.is_other:
        return "it does not look like a frontal chest film", Mend()
    if stands.is_mirrored:
        return "it looks mirrored, the heart on the other side (in few people it lies so)", Mend(mirrored=True)
    return None


def turned_words(mend: Mend) -> str:
    """Say how a picture stands that this would mend."""
    turned = _TURNED.get(mend.turns)
    negative = "like a negative, black and white exchanged" if mend.inverted else None
    return " and ".join(filter(None, (turned, negative)))


def hard_edges(pixels: np.ndarray) -> float:
    """Share of a picture where it goes from dark to bright within few pixels."""
    small = cv2.resize(pixels, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    across, down = (cv2.Sobel(small, cv2.CV_32F, *way) for way in ((1, 0), (0, 1)))
    return float((np.hypot(across, down) > _STEEP).mean())


@cache
def measured() -> dict[str, Any]:
    """Read what `tests/benchmarks/odd_pictures.py` measured: of each kind, how many pictures, and how many noticed."""
    found: dict[str, Any] = json.loads(_MEASURED.read_text(encoding="utf-8"))
    return found
