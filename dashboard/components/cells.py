"""A table whose cells are pressed: numbers with their intervals, a sign before each, and what stands behind one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import streamlit as st
from streamlit.components.v2.bidi_component.state import ComponentResult

from dashboard.components.bundle import bundle

_FOLDER = Path(__file__).with_suffix("")


@dataclass(frozen=True)
class Cell:
    """One number of the table.

    Attributes
    ----------
    words, small : str
        The number, and its interval below it; a cell without words cannot be pressed.
    sign : {"", "ahead", "behind", "level"}
        How it stands to what it is held against: a symbol and a colour.
    told : str
        All of it in a sentence, for a screen reader and on hovering.
    """

    words: str = ""
    small: str = ""
    sign: str = ""
    told: str = ""


@dataclass(frozen=True)
class Head:
    """What a row or a column is of.

    Attributes
    ----------
    name, title : str
        For the page, and for people.
    told : str
        Shown on hovering.
    apart : bool
        Whether a line parts it from those before.
    """

    name: str
    title: str
    told: str = ""
    apart: bool = False


_component = st.components.v2.component(
    "lightbox_cells",
    html=(_FOLDER / "cells.html").read_text(encoding="utf-8"),
    css=(_FOLDER / "cells.css").read_text(encoding="utf-8"),
    js=bundle(_FOLDER / "cells.js"),
)


def cells(
    label: str,
    rows: Sequence[Head],
    columns: Sequence[Head],
    table: Mapping[tuple[str, str], Cell],
    *,
    corner: str,
    key: str,
    chosen: tuple[str, str] | None = None,
    on_pressed_change: Callable[[], None],
) -> ComponentResult:
    """Show a table.

    Parameters
    ----------
    label : str
        What the table is, for a screen reader.
    rows, columns : sequence of Head
    table : mapping of (row, column) to Cell
        By names; what is not in it stays empty.
    corner : str
        Head of the column of row titles.
    key : str
    chosen : (str, str), optional
        The cell that is marked.
    on_pressed_change : callable
        Called before the run in which ``pressed`` is the row's and the column's name.
    """
    return _component(
        data={
            "label": label,
            "corner": corner,
            "rows": [asdict(row) for row in rows],
            "columns": [asdict(column) for column in columns],
            "cells": [[asdict(table.get((row.name, column.name), Cell())) for column in columns] for row in rows],
            "chosen": list(chosen or ()),
        },
        key=key,
        on_pressed_change=on_pressed_change,
    )
