"""What is said of a map beside others: that it is the same map, or has the same peak as on other films."""

from __future__ import annotations

import numpy as np

from dashboard.compare import light_box
from dashboard.compare.beside import beside_others
from dashboard.server.library import Library
from dashboard.server.peaks import Common
from dashboard.server.services import Services
from tests.dashboard.compare.asked import content, shown_of
from tests.dashboard.compare.test_light_box import CARD, explanation
from xai.explainers import EXPLAINERS

CORNER = np.zeros((16, 16))
CORNER[0, 15] = 1


def test_two_findings_with_one_map_are_told_with_their_correlation():
    rng = np.random.default_rng(2)
    values = rng.normal(size=(16, 16))
    maps = [values, values + 0.1 * rng.normal(size=(16, 16)), rng.normal(size=(16, 16))]
    r = np.corrcoef(maps[0].ravel(), maps[1].ravel())[0, 1]
    made = [explanation(name, one) for name, one in zip(CARD.outputs, maps, strict=True)]
    part = light_box.maps_part(EXPLAINERS["lime"], made, CARD, {})
    (told,) = part["captions"]["Pleural_Thickening"]["diagnostics"]
    assert (told["label"], told["value"], told["warn"]) == ("Same map as", f"Mass, r = {r:.2f}", True)
    assert f"it is one map with that of Mass ({r:.2f})" in told["help"]
    assert told["help"] in part["captions"]["Pleural_Thickening"]["alt"]
    assert part["captions"]["Normal"]["diagnostics"] == []


def test_several_are_counted_and_the_most_alike_named():
    made = explanation("Mass", CORNER)
    (told,) = beside_others(made, {"Edema": 1.0, "Hernia": 0.99, "Nodule": 0.98, "Fibrosis": 0.96}, None)
    assert told.value == "4 other outputs"
    assert "that of Edema (1.00), Hernia (0.99), Nodule (0.98) and 1 more" in told.meaning


def test_a_peak_where_it_always_lies_is_told_with_its_count():
    (told,) = beside_others(explanation("Mass", CORNER), {}, Common((0, 7), 19, 20, 38, 40))
    assert (told.label, told.value, told.warn) == ("Peak", "here on 19 of 20 films", True)
    assert "in this same cell on 19 of 20 films seen here, and so it does on 38 of 40 maps" in told.meaning
    (told,) = beside_others(explanation("Mass", CORNER), {}, Common((0, 7), 19, 20, 21, 40))
    assert "whatever the finding" not in told.meaning
    assert beside_others(explanation("Mass", CORNER[::-1]), {}, Common((0, 7), 19, 20, 21, 40)) == []


def test_films_of_datasets_are_counted_as_their_maps_are_looked_at_and_uploads_never(shelf, monkeypatch, film):
    shelf.add_model()
    shelf.add_dataset(films=tuple("abcdefghijklm"))
    services = Services(Library(shelf.root))
    maps = [explanation(name, CORNER) for name in ("Effusion", "Mass")]
    services.films.put(film)
    services.channel.visitors.bring("ada", film.sha256)
    for name in "abcdefghijkl":
        shown = shown_of(services, name)
        services.store.put(shown.key("gradcam"), maps, on_disk=False)
        (want,) = [one for one in shown.wants() if one.name == "gradcam"]
        part = content(monkeypatch, shown, [want])
        assert "Peak" not in [one["label"] for one in part["captions"]["Mass"]["diagnostics"]]
    for shown in (shown_of(services, upload=film), shown_of(services, "m")):
        services.store.put(shown.key("gradcam"), maps, on_disk=False)
        (want,) = [one for one in shown.wants() if one.name == "gradcam"]
        part = content(monkeypatch, shown, [want])
        values = {one["label"]: one["value"] for one in part["captions"]["Mass"]["diagnostics"]}
        assert values["Peak"] == "here on 12 of 12 films"  # the upload was not counted
