"""Parquet is read as pandas reads it, unless little of it stands for very much."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from training.datasets import parquet
from training.datasets.parquet import read_parquet


def test_a_table_is_what_pandas_reads(tmp_path):
    table = pd.DataFrame(
        {
            "film": ["a", "b", "ü"],
            "view": pd.Categorical(["PA", None, "AP"]),
            "age": [1.5, np.nan, 3],
            "on_disk": [True, False, True],
            "listed": [["x"], [], ["y", "z"]],
        }
    )
    table.to_parquet(tmp_path / "a.parquet")
    pd.testing.assert_frame_equal(read_parquet(tmp_path / "a.parquet"), pd.read_parquet(tmp_path / "a.parquet"))


def test_few_bytes_that_stand_for_very_much_are_refused(tmp_path):
    """A text of 100,000 letters that is kept once and pointed at three million times: 20 KB, and 279 GiB."""
    file = tmp_path / "a.parquet"
    rows = 3_000_000
    once = pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), pa.array(["x" * 100_000]))
    pq.write_table(pa.table({"film": once}), file)
    assert file.stat().st_size < 100_000
    with pytest.raises(ValueError, match=r"^its column film would unpack to 279\.4 GiB of text$"):
        read_parquet(file)


def test_a_table_of_very_many_cells_is_refused(tmp_path, monkeypatch):
    file = tmp_path / "a.parquet"
    pd.DataFrame({"a": np.zeros(1000), "b": np.zeros(1000)}).to_parquet(file)
    monkeypatch.setattr(parquet, "MOST_VALUES", 2000)
    assert len(read_parquet(file)) == 1000
    monkeypatch.setattr(parquet, "MOST_VALUES", 1999)
    with pytest.raises(ValueError, match="it would unpack to 2,000 cells; at most 1,999 are read"):
        read_parquet(file)
