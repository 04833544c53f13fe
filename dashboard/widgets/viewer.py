"""The light box: a film and its maps side by side, chosen, zoomed and windowed in the browser.

Python sends arrays and words once; the browser decodes, windows and colours them. What the visitor
chooses comes back as ``selected`` at once and as ``display`` a moment after the last change.

The payload is plain JSON. The functions here build its parts; :func:`viewer` checks and shows it.
Encoding is the costly step, so a page keeps payload parts in a cache, named by film and method.
"""

from __future__ import annotations

import base64
import gzip
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import streamlit as st
from streamlit.components.v2.bidi_component.state import ComponentResult

Payload = dict[str, Any]
Rectangle = tuple[float, float, float, float]

DISPLAY: Mapping[str, Any] = MappingProxyType(
    {
        "overlay": True,
        "opacity": 0.6,
        "cut": 0,
        "scale": "finding",
        "evidence": "smooth",
        "picture": "film",
        "truth": True,
        "center": 0.5,
        "width": 1.0,
        "invert": False,
        "order": "probability",
    }
)
"""How a film is shown before anybody changes it."""

CHOICES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "scale": ("finding", "all"),
        "evidence": ("smooth", "native"),
        "picture": ("film", "input"),
        "order": ("probability", "fixed"),
    }
)
"""The words that those entries of a display can take."""

RANGES: Mapping[str, tuple[float, float]] = MappingProxyType(
    {"opacity": (0, 1), "cut": (0, 99), "center": (0, 1), "width": (0.02, 2)}
)
"""The least and the most that those entries can be."""

STATES = ("ready", "waiting", "running", "failed", "cancelled")

_DTYPES = {np.dtype("uint8"): "u1", np.dtype("uint16"): "u2", np.dtype("float32"): "f4"}
_FOLDER = Path(__file__).with_suffix("")
# One module for the browser: what a file uses stands in a file before it.
_SCRIPTS = ("arrays", "geometry", "controls", "evidence", "film", "sync", "findings", "panel", "gestures", "scene")


def _read(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


_component = st.components.v2.component(
    "lightbox_viewer",
    html=_read("viewer.html"),
    css=_read("viewer.css"),
    js="\n".join(_read(f"{name}.js") for name in (*_SCRIPTS, "viewer")),
)


def encode(array: np.ndarray) -> Payload:
    """Pack an array for the browser: gzip of its little-endian bytes, as base64.

    Parameters
    ----------
    array : ndarray of uint8, uint16 or float32, any shape
        Finite values.

    Returns
    -------
    dict
        ``shape``, ``dtype`` (``"u1"``, ``"u2"`` or ``"f4"``) and ``gz``. The same array always gives
        the same text.

    Raises
    ------
    ValueError
        For another dtype, or for NaN or infinite values.
    """
    if array.dtype.newbyteorder("=") not in _DTYPES:
        raise ValueError(f"The viewer takes uint8, uint16 or float32 arrays, not {array.dtype}: convert it first.")
    if not np.isfinite(array).all():
        raise ValueError("The viewer takes finite values only: this array has NaN or infinity in it.")
    little = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    packed = gzip.compress(little.tobytes(), compresslevel=6, mtime=0)
    return {
        "shape": list(array.shape),
        "dtype": _DTYPES[array.dtype.newbyteorder("=")],
        "gz": base64.b64encode(packed).decode("ascii"),
    }


def film_payload(
    film_id: str,
    pixels: np.ndarray,
    *,
    title: str,
    alt: str,
    windows: Sequence[tuple[str, float, float]] = (("Full range", 0.5, 1.0),),
) -> Payload:
    """Describe the film.

    Parameters
    ----------
    film_id : str
        Another id is another film: the zoom starts again.
    pixels : (H, W) ndarray of uint8 or uint16
        0 to 255 or 0 to 65535 stand for 0 to 1, 1 = dense (white).
    title, alt : str
        The line beside the panel's name, and what a screen reader says of the film.
    windows : sequence of (name, centre, width)
        Presets, in film units (0 to 1).
    """
    if pixels.ndim != 2 or pixels.dtype.kind != "u":
        raise ValueError(f"A film is a (H, W) array of uint8 or uint16, not {pixels.dtype} of shape {pixels.shape}.")
    presets = [{"name": name, "center": center, "width": width} for name, center, width in windows]
    return {"id": film_id, "title": title, "alt": alt, "pixels": encode(pixels), "windows": presets}


def input_payload(pixels: np.ndarray, rect: Rectangle) -> Payload:
    """Describe the model's input: its (h, w) uint8 picture and the part of the film it covers.

    ``rect`` is (x0, y0, x1, y1) in fractions of the film's width and height; it may lie inside the film
    (a crop) or reach beyond it (padding).
    """
    return {"rect": list(rect), "pixels": encode(pixels)}


def finding_payload(
    name: str,
    *,
    label: str,
    color: str,
    probability: float | None,
    threshold: float | None = None,
    rule: str = "",
    truth: str | None = None,
) -> Payload:
    """Describe one finding: its probability, its threshold and the rule that gave it, and the truth.

    ``probability`` is None until the model has answered; ``truth`` is ``"present"``, ``"absent"`` or, where nothing
    is known, None.
    """
    if truth not in ("present", "absent", None):
        raise ValueError(f"Truth is 'present', 'absent' or None, not {truth!r}.")
    return {
        "name": name,
        "label": label,
        "color": color,
        "probability": None if probability is None else float(probability),
        "threshold": None if threshold is None else float(threshold),
        "rule": rule,
        "truth": truth,
    }


def diagnostic(label: str, value: str, *, warn: bool = False, help: str = "") -> Payload:
    """Describe one measure of a map's quality; a warning shows its help beside it."""
    return {"label": label, "value": value, "warn": warn, "help": help}


def caption(where: str, *, diagnostics: Sequence[Payload] = (), cost: str = "", alt: str | None = None) -> Payload:
    """Say of one finding's map where the evidence lies, how good the map is and what it cost.

    ``alt`` is what a screen reader says of the picture; None leaves it to the viewer.
    """
    return {"where": where, "diagnostics": list(diagnostics), "cost": cost, "alt": alt}


def panel_payload(
    method: str,
    *,
    title: str,
    signed: bool,
    state: str,
    message: str = "",
    maps: np.ndarray | None = None,
    native: np.ndarray | None = None,
    pieces: np.ndarray | None = None,
    unit: str = "logit",
    captions: Mapping[str, Payload] | None = None,
    how: str = "",
    lies: str = "",
) -> Payload:
    """Describe one method's panel.

    Parameters
    ----------
    method, title : str
        The method's key, and its name for people.
    signed : bool
        Whether evidence can speak against a finding.
    state : {"ready", "waiting", "running", "failed", "cancelled"}
        Only a ready panel shows its maps; the others show `message`.
    maps : (K, h, w) ndarray of float32, optional
        One raw map a finding, in the order of the findings, in the model's input geometry.
    native : (K, h', w') ndarray of float32, optional
        The same evidence at the method's own resolution.
    pieces : (h, w) ndarray of uint16, optional
        The region each pixel belongs to.
    unit : str
        Of the maps.
    captions : mapping of str to dict, optional
        A :func:`caption` for each finding, by name.
    how, lies : str
        How to read such a map, and when it misleads.
    """
    if state not in STATES:
        raise ValueError(f"A panel's state is one of {', '.join(STATES)}, not {state!r}.")
    return {
        "method": method,
        "title": title,
        "signed": signed,
        "state": state,
        "message": message,
        "maps": None if maps is None else encode(maps),
        "native": None if native is None else encode(native),
        "pieces": None if pieces is None else encode(pieces),
        "unit": unit,
        "captions": dict(captions or {}),
        "how": how,
        "lies": lies,
    }


def picture_payload(method: str, *, title: str, pixels: np.ndarray, captions: Mapping[str, str]) -> Payload:
    """Describe a panel that shows another film in place of a map, with a sentence for each finding."""
    plain = panel_payload(method, title=title, signed=False, state="ready")
    said = {name: caption(sentence) for name, sentence in captions.items()}
    return {**plain, "picture": encode(pixels), "captions": said}


def lut_payload(unsigned: np.ndarray, signed: np.ndarray) -> Payload:
    """Pack the two colour tables, (256, 3) uint8 each."""
    for table in (unsigned, signed):
        if table.shape != (256, 3) or table.dtype != np.uint8:
            raise ValueError(f"A colour table is a (256, 3) uint8 array, not {table.dtype} {table.shape}.")
    return {
        "unsigned": base64.b64encode(unsigned.tobytes()).decode("ascii"),
        "signed": base64.b64encode(signed.tobytes()).decode("ascii"),
    }


def viewer(
    data: Mapping[str, Any],
    *,
    key: str,
    on_selected_change: Callable[[], None] | None = None,
    on_display_change: Callable[[], None] | None = None,
) -> ComponentResult:
    """Show a light box.

    The browser leads: it takes over ``data["selected"]`` and ``data["display"]`` when they change to
    something that it did not itself send. Sending the first choice again on every run is right, and
    so is sending back what came.

    Parameters
    ----------
    data : mapping
        ``film``, ``findings``, ``panels``, ``luts`` and ``selected``; optionally ``input``, ``truth``
        (boxes by finding, in fractions of the film), ``masks`` (arrays by finding) and ``display``
        (entries of :data:`DISPLAY` to start from).
    key : str
        Streamlit's key of this light box.
    on_selected_change, on_display_change : callable, optional
        Called before the run that a visitor's change starts.

    Returns
    -------
    ComponentResult
        ``selected`` (str) and ``display`` (dict) as the visitor has them.

    Raises
    ------
    ValueError
        Where the data contradicts itself.
    """
    payload = {**data, "display": checked_display(data.get("display", {}))}
    _check_selected(payload)
    _check_maps(payload)
    return _component(
        data=payload,
        key=key,
        default={"selected": payload["selected"], "display": payload["display"]},
        on_selected_change=on_selected_change or _nothing,
        on_display_change=on_display_change or _nothing,
    )


def checked_display(display: Mapping[str, Any]) -> dict[str, Any]:
    """Complete a display from :data:`DISPLAY`, refusing entries and words that there are not.

    Raises
    ------
    ValueError
        For an unknown entry or word.
    """
    if unknown := sorted(set(display) - set(DISPLAY)):
        raise ValueError(f"A display has no {', '.join(unknown)}; it has {', '.join(DISPLAY)}.")
    complete = {**DISPLAY, **display}
    for name, words in CHOICES.items():
        if complete[name] not in words:
            raise ValueError(f"A display's {name} is {' or '.join(words)}, not {complete[name]!r}.")
    return complete


def _check_selected(payload: Mapping[str, Any]) -> None:
    names = [finding["name"] for finding in payload["findings"]]
    if payload["selected"] not in names:
        raise ValueError(f"The chosen finding is one of {', '.join(names)}, not {payload['selected']!r}.")


def _check_maps(payload: Mapping[str, Any]) -> None:
    expected = len(payload["findings"])
    for panel in payload["panels"]:
        for part in ("maps", "native"):
            if panel[part] is not None and panel[part]["shape"][0] != expected:
                got = panel[part]["shape"][0]
                raise ValueError(f"{panel['title']}: expected {part} for {expected} findings, got {got}.")


def _nothing() -> None:
    """Answer a change that the page does not ask about: Streamlit declares a state by its callback."""
