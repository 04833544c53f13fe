"""What the Compare page shows of one film: what the browser fetches for it, and what it waits for.

Whatever is kept here after the page has run holds names and keys, no pixels: thirty open pages are thirty short lists.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from dashboard.compare import light_box, twin
from dashboard.compare.hang import Hung
from dashboard.compare.odd import likeness_part
from dashboard.compare.state import State
from dashboard.components import payload
from dashboard.components.packing import pack
from dashboard.components.payload import Payload
from dashboard.server.awaited import Want
from dashboard.server.jobs import Job
from dashboard.server.library import Record
from dashboard.server.services import Request, Services
from xai.cards.model_card import ModelCard
from xai.explainers import EXPLAINERS
from xai.explainers.explanation import Explanation
from xai.films.film import Film
from xai.films.mend import Mend


@dataclass(frozen=True)
class Shown:
    """A film under a model, with the maps that are asked for.

    Attributes
    ----------
    services : Services
    waiter : str
        Name of the open page.
    model : str
    card : ModelCard
    sha256 : str
        Content hash of the film.
    came : str
        That of the film as it came, by which its visitor holds an upload.
    mend : Mend
        What is done to it before it is read.
    record : Record or None
        What its dataset knows of it; None for an upload.
    truth : mapping of str to str
        Of each finding, where it is known.
    parameters : mapping of str to tuple
        Of each method that is asked for.
    seed : int
    without : tuple of str
        What the twin lacks; empty where there is none.
    """

    services: Services
    waiter: str
    model: str
    card: ModelCard
    sha256: str
    came: str
    mend: Mend
    record: Record | None
    truth: Mapping[str, str]
    parameters: Mapping[str, tuple[tuple[str, Any], ...]]
    seed: int
    without: tuple[str, ...]

    @classmethod
    def of(cls, services: Services, waiter: str, state: State, hung: Hung, model: str, card: ModelCard) -> Shown:
        """Take what a state asks for of the film that hangs."""
        lacks = tuple(name for name in state.without if name in twin.removable(hung))
        asked = {method: state.parameters(method) for method in state.methods}
        film = hung.film.sha256, hung.came or hung.film.sha256, hung.mend, hung.record
        return cls(services, waiter, model, card, *film, hung.truth, asked, state.seed, lacks)

    @property
    def upload(self) -> str | None:
        """Whose hands only this goes into: the upload's hash; None for a dataset's film, which anybody may see."""
        return None if self.record is not None else self.came

    def reopened(self) -> Film:
        """Open the film again; raises FilmError where it cannot be, ValueError where an upload was put away."""
        if self.record is not None:
            return self.mend.film(self.services.film(self.record.dataset, self.record.film))
        film = self.services.films.get(self.came)
        if film is None:
            raise ValueError("This film was put away to save memory: upload it again.")
        return self.mend.film(film)

    def film(self) -> str:
        """Name the part with the film's pixels."""
        return self._offer(["film", self.sha256], lambda: light_box.film_pixels(self.reopened()))

    def input(self) -> str:
        """Name the part with the model's input."""
        return self._offer(
            ["input", self.sha256, self.card.fingerprint], lambda: light_box.input_part(self.reopened(), self.card)
        )

    def masks(self) -> str | None:
        """Name the part with the exact truth of a simulated film; None for any other."""
        record = self.record
        if record is None or record.recipe is None:
            return None
        masks = partial(self.services.library.masks, record.dataset, record.film)
        return self._offer(
            ["masks", record.recipe.to_json(), self.mend.steps, list(self.card.outputs)],
            lambda: light_box.masks_part({name: self.mend.moved(mask) for name, mask in masks().items()}, self.card),
        )

    def panels(self) -> list[Payload]:
        """Give the panels beside the film: the twin, then the methods."""
        panels = [light_box.panel(EXPLAINERS[method]) for method in self.parameters]
        if not self.without:
            return panels
        part = self._offer(
            ["twin", self.sha256, sorted(self.without)], lambda: payload.picture_pixels(light_box.shades(self._twin()))
        )
        return [payload.picture_payload("twin", title=twin.title(self.without), part=part), *panels]

    def wants(self) -> list[Want]:
        """Give what there is to wait for: the model's answers, each method's maps, what the twin changes."""
        wants = [
            Want(self._logits_key, "answers", "the probabilities", lambda: self._job(self.reopened), self._find_answers)
        ]
        for method in self.parameters:
            wants.append(
                Want(
                    self.key(method),
                    method,
                    EXPLAINERS[method].title,
                    partial(self._explain, method),
                    partial(self._find_maps, method),
                    partial(self._find_first_look, method),
                )
            )
        if self.card.seen is not None:
            title = "how like its training films it is"
            wants.append(Want(self._distance_key, "likeness", title, self._ask_distance, self._find_likeness))
        if self.without:
            twin_film = self._twin()
            key = self.services.logits_key(twin_film.sha256, self.model)
            find = partial(self._find_twin, key)
            wants.append(Want(key, "twin", "the twin", lambda: self._job(self._twin), find))
        return wants

    def key(self, method: str) -> str:
        """Name a method's explanation."""
        return self.services.key_of(self.sha256, self.model, method, self.parameters[method], self.seed)

    def ready(self) -> dict[str, list[Explanation]]:
        """Give the explanations that are there, by method."""
        found = {method: self.services.store.get(self.key(method)) for method in self.parameters}
        return {method: one for method, one in found.items() if one is not None}

    def logits(self) -> np.ndarray | None:
        """Give the model's answer, (outputs,): kept explanations hold it too, so that no model need be loaded."""
        answer = self.services.logits.get(self._logits_key)
        if answer is None:
            for explanations in self.ready().values():
                return np.array([one.logit for one in explanations])
        return answer

    @property
    def _logits_key(self) -> str:
        return self.services.logits_key(self.sha256, self.model)

    @property
    def _words(self) -> list[Any]:
        """What the words beside a map depend on, but for the map."""
        return [self.card.fingerprint, sorted(self.truth.items())]

    def _twin(self) -> Film:
        assert self.record is not None  # an upload has no twin
        return self.mend.film(self.services.twin(self.record, self.without))

    def _explain(self, method: str) -> Job:
        request = Request(
            self.reopened(), self.model, method, self.parameters[method], self.seed, self.record is not None, self.came
        )
        return self.services.explain(self.waiter, request)

    def _job(self, open_film: Callable[[], Film]) -> Job | None:
        found = self.services.predict(
            self.waiter, open_film(), self.model, of_dataset=self.record is not None, came=self.came
        )
        return found if isinstance(found, Job) else None

    @property
    def _distance_key(self) -> str:
        return self.services.distance_key(self.sha256, self.model)

    def _ask_distance(self) -> Job | None:
        return self.services.measure_distance(
            self.waiter, self.reopened(), self.model, of_dataset=self.record is not None, came=self.came
        )

    def _find_likeness(self) -> str | None:
        found = self.services.logits.get(self._distance_key)
        if found is None:
            return None
        return self._offer(["likeness", self._distance_key], lambda: likeness_part(self.card, float(found[0])))

    def _find_answers(self) -> str | None:
        kept = any(self.services.store.has(self.key(method)) for method in self.parameters)
        if not kept and self.services.logits.get(self._logits_key) is None:
            return None
        return self._offer(["answers", self._logits_key, *self._words], self._answers)

    def _answers(self) -> Payload | None:
        logits = self.logits()
        return None if logits is None else light_box.answers_part(self.card, logits, self.truth)

    def _find_maps(self, method: str) -> str | None:
        key = self.key(method)
        if not self.services.store.has(key):
            return None
        return self._offer(["maps", key, *self._words], lambda: self._maps(method))

    def _maps(self, method: str) -> Payload | None:
        made = self.services.store.get(self.key(method))
        return None if made is None else light_box.maps_part(EXPLAINERS[method], made, self.card, self.truth)

    def _find_first_look(self, method: str) -> str | None:
        key = self.key(method)
        if self.services.first_looks.get(key) is None:
            return None
        return self._offer(["first look", key, *self._words], lambda: self._first_look(method))

    def _first_look(self, method: str) -> Payload | None:
        made = self.services.first_looks.get(self.key(method))
        if made is None:
            return None
        whole = EXPLAINERS[method](**dict(self.parameters[method])).cost
        said = f"A first look: {made[0].evaluations:,} of {whole:,} evaluations."
        return light_box.maps_part(EXPLAINERS[method], made, self.card, self.truth, said)

    def _find_twin(self, key: str) -> str | None:
        if self.services.logits.get(key) is None or self._find_answers() is None:
            return None
        return self._offer(["twin words", key, self._logits_key, *self._words], lambda: self._twin_words(key))

    def _twin_words(self, key: str) -> Payload | None:
        before, after = self.logits(), self.services.logits.get(key)
        if before is None or after is None:
            return None
        return twin.captions_part(self.card, before, after, self.without)

    def _offer(self, about: list[Any], make: Callable[[], Payload | None]) -> str:
        def packed() -> bytes | None:
            try:
                made = make()
            except (ValueError, OSError):  # the page itself says why a film cannot be opened
                return None
            return None if made is None else pack(made)

        return self.services.channel.parts.offer(about, packed, film=self.upload)
