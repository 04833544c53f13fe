"""From a recipe to a film, its twins and the truth."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from training.simulation.anatomy import Anatomy, draw_anatomy, draw_camera
from training.simulation.exposure import draw_exposure, expose, take_scout
from training.simulation.findings import MODELS
from training.simulation.layers import Chest
from training.simulation.objects import IN_BEAM, ON_FILM, Burnt, Laid
from training.simulation.projection import project, project_surroundings
from training.simulation.recipe import Recipe
from training.simulation.streams import stream

SIZE = 320
# A pixel belongs to a finding where the finding changes its grey, before noise, by more than this (of 0 to 1):
# four grey levels of 255, about what an eye can still tell on a lit film.
THRESHOLD = 4 / 255


class Sitting:
    """One patient before one film: what all twins share is computed once.

    Parameters
    ----------
    recipe
        The film.
    size
        Side in pixels.
    """

    def __init__(self, recipe: Recipe, size: int = SIZE):
        self.recipe = recipe
        seed, view = recipe.seed, recipe.view
        self._healthy = draw_anatomy(recipe.person, seed, view, recipe.age, recipe.sex)
        self._camera = draw_camera(seed, view, size, self._healthy)
        self._exposure = draw_exposure(seed, view)
        self._scout = take_scout(self._healthy, self._camera, self._exposure)
        self._surroundings = project_surroundings(self._healthy, self._camera, recipe.person, seed)
        self._projected: dict[Anatomy, Chest] = {}
        self._painted: dict[tuple, Chest] = {}
        self._laid: dict[str, Laid] = {}
        self._burnt: dict[str, Burnt] = {}

    def film(self, without: Iterable[str] = (), noise: bool = True) -> np.ndarray:
        """Expose the film, or the twin that lacks the named findings and objects.

        Returns
        -------
        numpy.ndarray
            (size, size) float32 in [0, 1], 1 = dense.
        """
        recipe = self.recipe.without(without)
        layers = self.chest(without).layers
        for name in filter(IN_BEAM.get, recipe.objects):
            laid = self._lay(name)
            layers = replace(layers, metal=layers.metal + laid.metal, added=layers.added + laid.plastic)
        attenuation = layers.attenuation()
        film = expose(attenuation, self._scout, self._exposure, self._camera, recipe.seed, noise)
        for name in filter(ON_FILM.get, recipe.objects):
            burnt = self._burn(name)
            film = film * (1 - burnt.cover) + burnt.grey * burnt.cover
        return np.clip(film, 0, 1).astype(np.float32)

    def masks(self, names: Iterable[str] | None = None) -> dict[str, np.ndarray]:
        """Give the truth: the pixels that each finding or object changes.

        Parameters
        ----------
        names
            Findings and objects of the recipe; all of them by default.

        Returns
        -------
        dict
            Name to (size, size) bool: grey with and without it, before noise, differs by more than ``THRESHOLD``.
        """
        names = [*self.recipe.severities, *self.recipe.objects] if names is None else names
        whole = self.film(noise=False)
        return {name: np.abs(whole - self.film([name], noise=False)) > THRESHOLD for name in names}

    def chest(self, without: Iterable[str] = ()) -> Chest:
        """Project the chest with its findings, before any object is laid on it and before exposure."""
        recipe = self.recipe.without(without)
        if recipe.findings not in self._painted:
            self._painted[recipe.findings] = self._paint(recipe)
        return self._painted[recipe.findings]

    def _lay(self, name: str) -> Laid:
        if name not in self._laid:
            rng = stream(self.recipe.seed, name)
            self._laid[name] = IN_BEAM[name](self._surroundings.frame, self._camera, rng)
        return self._laid[name]

    def _burn(self, name: str) -> Burnt:
        if name not in self._burnt:
            self._burnt[name] = ON_FILM[name](self._camera.size, stream(self.recipe.seed, name))
        return self._burnt[name]

    def _paint(self, recipe: Recipe) -> Chest:
        present = {name: (severity, side) for name, severity, side in recipe.findings}
        findings = [model(*present[name], recipe.seed) for name, model in MODELS.items() if name in present]
        anatomy = self._healthy
        for finding in findings:
            anatomy = finding.reshape(anatomy)
        if anatomy not in self._projected:
            around = self._surroundings
            self._projected[anatomy] = project(anatomy, self._camera, recipe.person, recipe.seed, around)
        chest = self._projected[anatomy]
        for finding in findings:
            chest = finding.paint(chest)
        return chest


def render(recipe: Recipe, without: Iterable[str] = (), noise: bool = True, size: int = SIZE) -> np.ndarray:
    """Render a film, or its twin.

    Parameters
    ----------
    recipe
        The film.
    without
        Findings and objects to leave out.
    noise
        False leaves quantum noise out.
    size
        Side in pixels.

    Returns
    -------
    numpy.ndarray
        (size, size) float32 in [0, 1], 1 = dense. The same recipe gives the same film, always.
    """
    return Sitting(recipe, size).film(without, noise)
