"""What tells odd pictures apart is learned from films, and from a model's own features."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from tests.training.made_films import make_dataset
from training.__main__ import main
from training.datasets.table import BOXES_FILE, read_dataset
from training.looks.films import canvases_of, some_of, without_boxed_patients
from training.looks.learn import learn, limits
from training.looks.made import MAKERS, SIDE
from training.opening import open_film
from xai.cards.input_spec import InputSpec
from xai.cards.model_card import card_path, read_card, write_card
from xai.films.mend import Mend
from xai.films.upright import Networks, Standing
from xai.models.preprocess import prepare


def films(count: int, seed: int = 0) -> list[np.ndarray]:
    """Two dark lungs on grey, the heart between them to the right, and white below."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:64, :64] / 64
    made = []
    for _ in range(count):
        x, y = rng.normal(0.5, 0.02, 2)
        picture = 0.5 + 0.4 * (rows > y + 0.3)
        for side in (-0.22, 0.22):
            picture -= 0.4 * (((columns - x - side) / 0.15) ** 2 + ((rows - y) / 0.28) ** 2 < 1)
        picture += 0.3 * (((columns - x - 0.1) / 0.12) ** 2 + ((rows - y - 0.1) / 0.15) ** 2 < 1)
        made.append(np.clip(picture + rng.normal(0, 0.02, picture.shape), 0, 1).astype(np.float32))
    return made


@pytest.fixture(scope="module")
def networks() -> Networks:
    numbers = learn(films(60), seed=1)
    assert {values.dtype for values in numbers.values()} == {np.dtype(np.float16)}
    found = limits([Networks(numbers, {"limits": {}}).standing(one) for one in films(60, seed=2)], 0.02, 0.02)
    return Networks(numbers, {"limits": found})


def test_films_of_the_kind_that_was_learned_are_let_through(networks):
    stands = [networks.standing(one) for one in films(60, seed=3)]
    assert sum(one.is_turned or one.is_other or one.is_mirrored for one in stands) <= 6


@pytest.mark.parametrize("steps", [["round"], ["left"], ["right"], ["invert"], ["round", "invert"]], ids="-".join)
def test_how_a_film_is_turned_is_learned(networks, steps):
    turned = Mend.of(steps)
    own = films(20, seed=4)
    stands = [networks.standing(turned.pixels(film)) for film in own]
    assert sum(one.is_turned for one in stands) >= 18
    for film, one in zip(own, stands, strict=True):
        np.testing.assert_allclose(one.mend.pixels(turned.pixels(film)), film, atol=1e-6)


def test_mirrored_films_and_other_pictures_are_learned(networks):
    own = films(20, seed=5)
    assert sum(networks.standing(one[:, ::-1]).is_mirrored for one in own) >= 18
    rng = np.random.default_rng(6)
    odd = [networks.standing(MAKERS["textures"](one, rng)) for one in own]
    assert sum(one.is_other or one.is_turned for one in odd) >= 17


def test_limits_are_quantiles_of_the_films_held_out():
    stands = [Standing(float(k), float(k) / 2, Mend(), -float(k), {}) for k in range(101)]
    assert limits(stands, 0.05, 0.05) == {"turned": 0.0, "other": 5.0, "sure": 2.0, "mirrored": -5.0}
    stands = [Standing(0.0, float(k), Mend(), 0.0, {}) for k in range(101)]
    assert limits(stands, 0.05)["turned"] == 95.0


@pytest.mark.parametrize("name", MAKERS)
def test_what_is_made_depends_on_its_seed_alone(name):
    (film,) = films(1)
    first, again, other = (MAKERS[name](film, np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).mean() > 0.01
    assert first.shape == (SIDE, SIDE) and first.dtype == np.float32
    assert 0 <= first.min() < first.max() <= 1


def test_patients_with_a_box_take_no_part(tmp_path):
    folder = make_dataset(tmp_path / "made", films=10)
    box = {"film": "f002", "finding": "Mass", "x": 0.1, "y": 0.1, "width": 0.2, "height": 0.2, "label": "Mass"}
    pd.DataFrame([box]).to_parquet(folder / BOXES_FILE)
    free = without_boxed_patients(read_dataset(folder))
    assert list(free["film"]) == [f"f{k:03}" for k in range(10) if k not in (2, 3)]


def test_films_are_read_as_the_model_sees_them(tmp_path):
    dataset = read_dataset(make_dataset(tmp_path / "made", films=10))
    rows = some_of(dataset.films, 4, seed=1)
    assert len(rows) == 4
    spec = InputSpec(size=32, channels=1)
    expected = [prepare(open_film(dataset, name).pixels, spec) for name in rows["film"]]
    np.testing.assert_array_equal(canvases_of(dataset, rows, spec), expected)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    from tests.xai import made_models as models

    path = tmp_path_factory.mktemp("model") / "small.keras"
    models.build("logits").save(path)
    write_card(models.ZOO["logits"].card, card_path(path))
    return path


def test_a_card_learns_what_its_model_has_seen(model, tmp_path, capsys):
    before = json.loads(card_path(model).read_text("utf-8"))
    first, second = (make_dataset(tmp_path / name, films=60) for name in ("first", "second"))
    facts = json.loads((second / "dataset.json").read_text("utf-8"))
    (second / "dataset.json").write_text(json.dumps(facts | {"name": "other"}), "utf-8")
    assert main(["seen", str(model), str(first), str(second)]) == 0
    seen = read_card(card_path(model)).seen
    assert (seen.datasets, seen.films, seen.held_out) == (("made", "other"), 72, 24)
    after = json.loads(card_path(model).read_text("utf-8"))
    assert after.pop("seen") == seen.to_dict()
    assert before.pop("seen") is None and after == before
    said = capsys.readouterr().out
    assert "72 films of made, other, 24 others held out." in said
    assert "of 12 films of made." in said
    assert main(["seen", str(model), str(first)]) == 0
    assert read_card(card_path(model)).seen.datasets == ("made",)


def test_a_dataset_without_films_held_out_is_refused(model, tmp_path, capsys):
    folder = make_dataset(tmp_path / "made", films=6)
    assert main(["seen", str(model), str(folder)]) == 2
    assert "no film in the split validation" in capsys.readouterr().err
    assert main(["seen", str(model), str(folder), "--films", "1"]) == 2
    assert "--films must be at least 2, got 1" in capsys.readouterr().err
