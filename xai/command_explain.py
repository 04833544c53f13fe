"""Explain films: for each film, finding and method a raw map (.npy) and an overlay (.png), listed in one JSON."""

from __future__ import annotations

import argparse
import io
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from xai.explainers import DEFAULT_METHODS, EXPLAINERS
from xai.explainers.gradcam import GradCAM
from xai.files import write_file, write_files
from xai.films.film import FilmError
from xai.films.formats import NAMES
from xai.films.looks import UNKNOWN, doubts_about
from xai.films.reading import read_film
from xai.front_door import check_request, explain, open_model
from xai.machine import free_name
from xai.models.engine import DEFAULT_ENGINE, ENGINES
from xai.models.library import DEFAULT_MODEL
from xai.models.loading import ModelError
from xai.pictures.boxes import Boxes
from xai.pictures.peak import peak_piece, with_peak
from xai.pictures.render import Display, overlay

if TYPE_CHECKING:
    from xai.explainers.explanation import Explanation
    from xai.films.film import Film
    from xai.models.classifier import Classifier
    from xai.pictures.explained import Explained

LIST_FILE = "explanations.json"
BOXES_FILE = "boxes.json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("films", nargs="+", type=Path, metavar="FILM", help=f"{NAMES} file")
    parser.add_argument("--model", default=DEFAULT_MODEL, help="name of a built-in model, or path of a model file")
    parser.add_argument("--finding", nargs="+", default=["all"], metavar="NAME", help="findings to explain, or all")
    parser.add_argument("--method", nargs="+", default=DEFAULT_METHODS, choices=list(EXPLAINERS), metavar="METHOD")
    parser.add_argument(
        "--layer",
        default="",
        metavar="NAME",
        help="layer that Grad-CAM reads; explanations.json lists those of the model under diagnostics, as layers",
    )
    parser.add_argument("--samples", type=int, help="films that LIME and SHAP each send through the model")
    parser.add_argument(
        "--engine", default=DEFAULT_ENGINE, choices=ENGINES, help="what runs LIME's and SHAP's films (default: auto)"
    )
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same maps")
    parser.add_argument(
        "--boxes",
        action="store_true",
        help=f"also write {BOXES_FILE}: box and outline of each map's strongest evidence, drawn on the overlays too",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")


def run(options: argparse.Namespace) -> int:
    """Explain every film that can be hung; list those that cannot on one line of standard error."""
    check_request(options.samples, options.seed, mark="--")
    classifier = open_model(options.model, options.engine)
    findings = classifier.card.outputs if options.finding == ["all"] else list(dict.fromkeys(options.finding))
    for finding in findings:
        classifier.card.index(finding)
    if options.layer:
        classifier.maps_of(options.layer)
    options.out.mkdir(parents=True, exist_ok=True)
    refused: list[str] = []
    taken: set[str] = set()
    records = []
    boxes = Boxes()
    for name, film in _hang(options.films, refused):
        told = _told(classifier, film)
        for doubt in told["film_doubts"]:
            print(f"{name}: {doubt}.")
        for method in dict.fromkeys(options.method):
            try:
                explained = _explain(method, classifier, film, name, findings, options)
            except ModelError as error:  # Grad-CAM of a model without feature maps; the other methods go on
                if str(error) not in refused:
                    refused.append(str(error))
                continue
            for explanation in explained:
                stem = free_name(f"{name}.{explanation.finding}.{explanation.method}", taken)
                place = options.out / stem
                records.append(_write(explanation, explained, told, name, place, boxed=options.boxes))
                boxes.add(
                    name, film, explanation, explained.footprint, {"model": explained.model, "map": f"{stem}.npy"}
                )
    write_file(options.out / LIST_FILE, _json(records))
    if options.boxes:
        write_file(options.out / BOXES_FILE, _json(boxes.content()))
    if refused:
        raise ValueError(" ".join(refused))
    return 0


def _json(content: Any) -> str:
    return json.dumps(content, indent=2, allow_nan=False) + "\n"


def _hang(paths: Sequence[Path], refused: list[str]) -> Iterator[tuple[str, Film]]:
    """Read each film; note those that cannot be hung. Films of the same name are told apart by a number."""
    from tqdm import tqdm

    taken: set[str] = set()
    for path in tqdm(paths, unit="film", disable=None if len(paths) > 1 else True, file=sys.stderr):
        try:
            film = read_film(path)
        except (FilmError, OSError) as error:
            sentence = str(error)
            refused.append(sentence if path.name in sentence else f"{path.name}: {sentence}")
            continue
        name, number = path.stem, 2
        while name in taken:
            name, number = f"{path.stem}-{number}", number + 1
        taken.add(name)
        yield name, film


def _explain(
    method: str,
    classifier: Classifier,
    film: Film,
    name: str,
    findings: Sequence[str],
    options: argparse.Namespace,
) -> Explained:
    from tqdm import tqdm

    about = f"{name} {EXPLAINERS[method].title}"
    with tqdm(total=100, unit="%", desc=about, disable=None, leave=False, file=sys.stderr) as bar:

        def show(share: float) -> None:
            bar.update(round(100 * share) - bar.n)

        explainer = GradCAM(options.layer) if method == GradCAM.name else method
        return explain(classifier, film, explainer, findings, options.samples, options.seed, show)


def _told(classifier: Classifier, film: Film) -> dict[str, Any]:
    """Give what there is to say of a film whatever is explained: what to doubt, and how far it is from others."""
    doubts, seen = doubts_about(film), classifier.card.seen
    distance = classifier.distance(film)
    if seen is not None and distance is not None and (unlike := seen.doubt(distance)):
        doubts += (f"{unlike}. {UNKNOWN}",)
    return {
        "film_sha256": film.sha256,
        "film_notes": film.facts.notes,
        "film_doubts": doubts,
        "film_distance": distance,
        "film_farther_than": None if seen is None or distance is None else seen.share_nearer(distance),
    }


def _write(
    explanation: Explanation,
    explained: Explained,
    told: dict[str, Any],
    name: str,
    place: Path,
    *,
    boxed: bool,
) -> dict[str, Any]:
    signed = EXPLAINERS[explanation.method].signed
    picture = overlay(explained.film.pixels, explanation, explained.footprint, Display(), signed)
    if boxed and (piece := peak_piece(explanation.map, explained.footprint)) is not None:
        picture = with_peak(picture, piece)
    raw, png = io.BytesIO(), io.BytesIO()
    np.save(raw, explanation.map, allow_pickle=False)
    Image.fromarray(picture).save(png, format="PNG")
    stem = place.name
    write_files(place.parent, {f"{stem}.npy": raw.getvalue(), f"{stem}.png": png.getvalue()})
    return {
        "film": name,
        **told,
        "model": explained.model,
        "model_sha256": explained.model_id,
        "finding": explanation.finding,
        "method": explanation.method,
        "probability": explanation.probability,
        "logit": explanation.logit,
        "target": explanation.target,
        "baseline": explanation.baseline,
        "engine": explanation.engine or None,
        "evaluations": explanation.evaluations,
        "seconds": round(explanation.seconds, 4),
        "seed": explanation.seed,
        "map": f"{stem}.npy",
        "overlay": f"{stem}.png",
        "parameters": explanation.parameters,
        "diagnostics": explanation.diagnostics,
    }
