"""Parameters of methods that make no sense are refused when the method is made, in one sentence."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

MOST_FILMS = 1_000_000  # that a method may send through the model
MOST_REGIONS = 10_000  # into which it may cut one


def check_whole(name: str, value: object, least: int, most: int) -> None:
    """Refuse what is no whole number of a range; True is none."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or not least <= value <= most:
        raise ValueError(f"{name} must be a whole number from {least} to {most:,}, got {value}")


def check_choice(name: str, value: object, choices: Collection[str]) -> None:
    """Refuse what is none of some words."""
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}, got {value}")
