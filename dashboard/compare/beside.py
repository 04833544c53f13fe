"""What is said of a map when it is seen beside others: those of other findings, and those of other films."""

from __future__ import annotations

from collections.abc import Mapping

from dashboard.server.peaks import Common, peak_cell
from xai.explainers.declared import Told
from xai.explainers.explanation import Explanation
from xai.findings import finding_label

MOST_NAMED = 3  # findings in a sentence


def beside_others(made: Explanation, alike: Mapping[str, float], common: Common | None) -> list[Told]:
    """Say where a map tells less than it seems to.

    Parameters
    ----------
    made : Explanation
    alike : mapping of str to float
        Findings whose maps are the same one, with their correlation, the most alike first.
    common : Common or None
        The cell in which nearly all films that were looked at have the peak of this finding's map.
    """
    return [*_same_map(made, alike), *_same_peak(made, common)]


def _same_map(made: Explanation, alike: Mapping[str, float]) -> list[Told]:
    if not alike or not made.map.any():
        return []
    named = [f"{finding_label(name)} ({_correlation(r)})" for name, r in list(alike.items())[:MOST_NAMED]]
    more = len(alike) - len(named)
    listed = ", ".join(named) + (f" and {more} more" if more else "")
    first, count = next(iter(alike.items())), len(alike)
    value = f"{finding_label(first[0])}, r = {_correlation(first[1])}" if count == 1 else f"{count} other outputs"
    meaning = f"By its correlation it is one map with that of {listed}: it does not tell them apart."
    return [Told("Same map as", value, True, meaning)]


def _same_peak(made: Explanation, common: Common | None) -> list[Told]:
    if common is None or peak_cell(made) != common.cell:
        return []
    whatever = (
        f", and so it does on {common.maps:,} of {common.of_maps:,} maps whatever the finding"
        if common.whatever_the_finding
        else ""
    )
    meaning = (
        f"The peak lies in this same cell on {common.films:,} of {common.of:,} films seen here{whatever}: it says "
        "more of the model than of this film."
    )
    return [Told("Peak", f"here on {common.films:,} of {common.of:,} films", True, meaning)]


def _correlation(r: float) -> str:
    return f"{r:.2f}"
