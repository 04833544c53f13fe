"""The sections of the Trust page: adding one is one file and one line here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pkgutil import resolve_name
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dashboard.trust.subject import Subject


@dataclass(frozen=True)
class Section:
    """One part of the page.

    Attributes
    ----------
    name : str
        What a link calls it.
    title : str
        What its tab says.
    sentence : str
        What it asks, in one sentence.
    shown_by : str
        ``module:function`` that shows it, imported when it is opened first; it takes the page's `Subject`.
    of_model : bool
        Whether it is about the model that the visitor chooses; else no choice is shown.
    can_be_large : bool
        Whether it has a view for a projector, without the choices above it.
    """

    name: str
    title: str
    sentence: str
    shown_by: str
    of_model: bool = True
    can_be_large: bool = False

    @property
    def show(self) -> Callable[[Subject], None]:
        """The function that shows it."""
        shown: Callable[[Subject], None] = resolve_name(self.shown_by)
        return shown


_SECTIONS = (
    Section(
        "league",
        "League",
        "Which method's maps lie where the finding is, and are they any better than a picture of where it usually is?",
        "dashboard.trust.league:show_league",
    ),
    Section(
        "twin",
        "Truth by twin",
        "What a finding really does to the model's answer, beside what each method's map says: which one keeps its "
        "promises?",
        "dashboard.trust.twin:show_twin",
    ),
    Section(
        "sanity",
        "Sanity",
        "Does a map change when the model forgets all that it has learned, or does it show the film alone?",
        "dashboard.trust.sanity_panel:show_sanity",
    ),
    Section(
        "lab",
        "Shortcut lab",
        "Two models say yes to the same films, one of them because of a hospital's token: which maps tell?",
        "dashboard.trust.lab_panel:show_lab",
        of_model=False,
    ),
    Section(
        "blind",
        "Blind test",
        "Twelve films and their maps: can you see which model is cheating?",
        "dashboard.trust.blind_panel:show_blind",
        of_model=False,
    ),
    Section(
        "beat",
        "Beat the heat map",
        "Ten films, one finding each: do you find it where it is, and do Grad-CAM, SHAP and LIME?",
        "dashboard.trust.beat_panel:show_beat",
        can_be_large=True,
    ),
    Section(
        "forward",
        "Do maps help?",
        "Films, half of them with a map: do you foresee better what the model will answer when you see its maps?",
        "dashboard.trust.forward_panel:show_forward",
    ),
)
SECTIONS: dict[str, Section] = {section.name: section for section in _SECTIONS}
