"""How much of a map's evidence lies on an object that has nothing to do with the finding, for models side by side.

A simulation knows where the object is, and can render the same film without it: its twin. So what a model makes of
the object is known, and what each method's maps show of that can be measured. All maps are of films that show the
finding and the object: a model may say yes for either reason, and the question is whether its map tells which.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np

from training.opening import render_film
from training.simulation.population import Confounder, draw_recipe
from training.simulation.recipe import VERSION, Recipe
from training.simulation.render import SIZE, Sitting
from xai.front_door import explain
from xai.measures import energy, on_map

if TYPE_CHECKING:
    from xai.films.film import Film
    from xai.models.classifier import Classifier

MARGIN = 32  # of a side


@dataclass(frozen=True)
class Question:
    """What is asked of the models.

    Attributes
    ----------
    finding, thing : str
        Whose maps, and the object that they should leave alone.
    methods : tuple of str
    samples : int or None
        Films that each method which hides parts sends through the model; its own default where it is None.
    seed : int
        Of the films, and of the methods.
    """

    finding: str
    thing: str
    methods: tuple[str, ...]
    samples: int | None = None
    seed: int = 0

    def claim(self, classifiers: Mapping[str, Classifier]) -> dict[str, Any]:
        """Everything that changes a number, models by content."""
        models = {name: classifier.model_id for name, classifier in classifiers.items()}
        return {"models": models, "recipe_version": VERSION, "size": SIZE, **asdict(self)}


@dataclass(frozen=True, eq=False)
class Looked:
    """What models made of one film.

    Attributes
    ----------
    canvas : float32 array (H, W)
        The film as the models see it.
    inside : bool array (H, W)
        Where the object is; nowhere, where it lies beside what the film shows.
    logits : dict of str to (float, float)
        A model's answer for the finding, with the object and without it.
    maps : dict of (str, str) to float32 array (H, W)
        By model and method.
    parameters : dict of str to dict
        Of each method.
    """

    canvas: np.ndarray
    inside: np.ndarray
    logits: dict[str, tuple[float, float]]
    maps: dict[tuple[str, str], np.ndarray] = field(default_factory=dict)
    parameters: dict[str, dict[str, Any]] = field(default_factory=dict)

    def share(self, model: str, method: str) -> float:
        """Share of the evidence for the finding that lies `around` the object: `xai.measures.energy`."""
        return energy(self.maps[model, method], around(self.inside))


def around(inside: np.ndarray) -> np.ndarray:
    """Give the box of an object and a margin of a 32nd of the film's sides: no map is as fine as the strokes of a sign.

    Parameters
    ----------
    inside : bool array (H, W)
        Not empty.
    """
    box = np.zeros_like(inside)
    spans = []
    for axis, side in enumerate(inside.shape):
        places = np.flatnonzero(inside.any(axis=1 - axis))
        spans.append(slice(max(0, places[0] - side // MARGIN), places[-1] + 1 + side // MARGIN))
    box[tuple(spans)] = True
    return box


def draw_film(question: Question, place: int) -> Recipe:
    """Draw the film at a place of an endless row of films, each with the object on it."""
    always = Confounder(question.thing, question.finding, 1.0, 1.0)
    return draw_recipe(question.seed, place, "balanced", (always,))


def places_of(question: Question, *, present: bool) -> Iterator[int]:
    """Say where in that row films lie that show the finding, or do not, one a patient; there is no end of them."""
    people = set()
    for place in count():
        recipe = draw_film(question, place)
        if (question.finding in recipe.severities) == present and recipe.person not in people:
            people.add(recipe.person)
            yield place


def with_and_without(question: Question, place: int) -> tuple[Film, Film]:
    """Render a film, and its twin without the object."""
    recipe = draw_film(question, place)
    return render_film(recipe, SIZE), render_film(recipe, SIZE, (question.thing,))


def look(classifiers: Mapping[str, Classifier], place: int, question: Question, *, explains: bool = True) -> Looked:
    """Have models answer a film and its twin, and explain the film.

    All outputs of a model are explained together, as the app does. The models must see films alike. A film that does
    not show the object is not explained.
    """
    shown, twin = with_and_without(question, place)
    looked = Looked(*_as_seen(classifiers, shown, place, question), {})
    seed = int(np.random.default_rng([question.seed, place]).integers(2**32))
    for name, classifier in classifiers.items():
        output = classifier.card.index(question.finding)
        with_it, without = (float(classifier.answer(classifier.prepare(one))[output]) for one in (shown, twin))
        looked.logits[name] = with_it, without
        if explains and looked.inside.any():
            made = explain(classifier, shown, list(question.methods), samples=question.samples, seed=seed)
            own = [one for one in made if one.finding == question.finding]
            looked.maps.update({(name, one.method): one.map for one in own})
            looked.parameters.update({one.method: one.parameters for one in own})
    return looked


def _as_seen(
    classifiers: Mapping[str, Classifier], film: Film, place: int, question: Question
) -> tuple[np.ndarray, np.ndarray]:
    """Give the film and the object's place in the models' geometry, which is one for all."""
    first = next(iter(classifiers.values()))
    mask = Sitting(draw_film(question, place), SIZE).masks([question.thing])[question.thing]
    return first.prepare(film), on_map(mask, first.shape, first.footprint(film))
