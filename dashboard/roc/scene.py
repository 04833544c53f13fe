"""What the figures and panels of one finding are drawn from."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import streamlit as st

from dashboard.page.told import sentence_of
from dashboard.roc.colors import Colors, colors
from dashboard.roc.data import KEPT, POINTS, Curves, Row, curves, overview
from dashboard.roc.threshold import settle
from dashboard.roc.visit import visit
from dashboard.server.judging import ALL, JUDGING_ERRORS, Source, judged, source
from dashboard.server.library import Library
from training.evaluate.compare import Paired, compare_judged
from training.evaluate.fair import Pair, fair_pair
from training.evaluate.judged import Judged
from training.evaluate.precision_recall import PrecisionRecallCurve, precision_recall_curve
from training.evaluate.ranked import Counts, Ranked
from training.evaluate.rates import Rates
from training.evaluate.roc import RocCurve, roc_curve
from xai.cards.model_card import Threshold


@dataclass(frozen=True, eq=False)
class Other:
    """Another model on the same films.

    Attributes
    ----------
    name : str
        Of its predictions, with markup made harmless.
    pair : Pair
        The page's model, and this one on the same films.
    roc, precision_recall : curves
    paired : Paired
        The test of a difference: the page's model less this one.
    """

    name: str
    pair: Pair
    roc: RocCurve
    precision_recall: PrecisionRecallCurve
    paired: Paired

    @property
    def judged(self) -> Judged:
        """The other model's judgement."""
        return self.pair.second


@dataclass(frozen=True, eq=False)
class Scene:
    """One finding of one model at one threshold.

    Attributes
    ----------
    home : Source
    judged : Judged
    finding : str
    row : Row
        Its line of the overview.
    threshold : Threshold
    problem : str
        Why the rule gave no threshold; empty where it did.
    counts : Counts
    curves : Curves
    others : dict of str to Other
    refused : list of str
        Why other models are not shown, a sentence each.
    colors : Colors
    """

    home: Source
    judged: Judged
    finding: str
    row: Row
    threshold: Threshold
    problem: str
    counts: Counts
    curves: Curves
    colors: Colors
    others: Mapping[str, Other] = field(default_factory=dict)
    refused: tuple[str, ...] = ()

    @property
    def ranked(self) -> Ranked:
        """The finding's films in order."""
        return self.judged.ranked(self.finding)

    @cached_property
    def rates(self) -> Rates:
        """What the threshold makes of it, with intervals that know the films' patients."""
        return self.judged.rates(self.finding, self.threshold.value)

    @property
    def rows(self) -> tuple[Row, ...]:
        """All findings."""
        return overview(self.home.stamp, self.judged)


def make_scene(library: Library, home: Source, here: Judged, finding: str) -> Scene:
    """Gather what the visitor asks for."""
    threshold, problem = settle(here, finding, visit.state)
    others, refused = _others(library, home, here, finding)
    row = next(row for row in overview(home.stamp, here) if row.finding == finding)
    return Scene(
        home,
        here,
        finding,
        row,
        threshold,
        problem,
        here.ranked(finding).counts(threshold.value),
        curves(home.stamp, finding, visit.state.groups, here),
        colors(finding),
        others,
        tuple(refused),
    )


def _others(library: Library, home: Source, here: Judged, finding: str) -> tuple[dict[str, Other], list[str]]:
    found, refused = {}, []
    for name in visit.state.models:
        try:
            whole, told = judged(library, name), source(library, name, ALL)
            found[name] = _other(home.stamp, told.stamp, finding, name, here, whole)
        except JUDGING_ERRORS as error:
            refused.append(f"{name} is not shown: {sentence_of(error)}")
    return found, refused


@st.cache_resource(max_entries=KEPT, show_spinner=False)
def _other(stamp: str, other_stamp: str, finding: str, name: str, _here: Judged, _whole: Judged) -> Other:
    pair = fair_pair(_here, _whole, finding)
    other = pair.second
    ranked = other.ranked(finding)
    return Other(
        html.escape(name),
        pair,
        roc_curve(ranked, POINTS),
        precision_recall_curve(ranked, POINTS),
        compare_judged(pair.first, pair.second, finding),
    )
