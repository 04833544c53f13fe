"""Maps of many films, made by a real network and kept film by film."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from dashboard.compare.film_maps import FilmMaps
from dashboard.errors.alarm_falls import AlarmFalls
from dashboard.errors.maps_wanted import cost_words
from dashboard.server.library import Library
from dashboard.server.services import Request, Services
from training.evaluate.hidden_regions import REGIONS
from xai.budget import Budget, Cancelled
from xai.explainers import EXPLAINERS
from xai.films.film import Film, FilmError

FILMS = ("a", "b", "c")


@pytest.fixture
def services(shelf) -> Services:
    shelf.add_dataset(films=FILMS)
    shelf.add_model(outputs=["Mass", "Edema"])
    return Services(Library(shelf.root))


def opens(services: Services, *names: str) -> dict[str, Callable[[], Film]]:
    return {name: lambda name=name: services.film("generated", name) for name in names}


def broken() -> Film:
    raise FilmError("This film is broken.")


def test_maps_are_made_once_and_those_made_before_a_cancel_are_kept(services):
    maps = FilmMaps(services, "tiny", "generated", "Mass", "gradcam")
    assert "not measured yet" in cost_words(maps, 3)
    answers, heard = iter([False, False, True]), []
    with pytest.raises(Cancelled):
        maps.make(opens(services, *FILMS), Budget(progress=heard.append, cancelled=lambda: next(answers)))
    assert maps.missing(FILMS) == ["b", "c"]
    maps.make({**opens(services, "a", "c"), "b": broken}, Budget())
    assert (maps.missing(FILMS), maps.broken(FILMS)) == ([], ["b"])
    assert sorted(maps.known(FILMS)) == ["a", "c"]
    film, classifier = services.film("generated", "a"), services.classifier("tiny")
    (alone,) = EXPLAINERS["gradcam"]().explain(classifier, film, ["Mass"])
    kept = maps.get("a")
    assert (kept.values == alone.map).all()
    assert kept.probability == alone.probability
    assert kept.canvas == pytest.approx(classifier.prepare(film), abs=1 / 255)
    assert heard == sorted(heard)
    assert cost_words(maps, 3).startswith("3 films, one pass each: about ")
    assert replace(maps, finding="Edema").missing(FILMS) == list(FILMS)


def test_what_takes_long_is_shared_with_compare_both_ways(services):
    mass, edema = (FilmMaps(services, "tiny", "generated", finding, "lime") for finding in ("Mass", "Edema"))
    services._classifiers.clear()
    mass.make(opens(services, "a"), Budget())
    parameters = mass._parameters
    request = Request(services.film("generated", "a"), "tiny", "lime", parameters, of_dataset=True)
    found = services.found(request)
    assert [one.finding for one in found] == ["Mass", "Edema"]
    assert (mass.get("a").values == found[0].map).all()
    assert (mass.get("a").pieces == found[0].pieces).all()
    assert np.abs(mass.get("a").shares).sum() == pytest.approx(1)
    classifier, asked = services.classifier("tiny"), []
    classifier.logits = asked.append  # nobody asks the model again
    edema.make(opens(services, "a"), Budget())
    assert (edema.get("a").values == found[1].map).all()
    assert asked == []
    assert "× up to 1,000 evaluations: about " in cost_words(edema, 24).replace("\u00a0", " ")


def test_falls_are_what_each_answer_loses_when_a_region_shows_the_blurred_film(services):
    falls = AlarmFalls(services, "tiny", "generated", "", "")
    falls.make(opens(services, "a", "b"), Budget())
    assert falls.missing(FILMS) == ["c"]
    assert cost_words(falls, 3).startswith("3 films × up to 10 evaluations: about ")
    seen, classifier = falls.seen(["a", "b"]), services.classifier("tiny")
    assert seen.falls.shape == (2, 2, len(REGIONS))
    canvas = classifier.prepare(services.film("generated", "b"))
    rows, columns = ((np.arange(side) + 0.5) / side for side in canvas.shape)
    corner = np.outer(rows > 0.8, columns < 0.2)
    without = np.where(corner, gaussian_filter(canvas, 0.1 * np.array(canvas.shape), mode="nearest"), canvas)
    lost = classifier.logits(canvas[None]) - classifier.logits(without[None].astype(np.float32))
    assert corner.any()
    assert seen.falls[1, :, REGIONS.index("lower left corner")] == pytest.approx(lost[0], abs=1e-5)
