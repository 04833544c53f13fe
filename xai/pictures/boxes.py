"""Boxes and outlines of the strongest evidence in one JSON, laid out as COCO's annotations are."""

from __future__ import annotations

from typing import Any

import numpy as np

from xai.explainers.explanation import Explanation
from xai.films.film import Film
from xai.pictures.lines import Footprint
from xai.pictures.peak import RULE, PeakPiece, peak_piece

ABOUT = "Where a model's evidence is strongest, which is not where a finding is; not for clinical use"
UNITS = "pixels of the upright film as its file has it, from the top left corner of its top left pixel, x before y"
NOTHING = "nothing in the map speaks for the finding"
DIGITS = 2  # of a place in pixels


class Boxes:
    """Gathers what `content` gives: boxes of any number of films and maps."""

    def __init__(self) -> None:
        self._films: dict[str, dict[str, Any]] = {}
        self._findings: list[str] = []
        self._boxes: list[dict[str, Any]] = []
        self._without: list[dict[str, Any]] = []

    def add(self, name: str, film: Film, explanation: Explanation, footprint: Footprint, more: dict[str, Any]) -> None:
        """Add the box of a map, by `xai.pictures.peak.RULE`; or, where it has none, the reason.

        Parameters
        ----------
        name : str
            Of the film, one for each.
        film : Film
        explanation : Explanation
        footprint : tuple of float
            The part of the film that the model saw.
        more : dict
            What else to say of it.
        """
        about = {
            "method": explanation.method,
            "probability": explanation.probability,
            "seed": explanation.seed,
            **more,
        }
        picture = {"file_name": name, "width": film.facts.width, "height": film.facts.height, "sha256": film.sha256}
        self.add_box(picture, explanation.finding, about, box_of(film, explanation, footprint))

    def add_box(self, picture: dict[str, Any], finding: str, about: dict[str, Any], box: dict[str, Any]) -> None:
        """Add what `box_of` gave of a map.

        Parameters
        ----------
        picture : dict
            ``file_name``, one for each film, ``width``, ``height`` and ``sha256``.
        finding : str
        about, box : dict
            What is said of the map, and its box.
        """
        known = self._films.setdefault(picture["file_name"], {"id": len(self._films) + 1, **picture})
        if finding not in self._findings:
            self._findings.append(finding)
        about = {"image_id": known["id"], "category_id": self._findings.index(finding) + 1, **about}
        if "reason" in box:
            self._without.append({**about, **box})
        else:
            self._boxes.append({"id": len(self._boxes) + 1, **about, **box})

    def content(self) -> dict[str, Any]:
        """Give ``info`` (rule, units), ``images``, ``categories``, ``annotations``, and maps ``without`` a box."""
        return {
            "info": {"description": ABOUT, "rule": RULE, "units": UNITS},
            "images": list(self._films.values()),
            "categories": [{"id": number, "name": name} for number, name in enumerate(self._findings, 1)],
            "annotations": self._boxes,
            "without": self._without,
        }


def box_of(film: Film, explanation: Explanation, footprint: Footprint) -> dict[str, Any]:
    """Give the box of a map by `xai.pictures.peak.RULE` in the words of COCO, or the ``reason`` why it has none."""
    piece = peak_piece(explanation.map, footprint)
    return {"reason": NOTHING} if piece is None else _annotation(piece, film.facts.width, film.facts.height)


def _annotation(piece: PeakPiece, width: int, height: int) -> dict[str, Any]:
    return {
        "bbox": _rounded(piece.box(width, height)),
        "segmentation": [_rounded(piece.corners(width, height))],
        "area": round(piece.area(width, height), DIGITS),
        "iscrowd": 0,
        "peak": _rounded(np.multiply(piece.peak, (width, height))),
        "largest": piece.largest,
        "threshold": piece.threshold,
    }


def _rounded(numbers: Any) -> list[float]:
    return [round(float(one), DIGITS) for one in np.ravel(numbers)]
