"""What phones and the holder's screen show of a step: pictures and words, as far as they are there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from dashboard.compare import light_box, twin
from dashboard.compare.asked import Asked
from dashboard.compare.figure import answer, truths
from dashboard.compare.hang import Hung, first_film, hung_of
from dashboard.compare.model_choice import current_model, usable_card
from dashboard.compare.shown import Shown
from dashboard.compare.state import LINK, State
from dashboard.components.display import DISPLAY
from dashboard.page.told import sentence_of
from dashboard.rooms.pictures import film_picture, map_picture, twin_picture
from dashboard.rooms.step import Step
from dashboard.server.jobs import Job
from dashboard.server.services import Services
from dashboard.server.store import content_key
from training.datasets.facts import DatasetError
from xai.explainers import EXPLAINERS
from xai.explainers.declared import CONTROL
from xai.films.film import FilmError
from xai.findings import finding_label

NO_FILM = "There is no film to show."
NO_MODEL = "There is no model that can be asked."
ELSEWHERE = "The teacher shows another page of the app. “Look around” opens it."


@dataclass(frozen=True)
class Look:
    """A film under a model, as a step of a room shows it.

    Attributes
    ----------
    shown : Shown
    hung : Hung
    state : State
    logits : ndarray, shape (outputs,), or None
        The model's answer, where it is there.
    finding : str
        Empty as long as nobody knows which one is meant.
    deal : str
        A secret by which letters are dealt to maps without names.
    """

    shown: Shown
    hung: Hung
    state: State
    logits: np.ndarray | None
    finding: str
    deal: str

    @classmethod
    def of(cls, services: Services, step: Step, waiter: str, deal: str) -> Look:
        """Open what a step links to; ValueError or OSError with a sentence where that cannot be."""
        state, _ = LINK.read(step.query)
        name = state.film or first_film(services)
        model = current_model(services, state)
        card = usable_card(services, model)
        if name is None or card is None:
            raise ValueError(NO_FILM if name is None else NO_MODEL)
        hung = hung_of(services, name, state.mend)
        shown = Shown.of(services, waiter, state, hung, model, card)
        logits = shown.logits()
        finding = state.finding if state.finding in card.outputs else ""
        if not finding and logits is not None:
            finding = light_box.top_finding(card, card.probabilities(logits))
        return cls(shown, hung, state, logits, finding or "", deal)

    def jobs(self) -> list[Job]:
        """Ask for what is not there yet."""
        shown = self.shown
        jobs = [shown.explain(method) for method in shown.parameters if not shown.services.store.has(shown.key(method))]
        if self.logits is None:
            asked = shown.services.predict(shown.waiter, shown.reopened(), shown.model)
            jobs += [asked] if isinstance(asked, Job) else []
        return jobs

    def view(self, step: Step) -> dict[str, Any]:
        """Give what phones show: nothing that is not revealed stands in it, not even in a name."""
        tells = step.shows("truth") if step.revealed is not None else bool(self.state.display.get("truth"))
        asked = self._asked(tells=tells)
        label = finding_label(self.finding) if self.finding else ""
        return {
            "title": self.hung.title if tells else self.hung.plain_title,
            "model": self.shown.card.name,
            "finding": label,
            "asked": f"What would you say: {label}, or not?" if label and step.revealed == ("film", "question") else "",
            "answer": self._answer(asked) if step.shows("answer") else "",
            "truth": truths(self.shown, asked) if tells and self.finding else "",
            "panels": [
                self._film(asked),
                *(self._map(method, letter, asked) for letter, method in self._maps() if step.shows(method)),
                *([self._twin(asked)] if self.shown.without and step.shows("twin") else []),
            ],
        }

    def holder_view(self) -> dict[str, Any]:
        """Give what the holder sees beside the answers of the room: all maps, the truth, the model's probability."""
        asked, card = self._asked(tells=True), self.shown.card
        share = None
        if self.finding and self.logits is not None:
            share = float(card.probabilities(self.logits)[card.index(self.finding)])
        return {
            "title": self.hung.title,
            "finding": finding_label(self.finding) if self.finding else "",
            "share": share,
            "truth": truths(self.shown, asked) if self.finding else "",
            "answer": self._answer(asked),
            "panels": [
                self._film(asked),
                *(
                    {**self._named(method, letter, asked), "control": EXPLAINERS[method].box == CONTROL}
                    for letter, method in self._maps()
                ),
            ],
        }

    def _maps(self) -> list[tuple[str, str]]:
        """Give letters and methods in the order of letters: that of the link, or as they were dealt."""
        methods = list(self.shown.parameters)
        if self.state.blind:
            methods.sort(key=lambda method: content_key("deal", self.deal, method))
        return [(f"Map {chr(ord('A') + place)}", method) for place, method in enumerate(methods)]

    def _asked(self, *, tells: bool) -> Asked:
        choices = {**DISPLAY, **self.state.display, "overlay": True, "truth": tells}
        return Asked(self.finding, (), choices, "png", "dark", False, "")

    def _answer(self, asked: Asked) -> str:
        if self.logits is None or not self.finding:
            return ""
        lead, rest = answer(self.shown, self.logits, self.finding, asked)
        return f"{lead}. {rest}" if rest else lead

    def _film(self, asked: Asked) -> dict[str, Any]:
        title = self.hung.title if asked.shows_truth else self.hung.plain_title
        return _panel("film", "Film", self.hung.described(title), film_picture(self.shown, asked))

    def _twin(self, asked: Asked) -> dict[str, Any]:
        title = twin.title(self.shown.without) if asked.shows_truth else "Twin"
        return _panel("twin", title, title, twin_picture(self.shown, asked))

    def _named(self, method: str, letter: str, asked: Asked) -> dict[str, Any]:
        """Give a map as the holder sees it: with its name, and the letter that it has for others."""
        panel = self._map(method, letter, asked)
        return {**panel, "title": f"{letter}: {panel['title']}"} if self.state.blind else panel

    def _map(self, method: str, letter: str, asked: Asked) -> dict[str, Any]:
        kind, is_blind = EXPLAINERS[method], self.state.blind and not asked.shows_truth
        title, name = (letter, letter.lower()) if is_blind else (kind.title, method)
        made = self.shown.services.store.get(self.shown.key(method)) if self.finding else None
        if made is None:
            return _panel(name, title, "", None)
        told = self.shown.truth if asked.shows_truth else {}
        said = light_box.maps_part(kind, made, self.shown.card, told, film=self.shown.on_film())
        caption = said["captions"][self.finding]
        part = map_picture(self.shown, asked, method, self.deal if is_blind else "")
        return _panel(name, title, title if is_blind else caption["alt"], part)


def looked_at(
    services: Services, step: Step, waiter: str, deal: str
) -> tuple[dict[str, Any], dict[str, Any], Look | None]:
    """Give what phones show of a step, what its holder sees, and what that was made of; else a sentence."""
    if step.page:
        told = {"title": "", "panels": [], "told": ELSEWHERE}
        return told, told, None
    try:
        look = Look.of(services, step, waiter, deal)
        return look.view(step), look.holder_view(), look
    except (DatasetError, FilmError, ValueError, OSError) as error:
        told = {"title": "", "panels": [], "told": sentence_of(error)}
        return told, told, None


def with_failures(view: Mapping[str, Any]) -> dict[str, Any]:
    """Say of what is not there that it does not come."""
    panels = [one if one["part"] else {**one, "state": "failed"} for one in view.get("panels", ())]
    return {**view, "panels": panels}


def _panel(name: str, title: str, alt: str, part: str | None) -> dict[str, Any]:
    return {"name": name, "title": title, "alt": alt, "part": part, "state": "making" if part is None else "ready"}
