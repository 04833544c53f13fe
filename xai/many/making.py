"""One film of many: from its file to its maps, overlays and all that is told of them: plain values and bytes."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from xai.budget import Budget
from xai.cards.model_card import ModelCard, card_sha256
from xai.explainers.archive import VERSION
from xai.explainers.explanation import Explainer, Explanation
from xai.explainers.faithful import Faithfulness
from xai.films.film import Film, FilmError
from xai.films.looks import UNKNOWN, doubts_about
from xai.films.reading import read_film
from xai.many.cluster import ClusterError, classifier_on_worker
from xai.many.film_files import MARK
from xai.measures.frame import Footprint
from xai.measures.trust import Gain
from xai.models.errors import ModelError
from xai.models.loading import file_sha256
from xai.pictures.boxes import box_of
from xai.pictures.peak import peak_piece, with_peak
from xai.pictures.render import Display, overlay

if TYPE_CHECKING:
    from xai.models.classifier import Classifier

FAST = {"compress_level": 1, "compress_type": 3}  # runs alone: a quarter of the time for a tenth more bytes
_MARKED = PngInfo()
_MARKED.add_text("Comment", MARK)


class Truth(Protocol):
    """Who knows where the findings of films are. Plain: it travels between machines."""

    @property
    def content(self) -> str:
        """Name what is known, by content."""

    def beside(self, path: Path, made: Sequence[Explanation], footprint: Footprint) -> list[dict[str, Any]]:
        """Give for each map of a film what is to be told of it beside the truth; nothing where that is not known."""


@dataclass(frozen=True)
class Asked:
    """What is asked of every film.

    Attributes
    ----------
    model_sha256, card : str
        Of the model's file and its card.
    engine : str
        What runs the films that are partly hidden.
    explainers : tuple of Explainer
    findings : tuple of str
    seed : int
    boxed : bool
        Whether the box of the strongest evidence is told, and drawn on the overlays.
    truth : Truth or None
        What maps are held against.
    asks : bool
        Whether the model is asked how much its answers hang on what maps of flagged findings mark.
    """

    model_sha256: str
    card: str
    engine: str
    explainers: tuple[Explainer, ...]
    findings: tuple[str, ...]
    seed: int = 0
    boxed: bool = False
    truth: Truth | None = None
    asks: bool = False

    @classmethod
    def of(cls, classifier: Classifier, explainers: Sequence[Explainer], findings: Sequence[str], **more: Any) -> Asked:
        """Ask it of a classifier that is loaded."""
        engine = classifier.hiding.engine if any(one.hides for one in explainers) else classifier.engine
        about = (classifier.model_id, card_sha256(classifier.card), engine)
        return cls(*about, tuple(explainers), tuple(findings), **more)


@dataclass(frozen=True)
class FilmFile:
    """One film, and where its maps go.

    Attributes
    ----------
    name : str
    path : Path
    stems : tuple of str
        Names of its files without their endings: for each method, each finding.
    sha256 : str
        Of the file's bytes; empty where they cannot be read.
    """

    name: str
    path: Path
    stems: tuple[str, ...]
    sha256: str

    def request(self, asked: Asked) -> str:
        """Name what is made of it by everything that decides it: sha256, in hexadecimal.

        All methods and findings are part of it: a film's maps share evaluations, and the answer to it, with each other.
        """
        methods = [(one.name, one.parameters()) for one in asked.explainers]
        rest = {**vars(asked), "explainers": methods, "film": [self.name, self.sha256, self.stems], "version": VERSION}
        truth, asks = rest.pop("truth"), rest.pop("asks")
        rest |= ({} if truth is None else {"truth": truth.content}) | ({"asks": True} if asks else {})
        return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, eq=False)
class Made:
    """What was made of one film. Plain: it travels between machines.

    Attributes
    ----------
    records : list of dict
        What stands in ``explanations.json``, one for each map.
    files : dict of str to bytes
        The raw maps and overlays, by their names.
    refused : tuple of str
        What could not be read or explained, in one sentence each.
    doubts : tuple of str
        What makes one doubt what a model answers about it.
    """

    records: list[dict[str, Any]]
    files: dict[str, bytes]
    refused: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()


def make(classifier: Classifier, asked: Asked, file: FilmFile, budget: Budget) -> Made:
    """Read a film and explain it by all methods; what cannot be read or explained is told and no error.

    Raises
    ------
    Cancelled
        If the budget was cancelled.
    """
    try:
        film = read_film(file.path)
    except (FilmError, OSError) as error:
        sentence = str(error)
        name = file.path.name
        return Made([], {}, (sentence if name in sentence else f"{name}: {sentence}",))
    told = {"request_sha256": file.request(asked), **_told(classifier, film)}
    footprint = classifier.footprint(film)
    about = {
        "model": classifier.card.name,
        "model_sha256": classifier.model_id,
    }
    made = Made([], {}, doubts=told["film_doubts"])
    faithful = Faithfulness(classifier, classifier.prepare(film), budget) if asked.asks else None
    for number, explainer in enumerate(asked.explainers):
        stems = file.stems[number * len(asked.findings) :]
        try:
            part = budget.part(number, len(asked.explainers))
            explained = explainer.explain(classifier, film, asked.findings, part, asked.seed)
        except ModelError as error:  # the other methods go on
            made = dataclasses.replace(made, refused=(*made.refused, str(error)))
            continue
        known = asked.truth.beside(file.path, explained, footprint) if asked.truth else [{} for _ in explained]
        for stem, one, beside in zip(stems, explained, known, strict=False):
            raw, png = _raw(one.map), _png(film, one, footprint, explainer.signed, asked.boxed)
            made.files.update({f"{stem}.npy": raw, f"{stem}.png": png})
            digests = {"map_sha256": _sha256(raw), "overlay_sha256": _sha256(png)}
            boxes = {"box": box_of(film, one, footprint)} if asked.boxed else {}
            trust = trust_in(one, classifier.card) | beside
            if faithful is not None and trust["flagged"]:
                trust["faithful"] = _gains_in(faithful.of(one.map, classifier.card.index(one.finding)))
            about_map = digests | boxes | {"trust": trust}
            made.records.append(_record(one, {"film": file.name, **told}, about, stem) | about_map)
    return made


def trust_in(one: Explanation, card: ModelCard) -> dict[str, Any]:
    """Give what a map itself says of how far to trust it, without any truth.

    Returns
    -------
    dict
        ``flagged``, whether the answer reaches its ``threshold``: the map of a finding that is not flagged shows no
        place of it; both None for a class without a threshold that shares 100 % with others. ``evidence``, whether
        anything speaks for the finding. ``steady``, how alike other hidden films would order the regions, and ``sure``,
        of how many the sign is known at 95 %: None where the method does not know.
    """
    known = card.link == "sigmoid" or one.finding in card.thresholds
    threshold = card.threshold(one.finding).value if known else None
    return {
        "flagged": None if threshold is None else one.probability >= threshold,
        "threshold": threshold,
        "evidence": bool(one.map.max() > 0),
        "steady": one.diagnostics.get("rank_stability"),
        "sure": one.diagnostics.get("sure_share"),
    }


def _gains_in(found: Sequence[Gain]) -> list[dict[str, Any]]:
    """Give the gains of a map with each baseline, and how often one drawn at random does as well."""
    return [dataclasses.asdict(one) | {"by_chance": one.by_chance} for one in found]


def make_there(model: Path, asked: Asked, file: FilmFile) -> Made:
    """Make one film's maps on a worker of a cluster.

    Raises
    ------
    ClusterError
        If model or film are not there, or are others than where the work comes from.
    """
    classifier = classifier_on_worker(model, asked.model_sha256, asked.card, asked.engine)
    if file.sha256 != readable_sha256(file.path):
        raise ClusterError(
            f"The film {file.path} on {socket.gethostname()} is not there, or another than the one here."
        )
    return make(classifier, asked, file, Budget())


def readable_sha256(path: Path) -> str:
    """Give the sha256 of a file's bytes; empty of what is no file that can be read, which the reader then says."""
    try:
        return file_sha256(path) if path.is_file() else ""
    except OSError:
        return ""


def _told(classifier: Classifier, film: Film) -> dict[str, Any]:
    """Give what there is to say of a film whatever is explained: what to doubt, and how far it is from others."""
    doubts, seen = doubts_about(film), classifier.card.seen
    distance = classifier.distance(film)
    if seen is not None and distance is not None and (unlike := seen.doubt(distance)):
        doubts += (f"{unlike}. {UNKNOWN}",)
    return {
        "film_sha256": film.sha256,
        "film_width": film.facts.width,
        "film_height": film.facts.height,
        "film_notes": film.facts.notes,
        "film_doubts": doubts,
        "film_distance": distance,
        "film_farther_than": None if seen is None or distance is None else seen.share_nearer(distance),
    }


def _record(one: Explanation, film: dict[str, Any], about: dict[str, Any], stem: str) -> dict[str, Any]:
    return {
        **film,
        **about,
        "finding": one.finding,
        "method": one.method,
        "probability": one.probability,
        "logit": one.logit,
        "target": one.target,
        "baseline": one.baseline,
        "engine": one.engine or None,
        "evaluations": one.evaluations,
        "seconds": round(one.seconds, 4),
        "seed": one.seed,
        "map": f"{stem}.npy",
        "overlay": f"{stem}.png",
        "parameters": one.parameters,
        "diagnostics": one.diagnostics,
    }


def _raw(values: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, values, allow_pickle=False)
    return stream.getvalue()


def _png(
    film: Film, explanation: Explanation, footprint: tuple[float, float, float, float], signed: bool, boxed: bool
) -> bytes:
    picture = overlay(film.pixels, explanation, footprint, Display(), signed)
    if boxed and (piece := peak_piece(explanation.map, footprint)) is not None:
        picture = with_peak(picture, piece)
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, format="PNG", pnginfo=_MARKED, **FAST)
    return stream.getvalue()


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
