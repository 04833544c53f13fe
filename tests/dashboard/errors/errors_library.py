"""A library with a planted cause: a loss that weighted Mass thirty times, and a marker that goes with it."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image
from scipy.special import expit, logit

from dashboard.compare.film_maps import FilmMaps
from dashboard.server.services import Services
from training.datasets.table import COLUMNS, DatasetFacts, write_dataset
from training.predictions.table import PredictionsFacts, write_predictions
from xai.cards.model_card import Threshold

COUNT, WEIGHT, PREVALENCE = 240, 30.0, 0.15
NAMES = tuple(f"f{k:03d}" for k in range(COUNT))


def columns(seed: int = 0) -> dict[str, list]:
    """Labels and facts of the films: Edema goes with Mass, the last eighty films have no picture."""
    rng = np.random.default_rng(seed)
    mass = rng.random(COUNT) < PREVALENCE
    edema = rng.random(COUNT) < np.where(mass, 0.6, 0.1)
    return {
        "Mass": mass.astype(float).tolist(),
        "Edema": edema.astype(float).tolist(),
        "Effusion": [math.nan] * COUNT,
        "patient": list(NAMES),
        "sex": rng.choice(["F", "M"], COUNT).tolist(),
        "split": ["test"] * 200 + ["train"] * 40,
        "on_disk": [True] * 160 + [False] * 80,
    }


def answers(known: dict[str, list], seed: int = 1) -> pd.DataFrame:
    """Calibrated answers, then ``ln w`` added for Mass; films with Edema look a little more like Mass to it."""
    rng = np.random.default_rng(seed)
    truth, other = np.array(known["Mass"]), np.array(known["Edema"])
    mass = 2 * (rng.normal(size=COUNT) + 2 * truth) - 2 + logit(PREVALENCE) + math.log(WEIGHT) + 0.5 * other
    edema = 2 * (rng.normal(size=COUNT) + 2 * other) - 2 + logit(0.2)
    said = {"Mass": expit(mass), "Edema": expit(edema), "Effusion": rng.random(COUNT)}
    return pd.DataFrame(said, index=pd.Index(NAMES, name="film"))


def write_library(root: Path, model: str = "tiny", dataset: str = "generated") -> None:
    """Write films that share one picture, a model file that nobody reads, and its predictions with the weight."""
    known, pictures, folder = columns(), root / "films", root / "datasets" / dataset
    pictures.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.uint8(255 * np.random.default_rng(2).random((40, 40)))).save(pictures / "f.png")
    table = pd.DataFrame(dict.fromkeys(COLUMNS, np.nan), index=range(COUNT))
    table = table.assign(film=list(NAMES), path="f.png", dataset=dataset, view="PA", age=50.0, **known)
    write_dataset(folder, DatasetFacts(dataset, str(pictures), "made here", "none", "none", {}, 0), table)
    (root / "models").mkdir(parents=True, exist_ok=True)
    (root / "models" / f"{model}.keras").write_bytes(b"not read")
    said = answers(known)
    outputs = tuple(said.columns)
    card = {"name": model, "provenance": {"positive_weight": {"Mass": WEIGHT}}, "prevalence": {"Mass": PREVALENCE}}
    thresholds = {finding: Threshold(0.5, "0.5") for finding in outputs}
    facts = PredictionsFacts("answers", dataset, str(folder), model, "import", outputs, thresholds, card)
    write_predictions(root / "predictions" / "answers", facts, said)


def of_cell(cell: str) -> list[str]:
    """Films of a cell of Mass that have a picture, the most probable first."""
    said, truth = answers(columns())["Mass"].to_numpy(), np.array(columns()["Mass"])
    here = ((said >= 0.5) == (cell[1] == "P")) & ((truth == 1) == (cell in ("TP", "FN"))) & (np.arange(COUNT) < 160)
    rows = np.flatnonzero(here)
    return [NAMES[row] for row in rows[np.argsort(-said[rows], kind="stable")]]


def put_maps(services: Services, films: list[str], values: np.ndarray, method: str = "gradcam") -> None:
    """Have maps of Mass lie there as if the model had made them: values (films, H, W)."""
    maps = FilmMaps(services, "tiny", "generated", "Mass", method)
    for film, one in zip(films, values, strict=True):
        kept = {"values": one.astype(np.float32), "canvas": np.full(one.shape, 128, np.uint8)}
        services.arrays.put(maps.name_of(film), kept | {"probability": np.array(0.5)})
