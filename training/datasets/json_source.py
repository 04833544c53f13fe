"""A source's JSON: unpacked within bounds, each entry of its kind, or one sentence that says which is not."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from training.datasets.facts import DatasetError
from training.datasets.text_table import TableError, unpacked_text

KINDS = {dict: "an object", list: "a list", str: "text", bool: "true or false"}


def read_json(file: Path, kind: type) -> Any:
    """Read a file of JSON, plain or packed, in any encoding of `read_text_table`.

    Parameters
    ----------
    file : Path
    kind : type
        ``dict`` or ``list``, what it must hold.

    Raises
    ------
    DatasetError
        If it is no JSON, too large, nested without end, names an entry of an object twice, or holds something else.
    """
    try:
        content = json.loads(unpacked_text(file), object_pairs_hook=_each_once)
    except (TableError, ValueError, RecursionError) as error:
        reason = "it is nested too deep" if isinstance(error, RecursionError) else str(error)
        raise DatasetError(f"{file} cannot be read as JSON: {reason}.") from error
    return expect(content, kind, f"{file.name} as a whole")


def expect(value: Any, kind: type, what: str) -> Any:
    """Give a value of a kind; raises DatasetError where it is of another, ``what`` being what it is called."""
    if not isinstance(value, kind):
        raise DatasetError(f"{what} is {type(value).__name__}; expected {KINDS[kind]}.")
    return value


def entry(content: dict[str, Any], name: str, kind: type, where: str, default: Any = None) -> Any:
    """Give an entry of an object; raises DatasetError where it is absent without a default, or of another kind."""
    if content.get(name) is None:
        if default is None:
            raise DatasetError(f"{where} has no {name}.")
        return default
    return expect(content[name], kind, f"{name} of {where}")


def numbers_in(values: Any, count: int, where: str) -> list[float]:
    """Give a list of finite numbers of a known length; raises DatasetError for anything else."""
    is_list = isinstance(values, list) and len(values) == count
    if not is_list or not all(type(one) in (int, float) and math.isfinite(one) for one in values):
        raise DatasetError(f"{where} is {_short(values)}; expected {count} numbers.")
    return [float(one) for one in values]


def _each_once(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"it names “{name}” twice in one object")
        found[name] = value
    return found


def _short(value: Any, most: int = 60) -> str:
    text = repr(value)
    return text if len(text) <= most else f"{text[: most - 1]}…"
