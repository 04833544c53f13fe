from __future__ import annotations

import threading

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tests.training.made_films import make_dataset
from training.datasets.table import read_dataset
from training.fitting.augment import Augmentation
from training.fitting.canvases import Canvases, shades
from training.fitting.films import readable_films
from training.fitting.input import ahead, batches, standardise
from xai.cards.model_card import InputSpec


def _films(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random((count, 8, 8), np.float32)


def _batches(films: np.ndarray | Canvases, seed: int = 0, **share) -> list[tuple[np.ndarray, np.ndarray]]:
    targets = np.arange(len(films), dtype=np.float32)[:, None]
    jobs = batches(films, targets, np.arange(len(films)), 4, Augmentation(), np.random.SeedSequence(seed), **share)
    return list(ahead(jobs, threads=3))


def test_results_keep_their_order_whoever_is_faster():
    first_may_end = threading.Event()

    def first() -> int:
        assert first_may_end.wait(30)
        return 1

    def second() -> int:
        first_may_end.set()
        return 2

    assert list(ahead([first, second, lambda: 3], threads=2)) == [1, 2, 3]


def test_what_goes_wrong_arrives_where_its_result_would_have():
    def broken() -> int:
        raise OSError("disk gone")

    taken = ahead([lambda: 1, broken, lambda: 3], threads=2)
    assert next(taken) == 1
    with pytest.raises(OSError, match="disk gone"):
        next(taken)


def test_the_same_seed_gives_the_same_batches_and_another_others():
    films = _films(19)
    once, again, other = _batches(films), _batches(films), _batches(films, seed=1)
    assert len(once) == 4  # three films are left out this time
    for (film, target), (same, as_well) in zip(once, again, strict=True):
        np.testing.assert_array_equal(film, same)
        np.testing.assert_array_equal(target, as_well)
    assert any((one[1] != two[1]).any() for one, two in zip(once, other, strict=True))
    seen = np.concatenate([target[:, 0] for _, target in once])
    assert len(set(seen)) == 16


def test_workers_share_out_the_batch_of_one():
    films = _films(16)
    alone = _batches(films)
    shared = [_batches(films, worker=worker, workers=2) for worker in range(2)]
    for whole, *parts in zip(alone, *shared, strict=True):
        for k in range(2):
            np.testing.assert_array_equal(whole[k][0::2], parts[0][k])
            np.testing.assert_array_equal(whole[k][1::2], parts[1][k])


def test_standardise_is_what_the_card_says():
    spec = InputSpec(8, 3, multiply=2.0, mean=(0.5,), std=(0.25,))
    films = _films(2)
    np.testing.assert_allclose(standardise(films, spec), np.stack([(films * 2 - 0.5) / 0.25] * 3, axis=-1), rtol=1e-5)


def test_canvases_are_the_films_wherever_they_lie():
    floats, shade = _films(5), np.random.default_rng(1).integers(0, 256, (4, 8, 8), np.uint8)
    films = Canvases.of(floats, keep=(np.array([0, 2, 4]),)) + Canvases.of(shade)
    whole = np.concatenate([floats[[0, 2, 4]], shade.astype(np.float32) / 255])
    np.testing.assert_array_equal(films[:], whole)
    np.testing.assert_array_equal(films[np.array([6, 1])], whole[[6, 1]])
    np.testing.assert_array_equal(films.view(np.array([3, 0]))[1:], whole[[0]])
    assert films[np.array([], int)].shape == (0, 8, 8)
    mean, deviation, film = shades(films, np.array([1, 3, 5]))
    assert (mean, deviation) == pytest.approx((whole[[1, 3, 5]].mean(), whole[[1, 3, 5]].std()), rel=1e-5)
    np.testing.assert_allclose(film, whole[[1, 3, 5]].mean(axis=0), rtol=1e-5)
    assert films.sha256 != films.view(np.array([1, 0, 2, 3, 4, 5, 6])).sha256


def test_films_beyond_the_memory_are_kept_on_disk_and_found_again(tmp_path, capsys):
    dataset = read_dataset(make_dataset(tmp_path / "dataset", films=20))
    (tmp_path / "dataset" / "films" / "f003.png").write_bytes(b"not a picture")
    inside, outside = (readable_films([dataset], 32, tmp_path / "cache", memory) for memory in (1.0, 0.0))
    assert inside.canvases.memory > 0 == outside.canvases.memory
    assert inside.left_out == outside.left_out == {"not on disk": 0, "in no split": 0, "not readable": 1}
    pd.testing.assert_frame_equal(inside.table, outside.table)
    np.testing.assert_allclose(outside.canvases[:], inside.canvases[:], atol=0.5 / 255 + 1e-6)
    kept = {file: file.stat().st_mtime_ns for file in (tmp_path / "cache").iterdir()}
    again = readable_films([dataset], 32, tmp_path / "cache", 0.0)
    assert again.version == outside.version
    assert {file: file.stat().st_mtime_ns for file in (tmp_path / "cache").iterdir()} == kept
    assert capsys.readouterr().err.count("f003 is left out") == 3
    Image.new("L", (48, 48), 200).save(tmp_path / "dataset" / "films" / "f004.png")
    changed = readable_films([dataset], 32, tmp_path / "cache", 0.0)
    assert changed.version != outside.version
    np.testing.assert_allclose(changed.canvases[3:4], 200 / 255, atol=1e-6)


def test_films_without_a_split_are_counted(tmp_path):
    dataset = read_dataset(make_dataset(tmp_path / "dataset", films=20))
    dataset.films.loc[:3, "split"] = None
    (tmp_path / "dataset" / "films" / "f010.png").unlink()
    films = readable_films([dataset], 32)
    assert len(films.table) == 15
    assert films.left_out == {"not on disk": 1, "in no split": 4, "not readable": 0}
