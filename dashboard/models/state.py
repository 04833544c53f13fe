"""Everything that decides what the Models page shows, and the link that shows it again."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.page.kinds import NAME, one_of, some_of
from dashboard.page.link import Field, Link
from dashboard.page.state import PageState
from training.evaluate.published import FIGURES
from training.weights.registry import registry

SECTIONS = {
    "card": "What it is",
    "measured": "How good",
    "published": "Published",
    "training": "Training",
    "layers": "Layers",
    "compare": "Side by side",
    "versions": "Versions",
    "raw": "Raw card",
}
DOORS = {"import": "Import a checkpoint", "fetch": "Fetch published weights", "deleted": "Deleted models"}
MOST_BESIDE = 4


@dataclass(frozen=True)
class State(PageState):
    """What a visitor of the Models page looks at.

    Attributes
    ----------
    model : str or None
        Name in the library; None takes the first.
    other : str or None
        A second model, for side by side.
    section : str
        One of `SECTIONS`, or of `DOORS`, by which models come and go.
    evaluation : str or None
        Which films its figures are of; None takes the first that the card has.
    beside : tuple of str
        Published figures shown beside the model's.
    entry : str or None
        What may be fetched; None takes the first of the registry.
    """

    model: str | None = None
    other: str | None = None
    section: str = "card"
    evaluation: str | None = None
    beside: tuple[str, ...] = ("CheXNet", "Zech 2022", "Wang, official split")
    entry: str | None = None


LINK = Link(
    State(),
    [
        Field("model", NAME, is_step=True),
        Field("with", NAME, attribute="other"),
        Field("section", one_of({**SECTIONS, **DOORS})),
        Field("evaluation", NAME, also=("part",)),
        Field("beside", some_of([one.key for one in FIGURES], MOST_BESIDE, older=";")),
        Field("fetch", one_of(registry()), attribute="entry"),
    ],
)
