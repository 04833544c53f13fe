"""A film with the maps of one model: what `xai.explain` gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np

from xai.explainers.explanation import Explanation
from xai.films.film import Film
from xai.pictures.render import place
from xai.showing import picture_of


@dataclass(frozen=True, eq=False, repr=False)
class Explained(Sequence[Explanation]):
    """A film and its explanations, in the order they were asked for; in a notebook it hangs them side by side.

    Attributes
    ----------
    film : Film
    maps : tuple of Explanation
        For each method, each finding.
    footprint : tuple of float
        The part of the film that the model saw: (x0, y0, x1, y1) in fractions of its width and height.
    model, model_id : str
        Name of the model, and sha256 of its file.

    Examples
    --------
    >>> maps = xai.explain(model, film, ["gradcam", "centred"], ["Effusion", "Mass"])
    >>> [(one.method, one.finding) for one in maps]
    [('gradcam', 'Effusion'), ('gradcam', 'Mass'), ('centred', 'Effusion'), ('centred', 'Mass')]
    >>> maps.on_film(maps.of("centred", "Mass")).shape == maps.film.pixels.shape
    True
    """

    film: Film
    maps: tuple[Explanation, ...]
    footprint: tuple[float, float, float, float]
    model: str
    model_id: str

    def __len__(self) -> int:
        return len(self.maps)

    @overload
    def __getitem__(self, index: int) -> Explanation: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Explanation, ...]: ...

    def __getitem__(self, index: int | slice) -> Explanation | tuple[Explanation, ...]:
        return self.maps[index]

    @property
    def methods(self) -> tuple[str, ...]:
        """Names of the methods."""
        return tuple(dict.fromkeys(one.method for one in self.maps))

    @property
    def findings(self) -> tuple[str, ...]:
        """What is explained."""
        return tuple(dict.fromkeys(one.finding for one in self.maps))

    def of(self, method: str, finding: str) -> Explanation:
        """Give the first explanation of a finding by a method; raises KeyError where there is none."""
        for one in self.maps:
            if (one.method, one.finding) == (method, finding):
                return one
        raise KeyError(f"no map of {finding} by {method}; there are {_listed(self.maps)}")

    def on_film(self, explanation: Explanation) -> np.ndarray:
        """Put a map where it belongs on the film: float32 (H, W), 0 where the model saw nothing.

        Scaled, it is fit for a mask or a picture, but its sum is no longer that of the raw map.
        """
        return place(explanation.map, self.footprint, *self.film.pixels.shape)

    def __repr__(self) -> str:
        height, width = self.film.pixels.shape
        count = f"{len(self)} map{'' if len(self) == 1 else 's'}"
        shown = "".join(f"\n  {one.method} of {one.finding}" for one in self.maps)
        return f"<Explained: {count} by {self.model} of a film of {width} × {height} px{shown}>"

    def _repr_png_(self) -> bytes | None:
        return picture_of(self)


def _listed(maps: Sequence[Explanation]) -> str:
    return ", ".join(f"{one.finding} by {one.method}" for one in maps) or "none"
