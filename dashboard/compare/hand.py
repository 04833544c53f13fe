"""A hand on the film: what the model answers once parts of it are hidden, beside what each map says of those parts."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from dashboard.compare import areas
from dashboard.compare.shown import Shown
from dashboard.components.payload import Payload
from dashboard.page.words import HARDLY, signed
from dashboard.server.awaited import Want
from dashboard.server.jobs import Job
from dashboard.server.services import Answered
from dashboard.server.store import content_key
from xai.budget import Budget
from xai.explainers import EXPLAINERS
from xai.explainers.baselines import BASELINES, DATASET_MEAN, settled
from xai.explainers.claims import claimed_change, evidence_in
from xai.explainers.explanation import Explanation
from xai.explainers.hiding import Grid, Region, hidden_canvas, hidden_pixels
from xai.findings import finding_label
from xai.written import percent, with_unit

GROUP = "hand"


def baselines(shown: Shown) -> dict[str, str]:
    """Give what hidden parts can show under this model, each with what it is."""
    return {name: said for name, said in BASELINES.items() if name != DATASET_MEAN or shown.card.mean_film}


def wants(shown: Shown, about: Any) -> list[Want]:
    """Give what there is to wait for once parts of a film are hidden.

    Parameters
    ----------
    shown : Shown
    about : dict
        ``areas``, as `dashboard.compare.areas` writes them, and ``shows``, what the hidden parts show.

    Raises
    ------
    ValueError
        For anything else.
    """
    if not isinstance(about, dict) or not all(isinstance(about.get(name), str) for name in ("areas", "shows")):
        raise ValueError("expected areas and what they show")
    hidden = _Hidden(shown, about["areas"], about["shows"])
    return [Want(hidden.key, "hidden", "the answer to the film with parts hidden", hidden.ask, hidden.find)]


class _Hidden:
    """Some parts of a film, hidden; checked."""

    def __init__(self, shown: Shown, text: str, shows: str) -> None:
        self.shown, self.services = shown, shown.services
        self.shapes, self.shows = areas.read(text), settled(shows, shown.card)
        self.methods = sorted({shape.method for shape in self.shapes if isinstance(shape, Region)})
        if self.shows not in baselines(shown):
            raise ValueError("there is no such baseline under this model")
        if unknown := set(self.methods) - set(shown.parameters):
            raise ValueError(f"no map of {', '.join(unknown)} hangs here")
        maps = {method: shown.key(method) for method in self.methods}
        self.key = content_key(shown.sha256, self.services.model_key(shown.model), "hidden", text, self.shows, maps)

    def ask(self) -> Job:
        """Ask the model; before that for the maps whose pieces are hidden."""
        for method in self.methods:
            if not self.services.store.has(self.shown.key(method)):
                return self.shown.explain(method)
        return self.shown.work(self.key, self._work)

    def find(self) -> str | None:
        """Name the part with the answer, and with what the maps say that are there by now."""
        if self.services.answered.get(self.key) is None:
            return None
        ready = {method: self.shown.key(method) for method in self.shown.parameters}
        ready = {method: key for method, key in ready.items() if self.services.store.has(key)}
        return self.shown.offer(["hidden", self.key, ready], partial(self._part, tuple(ready)))

    def _work(self, budget: Budget) -> None:
        classifier, film = self.services.classifier(self.shown.model), self.shown.reopened()
        canvas = classifier.prepare(film)
        height, width = film.pixels.shape
        pieces = {method: self._pieces(method) for method in self.methods}
        mask = hidden_pixels(self.shapes, Grid.of((height, width), classifier.card.input), pieces)
        changed = hidden_canvas(classifier, canvas, mask, self.shows)
        answer = {
            "before": classifier.answer(canvas),
            "after": classifier.answer(changed),
            "mask": mask,
            "pixels": np.rint(255 * changed.clip(0, 1)).astype(np.uint8),
        }
        self.services.answered.put(self.key, answer)

    def _pieces(self, method: str) -> np.ndarray:
        made = self.services.store.get(self.shown.key(method))
        if made is None or made[0].pieces is None:
            raise ValueError(f"The map of {EXPLAINERS[method].title} is no longer there, or has no pieces.")
        return made[0].pieces

    def _part(self, methods: tuple[str, ...]) -> Payload | None:
        answer = self.services.answered.get(self.key)
        if answer is None:
            return None
        made = {method: self.services.store.get(self.shown.key(method)) for method in methods}
        return hidden_part(self.shown, answer, self.shows, {name: one for name, one in made.items() if one is not None})


def hidden_part(shown: Shown, answer: Answered, shows: str, made: dict[str, list[Explanation]]) -> Payload:
    """Put into words and numbers what hiding parts of a film did, for every output.

    Parameters
    ----------
    shown : Shown
    answer : dict
        ``before`` and ``after``, logits (outputs,); ``mask``, bool (H, W), and ``pixels``, uint8 (H, W).
    shows : str
        What the hidden parts show.
    made : dict
        The explanations that are there, by method.
    """
    card, before, after, mask = shown.card, answer["before"], answer["after"], answer["mask"]
    change = after.astype(np.float64) - before
    was, now = card.probabilities(before), card.probabilities(after)
    names = card.outputs
    sentences = {
        name: f"{finding_label(name)}: {moved(float(one), float(other))}"
        for name, one, other in zip(names, was, now, strict=True)
    }
    return {
        "mask": mask.astype(np.uint8),
        "pixels": answer["pixels"],
        "covered": _covered(mask),
        "after": {name: float(share) for name, share in zip(names, now, strict=True)},
        "written": {name: percent(float(share)) for name, share in zip(names, now, strict=True)},
        "change": {name: signed(float(one)) for name, one in zip(names, change, strict=True)},
        "said": sentences if mask.any() else dict.fromkeys(names, ""),
        "claims": {
            name: [
                {"label": "Measured", "value": _moves(float(change[k])), "help": f"What hiding it did; {shows}."},
                *(_claim(method, ones[k], mask, shows) for method, ones in made.items()),
            ]
            for k, name in enumerate(names)
        },
        "methods": list(made),
    }


def moved(one: float, other: float) -> str:
    """Write two shares, with one decimal where they would read the same without it."""
    before, after = percent(one), percent(other)
    if before == after and min(one, other) >= 0.1 and max(one, other) <= 0.99:
        before, after = (with_unit(f"{100 * share:.1f}", "%") for share in (one, other))
    return f"{before} → {after}"


def _covered(mask: np.ndarray) -> str:
    if not mask.any():
        return "Nothing that the model sees is hidden: the part lies outside of its input, or between its pixels."
    return f"{percent(float(mask.mean()))} of what the model sees is hidden."


def _moves(change: float) -> str:
    return "hardly any" if abs(change) < HARDLY else with_unit(signed(change), "logit")


def _claim(method: str, made: Explanation, mask: np.ndarray, shows: str) -> Payload:
    """What one map says of the hidden pixels."""
    kind = EXPLAINERS[method]
    claimed = claimed_change(kind, made, mask)
    if claimed is None:
        share = evidence_in(made, mask)
        value = "no evidence" if share is None else f"{percent(share)} of its evidence"
        return {"label": kind.title, "value": value, "help": "How much of the map's evidence lies there; no logits."}
    against = f" Its map was made against another baseline: {made.baseline}." if made.baseline != shows else ""
    return {
        "label": kind.title,
        "value": _moves(claimed),
        "help": "What hiding it would do if the map's shares simply added up; a piece of which only a part is hidden "
        f"counts by that share of its pixels.{against}",
    }
