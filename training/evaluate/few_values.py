"""Outputs that take so few values that little can be said of them: answers of yes and no, or one number for all."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from training.evaluate.met_words import listed
from xai.findings import finding_label

FEWEST = 4  # films: of fewer it says nothing that they have few values
FIRST = 1000  # films that are looked at first


def few_values(outputs: Mapping[str, np.ndarray]) -> list[str]:
    """Say which outputs hold only one or two different numbers, and what that means.

    Parameters
    ----------
    outputs : dict of str to float array (films,)
        Probabilities; NaN where a film has none.

    Returns
    -------
    list of str
        A sentence for outputs with two values, and one for each constant one; none of fewer than `FEWEST` films.
    """
    known = {name: values[~np.isnan(values)] for name, values in outputs.items()}
    some = {
        name: values for name, values in known.items() if len(np.unique(values[:FIRST])) <= 2
    }  # others need no sort
    distinct = {name: np.unique(values) for name, values in some.items() if len(values) >= FEWEST}
    two = {name: tuple(values) for name, values in distinct.items() if len(values) == 2}
    said = [_two_values(two)] if two else []
    return said + [
        f"{finding_label(name)} is {values[0]:.4g} on all {len(known[name]):,} films: it tells nothing apart."
        for name, values in distinct.items()
        if len(values) == 1
    ]


def _two_values(pairs: Mapping[str, tuple[float, ...]]) -> str:
    names, different = listed([finding_label(name) for name in pairs]), set(pairs.values())
    which = " each" if len(different) > 1 else ", {:.4g} and {:.4g}".format(*different.pop())
    return (
        f"{names} {'has' if len(pairs) == 1 else 'have'} only two values{which}: a ROC curve then has one point "
        "between its ends, and there is nothing to calibrate."
    )
