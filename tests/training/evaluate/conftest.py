from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from training.evaluate.joining import join
from training.evaluate.judged import Judged
from xai.findings import FINDINGS


@pytest.fixture(scope="session")
def chexnet(real_data: Path) -> Judged:
    """Give CheXNet's published predictions of 22,433 films beside NIH's labels."""
    table = pd.read_csv(real_data / "nih" / "chexnet" / "preds.csv", index_col=0)
    table.columns = table.columns.str.removeprefix("prob_")
    named = pd.read_csv(real_data / "nih" / "Data_Entry_2017_v2020.csv.gz")
    films = pd.DataFrame(
        {
            "film": named["Image Index"],
            "patient": named["Patient ID"],
            "dataset": "nih",
            "view": named["View Position"],
            "sex": named["Patient Gender"],
            "age": named["Patient Age"].astype(float),
            "split": None,
        }
    )
    positive = named["Finding Labels"].str.get_dummies("|")[list(FINDINGS)].astype(np.float32)
    return join(table, pd.concat([films, positive], axis=1), "chexnet", "nih")
