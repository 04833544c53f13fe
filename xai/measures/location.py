"""Say in words where a map's evidence lies: its brightest spot first."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from xai.measures.frame import Frame, Zone
from xai.measures.spots import TIE, Area, Spot, bright_areas, brightest, spots

EVEN = 0.2  # of the map: a spot that is larger is told by how far it reaches
NONE = "No evidence for this finding."
MEANING = (
    "In the sentence below the map, thirds and sides are those of the film, not of the lungs. What lies “around” the "
    "brightest spot lies in the connected area (also at a corner) that is at least half as bright, and is a share of "
    "all evidence for the finding."
)


def describe(values: np.ndarray, frame: Frame | None = None) -> str:
    """Say where the evidence for a finding lies, and that against it where that is stronger.

    The brightest spot comes first, by the third of the film and the side in which its middle lies. Then how much lies
    *around* it: the share of all that is above 0, added up over the pixels, in the connected area that is at least half
    as bright as the spot. "Most" is said of more than half. Other such areas are named where they hold 15 % or more, as
    two-sided where the largest of them lies on the other side; the rest is spread out where it is more than half. A
    spot in another part of the film is nearly as bright where it has nine tenths of the brightest. Of a map with
    evidence against the finding too, "strong" is said in place of "bright".

    Parameters
    ----------
    values : ndarray, shape (H, W)
        A raw map, finite.
    frame : Frame, optional
        Where it lies on the film, and its own cells; without it, it covers the film.
    """
    frame = frame or Frame()
    found = spots(values, frame)
    if not found:
        return f"{NONE}{_against(values, frame, 'The strongest against it lies')}"
    if values.max() - values.min() <= TIE * values.max():
        return "The same everywhere: no place is brighter than another."
    around, *named = bright_areas(values, found[0])
    lead = "Brightest" if _bright(values) == "bright" else "Strongest for it"
    place = _place(values, found, frame)
    against = _against(values, frame, "Stronger still against it") if _is_against(values) else ""
    return f"{lead} {place}: {_around(around, named, frame)}{_elsewhere(values, found[0], named, frame)}{against}"


def _place(values: np.ndarray, found: Sequence[Spot], frame: Frame) -> str:
    """Name the brightest spot's place, and those that are as bright."""
    best = found[0]
    zone = frame.zone(best.x, best.y)
    if best.area > EVEN:
        area = best.pixels(values.shape)
        return f"evenly on {_percent(frame.area(area))} of {frame.of}, {frame.extent(area)}"
    rivals: dict[Zone, Spot] = {}
    for spot in (*found[1:], brightest(values)):  # between cells, the brightest pixel may lie across a border
        rivals.setdefault(frame.zone(spot.x, spot.y), spot)
    rivals.pop(zone, None)
    if not rivals:
        return frame.words(zone)
    is_tie = all(spot.value >= best.value * (1 - TIE) for spot in rivals.values())
    where = frame.words(next(iter(rivals)), again=True) if len(rivals) == 1 else f"in {len(rivals)} other parts"
    return f"{frame.words(zone)}, and {'as' if is_tie else 'nearly as'} {_bright(values)} {where}"


def _around(area: Area, named: Sequence[Area], frame: Frame) -> str:
    """Say how much lies around the brightest spot, and whether most lies in no bright area at all."""
    share = _percent(area.share)
    said = f"most of the evidence for it ({share})" if _is_most(area.share) else f"{share} of the evidence for it"
    rest = 1 - area.share - sum(other.share for other in named)
    spread = f", {_percent(rest) if named else 'the rest'} is spread out" if _is_most(rest) else ""
    return f"{said} lies around there ({_percent(frame.area(area.where))} of {frame.of}){spread}."


def _elsewhere(values: np.ndarray, best: Spot, named: Sequence[Area], frame: Frame) -> str:
    """Say what lies in other bright areas that hold a good share."""
    if not named:
        return ""
    spot = brightest(values, named[0].where)
    zone = frame.zone(spot.x, spot.y)
    is_two_sided = {zone.column, frame.zone(best.x, best.y).column} == {0, 2}
    lead = "Two-sided: another" if is_two_sided else "Another"
    said = f" {lead} {_bright(values)} area, {frame.words(zone, again=True)}, holds {_percent(named[0].share)}"
    if len(named) == 1:
        return f"{said}."
    more = len(named) - 1
    return f"{said}, {more} more {'holds' if more == 1 else 'hold'} {_percent(sum(area.share for area in named[1:]))}."


def _bright(values: np.ndarray) -> str:
    return "strong" if values.min() < 0 else "bright"


def _is_against(values: np.ndarray) -> bool:
    return -float(values.min()) > float(values.max()) * (1 + TIE)


def _against(values: np.ndarray, frame: Frame, lead: str) -> str:
    """Say where the strongest evidence against a finding lies; nothing where there is none."""
    found = spots(-values, Frame(None, frame.footprint, frame.sides_known))
    if not found:
        return ""
    best = found[0]
    if best.area > EVEN:
        area = best.pixels(values.shape)
        return f" {lead} evenly on {_percent(frame.area(area))} of {frame.of}."
    return f" {lead} {frame.words(frame.zone(best.x, best.y), again=True)}."


def _is_most(share: float) -> bool:
    """Whether a share is more than half, also as it is written."""
    return round(100 * share) > 50


def _percent(share: float) -> str:
    """Write a share in whole percent, never as none or all of what is not."""
    if 0 < share < 0.005:
        return "under 1\N{NO-BREAK SPACE}%"
    if 0.995 <= share < 1:
        return "over 99\N{NO-BREAK SPACE}%"
    return f"{100 * share:.0f}\N{NO-BREAK SPACE}%"
