from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from dashboard.server import store as store_module
from dashboard.server.store import ResultStore, content_key
from xai.explainers.archive import pack
from xai.explainers.explanation import Explanation

SIDE = 16


def explanations(seed: int = 0, count: int = 3, side: int = SIDE) -> list[Explanation]:
    rng = np.random.default_rng(seed)
    return [
        Explanation(
            method="lime",
            finding=f"Finding {number}",
            map=rng.normal(size=(side, side)).astype(np.float32),
            probability=0.25,
            logit=-1.1,
            seed=seed,
            evaluations=100,
            seconds=0.5,
            parameters={"samples": 100, "baseline": "blurred film"},
            diagnostics={"r2": 0.7, "regions": 9},
            pieces=rng.integers(0, 9, (side, side)).astype(np.uint16),
        )
        for number in range(count)
    ]


def assert_same(got: list[Explanation] | None, wanted: list[Explanation]) -> None:
    assert got is not None
    assert [one.finding for one in got] == [one.finding for one in wanted]
    for one, other in zip(got, wanted, strict=True):
        np.testing.assert_array_equal(one.map, other.map)
        assert (one.parameters, one.diagnostics, one.seed) == (other.parameters, other.diagnostics, other.seed)


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


KEY = content_key("film", "model")


def test_a_result_of_an_upload_stays_in_memory(tmp_path):
    store, made = ResultStore(tmp_path / "results"), explanations()
    store.put(KEY, made, on_disk=False)
    assert store.get(KEY) is made
    assert list(tmp_path.iterdir()) == []
    assert ResultStore(tmp_path / "results").get(KEY) is None


def test_a_result_of_a_dataset_film_survives_a_restart(tmp_path):
    made = explanations()
    ResultStore(tmp_path).put(KEY, made, on_disk=True)
    assert_same(ResultStore(tmp_path).get(KEY), made)


def test_an_unknown_key_is_not_there(tmp_path):
    assert ResultStore(tmp_path / "never made").get(KEY) is None


def damage_nothing_left(path: Path) -> None:
    path.write_bytes(b"")


def damage_cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-200])


def damage_flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(bytes(content))


def damage_other_archive(path: Path) -> None:
    with path.open("wb") as stream:
        np.savez(stream, something=np.zeros(3))


def damage_pickle(path: Path) -> None:
    with path.open("wb") as stream:
        np.savez(stream, maps=np.array([{"a": 1}], dtype=object), facts=np.array("[]"))


def damage_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize(
    "damage",
    [damage_nothing_left, damage_cut, damage_flipped, damage_other_archive, damage_pickle, damage_folder],
)
def test_a_damaged_file_counts_as_absent_and_is_made_again(tmp_path, damage):
    made = explanations()
    ResultStore(tmp_path).put(KEY, made, on_disk=True)
    damage(tmp_path / KEY[:2] / f"{KEY}.npz")
    store = ResultStore(tmp_path)
    assert store.get(KEY) is None
    store.put(KEY, made, on_disk=True)
    assert_same(store.get(KEY), made)
    assert [path for path in files(tmp_path) if path.suffix != ".npz"] == []


def test_above_its_limit_the_files_used_longest_ago_go(tmp_path):
    made = explanations()
    size = len(pack(made))
    store = ResultStore(tmp_path, disk_bytes=int(3.5 * size))
    keys = [content_key(number) for number in range(4)]
    for age, key in enumerate(keys[:3]):
        store.put(key, made, on_disk=True)
        path = tmp_path / key[:2] / f"{key}.npz"
        os.utime(path, (1000 + age, 1000 + age))
    assert ResultStore(tmp_path).get(keys[0]) is not None  # used just now, so the second is now the oldest
    store.put(keys[3], made, on_disk=True)
    left = {path.stem for path in files(tmp_path)}
    assert left == {keys[0], keys[2], keys[3]}


def test_a_folder_that_cannot_be_made_costs_nothing_but_the_file(tmp_path):
    (tmp_path / "results").write_text("a file stands in the way", encoding="utf-8")
    store, made = ResultStore(tmp_path / "results"), explanations()
    store.put(KEY, made, on_disk=True)
    assert store.get(KEY) is made


def test_a_full_disk_leaves_no_half_file(tmp_path, monkeypatch):
    def refuse(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", refuse)
    store, made = ResultStore(tmp_path), explanations()
    store.put(KEY, made, on_disk=True)
    assert files(tmp_path) == []
    assert store.get(KEY) is made


def test_memory_is_bounded_and_what_is_forgotten_comes_from_disk(tmp_path, monkeypatch):
    made = explanations()
    monkeypatch.setattr(store_module, "MEMORY_BYTES", 2 * 3 * 4 * SIDE**2)
    store = ResultStore(tmp_path)
    keys = [content_key(number) for number in range(3)]
    for key in keys:
        store.put(key, made, on_disk=key != keys[1])
    assert_same(store.get(keys[0]), made)
    assert store.get(keys[1]) is None


INGREDIENTS = ["film sha", "model sha", "lime", [["samples", 1000], ["baseline", "blurred film"]], 0]


@pytest.mark.parametrize(
    "changed",
    [
        ["other film", *INGREDIENTS[1:]],
        [INGREDIENTS[0], "other model", *INGREDIENTS[2:]],
        [*INGREDIENTS[:2], "shap", *INGREDIENTS[3:]],
        [*INGREDIENTS[:3], [["samples", 500], ["baseline", "blurred film"]], 0],
        [*INGREDIENTS[:3], [["samples", 1000], ["baseline", "region mean"]], 0],
        [*INGREDIENTS[:3], [["samples", 1000]], 0],
        [*INGREDIENTS[:4], 1],
        INGREDIENTS[:4],
    ],
)
def test_every_ingredient_changes_the_key(changed):
    assert content_key(*changed) != content_key(*INGREDIENTS)


def test_a_key_is_a_name_that_can_be_a_file():
    key = content_key("../../etc/passwd", "\0", "ü")
    assert len(key) == 64
    assert set(key) <= set("0123456789abcdef")


def test_equal_ingredients_give_equal_keys_and_a_new_version_another(monkeypatch):
    before = content_key(*INGREDIENTS)
    assert content_key(*INGREDIENTS) == before
    assert content_key("a", {"x": 1, "y": 2}) == content_key("a", {"y": 2, "x": 1})
    monkeypatch.setattr(store_module, "VERSION", store_module.VERSION + 1)
    assert content_key(*INGREDIENTS) != before
