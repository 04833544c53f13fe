"""Everything that decides what the ROC page shows, and the link that shows it again."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.page.kinds import NAME, SEED, names, number, one_of, whole
from dashboard.page.link import Field, Link
from dashboard.page.state import PageState
from dashboard.server.judging import SPLIT_CHOICES
from dashboard.server.targets import usable_target
from training.evaluate.thresholds import RULES

SORTS = {
    "worst": "worst AUROC first",
    "best": "best AUROC first",
    "excess": "most over-flagged first",
    "common": "most common first",
    "usual": "in the usual order",
}
PANELS = {  # modules of dashboard/roc/panels, by their order on the page
    "whatif": "What if",
    "models": "Models",
    "subgroups": "Subgroups",
    "slices": "Slices",
    "published": "Published",
    "steps": "Step by step",
    "words": "Words",
    "downloads": "Downloads",
}
GROUPINGS = {"films": "equal number of films", "probability": "equal steps of probability"}
MOST_COMPARED = 4
STEP_FILMS = (12, 20, 30, 60)


@dataclass(frozen=True)
class State(PageState):
    """What a visitor of the ROC page looks at.

    Attributes
    ----------
    predictions : str or None
        Name in the library; None takes the default.
    split : str or None
        Which films are judged; one of `dashboard.server.judging.SPLIT_CHOICES`. None takes those that the model has
        never met, where that is known and it met others of them, else all.
    models : tuple of str
        Other predictions on the same axes.
    finding : str or None
        None takes the first of the overview.
    rule : str
        One of `training.evaluate.thresholds.RULES`; empty where the threshold was set by hand. None takes the
        card's, or 0.5.
    target : float or None
        What the rule asks for.
    threshold : float or None
        Set by hand.
    sort, panel, groups : str
        Order of the overview, open panel, grouping of the calibration curve.
    prevalence : float or None
        What-if: share of films with the finding somewhere else.
    miss : float
        What-if: false alarms that a missed film is worth.
    films, seed, step : int
        Step by step: number of films drawn, by which seed, and how many are placed.
    slice : str or None
        Which slice is held against the rest, where its panel is open.
    """

    predictions: str | None = None
    split: str | None = None
    models: tuple[str, ...] = ()
    finding: str | None = None
    rule: str | None = None
    target: float | None = None
    threshold: float | None = None
    sort: str = "worst"
    panel: str = "whatif"
    groups: str = "films"
    prevalence: float | None = None
    miss: float = 10.0
    films: int = 20
    seed: int = 0
    step: int = 0
    slice: str | None = None


def _settled(state: State) -> tuple[State, list[str]]:
    """Let a rule win over a threshold set by hand; one without a rule is by hand. A slice opens its panel."""
    target, problems = usable_target("target", state.rule, state.target)
    state = state.with_(target=target)
    if state.threshold is not None:
        state = state.with_(threshold=None) if state.rule else state.with_(rule="")
    return state if state.slice is None else state.with_(panel="slices"), problems


LINK = Link(
    State(),
    [
        Field("predictions", NAME),
        Field("split", one_of(SPLIT_CHOICES), also=("part",)),
        Field("models", names(MOST_COMPARED)),
        Field("finding", NAME),
        Field("rule", one_of(RULES)),
        Field("target", number(0, 1000)),
        Field("threshold", number(0, 1)),
        Field("sort", one_of(SORTS)),
        Field("panel", one_of(PANELS)),
        Field("groups", one_of(GROUPINGS)),
        Field("prevalence", number(0, 1, is_open=True)),
        Field("miss", number(0.01, 1000)),
        Field("films", one_of(STEP_FILMS)),
        Field("seed", SEED),
        Field("step", whole(0, STEP_FILMS[-1])),
        Field("slice", NAME),
    ],
    _settled,
)
