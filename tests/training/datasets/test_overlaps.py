from __future__ import annotations

import cv2
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter

from training.__main__ import main
from training.datasets.overlaps import NEAR, film_hash, near_pairs, shared_films
from training.datasets.table import read_dataset


def _film(seed: int, side: int = 96) -> np.ndarray:
    shades = gaussian_filter(np.random.default_rng(seed).random((side, side)), 4)
    return (shades - shades.min()) / np.ptp(shades)


def _bits(one: np.ndarray, other: np.ndarray) -> int:
    return int(np.bitwise_count(film_hash(one) ^ film_hash(other)).sum())


@pytest.mark.parametrize("seed", range(5))
def test_copies_are_near_and_other_films_are_far(seed):
    film = _film(seed)
    assert _bits(film, film) == 0
    assert _bits(film, 0.7 * film + 0.1) <= 2  # lighter, less contrast
    assert _bits(film, cv2.resize(film, (256, 256), interpolation=cv2.INTER_CUBIC)) <= NEAR
    jpeg = cv2.imdecode(cv2.imencode(".jpg", np.uint8(255 * film), [cv2.IMWRITE_JPEG_QUALITY, 60])[1], 0)
    assert _bits(film, jpeg / 255) <= NEAR
    assert _bits(film, _film(seed + 100)) > 2 * NEAR
    assert _bits(film, film[:, ::-1]) > 2 * NEAR


def test_near_pairs_are_those_that_counting_one_by_one_finds():
    rng = np.random.default_rng(0)
    bits = rng.integers(2, size=(600, 256), dtype=np.uint8)
    other = bits[:5].copy()
    for row, flips in enumerate((0, NEAR, NEAR + 1, 1, 200)):
        other[row, rng.choice(256, flips, replace=False)] ^= 1
    frames = [
        pd.DataFrame(np.packbits(part, axis=1).view(np.uint64), index=[f"{name}{k}" for k in range(len(part))])
        for name, part in (("a", bits), ("b", other))
    ]
    pairs = near_pairs(*frames)
    expected = {(f"a{i}", f"b{j}") for i in range(600) for j in range(5) if int((bits[i] != other[j]).sum()) <= NEAR}
    assert set(zip(pairs["first"], pairs["second"], strict=True)) == expected
    assert {("a0", "b0"), ("a1", "b1"), ("a3", "b3")} == expected
    assert near_pairs(frames[0][:0], frames[1]).empty


@pytest.fixture
def two(tmp_path, capsys):
    """NIH films under their names in one dataset; one of them, and a renamed copy of another, in the other."""
    for name, films in (
        ("one", {"00000001_000": 1, "00000002_000": 2, "00000003_000": 3}),
        ("two", {"00000001_000": 1, "copy": 2, "00000003_009": 4, "broken": None}),
    ):
        folder = tmp_path / name / "normal"
        folder.mkdir(parents=True)
        for film, seed in films.items():
            if seed is None:
                (folder / f"{film}.png").write_bytes(b"no image")
            else:
                Image.fromarray(np.uint8(255 * _film(seed, 96 + 32 * (film == "copy")))).save(folder / f"{film}.png")
        if name == "two":
            large = cv2.resize(np.uint8(255 * _film(2)), (200, 200), interpolation=cv2.INTER_CUBIC)
            Image.fromarray(large).save(folder / "copy.png")
        assert main(["dataset", "folders", str(tmp_path / name), "--out", str(tmp_path / f"{name}.set")]) == 0
    capsys.readouterr()
    return tmp_path / "one.set", tmp_path / "two.set"


def test_films_are_found_by_name_and_by_what_they_show(two):
    first, second = map(read_dataset, two)
    by_name, remarks = shared_films(first, second)
    assert by_name[["first", "second", "how"]].to_numpy().tolist() == [["00000001_000", "00000001_000", "name"]]
    assert remarks == ()
    both, remarks = shared_films(first, second, by_hash=True)
    assert both[["first", "second", "how"]].to_numpy().tolist()[1:] == [["00000002_000", "copy", "hash"]]
    assert [(one.count, one.example) for one in remarks] == [(1, "broken")]
    splits = second.films.set_index("film")["split"]
    assert both["second_split"].tolist() == [splits["00000001_000"], splits["copy"]]


def test_the_command_tells_of_films_and_patients(two, tmp_path, capsys):
    assert main(["dataset", "overlaps", *map(str, two), "--hash", "--out", str(tmp_path / "pairs.csv")]) == 0
    said = capsys.readouterr().out
    assert said.startswith("one and two share 2 films and 2 patients\n")
    assert "the patients of 2 films are not known: these may be shared, too" in said
    assert "1 pairs of films by hash, such as 00000002_000 and copy" in said
    assert "1 films that cannot be opened, left out: broken" in said
    assert len(pd.read_csv(tmp_path / "pairs.csv")) == 2
    assert main(["dataset", "overlaps", str(two[0]), str(tmp_path / "nowhere")]) == 2
