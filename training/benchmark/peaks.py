"""Where each map points: the middle of its strongest cell, region or pixels, so that it can be shown on the film."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from training.benchmark.league import Case
from xai.measures.frame import Frame
from xai.measures.spots import spots

COLUMNS = ("film", "finding", "method", "x", "y")
DIGITS = 4  # of a share of the map's side


def peaks_of(cases: Sequence[Case]) -> pd.DataFrame:
    """Find the strongest place of every map.

    Returns
    -------
    DataFrame
        `COLUMNS`: ``x`` and ``y`` are fractions of the map's width and height, so of the model's input. Of equally
        strong places the first; a map with nothing above 0 names none and has no row.
    """
    rows = []
    for case in cases:
        for method, (values, cells) in case.maps.items():
            found = spots(values, Frame(cells=cells))
            if found:
                rows.append((case.film, case.finding, method, round(found[0].x, DIGITS), round(found[0].y, DIGITS)))
    return pd.DataFrame(rows, columns=list(COLUMNS))
