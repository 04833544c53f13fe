"""Everything that decides what the Errors page shows, and the link that shows it again."""

from __future__ import annotations

import math
from dataclasses import dataclass

from dashboard.page.kinds import NAME, SEED, SWITCH, names, number, one_of, outline, whole
from dashboard.page.link import Field, Link
from dashboard.page.state import PageState
from dashboard.server.judging import SPLIT_CHOICES
from dashboard.server.targets import usable_target
from training.evaluate.doubt import LABELS
from training.evaluate.thresholds import RULES
from training.mending.calibrate import METHODS
from xai.explainers import EXPLAINERS

NUMBER = "number"  # in place of a rule: the threshold of the one finding is set by hand
KEEP = "keep"  # in place of a rule: the threshold stays the number that it is
SECTIONS = {
    "audit": "Over-prediction audit",
    "atlas": "Error atlas",
    "doubts": "Labels in doubt",
    "slices": "Slices",
    "alike": "Films like one",
    "alarm": "Shortcut alarm",
}
BESIDE = ("FP", "positives")
CELLS = {"FP": "false positives", "FN": "false negatives"}
AGAINST = {"TP": "true positives", "TN": "true negatives"}
SHEETS = {
    "FP": "false positives",
    "FN": "false negatives",
    "TP": "true positives",
    "TN": "true negatives",
    "chosen": "films chosen",
}
GROUPED = {"flagged": "all flagged", "FP": "false positives", "FN": "false negatives", "all": "all four outcomes"}
MORE_FILMS = 24  # of a sheet, each time that more are asked for
MOST_ON_SHEET = 240
MOST_NAMED = 50
MOST_CORNERS = 32  # of a region in a link
NEAR = (10, 20, 50, 100)
FEWEST_FILMS, MOST_FILMS = 4, 2000

Region = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class State(PageState):
    """Everything that decides what the Errors page shows.

    Attributes
    ----------
    predictions, finding : str or None
        None takes the first predictions that there are, and the finding that is over-predicted most.
    section : str
        One of `SECTIONS`.
    split : str or None
        Which of the predicted films: one of `dashboard.server.judging.SPLIT_CHOICES`. None takes those that the model
        has never met, where that is known and it met others of them, else all.
    rule : str
        One of `RULES`, for all findings; `NUMBER` for a threshold set by hand, for one finding.
    target, threshold : float or None
        What the rule asks for; the threshold set by hand.
    keep : float or None
        Sensitivity that the audit must keep.
    beside : str
        Whose other findings are shown: one of `BESIDE`.
    remedy : str
        One of `METHODS`.
    rule_after : str
        Rule of the threshold after the remedy: one of `RULES`, or `KEEP`.
    target_after : float or None
        What that rule asks for.
    share, seed
        Share of the patients that the remedy is fitted on, and the seed of the split.
    weight, trained, here : float or None
        Parameters of the remedies that are not fitted; None takes what the model card or the films say.
    together : bool
        Mend all findings that are flagged too often, and show what comes of it.
    said_weight, said_trained : float or None
        What the visitor says of the training, where the model card does not.
    cell : str
        Whose traits, maps and galleries are in question: one of `CELLS`.
    against : str
        What those are held against: one of `AGAINST`.
    pictures : bool
        Show only films whose picture is at hand.
    method : str
        What makes the maps: one of `xai.explainers.EXPLAINERS`.
    sheet : str
        Whose maps stand on the contact sheet: one of `SHEETS`; empty for none.
    sheet_films : int
        Films on it, at most.
    films : tuple of str
        Those that were chosen for it, by name.
    one_scale, blind : bool
        Colours span all maps of the sheet; what tells the truth is left out of it.
    groups : str
        Of which films groups of similar maps are looked for: one of `GROUPED`; empty for none.
    group_films : int
        Of how many.
    mean_films, map_films : int
        Films of either kind in a mean map, and films in the map of features.
    region : tuple of (float, float)
        Corners of what was drawn on that map.
    label : str
        Which label is in doubt: one of `training.evaluate.doubt.LABELS`.
    like : str or None
        The film that others are like; None takes the most confident mistake.
    near : int
        How many films are like it: one of `NEAR`.
    slice : str or None
        Which slice is held against the rest, where that section is open.
    """

    predictions: str | None = None
    finding: str | None = None
    section: str = "audit"
    split: str | None = None
    rule: str = "card"
    target: float | None = None
    threshold: float | None = None
    keep: float | None = None
    beside: str = "FP"
    remedy: str = "platt"
    rule_after: str = "prevalence"
    target_after: float | None = None
    share: float = 0.5
    seed: int = 0
    weight: float | None = None
    trained: float | None = None
    here: float | None = None
    together: bool = False
    said_weight: float | None = None
    said_trained: float | None = None
    cell: str = "FP"
    against: str = "TP"
    pictures: bool = False
    method: str = "gradcam"
    sheet: str = ""
    sheet_films: int = MORE_FILMS
    films: tuple[str, ...] = ()
    one_scale: bool = False
    blind: bool = False
    groups: str = ""
    group_films: int = 240
    mean_films: int = 24
    map_films: int = 300
    region: Region = ()
    label: str = "present"
    like: str | None = None
    near: int = 20
    slice: str | None = None

    def of(self, finding: str) -> State:
        """Give the same state for another finding; what was set by hand for this one does not carry over."""
        rule = "card" if self.rule == NUMBER else self.rule
        target = None if self.rule == NUMBER else self.target
        own = dict.fromkeys(("threshold", "keep", "weight", "trained", "here", "said_weight", "said_trained"))
        return self.with_(finding=finding, rule=rule, target=target, region=(), **own)


def simplified(corners: list[tuple[float, float]]) -> Region:
    """Give an outline with few enough corners for a link, each in three digits."""
    step = max(1, math.ceil(len(corners) / MOST_CORNERS))
    return tuple((float(f"{x:.3g}"), float(f"{y:.3g}")) for x, y in corners[::step])


def _settled(state: State) -> tuple[State, list[str]]:
    target, problems = usable_target("target", state.rule, state.target)
    after, more = usable_target("target_after", state.rule_after, state.target_after)
    state, problems = state.with_(target=target, target_after=after), [*problems, *more]
    if state.rule == NUMBER and state.threshold is None:
        problems.append("The link sets a threshold by hand and names none; the model card's is used.")
        state = state.with_(rule=State.rule)
    if state.slice is not None:
        state = state.with_(section="slices")
    return state, problems


_FILMS = whole(FEWEST_FILMS, MOST_FILMS)
_PREVALENCE = number(0.0001, 0.9999)

LINK = Link(
    State(),
    [
        Field("predictions", NAME),
        Field("finding", NAME),
        Field("section", one_of(SECTIONS)),
        Field("split", one_of(SPLIT_CHOICES), also=("part",)),
        Field("rule", one_of((*RULES, NUMBER))),
        Field("target", number(0, 1000)),
        Field("threshold", number(0, 1)),
        Field("keep", number(0.01, 1)),
        Field("beside", one_of(BESIDE), also=("company",)),
        Field("remedy", one_of(METHODS)),
        Field("rule_after", one_of((KEEP, *RULES)), also=("cut",)),
        Field("target_after", number(0, 1000), also=("aim",)),
        Field("share", number(0.1, 0.9)),
        Field("seed", SEED),
        Field("weight", number(0.01, 10_000)),
        Field("trained", _PREVALENCE),
        Field("here", _PREVALENCE),
        Field("together", SWITCH),
        Field("said_weight", number(0.01, 10_000)),
        Field("said_trained", _PREVALENCE),
        Field("cell", one_of(CELLS)),
        Field("against", one_of(AGAINST)),
        Field("pictures", SWITCH),
        Field("method", one_of(EXPLAINERS)),
        Field("sheet", one_of(SHEETS)),
        Field("sheet_films", whole(1, MOST_ON_SHEET)),
        Field("films", names(MOST_NAMED)),
        Field("one_scale", SWITCH),
        Field("blind", SWITCH),
        Field("groups", one_of(GROUPED)),
        Field("group_films", _FILMS),
        Field("mean_films", _FILMS, also=("looks",)),
        Field("map_films", _FILMS, also=("spots",)),
        Field("region", outline(MOST_CORNERS)),
        Field("label", one_of(LABELS)),
        Field("like", NAME),
        Field("near", one_of(NEAR)),
        Field("slice", NAME),
    ],
    _settled,
)
