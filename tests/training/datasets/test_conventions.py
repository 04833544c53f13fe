"""What is known of each source's films but for their labels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from training.datasets.command import READERS
from training.datasets.conventions import CONVENTIONS, UNKNOWN, convention_of, tells, with_sides
from training.datasets.facts import DatasetFacts
from xai.films.film import Film, FilmFacts


def facts(name: str, **policy: str) -> DatasetFacts:
    return DatasetFacts(name, ".", "", "", "", {}, 0, policy=policy)


def test_every_reader_has_its_convention():
    assert CONVENTIONS.keys() == {"simulated", *READERS}


@pytest.mark.parametrize(
    ("dataset", "row", "named"),
    [
        (facts("ward", reader="nih"), {}, "nih"),
        (facts("nih"), {}, "nih"),
        (facts("ward", reader="nih"), {"recipe": "{}"}, "simulated"),
        (facts("ward", reader="nih"), {"recipe": float("nan")}, "nih"),
        (facts("ward"), {}, None),
    ],
)
def test_a_film_has_the_convention_of_its_reader_or_of_the_simulation(dataset, row, named):
    assert convention_of(dataset, pd.Series(row)) == (CONVENTIONS[named] if named else UNKNOWN)


@pytest.mark.parametrize(
    ("name", "reader", "told"),
    [
        ("00000001_000", "nih", False),
        ("person1_virus_6", "folders", True),
        ("auntminnie-a", "covid", True),
        ("Pleural-Thickening 3", "films", True),
        ("film 3", "films", False),
        ("pneumothorax_12", "nih", True),
    ],
)
def test_a_name_tells_where_its_source_files_by_label_or_it_holds_one(name, reader, told):
    assert tells(name, CONVENTIONS[reader], ("Pneumothorax", "Pleural_Thickening")) == told


def test_sides_are_known_by_the_source_unless_the_file_says_otherwise():
    pixels = np.zeros((32, 32))
    mirrored = Film.from_pixels(pixels, facts=FilmFacts("DICOM", 32, 32, 8, sides=("L", "R")))
    film = Film.from_pixels(pixels)
    assert with_sides(film, CONVENTIONS["nih"]).facts.sides == ("R", "L")
    assert with_sides(film, CONVENTIONS["chexpert"]).facts.sides is None
    assert with_sides(mirrored, CONVENTIONS["nih"]).facts.sides == ("L", "R")
