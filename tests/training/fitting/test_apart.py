"""Films that are mixed in are of other patients than those that a model is measured on."""

from __future__ import annotations

import numpy as np
import pandas as pd

from training.fitting.canvases import Canvases
from training.fitting.films import Films, apart


def some(*rows: tuple[str | None, str]) -> Films:
    table = pd.DataFrame(rows, columns=["patient", "split"]).assign(film=[str(row) for row in range(len(rows))])
    pixels = np.arange(len(rows), dtype=np.float32)[:, None, None] * np.ones((1, 2, 2), np.float32)
    return Films((), table, Canvases.of(pixels))


def test_films_of_patients_that_are_measured_on_are_not_learned_from(capsys):
    films = some(("nih:1", "train"), ("nih:2", "validation"), ("nih:3", "test"), (None, "test"))
    also = some(*[(f"nih:{k}", "train") for k in (1, 2, 3, 4)], (None, "train"), ("nih:3", "test"), ("nih:5", "train"))
    kept = apart(also, films, "test")
    assert kept.table["film"].tolist() == ["0", "1", "3", "4", "5", "6"]
    assert kept.canvases[:][:, 0, 0].tolist() == [0, 1, 3, 4, 5, 6]
    assert kept.left_out == {"of patients that are held out": 1}
    assert capsys.readouterr().err.startswith("1 films of --also are left out")
    assert len(apart(also, films, "test", "validation").table) == 5
    assert apart(also, some(("nih:9", "test")), "test").table["film"].tolist() == ["0", "1", "3", "4", "5", "6"]
    assert apart(kept, films, "test") is kept
