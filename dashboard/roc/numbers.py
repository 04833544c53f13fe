"""How the ROC page writes numbers."""

from __future__ import annotations

import math

from dashboard.page.words import to_tenth
from training.evaluate.rates import Share
from training.evaluate.roc import Auroc
from xai.written import with_unit

NONE = "–"


def probability(value: float) -> str:
    """Write a probability with as many digits as tell it from 0 and from 1."""
    if value in (0, 1):
        return str(int(value))
    if value < 0.01:
        return f"{value:.2g}"
    digits = 3 if value < 0.999 else math.ceil(-math.log10(1 - value)) + 1
    return f"{value:.{digits}f}".rstrip("0").rstrip(".")


def share(value: float) -> str:
    """Write a share in percent with one decimal."""
    return NONE if math.isnan(value) else to_tenth(value)


def interval(low: float, high: float) -> str:
    """Write the ends of an interval of shares in percent."""
    if math.isnan(low):
        return "no interval"
    digits = 1 if high == 0 or high >= 0.0005 else 1 - math.floor(math.log10(100 * high))
    return f"{100 * low:.{digits}f} to {with_unit(f'{100 * high:.{digits}f}', '%')}"


def share_interval(one: Share) -> str:
    """Write a share's interval and of how many."""
    return interval(one.low, one.high)


def area(one: Auroc) -> str:
    """Write an AUROC."""
    return NONE if math.isnan(one.value) else f"{one.value:.3f}"


def area_interval(one: Auroc) -> str:
    """Write the interval of an AUROC."""
    return ends(one.low, one.high)


def ends(low: float, high: float) -> str:
    """Write the ends of an interval of areas."""
    return "no interval" if math.isnan(low) else f"{low:.3f} to {high:.3f}"


def times(ratio: float) -> str:
    """Write how many times as many."""
    return NONE if not math.isfinite(ratio) else f"{ratio:.1f} times" if ratio < 10 else f"{ratio:.0f} times"
