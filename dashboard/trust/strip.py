"""The sanity strip of a film of the library: made once in the background, and kept."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dashboard.compare.state import State as CompareState
from dashboard.server.services import Services
from dashboard.server.store import content_key
from training.benchmark.sanity import FILMS, Strip, make_strip
from xai.budget import Budget
from xai.explainers import EXPLAINERS

MADE = 1  # goes up whenever a strip is made in another way


@dataclass(frozen=True)
class Asked:
    """Whose strip.

    Attributes
    ----------
    services : Services
    model, dataset, film, finding, method : str
    """

    services: Services
    model: str
    dataset: str
    film: str
    finding: str
    method: str

    @property
    def key(self) -> str:
        """Name it, by everything that decides it."""
        model, stamp = self.services.model_key(self.model), self.services.library.dataset_stamp(self.dataset)
        parameters = CompareState().parameters(self.method)
        return content_key("sanity", MADE, model, self.dataset, stamp, self.film, self.finding, self.method, parameters)

    def get(self) -> Strip | None:
        """Give it, if it was made before."""
        kept = self.services.arrays.get(self.key)
        if kept is None or not {"layers", "canvas"} <= kept.keys():
            return None
        layers, canvas = tuple(int(count) for count in kept.pop("layers")), kept.pop("canvas")
        return Strip(layers, canvas, kept)

    def make(self, budget: Budget) -> None:
        """Make and keep it.

        Raises
        ------
        ModelError
            If the model's weights cannot be made random, or the method cannot work with it.
        Cancelled
            If nobody waits any more.
        """
        services, library = self.services, self.services.library
        explainer = EXPLAINERS[self.method](**dict(CompareState().parameters(self.method)))
        classifier = services.ready(self.model, hides=explainer.hides)
        names = library.films(self.dataset).index[:FILMS]
        canvases = np.stack([classifier.prepare(services.film(self.dataset, name)) for name in names])
        film = services.film(self.dataset, self.film)
        path = library.models()[self.model]
        strip = make_strip(classifier, path, film, self.finding, [explainer], canvases, budget)
        services.arrays.put(self.key, {"layers": np.array(strip.layers), "canvas": strip.canvas, **strip.maps})
