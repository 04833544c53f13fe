"""Where each finding of a dataset usually is."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from training.benchmark.truth import truths, with_truth
from training.benchmark.usual import SIDE, UsualPlaces, count_places, placed_on_map, read_places
from training.datasets.boxes import box_table
from training.datasets.table import COLUMNS, Dataset, DatasetFacts
from xai import measures
from xai.measures.frame import WHOLE

FINDINGS = ("Mass", "Effusion")


@pytest.fixture
def dataset(tmp_path) -> Dataset:
    """Boxes on five films of four patients; of the last film nobody knows the patient."""
    rows = pd.DataFrame(
        {
            **{name: [np.nan] * 5 for name in COLUMNS},
            "film": list("abcde"),
            "path": [f"{one}.png" for one in "abcde"],
            "on_disk": True,
            "patient": ["p1", "p1", "p2", "p3", None],
        }
    )
    places = [("a", 0.1), ("b", 0.2), ("c", 0.4), ("d", 0.5), ("e", 0.6)]
    boxes = [{"film": film, "finding": "Mass", "x": at, "y": at, "width": 0.3, "height": 0.3} for film, at in places]
    boxes.append({"film": "a", "finding": "Effusion", "x": 0.0, "y": 0.5, "width": 0.2, "height": 0.5})
    facts = DatasetFacts("boxed", str(tmp_path), "made here", "none", "none", {}, 0)
    found = Dataset(tmp_path, facts, rows)
    vars(found)["boxes"] = box_table(boxes)
    return found


@pytest.mark.parametrize("film", list("abcde"))
def test_the_usual_place_is_the_mean_mask_over_other_patients(dataset, film):
    masks = {one: truths(dataset, one, ["Mass"], (SIDE, SIDE), WHOLE)["Mass"] for one in "abcde"}
    owners = dict(zip("abcde", ["p1", "p1", "p2", "p3", "e"], strict=True))
    place, films = count_places(dataset, FINDINGS).prior(dataset, film, "Mass")
    np.testing.assert_allclose(place, measures.prior(list(masks.values()), list(owners.values()), owners[film]))
    assert films == sum(owner != owners[film] for owner in owners.values())


def test_what_only_this_patient_has_has_no_usual_place(dataset):
    places = count_places(dataset, FINDINGS)
    assert places.prior(dataset, "b", "Effusion") is None  # another film of the same patient has it
    assert places.prior(dataset, "c", "Effusion")[1] == 1
    assert places.prior(dataset, "c", "Hernia") is None


def test_it_is_read_as_it_was_written(dataset):
    places = count_places(dataset, FINDINGS)
    again = read_places(places.arrays())
    assert again.films == places.films
    for name in FINDINGS:
        np.testing.assert_array_equal(again.totals[name], places.totals[name])
    assert read_places(UsualPlaces({}, {}).arrays()).films == {}


def test_of_many_films_some_are_drawn_the_same_each_time(dataset):
    one, again = (count_places(dataset, ["Mass"], most=3).films["Mass"] for _ in range(2))
    assert len(one) == 3
    assert one == again
    assert set(one) < set(with_truth(dataset, ["Mass"]))


def test_a_dataset_without_places_has_none(dataset):
    assert count_places(dataset, ["Hernia"]).films == {}


@pytest.mark.parametrize("footprint", [WHOLE, (0.25, 0.0, 0.75, 1.0), (-0.5, 0.0, 1.5, 1.0)])
def test_it_lies_on_a_map_as_a_mask_does(footprint):
    mask = np.random.default_rng(0).random((SIDE, SIDE)) < 0.5
    placed = placed_on_map(mask.astype(float), (48, 64), footprint)
    np.testing.assert_array_equal(placed > 0, measures.on_map(mask, (48, 64), footprint))
