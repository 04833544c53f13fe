"""Make damaged and hostile files of good ones, each the same for the same random numbers."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd

BROKEN_JSON = ("NaN", "Infinity", "-1e999", "1" * 5000, "[" * 5000, '"\\ud800"', "{]", "1e-400")
VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1.5, 1e308, -1e308, 10**400, 2**63, "", "x" * 2000, "\0", "../../up", "\u202e<b>"),
    *([], {}, [[]], [None], [1, 2], ["a", "a"], {"a": 1}, {"": {}}, {"value": "x"}, [{"a": []}]),
)
CELLS: tuple[Any, ...] = (
    None,
    "",
    "NaN",
    "1e999",
    "9" * 400,
    "-",
    "Mass|Mass",
    "x" * 2000,
    '"',
    "a\nb",
    "\0",
    "0x1",
    -1,
    2,
)
COLUMNS: tuple[Any, ...] = (10**18, 1e300, np.inf, "x", b"\xff", None, True, [1], {"a": 1}, pd.Timestamp(0))


def bytes_of(whole: bytes, rng: np.random.Generator, head: int = 8) -> bytes:
    """Change, cut, repeat or fill some bytes, mostly near the start, where a file says what it is."""
    data = np.frombuffer(whole, np.uint8).copy()
    match rng.integers(5):
        case 0:
            return data[: rng.integers(1, data.size)].tobytes()
        case 1:
            start, end = sorted(rng.integers(0, data.size, 2))
            return whole[:end] + whole[start:end] * int(rng.integers(1, 4)) + whole[end:]
        case 2:
            start = int(rng.integers(0, data.size))
            data[start : start + int(rng.integers(1, 64))] = rng.choice([0, 255])
        case how:
            end = data.size if how == 3 else min(data.size, head + 400)
            where = rng.integers(min(head, end - 1), end, int(rng.integers(1, 12)))
            data[where] = rng.integers(0, 256, where.size)
    return data.tobytes()


def json_of(whole: bytes, rng: np.random.Generator) -> bytes:
    """Put something else in the place of one or two entries, or take them away."""
    content = json.loads(whole)
    for _ in range(int(rng.integers(1, 3))):
        parent, key = _place(content, rng)
        match rng.integers(6):
            case 0:
                del parent[key]
            case 1:
                parent[key] = "@@"
            case _:
                parent[key] = VALUES[rng.integers(len(VALUES))]
    text = json.dumps(content)
    return text.replace('"@@"', str(rng.choice(BROKEN_JSON))).encode()


def _place(content: Any, rng: np.random.Generator) -> tuple[Any, Any]:
    """Choose an entry, as likely a large one as a small one inside it."""
    parent, key = {"": content}, ""
    while True:
        inside = parent[key]
        if not isinstance(inside, dict | list) or not inside or (parent[key] is not content and rng.random() < 0.3):
            return parent, key
        keys = list(inside) if isinstance(inside, dict) else range(len(inside))
        parent, key = inside, keys[rng.integers(len(keys))]


def csv_of(whole: bytes, rng: np.random.Generator) -> bytes:
    """Put something else into some cells, a heading among them, or take a column or the line ends away."""
    rows = [line.split(",") for line in whole.decode().splitlines()]
    for _ in range(int(rng.integers(1, 4))):
        row = rows[rng.integers(len(rows))]
        row[rng.integers(len(row))] = str(CELLS[rng.integers(len(CELLS))])
    if rng.random() < 0.2:
        gone = rng.integers(len(rows[0]))
        rows = [row[:gone] + row[gone + 1 :] for row in rows]
    return str(rng.choice(["\n", "\r\n", "\r", "\n\n"])).join(",".join(row) for row in rows).encode("utf-8", "replace")


def table_of(table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Give a column another kind, other values or none, or the table no row or every row twice."""
    table = table.copy()
    name = table.columns[rng.integers(table.shape[1])]
    match rng.integers(7):
        case 0:
            return table.drop(columns=name)
        case 1:
            return table.iloc[:0]
        case 2:
            return pd.concat([table, table], ignore_index=True)
        case 3:
            return table.rename(columns={name: str(rng.choice(["", "film", "path", "\0", "x" * 300]))})
        case 4:
            table[name] = pd.Series([COLUMNS[rng.integers(len(COLUMNS))]] * len(table), index=table.index)
        case _ if len(table):
            values = table[name].astype(object).copy()
            values.iloc[rng.integers(len(values))] = COLUMNS[rng.integers(len(COLUMNS))]
            try:
                table[name] = values.infer_objects()
            except (ValueError, TypeError, OverflowError):
                table[name] = values
    return table
