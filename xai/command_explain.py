"""Explain films: for each film, finding and method a raw map (.npy) and an overlay (.png), listed in one JSON."""

from __future__ import annotations

import argparse
import io
import json
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xai.built_in import BUILT_IN_MODELS
from xai.explainers import DEFAULT_METHODS, EXPLAINERS
from xai.models.engine import DEFAULT_ENGINE, ENGINES
from xai.models.library import DEFAULT_MODEL, find_model
from xai.models.loading import ModelError
from xai.whole import write_whole

if TYPE_CHECKING:
    from xai.explainers.explanation import Explainer, Explanation
    from xai.films.film import Film
    from xai.models.classifier import Classifier

LIST_FILE = "explanations.json"
MAX_SAMPLES = 100_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("films", nargs="+", type=Path, metavar="FILM", help="PNG, JPEG, TIFF or DICOM file")
    parser.add_argument("--model", default=DEFAULT_MODEL, help="name of a built-in model, or path of a model file")
    parser.add_argument("--finding", nargs="+", default=["all"], metavar="NAME", help="findings to explain, or all")
    parser.add_argument("--method", nargs="+", default=DEFAULT_METHODS, choices=list(EXPLAINERS), metavar="METHOD")
    parser.add_argument("--samples", type=int, help="films that LIME and SHAP each send through the model")
    parser.add_argument(
        "--engine", default=DEFAULT_ENGINE, choices=ENGINES, help="what runs LIME's and SHAP's films (default: auto)"
    )
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same maps")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")


def run(options: argparse.Namespace) -> int:
    """Explain every film that can be hung; list those that cannot on one line of standard error."""
    if options.samples is not None and not 10 <= options.samples <= MAX_SAMPLES:
        raise ValueError(f"--samples must be 10 to {MAX_SAMPLES:,}, got {options.samples}")
    if not 0 <= options.seed < 2**32:
        raise ValueError(f"--seed must be 0 to {2**32 - 1}, got {options.seed}")
    path = find_model(options.model, (BUILT_IN_MODELS,))

    from xai.models.classifier import Classifier

    classifier = Classifier.load(path, options.engine)
    findings = classifier.card.outputs if options.finding == ["all"] else list(dict.fromkeys(options.finding))
    for finding in findings:
        classifier.card.index(finding)
    methods = [EXPLAINERS[name]() for name in dict.fromkeys(options.method)]
    options.out.mkdir(parents=True, exist_ok=True)
    refused: list[str] = []
    records = []
    for name, film in _hang(options.films, refused):
        for explainer in methods:
            try:
                explanations = _explain(explainer, classifier, film, name, findings, options)
            except ModelError as error:  # Grad-CAM of a model without feature maps; the other methods go on
                if str(error) not in refused:
                    refused.append(str(error))
                continue
            for explanation in explanations:
                records.append(_write(explanation, classifier, film, name, explainer.signed, options.out))
    text = json.dumps(records, indent=2, allow_nan=False) + "\n"
    write_whole(options.out, {LIST_FILE: lambda path: path.write_text(text)})
    if refused:
        raise ValueError(" ".join(refused))
    return 0


def _hang(paths: Sequence[Path], refused: list[str]) -> Iterator[tuple[str, Film]]:
    """Read each film; note those that cannot be hung. Films of the same name are told apart by a number."""
    from tqdm import tqdm

    from xai.films.film import FilmError
    from xai.films.reading import read_film

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
    explainer: Explainer,
    classifier: Classifier,
    film: Film,
    name: str,
    findings: Sequence[str],
    options: argparse.Namespace,
) -> list[Explanation]:
    from tqdm import tqdm

    from xai.budget import Budget

    samples = options.samples if explainer.cost > 1 else None
    with tqdm(total=100, unit="%", desc=f"{name} {explainer.title}", disable=None, leave=False, file=sys.stderr) as bar:
        budget = Budget(samples, progress=lambda share: bar.update(round(100 * share) - bar.n))
        return explainer.explain(classifier, film, findings, budget, options.seed)


def _write(
    explanation: Explanation, classifier: Classifier, film: Film, name: str, signed: bool, out: Path
) -> dict[str, Any]:
    import numpy as np
    from PIL import Image

    from xai.pictures.render import Display, overlay

    stem = f"{name}.{explanation.finding}.{explanation.method}"
    picture = overlay(film.pixels, explanation, classifier.footprint(film), Display(), signed)
    raw, png = io.BytesIO(), io.BytesIO()
    np.save(raw, explanation.map, allow_pickle=False)
    Image.fromarray(picture).save(png, format="PNG")
    files = {f"{stem}.npy": raw.getvalue(), f"{stem}.png": png.getvalue()}
    write_whole(out, {file: partial(_put, content) for file, content in files.items()})
    return {
        "film": name,
        "film_sha256": film.sha256,
        "model": classifier.card.name,
        "model_sha256": classifier.model_id,
        "finding": explanation.finding,
        "method": explanation.method,
        "probability": explanation.probability,
        "logit": explanation.logit,
        "target": explanation.target,
        "baseline": explanation.baseline,
        "engine": classifier.engine,
        "evaluations": explanation.evaluations,
        "seconds": round(explanation.seconds, 4),
        "seed": explanation.seed,
        "map": f"{stem}.npy",
        "overlay": f"{stem}.png",
        "parameters": explanation.parameters,
        "diagnostics": explanation.diagnostics,
    }


def _put(content: bytes, path: Path) -> None:
    path.write_bytes(content)
