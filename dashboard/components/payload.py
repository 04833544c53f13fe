"""The parts of what the light box shows: film, findings, panels and colours.

Words go to the browser with the page. Whatever holds arrays is packed (see `packing`) and fetched by the browser, which
is told its name: ``{"part": NAME}`` stands for it.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dashboard.components.packing import check_array

Payload = dict[str, Any]
Rectangle = tuple[float, float, float, float]


def film_payload(film_id: str, *, title: str, alt: str, part: str, sides: str = "RL") -> Payload:
    """Describe the film.

    Parameters
    ----------
    film_id : str
        Another id is another film: the zoom starts again.
    title, alt : str
        The line beside the panel's name, and what a screen reader says of the film.
    part : str
        Name of its `film_pixels`.
    sides : {"RL", "LR", ""}
        Of the patient, on the picture's left and right; empty where nobody knows.
    """
    return {"id": film_id, "title": title, "alt": alt, "part": part, "sides": sides}


def film_pixels(
    pixels: np.ndarray, windows: Sequence[tuple[str, float, float]] = (("Full range", 0.5, 1.0),)
) -> Payload:
    """Give a film's shades and ways to look at them.

    Parameters
    ----------
    pixels : (H, W) ndarray of uint8 or uint16
        0 to 255 or 0 to 65535 stand for 0 to 1, 1 = dense (white).
    windows : sequence of (name, centre, width)
        Presets, in film units (0 to 1).
    """
    if pixels.ndim != 2 or pixels.dtype.kind != "u":
        raise ValueError(f"A film is a (H, W) array of uint8 or uint16, not {pixels.dtype} of shape {pixels.shape}.")
    presets = [{"name": name, "center": center, "width": width} for name, center, width in windows]
    return {"pixels": check_array(pixels), "windows": presets}


def input_payload(pixels: np.ndarray, rect: Rectangle) -> Payload:
    """Describe the model's input: its (h, w) uint8 picture and the part of the film it covers.

    ``rect`` is (x0, y0, x1, y1) in fractions of the film's width and height; it may lie inside the film
    (a crop) or reach beyond it (padding).
    """
    return {"rect": list(rect), "pixels": check_array(pixels)}


def finding_payload(
    name: str, *, label: str, color: str, threshold: float | None = None, rule: str = "", truth: str | None = None
) -> Payload:
    """Describe one finding: its threshold and the rule that gave it, and the truth.

    ``truth`` is ``"present"``, ``"absent"`` or, where nothing is known, None.
    """
    if truth not in ("present", "absent", None):
        raise ValueError(f"Truth is 'present', 'absent' or None, not {truth!r}.")
    return {
        "name": name,
        "label": label,
        "color": color,
        "threshold": None if threshold is None else float(threshold),
        "rule": rule,
        "truth": truth,
    }


def answers_payload(probabilities: Mapping[str, float], verdicts: Mapping[str, tuple[str, str]], first: str) -> Payload:
    """Give what the model answers: each finding's probability, and the sentences that say so.

    Parameters
    ----------
    probabilities : mapping of str to float
    verdicts : mapping of str to (lead, rest)
        In plain text; the lead stands out.
    first : str
        The finding to open with.
    """
    return {
        "probabilities": {name: float(share) for name, share in probabilities.items()},
        "verdicts": {name: {"lead": lead, "rest": rest} for name, (lead, rest) in verdicts.items()},
        "first": first,
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
    method: str, *, title: str, signed: bool, unit: str = "logit", how: str = "", lies: str = ""
) -> Payload:
    """Describe one method's panel: what stands there before there is a map, and after.

    Parameters
    ----------
    method, title : str
        The method's key, and its name for people.
    signed : bool
        Whether evidence can speak against a finding.
    unit : str
        Of the maps.
    how, lies : str
        How to read such a map, and when it misleads.
    """
    return {"method": method, "title": title, "signed": signed, "unit": unit, "how": how, "lies": lies}


def maps_payload(
    maps: np.ndarray,
    captions: Mapping[str, Payload],
    *,
    native: np.ndarray | None = None,
    pieces: np.ndarray | None = None,
) -> Payload:
    """Give a method's maps and what is said of them.

    Parameters
    ----------
    maps : (K, h, w) ndarray of float32
        One raw map a finding, in the order of the findings, in the model's input geometry.
    captions : mapping of str to dict
        A :func:`caption` for each finding, by name.
    native : (K, h', w') ndarray of float32, optional
        The same evidence at the method's own resolution.
    pieces : (h, w) ndarray of uint16, optional
        The region each pixel belongs to.
    """
    return {
        "maps": check_array(maps),
        "native": None if native is None else check_array(native),
        "pieces": None if pieces is None else check_array(pieces),
        "captions": dict(captions),
    }


def picture_payload(method: str, *, title: str, part: str) -> Payload:
    """Describe a panel that shows another film in place of a map; `part` names its `picture_pixels`."""
    return {**panel_payload(method, title=title, signed=False), "picture": {"part": part}}


def picture_pixels(pixels: np.ndarray) -> Payload:
    """Give another film's shades."""
    return {"pixels": check_array(pixels)}


def captions_payload(sentences: Mapping[str, str]) -> Payload:
    """Give a sentence for each finding, to stand below such a picture."""
    return {"captions": {name: caption(sentence) for name, sentence in sentences.items()}}


def lut_payload(unsigned: np.ndarray, signed: np.ndarray) -> Payload:
    """Pack the two colour tables, (256, 3) uint8 each."""
    for table in (unsigned, signed):
        if table.shape != (256, 3) or table.dtype != np.uint8:
            raise ValueError(f"A colour table is a (256, 3) uint8 array, not {table.dtype} {table.shape}.")
    return {
        "unsigned": base64.b64encode(unsigned.tobytes()).decode("ascii"),
        "signed": base64.b64encode(signed.tobytes()).decode("ascii"),
    }
