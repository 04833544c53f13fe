"""The parts of what the light box shows, packed for the browser: film, findings, panels and colours.

Encoding is the costly step, so a page keeps payload parts in a cache, named by film and method.
"""

from __future__ import annotations

import base64
import gzip
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

Payload = dict[str, Any]
Rectangle = tuple[float, float, float, float]

STATES = ("ready", "waiting", "running", "failed", "cancelled")

_DTYPES = {np.dtype("uint8"): "u1", np.dtype("uint16"): "u2", np.dtype("float32"): "f4"}


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
