"""Controls that show a value which lives elsewhere, and write what the visitor makes of it back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st


def bind(
    control: Callable[..., Any],
    *arguments: Any,
    key: str,
    value: Any,
    take: Callable[[Any], dict[str, Any]],
    change: Callable[..., None],
    **options: Any,
) -> Any:
    """Show a control that has a page's value, and writes what the visitor makes of it back.

    Parameters
    ----------
    control : callable
        Of Streamlit.
    key : str
    value : object
        What it shows now.
    take : callable
        Gives the changes for what the visitor chose.
    change : callable
        Makes those changes.
    """
    state = st.session_state
    if key in state and state[key] != value:  # telling it what it shows already would undo a key on its way
        state[key] = value
    else:  # its script may still be on its way when this run is over: what the next run says must not be another value
        options |= _default(control, arguments, value)
    return control(*arguments, key=key, on_change=lambda: change(**take(state[key])), **options)


def _default(control: Callable[..., Any], arguments: tuple[Any, ...], value: Any) -> dict[str, Any]:
    """Give the option by which a control of Streamlit is told what it shows at first."""
    if control in (st.selectbox, st.radio):
        return {"index": None if value is None else list(arguments[1]).index(value)}
    if control in (st.segmented_control, st.pills, st.multiselect):
        return {"default": value}
    return {"value": value}
