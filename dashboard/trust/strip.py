"""The sanity strip of a film: made once in the background, and kept; an upload's in memory alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dashboard.compare.state import State as CompareState
from dashboard.server.library import OWN
from dashboard.server.services import Services
from dashboard.server.store import content_key
from training.benchmark.sanity import FILMS, Strip, make_strip
from xai.budget import Budget
from xai.explainers import EXPLAINERS
from xai.films.film import Film, FilmError

MADE = 1  # goes up whenever a strip is made in another way


@dataclass(frozen=True)
class Asked:
    """Whose strip.

    Attributes
    ----------
    services : Services
    model, dataset, film, finding, method : str
        The film is a name in the dataset, or the content hash of an upload where that is `OWN`.
    others : str
        The dataset whose films tell batch normalisation anew what is usual.
    """

    services: Services
    model: str
    dataset: str
    film: str
    finding: str
    method: str
    others: str

    @property
    def upload(self) -> str | None:
        """The content hash of an upload; None for a film of the library."""
        return self.film if self.dataset == OWN else None

    @property
    def key(self) -> str:
        """Name it, by everything that decides it."""
        model, stamp = self.services.model_key(self.model), self.services.library.dataset_stamp(self.others)
        parameters = CompareState().parameters(self.method)
        where = [OWN] if self.upload else []
        about = (model, self.others, stamp, *where, self.film, self.finding, self.method, parameters)
        return content_key("sanity", MADE, *about)

    def get(self) -> Strip | None:
        """Give it, if it was made before."""
        kept = self.services.strips.get(self.key) if self.upload else self.services.arrays.get(self.key)
        if kept is None or not {"layers", "canvas"} <= kept.keys():
            return None
        maps = {name: one for name, one in kept.items() if name not in ("layers", "canvas")}
        return Strip(tuple(int(count) for count in kept["layers"]), kept["canvas"], maps)

    def make(self, budget: Budget) -> None:
        """Make and keep it.

        Raises
        ------
        FilmError
            If it is of an upload that is here no more.
        ModelError
            If the model's weights cannot be made random, or the method cannot work with it.
        Cancelled
            If nobody waits any more.
        """
        services, library = self.services, self.services.library
        explainer = EXPLAINERS[self.method](**dict(CompareState().parameters(self.method)))
        classifier = services.ready(self.model, hides=explainer.hides)
        names = library.films(self.others).index[:FILMS]
        canvases = np.stack([classifier.prepare(services.film(self.others, name)) for name in names])
        film = self._film()
        path = library.models()[self.model]
        strip = make_strip(classifier, path, film, self.finding, [explainer], canvases, budget)
        made = {"layers": np.array(strip.layers), "canvas": strip.canvas, **strip.maps}
        if self.upload is None:
            services.arrays.put(self.key, made)
            return
        services.note_upload(self.upload, self.key)
        services.strips.put(self.key, made)
        if services.films.get(self.upload) is None:  # its visitor left meanwhile
            services.forget(self.upload)

    def _film(self) -> Film:
        if self.upload is None:
            return self.services.film(self.dataset, self.film)
        film = self.services.films.get(self.upload)
        if film is None:
            raise FilmError("This film is no longer in the server's memory. Bring it again.")
        return film
