"""What a network is trained to say: labels, another model's soft labels, and facts about the patient."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import expit

from training.datasets.rows import read_csv, refuse_any, refuse_twice
from training.datasets.table import DatasetError
from training.datasets.text_table import as_numbers, is_blank
from xai.findings import FINDINGS

# Columns of `patient_targets`.
PATIENT_FACTS = ("AP view", "male", "over 50")


def patient_targets(films: pd.DataFrame) -> np.ndarray:
    """Give what else can be learned from a film: its view, and the patient's sex and age.

    Learning them along with the findings (Caruana, Multitask Learning, Machine Learning 1997) gives few films more
    to say about anatomy. The outputs are removed after training.

    Returns
    -------
    float32 array (films, 3)
        `PATIENT_FACTS`, NaN where not known. Age is a soft answer to "over 50?", 0.5 at 50 and 0.73 at 60, since
        one year more or less shows on no film.
    """
    view = films["view"].map({"AP": 1.0, "PA": 0.0}).astype(float)
    sex = films["sex"].map({"M": 1.0, "F": 0.0}).astype(float)
    age = expit((films["age"].astype(float) - 50) / 10)
    return np.column_stack([view, sex, age]).astype(np.float32)


def read_soft_labels(path: Path, films: pd.DataFrame) -> np.ndarray:
    """Read another model's probabilities, a CSV with the columns ``Image Index`` and ``prob_<finding>``.

    Returns
    -------
    float32 array (films, 14)
        NaN where the table lacks the film.

    Raises
    ------
    DatasetError
        If the file is absent, lacks a column, names a film twice, holds what is no probability, or is about other
        films.
    """
    if not path.is_file():
        raise DatasetError(f"There is no file {path}; --soft-labels expects a CSV of probabilities.")
    columns = [f"prob_{name}" for name in FINDINGS]
    table = read_csv(path, ["Image Index", *columns])
    names = table["Image Index"].astype(str).str.rsplit(".", n=1).str[0]
    refuse_twice(path, names)
    if not names.isin(films["film"]).any():
        raise DatasetError(f"{path.name} has none of the dataset's {len(films)} films: it belongs to another dataset.")
    told = {}
    for name in columns:
        told[name] = as_numbers(table[name]).to_numpy(np.float32)
        wrong = ~is_blank(table[name]) & ~((told[name] >= 0) & (told[name] <= 1))
        refuse_any(path, wrong, table[name], f"{name} is “{{value}}”; expected a number from 0 to 1 or blank.")
    return pd.DataFrame(told, index=names).reindex(films["film"]).to_numpy(np.float32)


def blend(targets: np.ndarray, soft: np.ndarray, weight: float) -> np.ndarray:
    """Mix targets with soft labels of the given weight; where one of them is missing the other stands alone."""
    mixed = (1 - weight) * targets + weight * soft
    known = np.where(np.isnan(soft), targets, mixed)
    return np.where(np.isnan(targets), soft, known).astype(np.float32)
