"""Maps of many films: made as `xai.explain_many` makes them, kept film by film, so that all of the page shares them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dashboard.compare.state import State as CompareState
from dashboard.server.library import Library
from dashboard.server.services import Request, Services
from dashboard.server.store import content_key
from training.evaluate.evidence import evidence_shares
from xai.budget import Budget
from xai.explainers import EXPLAINERS
from xai.explainers.explanation import Explainer, Explanation
from xai.films.film import Film
from xai.many.in_turn import each_film
from xai.models.engines.compiled import SINGLE

Openers = Mapping[str, Callable[[], Film]]


@dataclass(frozen=True, eq=False)
class FilmMap:
    """A film's map of one finding.

    Attributes
    ----------
    values : float32 array (H, W)
        The raw map, in the model's input geometry.
    canvas : float32 array (H, W)
        The film as the model sees it.
    probability : float
        The model's answer.
    pieces : uint16 array (H, W) or None
        Where a piece of the film has one number for all of it.
    """

    values: np.ndarray
    canvas: np.ndarray
    probability: float
    pieces: np.ndarray | None = None

    @property
    def shares(self) -> np.ndarray:
        """Its evidence as shares, see `evidence_shares`."""
        return evidence_shares(self.values, self.pieces)


class Making:
    """What is known of the making of maps on this machine: how long they take, and which films gave none."""

    def __init__(self, library: Library) -> None:
        self._lock = threading.Lock()
        self._seconds: dict[str, list[float]] = {}
        self._broken: dict[str, str] = {}

    def note(self, pace: str, seconds: float) -> None:
        """Note how long a film took."""
        with self._lock:
            self._seconds.setdefault(pace, []).append(seconds)

    def seconds(self, pace: str) -> float | None:
        """Give how long a film takes, the mean of those before: some maps converge before others.

        None where none was made since the server began.
        """
        with self._lock:
            made = self._seconds.get(pace)
            return sum(made) / len(made) if made else None

    def give_up(self, key: str, why: str) -> None:
        """Note why a film has no map."""
        with self._lock:
            self._broken[key] = why

    def why(self, key: str) -> str | None:
        """Say why a film has no map; None where nothing is known against it."""
        return self._broken.get(key)


@dataclass(frozen=True)
class FilmMaps:
    """The maps of one finding that one method makes of a dataset's films.

    Attributes
    ----------
    services : Services
    model, dataset, finding, method : str
    """

    services: Services
    model: str
    dataset: str
    finding: str
    method: str

    @property
    def explainer(self) -> type[Explainer]:
        """The method."""
        return EXPLAINERS[self.method]

    @property
    def title(self) -> str:
        """What is made, for people."""
        return self.explainer.title

    @property
    def cost(self) -> int:
        """Films sent through the model for one of them."""
        return self.explainer().cost

    def asked(self, count: int) -> str:
        """Say on the button what is asked for."""
        return f"Compute {count} maps"

    @property
    def key(self) -> str:
        """Name all of them, by everything that decides them."""
        stamp, model = self.services.library.dataset_stamp(self.dataset), self.services.model_key(self.model)
        precision = self.services.precision(self.model, self.method)
        lower = [] if precision == SINGLE else [precision]  # as `Services.key_of` has it
        return content_key("film map", model, self.dataset, stamp, self.finding, self.method, self._parameters, *lower)

    def get(self, film: str) -> FilmMap | None:
        """Give a map that was made before."""
        kept = self.services.arrays.get(self.name_of(film))
        if kept is None or not {"values", "canvas", "probability"} <= kept.keys():
            return None
        canvas = kept["canvas"].astype(np.float32) / 255
        return FilmMap(kept["values"], canvas, float(kept["probability"]), kept.get("pieces"))

    def known(self, films: Sequence[str]) -> dict[str, FilmMap]:
        """Give those that were made before, by film."""
        return {film: one for film in films if (one := self.get(film)) is not None}

    def missing(self, films: Sequence[str]) -> list[str]:
        """Name the films without a map that may still get one."""
        arrays, making = self.services.arrays, self._making
        keys = {film: self.name_of(film) for film in films}
        return [film for film, key in keys.items() if not arrays.has(key) and making.why(key) is None]

    def broken(self, films: Sequence[str]) -> list[str]:
        """Name the films of which none could be made."""
        return [film for film in films if self._making.why(self.name_of(film)) is not None]

    @property
    def seconds(self) -> float | None:
        """Seconds that a film takes here; None where nobody has measured it yet."""
        return self._making.seconds(self._pace)

    def make(self, films: Openers, budget: Budget) -> None:
        """Make the maps that are missing; those that were made stay, whatever ends it.

        Raises
        ------
        Cancelled
            If nobody waits any more.
        ModelError
            If the method cannot work with this model.
        """
        self.services.ready(self.model, hides=self._hides)  # before any is named
        arrays = self.services.arrays
        wanted = {film: opens for film, opens in films.items() if not arrays.has(self.name_of(film))}

        def keep(name: str, film: Film, part: Budget) -> None:
            arrays.put(self.name_of(name), self._made(film, part))

        # One at a time: two would take twice as much of the engine from the map that a visitor of Compare waits for.
        for outcome in each_film(wanted, keep, budget, at_once=1):
            if outcome.why:
                self._making.give_up(self.name_of(outcome.name), outcome.why)

    def _made(self, film: Film, budget: Budget) -> dict[str, np.ndarray]:
        explained = self._explained(film, budget)
        canvas = self.services.classifier(self.model).prepare(film)
        arrays = {
            "values": explained.map,
            "canvas": np.rint(np.clip(canvas, 0, 1) * 255).astype(np.uint8),
            "probability": np.array(explained.probability),
        }
        if self.explainer.shares == "piece" and explained.pieces is not None:
            arrays["pieces"] = explained.pieces
        return arrays

    def _explained(self, film: Film, budget: Budget) -> Explanation:
        """Explain a film, or take what Compare has of it; what takes long is explained for all findings, and kept."""
        services, explainer = self.services, self.explainer(**dict(self._parameters))
        request = Request(film, self.model, self.method, self._parameters, of_dataset=True)
        found = services.found(request)
        classifier = services.classifier(self.model)
        if found is None:
            findings = [self.finding] if explainer.quick else None
            found = explainer.explain(classifier, film, findings, budget)
            self._making.note(self._pace, found[0].seconds)
            if not explainer.quick:
                services.store.put(services.explanation_key(request), found, on_disk=True)
        return next(one for one in found if one.finding == self.finding)

    @property
    def _hides(self) -> bool:
        return self.explainer.hides

    @property
    def _parameters(self) -> tuple[tuple[str, Any], ...]:
        return CompareState().parameters(self.method)

    @property
    def _pace(self) -> str:
        return content_key("pace", self.services.model_key(self.model), self.method, self._parameters)

    @property
    def _making(self) -> Making:
        return self.services.of(Making)

    def name_of(self, film: str) -> str:
        """Name one of them."""
        return content_key(self.key, film)
