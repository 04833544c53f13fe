"""Mean maps and features: what the Errors page asks a model for."""

from __future__ import annotations

import os

import numpy as np
import pytest

from dashboard.compare.film_maps import FilmMap
from dashboard.errors import mean_map
from dashboard.errors.features import compute_features, inside, known_features, sample
from dashboard.server.arrays import Arrays
from xai.budget import Budget, Cancelled
from xai.films.film import Film, FilmError
from xai.models.gradients import FeatureGradients, LayerGradients
from xai.models.place import Place

SIDE = 32


class Stub:
    """A classifier whose feature map is the film itself, in one channel of ones and one of the film."""

    shape = (SIDE, SIDE)

    def __init__(self) -> None:
        self.asked = 0

    def prepare(self, film: Film) -> np.ndarray:
        return film.pixels

    def feature_gradients(self, canvas: np.ndarray, outputs: list[int]):
        self.asked += 1
        features = np.stack([canvas, np.ones_like(canvas)], axis=-1)
        return FeatureGradients((LayerGradients("film", Place((SIDE, SIDE)), features, features[None]),), np.zeros(1))


def flat(shade: float) -> Film:
    return Film.from_pixels(np.full((SIDE, SIDE), shade, np.float32))


def broken() -> Film:
    raise FilmError("This film is broken.")


def test_features_are_computed_once_and_broken_films_get_none(tmp_path):
    arrays, stub = Arrays(tmp_path), Stub()
    films = {"a": lambda: flat(0.25), "b": broken, "c": lambda: flat(0.5)}
    found = compute_features(stub, films, arrays, "key", Budget())
    assert {name: list(one) for name, one in found.items()} == {"a": [0.25, 1.0], "c": [0.5, 1.0]}
    known = known_features(arrays, "key")
    assert {name: list(one) for name, one in known.items()} == {"a": [0.25, 1.0], "c": [0.5, 1.0]}
    compute_features(stub, films | {"d": lambda: flat(1.0)}, arrays, "key", Budget())
    assert stub.asked == 3
    assert list(known_features(arrays, "key")["d"]) == [1.0, 1.0]


def test_features_computed_before_a_cancel_are_kept(tmp_path):
    arrays, answers = Arrays(tmp_path), iter([False, True])
    films = {"a": lambda: flat(0.25), "b": lambda: flat(0.5)}
    with pytest.raises(Cancelled):
        compute_features(Stub(), films, arrays, "key", Budget(cancelled=lambda: next(answers)))
    assert set(known_features(arrays, "key")) == {"a"}


def test_damaged_arrays_are_as_good_as_none(tmp_path):
    arrays = Arrays(tmp_path)
    assert known_features(arrays, "key") == {}
    arrays.put("key", {"something": np.arange(2)})
    for damage in (b"", b"PK\x03\x04 not a zip", os.urandom(300)):
        (tmp_path / "ke" / "key.npz").write_bytes(damage)
        assert arrays.get("key") is None
    arrays.put("key", {"something": np.arange(3)})
    assert known_features(arrays, "key") == {}


def test_a_sample_holds_every_outcome_as_far_as_there_are_films():
    outcome = np.array(["TP"] * 5 + ["FP"] * 100 + ["FN"] * 2 + ["TN"] * 1000 + [""] * 50)
    can_open = np.ones(len(outcome), bool)
    can_open[0] = False
    rows = sample(outcome, can_open, 100)
    counts = {cell: int((outcome[rows] == cell).sum()) for cell in ("TP", "FP", "FN", "TN", "")}
    assert counts == {"TP": 4, "FP": 47, "FN": 2, "TN": 47, "": 0}
    assert 0 not in rows
    assert (np.diff(rows) > 0).all()
    assert (rows == sample(outcome, can_open, 100)).all()
    assert len(sample(outcome, can_open, 5000)) == 1106


def test_inside_agrees_with_the_distance_from_the_centre_of_a_round_outline():
    angles = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    points = np.random.default_rng(0).uniform(-1.5, 1.5, (2000, 2))
    radius = np.hypot(*points.T)
    sure = np.abs(radius - 1) > 1e-3
    assert (inside(points, circle) == (radius < 1))[sure].all()
    # the notch of a C is outside
    notched = np.array([(0, 0), (3, 0), (3, 1), (1, 1), (1, 2), (3, 2), (3, 3), (0, 3)], float)
    assert inside(np.array([(0.5, 1.5), (2.0, 1.5), (2.0, 0.5)]), notched).tolist() == [True, False, True]


def of(values: np.ndarray, shade: float = 0.5, pieces: np.ndarray | None = None) -> FilmMap:
    return FilmMap(values.astype(np.float32), np.full(values.shape, shade, np.float32), 0.5, pieces)


def test_every_film_weighs_the_same_in_a_mean_map():
    left, right, nothing = np.zeros((3, SIDE, SIDE))
    left[:, : SIDE // 2], right[:, SIDE // 2 :] = 0.3, 9.0
    made = mean_map.mean_map([of(left, 0.2), of(right, 0.4), of(nothing, 0.9)])
    assert (made.films, made.empty) == (3, 1)
    assert made.evidence == pytest.approx(np.full((SIDE, SIDE), 1 / SIDE**2))
    assert made.film == pytest.approx(np.full((SIDE, SIDE), 0.5))
    assert made.kept == pytest.approx(1)


def test_a_signed_mean_keeps_what_speaks_against_and_says_what_cancelled():
    first, second = np.zeros((2, 2, 2))
    first[0] = 3, -1
    second[0] = 10, 10
    made = mean_map.mean_map([of(first), of(second)])
    assert made.evidence[0] == pytest.approx([(0.75 + 0.5) / 2, (-0.25 + 0.5) / 2])
    assert made.kept == pytest.approx(0.75)


def test_a_region_with_one_number_counts_once_however_large_it_is():
    pieces = np.array([[0, 0, 0, 1]])
    made = mean_map.mean_map([of(np.array([[1.0, 1, 1, 1]]), pieces=pieces)])
    assert made.evidence[0] == pytest.approx([1 / 6, 1 / 6, 1 / 6, 1 / 2])


def test_pictures_share_one_scale_and_the_difference_is_signed():
    film = np.full((4, 4), 0.5, np.float32)
    strong, weak = np.zeros((4, 4), np.float32), np.zeros((4, 4), np.float32)
    strong[0, 0], weak[3, 3] = 1.0, 0.25
    one, other = mean_map.MeanMap(film, strong, 1, 0), mean_map.MeanMap(film, weak, 1, 0)
    first, second, difference = mean_map.pictures(one, other)
    assert first.dtype == np.uint8
    assert first[1, 1].tolist() == [128, 128, 128]
    assert first[0, 0].sum() > second[3, 3].sum()
    red, blue = difference[..., 0].astype(int), difference[..., 2].astype(int)
    assert red[0, 0] > blue[0, 0]
    assert blue[3, 3] > red[3, 3]
