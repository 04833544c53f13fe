"""What is to be known of a measure before its number is believed; docs/measures.md is written from it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Facts:
    """What a measure declares about itself for people; each text but the unit is a sentence or two.

    Attributes
    ----------
    asks : str
        The question that it answers.
    unit : str
        What its number is a number of.
    span : str
        From where to where it goes, and which end is good.
    ties : str
        What becomes of pixels that are equal.
    empty : str
        What it gives where there is nothing to measure: no truth, or a map without evidence.
    misses : str
        What it does not show.
    source : str
        Who defined it, and where we depart from that.
    """

    asks: str
    unit: str
    span: str
    ties: str
    empty: str
    misses: str
    source: str
