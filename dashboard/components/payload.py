"""The parts of what the light box shows: film, findings, panels and colours.

Words go to the browser with the page. Whatever holds arrays is packed (see `packing`) and fetched by the browser, which
is told its name: ``{"part": NAME}`` stands for it.

Whatever tells the truth about a film carries ``plain`` beside it: the words that stand in its place while the truth is
hidden. Both go to the browser, which shows one or the other at once.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import numpy as np

from dashboard.components.packing import check_array
from xai.written import percent

Payload = dict[str, Any]
Rectangle = tuple[float, float, float, float]


def film_payload(film_id: str, *, title: str, alt: str, part: str, plain: Payload | None = None) -> Payload:
    """Describe the film.

    Parameters
    ----------
    film_id : str
        Another id is another film: the zoom starts again.
    title, alt : str
        The line beside the panel's name, and what a screen reader says of the film.
    part : str
        Name of its `film_pixels`.
    plain : dict, optional
        ``title`` and ``alt`` while the truth is hidden, where the film's own name tells it.
    """
    return {"id": film_id, "title": title, "alt": alt, "part": part, "plain": plain or {}}


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
    name: str,
    *,
    label: str,
    color: str,
    threshold: float | None = None,
    rule: str = "",
    truth: str | None = None,
    known: tuple[str, str] = ("", ""),
) -> Payload:
    """Describe one finding: its threshold and the rule that gave it, the truth, and how good the model is at it.

    ``truth`` is ``"present"``, ``"absent"`` or, where nothing is known, None; the browser hides it with the rest.
    ``known`` is a sentence that always stands, and what else there is to say.
    """
    if truth not in ("present", "absent", None):
        raise ValueError(f"Truth is 'present', 'absent' or None, not {truth!r}.")
    return {
        "name": name,
        "label": label,
        "color": color,
        "threshold": None if threshold is None else float(threshold),
        "threshold_written": None if threshold is None else percent(float(threshold)),
        "rule": rule,
        "truth": truth,
        "known": {"lead": known[0], "rest": known[1]},
    }


def beside_payload(model: str, findings: Sequence[Payload], *, input_part: str) -> Payload:
    """Describe a second model: its name, its outputs (`finding_payload`), and the name of its input's part."""
    return {"model": model, "findings": list(findings), "input": {"part": input_part}}


def answers_payload(probabilities: Mapping[str, float], verdicts: Mapping[str, tuple[str, ...]], first: str) -> Payload:
    """Give what the model answers: each finding's probability, and the sentences that say so.

    Parameters
    ----------
    probabilities : mapping of str to float
    verdicts : mapping of str to (lead, rest) or (lead, rest, plain)
        In plain text; the lead stands out, and ``plain`` is the rest without the truth.
    first : str
        The finding to open with.
    """
    return {
        "probabilities": {name: float(share) for name, share in probabilities.items()},
        "written": {name: percent(float(share)) for name, share in probabilities.items()},
        "verdicts": {name: _verdict(*words) for name, words in verdicts.items()},
        "first": first,
    }


def _verdict(lead: str, rest: str, plain: str | None = None) -> Payload:
    return {"lead": lead, "rest": rest, "plain": {} if plain is None else {"rest": plain}}


def diagnostic(label: str, value: str, *, warn: bool = False, help: str = "") -> Payload:
    """Describe one measure of a map's quality; a warning shows its help beside it."""
    return {"label": label, "value": value, "warn": warn, "help": help}


def caption(
    where: str,
    *,
    diagnostics: Sequence[Payload] = (),
    cost: str = "",
    alt: str | None = None,
    truth_note: Payload | None = None,
    plain: Payload | None = None,
) -> Payload:
    """Say of one finding's map where the evidence lies, how good the map is and what it cost.

    ``alt`` is what a screen reader says of the picture; None leaves it to the viewer. ``truth_note`` is shown with the
    truth only. ``plain`` has those of these entries that tell the truth, without it.
    """
    return {
        "where": where,
        "diagnostics": list(diagnostics),
        "cost": cost,
        "alt": alt,
        "truth_note": truth_note,
        "plain": plain or {},
    }


def other_truth(name: str, *, label: str, color: str, has_twin: bool) -> Payload:
    """Describe what lies where a map's strongest evidence is.

    Parameters
    ----------
    name, label, color : str
        By which its mask or its boxes go, for people, and of its outline.
    has_twin : bool
        Whether the film can be shown without it.
    """
    return {"name": name, "label": label, "color": color, "has_twin": has_twin}


def truth_note(sentence: str, others: Sequence[Payload]) -> Payload:
    """Say that a map's strongest evidence lies on the truth of other findings: each an :func:`other_truth`."""
    return {"sentence": sentence, "others": list(others)}


def trust_line(
    verdict: str, origin: str, rows: Sequence[tuple[str, str]] = (), *, plain: Payload | None = None
) -> Payload:
    """Say how far to trust a map, and what that comes from, a sentence each; ``rows`` are the numbers behind it.

    A row is what it is about, and its words. ``plain`` has these entries without the truth.
    """
    told = [{"label": label, "words": words} for label, words in rows]
    return {"verdict": verdict, "origin": origin, "rows": told, "plain": plain or {}}


def panel_payload(
    method: str,
    *,
    title: str,
    signed: bool,
    unit: str = "logit",
    how: str = "",
    lies: str = "",
    shares: str = "",
    glance: str = "",
    needs: str = "",
    plain: str = "",
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
    shares : {"pixel", "piece", ""}
        What of the map adds up to logits, so that something stands behind each of its regions.
    glance, needs : str
        What tells the method apart, in a few words; and in sentences, with what was measured of it.
    plain : str
        The title while the truth is hidden, where the title tells it.
    """
    words = {"method": method, "title": title, "signed": signed, "unit": unit, "how": how, "lies": lies}
    return words | {"shares": shares, "glance": glance, "needs": needs, "plain": {"title": plain} if plain else {}}


def maps_payload(
    maps: np.ndarray,
    captions: Mapping[str, Payload],
    *,
    native: np.ndarray | None = None,
    pieces: np.ndarray | None = None,
    unsure: np.ndarray | None = None,
    so_far: Payload | None = None,
    more: Payload | None = None,
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
    unsure : (K, regions) ndarray of uint8, optional
        1 where a region of a map may as well have the other sign.
    so_far : dict, optional
        Of a map that is not finished: how far it is, ``going`` and once it was ``stopped``.
    more : dict, optional
        What is ``said`` of a map that more films would still change, the ``button`` that asks for them, and what of the
        ``query`` does.
    """
    return {
        "maps": check_array(maps),
        "native": None if native is None else check_array(native),
        "pieces": None if pieces is None else check_array(pieces),
        "captions": dict(captions),
        "unsure": None if unsure is None else check_array(unsure),
        "so_far": so_far,
        "more": more,
    }


def picture_payload(method: str, *, title: str, part: str, plain: str = "") -> Payload:
    """Describe a panel that shows another film in place of a map; `part` names its `picture_pixels`."""
    return {**panel_payload(method, title=title, signed=False, plain=plain), "picture": {"part": part}}


def picture_pixels(pixels: np.ndarray) -> Payload:
    """Give another film's shades."""
    return {"pixels": check_array(pixels)}


def captions_payload(sentences: Mapping[str, tuple[str, str]]) -> Payload:
    """Give a sentence for each finding, to stand below such a picture, and the same without the truth."""
    return {"captions": {name: caption(told, plain={"where": plain}) for name, (told, plain) in sentences.items()}}


def lut_payload(unsigned: np.ndarray, signed: np.ndarray) -> Payload:
    """Pack the two colour tables, (256, 3) uint8 each."""
    for table in (unsigned, signed):
        if table.shape != (256, 3) or table.dtype != np.uint8:
            raise ValueError(f"A colour table is a (256, 3) uint8 array, not {table.dtype} {table.shape}.")
    return {
        "unsigned": base64.b64encode(unsigned.tobytes()).decode("ascii"),
        "signed": base64.b64encode(signed.tobytes()).decode("ascii"),
    }


def question_payload(title: str, words: str, link: Mapping[str, str]) -> Payload:
    """Describe a question to a newcomer; ``link`` has the query parameters of the view that it is asked about."""
    return {"title": title, "words": words, "query": urlencode(link)}
