"""Tables on disk, bounded before they are read: few kilobytes of Parquet may stand for a billion rows of long texts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

MOST_VALUES = 200_000_000  # cells; the films of MIMIC-CXR-JPG with all columns have 15 million
MOST_TEXT = 2**31  # bytes of a column; the names of a million films have 50 MB


class TooMuch(ValueError):
    """A table that is not read for its size."""


def read_parquet(file: Path, **options: Any) -> pd.DataFrame:
    """Read a table as `pandas.read_parquet` does.

    Raises
    ------
    ValueError
        If it is damaged, or would fill more memory than a table of films does.
    OSError
        If it cannot be opened.
    """
    with file.open("rb"):  # what is said of a file that cannot be opened is the system's own
        pass
    try:
        _check(file)
        return pd.read_parquet(file, **options)
    except (MemoryError, TooMuch):
        raise
    except Exception as error:  # pyarrow and pandas raise almost anything on damaged bytes
        raise ValueError("its table is damaged or no Parquet file") from error


def _check(file: Path) -> None:
    facts = pq.read_metadata(file)
    parts = [facts.row_group(place) for place in range(facts.num_row_groups)]
    values = sum(part.column(place).num_values for part in parts for place in range(part.num_columns))
    if max(values, facts.num_rows) > MOST_VALUES:
        raise TooMuch(f"it would unpack to {values:,} cells; at most {MOST_VALUES:,} are read")
    columns = [facts.schema.column(place) for place in range(facts.num_columns)]
    texts = [one for one in columns if one.physical_type == "BYTE_ARRAY" and not one.max_repetition_level]
    _check_texts(file, [one.path for one in texts])


def _check_texts(file: Path, names: list[str]) -> None:
    """Refuse texts, each kept once and pointed at by every row, that are too long once they are written out."""
    table = pq.read_table(file, columns=names, read_dictionary=names) if names else pa.table({})
    for name, column in zip(table.column_names, table.columns, strict=True):
        size = sum(map(_text_bytes, column.chunks))
        if size > MOST_TEXT:
            raise TooMuch(f"its column {name} would unpack to {size / 2**30:.1f} GiB of text")


def _text_bytes(chunk: pa.Array) -> int:
    is_pointed_at = isinstance(chunk, pa.DictionaryArray)
    lengths = pc.binary_length(chunk.dictionary).take(chunk.indices) if is_pointed_at else pc.binary_length(chunk)
    return int(pc.sum(lengths).as_py() or 0)
