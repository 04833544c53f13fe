"""What the Compare page shows of one film: what the browser fetches for it, and what it waits for.

Whatever is kept here after the page has run holds names and keys, no pixels: thirty open pages are thirty short lists.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np

from dashboard.compare import light_box, twin
from dashboard.compare.film_parts import FilmParts
from dashboard.compare.glance import leagues_of, measured_words
from dashboard.compare.hang import Hung
from dashboard.compare.odd import likeness_part
from dashboard.compare.so_far import after, more, so_far
from dashboard.compare.state import State
from dashboard.compare.truth_note import OnFilm, regions_of
from dashboard.components import payload
from dashboard.components.payload import Payload
from dashboard.server.awaited import Want
from dashboard.server.jobs import Job
from dashboard.server.peaks import Common
from dashboard.server.services import Request, Services
from training.datasets.facts import DatasetError
from xai.budget import Budget
from xai.cards.model_card import ModelCard
from xai.explainers import EXPLAINERS
from xai.explainers.explanation import Explainer, Explanation
from xai.films.film import AS_HUNG, Film, Sides
from xai.measures.frame import Footprint
from xai.models.preprocess import footprint

LIKENESS = "likeness"  # what is waited for where a card says what its model has seen


@dataclass(frozen=True)
class Shown(FilmParts):
    """A film under a model, with the maps that are asked for.

    Attributes
    ----------
    services, sha256, record, came, mend
        As of `FilmParts`.
    waiter : str
        Name of the open page.
    model : str
    card : ModelCard
    truth : mapping of str to str
        Of each finding, where it is known.
    sides : (str, str) or None
        The patient's sides on the film's left and right; None where they are not known.
    plain : str
        The film's name while the truth is hidden.
    parameters : mapping of str to tuple
        Of each method that is asked for.
    seed : int
    without : tuple of str
        What the twin lacks; empty where there is none.
    footprint : tuple of float
        The part of the film that the model sees.
    """

    waiter: str
    model: str
    card: ModelCard
    truth: Mapping[str, str]
    sides: Sides | None
    plain: str
    parameters: Mapping[str, tuple[tuple[str, Any], ...]]
    seed: int
    without: tuple[str, ...]
    footprint: Footprint

    @classmethod
    def of(cls, services: Services, waiter: str, state: State, hung: Hung, model: str, card: ModelCard) -> Shown:
        """Take what a state asks for of the film that hangs."""
        lacks = tuple(name for name in state.without if name in twin.removable(hung))
        asked = {method: state.parameters(method) for method in state.methods}
        film, record = hung.film, hung.record
        height, width = film.pixels.shape
        return cls(
            services,
            film.sha256,
            record,
            hung.came,
            hung.mend,
            waiter,
            model,
            card,
            hung.truth,
            film.facts.sides,
            hung.plain_name,
            asked,
            state.seed,
            lacks,
            footprint(height, width, card.input),
        )

    def input(self) -> str:
        """Name the part with the model's input."""
        return self.offer(
            ["input", self.sha256, self.card.fingerprint], lambda: light_box.input_part(self.reopened(), self.card)
        )

    @property
    def outlined(self) -> str:
        """What people outlined on the film, by content; empty where nobody did, or where it is damaged."""
        library, record = self.services.library, self.record
        try:
            drawn = {} if record is None or record.recipe is not None else library.masks(record.dataset, record.film)
        except DatasetError:  # the page says so
            return ""
        parts = [f"{name} {mask.shape}".encode() + mask.tobytes() for name, mask in drawn.items()]
        return hashlib.sha256(b"".join(parts)).hexdigest() if parts else ""

    def masks(self) -> str | None:
        """Name the part with the exact truth of a simulated film, or with what people outlined; None for any other."""
        record = self.record
        if record is None or (record.recipe is None and not self.outlined):
            return None
        masks = partial(self.services.library.masks, record.dataset, record.film)
        content = self.outlined if record.recipe is None else record.recipe.to_json()
        return self.offer(
            ["masks", content, self.mend.steps],
            lambda: light_box.masks_part({name: self.mend.moved(mask) for name, mask in masks().items()}),
        )

    def panels(self) -> list[Payload]:
        """Give the panels beside the film: the twin, then the methods."""
        library, results = self.services.library, leagues_of(self.services.library, self.model)
        explainers = [self._explainer(method).settled(self.card) for method in self.parameters]
        panels = [light_box.panel(one, measured_words(library, results, one)) for one in explainers]
        if not self.without:
            return panels
        part = self.offer(
            ["twin", self.sha256, sorted(self.without)], lambda: payload.picture_pixels(light_box.shades(self.twin()))
        )
        return [
            payload.picture_payload("twin", title=twin.title(self.without), part=part, plain=twin.PLAIN_TITLE),
            *panels,
        ]

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
                    partial(self.explain, method),
                    partial(self._find_maps, method),
                    partial(self._find_state, method),
                    stop=partial(self.services.sharpening.hold, self.key(method), self.waiter),
                )
            )
        if self.card.seen is not None:
            title = "how like its training films it is"
            wants.append(Want(self._distance_key, LIKENESS, title, self._ask_distance, self._find_likeness))
        if self.without:
            twin_film = self.twin()
            key = self.services.logits_key(twin_film.sha256, self.model)
            find = partial(self._find_twin, key)
            wants.append(Want(key, "twin", "the twin", lambda: self._job(self.twin), find))
        return wants

    def key(self, method: str) -> str:
        """Name a method's explanation."""
        return self.services.key_of(self.sha256, self.model, method, self.parameters[method], self.seed)

    def ready(self) -> dict[str, list[Explanation]]:
        """Give the explanations that are there, by method."""
        found = {method: self.services.store.get(self.key(method)) for method in self.parameters}
        return {method: one for method, one in found.items() if one is not None}

    def seen(self) -> dict[str, list[Explanation]]:
        """Give the explanations as the page shows them: of those that are not finished the newest state, by method."""
        found = {method: self._seen(method) for method in self.parameters}
        return {method: one for method, one in found.items() if one is not None}

    def unfinished(self, seen: Mapping[str, Sequence[Explanation]]) -> dict[str, str]:
        """Say of each map that is not finished after how many films of all it was made, by method."""
        return {
            method: after(made[0].evaluations, self._explainer(method).cost)
            for method, made in seen.items()
            if any(made[0].parameters.get(name, value) != value for name, value in self._settled(method).items())
        }

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
    def words(self) -> list[Any]:
        """What the words beside a map depend on, but for the map."""
        of_dataset = [self.record.dataset, self.record.film, self.mend.steps] if self.record else []
        return [self.card.fingerprint, sorted(self.truth.items()), self.sides, of_dataset]

    def on_film(self) -> OnFilm:
        """What words about maps say of the film."""
        known = self.sides == AS_HUNG
        if self.record is None:
            return OnFilm(self.footprint, known)
        regions = regions_of(self.services.library, self.record, self.mend)
        return OnFilm(self.footprint, known, regions, twin.removable_of(self.record))

    def twin(self) -> Film:
        """Render the film without what it is to lack; an upload has no twin."""
        assert self.record is not None
        return self.mend.film(self.services.twin(self.record, self.without))

    def explain(self, method: str) -> Job:
        """Ask for a method's maps, also where the page stopped them before."""
        self.services.sharpening.release(self.key(method), self.waiter)
        request = Request(
            self.reopened(), self.model, method, self.parameters[method], self.seed, self.record is not None, self.came
        )
        return self.services.explain(self.waiter, request)

    def work(self, key: str, work: Callable[[Budget], None]) -> Job:
        """Ask for work on this film beside its maps; what comes of an upload goes with it."""
        if self.upload is not None:
            self.services.note_upload(self.upload, key)
        return self.services.jobs.ask(self.waiter, key, work, slow=False)

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
        return self.offer(["likeness", self._distance_key], lambda: likeness_part(self.card, float(found[0])))

    def _find_answers(self) -> str | None:
        kept = any(self.services.store.has(self.key(method)) for method in self.parameters)
        if not kept and self.services.logits.get(self._logits_key) is None:
            return None
        return self.offer(["answers", self._logits_key, *self.words], self._answers)

    def _answers(self) -> Payload | None:
        logits = self.logits()
        return None if logits is None else light_box.answers_part(self.card, logits, self.truth)

    def _find_maps(self, method: str) -> str | None:
        key = self.key(method)
        if self.is_held(method) or not self.services.store.has(key):
            return None
        common = self.services.peaks.common(self._about(method))
        return self.offer(["maps", key, *self.words, common], partial(self._maps, method, common))

    def _maps(self, method: str, common: Mapping[str, Common]) -> Payload | None:
        made = self.services.store.get(self.key(method))
        if made is None:
            return None
        if self.record is not None and not self.mend:  # else the same film would count twice
            self.services.peaks.note(self._about(method), self.sha256, made)
        return self._maps_part(method, made, common=common)

    def _maps_part(
        self,
        method: str,
        made: list[Explanation],
        so_far: Payload | None = None,
        common: Mapping[str, Common] = MappingProxyType({}),
    ) -> Payload:
        part = light_box.maps_part(
            EXPLAINERS[method], made, self.card, self.truth, so_far, self.on_film(), common=common
        )
        return {**part, "more": None if so_far else more(method, dict(self.parameters[method]), made)}

    def _about(self, method: str) -> str:
        """Name the model, the method and its parameters, whatever the film."""
        return self.services.key_of("", self.model, method, self.parameters[method], self.seed)

    def _explainer(self, method: str) -> Explainer:
        return EXPLAINERS[method](**dict(self.parameters[method]))

    def _settled(self, method: str) -> dict[str, Any]:
        """Give the parameters that a method was asked for, as its maps of this model name them."""
        asked = self._explainer(method).settled(self.card).parameters()
        return {name: asked[name] for name, _ in self.parameters[method]}

    def is_held(self, method: str) -> bool:
        """Whether the page stopped a method's maps before they were whole."""
        return self.services.sharpening.is_held(self.key(method), self.waiter)

    def _seen(self, method: str) -> list[Explanation] | None:
        """Give a map; the newest state of one that is being made, and of one that was stopped that of then."""
        key, sharpening = self.key(method), self.services.sharpening
        whole = None if self.is_held(method) else self.services.store.get(key)
        films = sharpening.newest(key, self.waiter)
        return whole or (None if films is None else sharpening.at(key, films))

    def _find_state(self, method: str) -> str | None:
        key = self.key(method)
        films = self.services.sharpening.newest(key, self.waiter)
        if films is None:
            return None
        return self.offer(["state", key, films, *self.words], partial(self._state_part, method, films))

    def _state_part(self, method: str, films: int) -> Payload | None:
        made = self.services.sharpening.at(self.key(method), films)
        if made is None:
            return None
        return self._maps_part(method, made, so_far(films, self._explainer(method).cost))

    def _find_twin(self, key: str) -> str | None:
        if self.services.logits.get(key) is None or self._find_answers() is None:
            return None
        return self.offer(["twin words", key, self._logits_key, *self.words], lambda: self._twin_words(key))

    def _twin_words(self, key: str) -> Payload | None:
        before, after = self.logits(), self.services.logits.get(key)
        if before is None or after is None:
            return None
        return twin.captions_part(self.card, before, after, self.without)
