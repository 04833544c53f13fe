"""A dataset of small squares to learn in seconds: what a film can show is a bright square on its left or right."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from PIL import Image

from training.datasets.table import COLUMNS, DatasetFacts, write_dataset
from xai.findings import FINDINGS

if TYPE_CHECKING:
    from keras import KerasTensor

SHOWN = {"Effusion": slice(2, 14), "Mass": slice(34, 46)}
QUICK = ["--architecture", "small-resnet", "--epochs", "10", "--folds", "2", "--size", "32", "--batch-size", "8"]
# A program that trains the network `tiny`, too.
ALONE = """
import sys
from tests.training.made_films import tiny
from training.__main__ import main
from training.networks.architectures import ARCHITECTURES
ARCHITECTURES["tiny"] = tiny
sys.exit(main(sys.argv[1:]))
"""
SPLITS = ("train", "train", "train", "validation", "test")


def make_dataset(folder: Path, films: int = 60, positives: bool = True) -> Path:
    """Write a dataset folder; two films a patient."""
    rng = np.random.default_rng(0)
    rows = []
    (folder / "films").mkdir(parents=True)
    for k in range(films):
        pixels = rng.integers(60, 100, (48, 48)).astype(np.uint8)
        row = dict.fromkeys(FINDINGS, np.nan) | dict.fromkeys(SHOWN, 0.0)
        for finding, columns in SHOWN.items():
            if positives and rng.random() < 0.5:
                pixels[18:30, columns] = 220
                row[finding] = 1.0
        Image.fromarray(pixels).save(folder / "films" / f"f{k:03}.png")
        facts = {"film": f"f{k:03}", "path": f"films/f{k:03}.png", "dataset": "made", "patient": f"made:{k // 2}"}
        facts |= {"view": "PA", "age": 40.0 + k % 30, "sex": "MF"[k % 2], "on_disk": True}
        rows.append(facts | {"split": SPLITS[k // 2 % 5]} | row)
    facts = DatasetFacts("made", str(folder.resolve()), "made for a test", "MIT", "none", {}, 0)
    write_dataset(folder, facts, pd.DataFrame(rows)[list(COLUMNS)])
    return folder


def make_classes(folder: Path, classes: tuple[str, ...], films: int = 60) -> Path:
    """Write films into one folder a class; the later a class, the larger its square."""
    rng = np.random.default_rng(0)
    for k in range(films):
        name = classes[k % len(classes)]
        (folder / name).mkdir(parents=True, exist_ok=True)
        pixels = rng.integers(60, 100, (48, 48)).astype(np.uint8)
        side = 8 + 14 * (k % len(classes))
        pixels[4 : 4 + side, 6 : 6 + side] = 220
        Image.fromarray(pixels).save(folder / name / f"{name}-{k:03}.png")
    return folder


def tiny(film: KerasTensor, rng: np.random.Generator) -> KerasTensor:
    """Give the features of a network that is quick to build: everything that has a state of its own is in it."""
    from keras import initializers, layers

    start = initializers.HeNormal(seed=int(rng.integers(2**31)))
    x = layers.Conv2D(8, 7, strides=4, padding="same", kernel_initializer=start)(film)
    return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))
