"""Explain films: for each film, finding and method a raw map (.npy) and an overlay (.png), listed in one JSON.

A folder among the films stands for every film in it and below it. A run that was stopped and is started again goes on:
maps that were made of the same film, with the same model, methods and settings, are kept. So are those of a run that is
finished; only films that are new or changed are explained.
"""

from __future__ import annotations

import argparse
import functools
import os
import sys
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from pkgutil import resolve_name
from typing import TYPE_CHECKING

from xai.budget import Budget
from xai.command_line import one_line
from xai.explainers import DEFAULT_METHODS, EXPLAINERS
from xai.explainers.gradcam import GradCAM
from xai.files import write_file
from xai.films.formats import NAMES
from xai.front_door import check_request, open_model, within_samples
from xai.machine import free_name
from xai.many.cluster import connected, spread
from xai.many.film_files import Found, find_films
from xai.many.in_turn import AT_ONCE, in_turn
from xai.many.kept import LIST_FILE, Kept, open_kept, to_json
from xai.many.making import Asked, FilmFile, Made, make, make_there, readable_sha256
from xai.models.engine import DEFAULT_ENGINE, ENGINES
from xai.models.library import DEFAULT_MODEL, find_model
from xai.models.loading import ModelError
from xai.pictures.boxes import Boxes
from xai.written import counted

if TYPE_CHECKING:
    from tqdm import tqdm

    from xai.explainers.explanation import Explainer
    from xai.models.classifier import Classifier

BOXES_FILE = "boxes.json"
TRUTH = "training.benchmark.known_truth:KnownTruth"  # needs datasets, so it is named here and not imported
LONGEST_NAME = (
    120  # characters of a film's name in those of its files; with finding and method a system takes 255 bytes
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "films", nargs="+", type=Path, metavar="FILM", help=f"{NAMES} file, or a folder: all films in it and below"
    )
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
        "--engine",
        default=DEFAULT_ENGINE,
        choices=ENGINES,
        help="what runs films, hidden ones too (default: auto)",
    )
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same maps")
    parser.add_argument(
        "--boxes",
        action="store_true",
        help=f"also write {BOXES_FILE}: box and outline of each map's strongest evidence, drawn on the overlays too",
    )
    parser.add_argument(
        "--truth",
        metavar="DATASET",
        help="hold maps against the truth: folder of a dataset that has these films, or name of a built-in one",
    )
    parser.add_argument(
        "--trust",
        action="store_true",
        help="ask the model whether its answer hangs on what maps of flagged findings mark: some 260 films more a film",
    )
    parser.add_argument(
        "--scheduler", metavar="ADDRESS", help="run on the Dask cluster at this address, or on a new one here: local"
    )
    parser.add_argument(
        "--workers",
        type=int,
        metavar="N",
        help=f"films under way at a time (default: {AT_ONCE}), or processes of a local cluster",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write; continued if begun")


def run(options: argparse.Namespace) -> int:
    """Explain every film that can be hung; list those that cannot on one line of standard error."""
    check_request(options.samples, options.seed, mark="--")
    if options.workers is not None and options.workers < 1:
        raise ValueError(f"--workers must be a whole number from 1, got {options.workers}")
    found = find_films(options.films)
    classifier = open_model(options.model, options.engine)
    findings = classifier.card.outputs if options.finding == ["all"] else list(dict.fromkeys(options.finding))
    for finding in findings:
        classifier.card.index(finding)
    if options.layer:
        classifier.maps_of(options.layer)
    refused: list[str] = []
    explainers = list(_working(_explainers(options), classifier, refused))
    truth = None
    if options.truth is not None:
        truth = resolve_name(TRUTH).of(options.truth, classifier.card.outputs)
    more = {"seed": options.seed, "boxed": options.boxes, "truth": truth, "asks": options.trust}
    asked = Asked.of(classifier, explainers, findings, **more)
    files = _files(found, asked)
    if found.words:
        print(found.words)
    if truth is not None:
        knows = sum(truth.knows(file.path) for file in files)
        print(f"{options.truth} knows where findings are on {knows:,} of {counted(len(files), 'film')}.")
    with open_kept(options.out) as kept:
        try:
            _explain(classifier, asked, files, kept, options, refused)
        except BaseException:
            if kept.has_begun:
                _write_lists(kept, asked, files, options)
            raise
        _write_lists(kept, asked, files, options)
    if refused:
        raise ValueError(" ".join(dict.fromkeys(refused)))
    return 0


def _explainers(options: argparse.Namespace) -> list[Explainer]:
    methods = dict.fromkeys(options.method)
    chosen = [GradCAM(options.layer) if name == GradCAM.name else EXPLAINERS[name]() for name in methods]
    return [within_samples(explainer, options.samples) for explainer in chosen]


def _working(explainers: Sequence[Explainer], classifier: Classifier, refused: list[str]) -> Iterator[Explainer]:
    """Give the methods that work with the model, and note why the others do not."""
    for explainer in explainers:
        try:
            explainer.check(classifier)
        except ModelError as error:  # Grad-CAM of a model without feature maps; the other methods go on
            refused.append(str(error))
        else:
            yield explainer


def _files(found: Found, asked: Asked) -> list[FilmFile]:
    """Name what is made of each film; names that differ in capitals only are told apart by a number."""
    taken: set[str] = set()
    maps = [f"{finding}.{explainer.name}" for explainer in asked.explainers for finding in asked.findings]
    files = []
    for name, path in found.films.items():
        cut = len(os.fsencode(name)) > LONGEST_NAME
        short = os.fsencode(name)[:LONGEST_NAME].decode(errors="ignore") if cut else name
        stems = tuple(free_name(f"{short}.{one}", taken) for one in maps)
        files.append(FilmFile(name, path.absolute(), stems, readable_sha256(path)))
    return files


def _explain(
    classifier: Classifier,
    asked: Asked,
    files: Sequence[FilmFile],
    kept: Kept,
    options: argparse.Namespace,
    refused: list[str],
) -> None:
    """Make the maps that are not there yet, and say what makes one doubt a film."""
    known = [kept.find(file, asked) for file in files]
    waiting = [file for file, records in zip(files, known, strict=True) if records is None]
    if len(waiting) < len(files):
        print(f"Kept as they are: the maps of {len(files) - len(waiting):,} of {len(files):,} films.")
    for file, records in zip(files, known, strict=True):
        if records:
            _tell(file, records[0]["film_doubts"])
    with _bar(waiting, "films" if len(files) > 1 else files[0].name) as bar:
        here = options.scheduler is None
        making = _make_here(classifier, asked, waiting, options, bar) if here else _make_there(asked, waiting, options)
        with closing(making):
            for file, made in making:
                _tell(file, made.doubts)
                refused.extend(made.refused)
                if made.records:
                    kept.keep(file, asked, made)
                if not here:
                    bar.update(bar.total / len(waiting))


def _make_here(
    classifier: Classifier, asked: Asked, files: Sequence[FilmFile], options: argparse.Namespace, bar: tqdm
) -> Generator[tuple[FilmFile, Made]]:
    def show(share: float) -> None:
        bar.update(int(share * bar.total) - bar.n)

    work = functools.partial(make, classifier, asked)
    return in_turn(work, files, Budget(progress=show), options.workers or AT_ONCE)


def _make_there(
    asked: Asked, files: Sequence[FilmFile], options: argparse.Namespace
) -> Generator[tuple[FilmFile, Made]]:
    if files:
        work = functools.partial(make_there, find_model(options.model).resolve(), asked)
        with connected(options.scheduler, options.workers) as client:
            yield from spread(client, work, files)


def _tell(file: FilmFile, doubts: Sequence[str]) -> None:
    for doubt in doubts:
        print(f"{one_line(file.name)}: {doubt}.")


def _bar(files: Sequence[FilmFile], about: str) -> tqdm:
    """Show on a terminal how far the films are, or the one film."""
    from tqdm import tqdm

    many = len(files) > 1
    total, unit = (len(files), "film") if many else (100, "%")
    return tqdm(total=total, unit=unit, desc=one_line(about), disable=None, leave=many, file=sys.stderr)


def _write_lists(kept: Kept, asked: Asked, files: Sequence[FilmFile], options: argparse.Namespace) -> None:
    """Write what is told of all maps, and from that their boxes where they are asked for."""
    records = kept.all(files, asked)
    if not records:  # nothing could be explained, nor is anything there
        return
    write_file(options.out / LIST_FILE, to_json(records))
    if not options.boxes:
        return
    boxes = Boxes()
    for one in (record for record in records if "box" in record):
        picture = {"file_name": one["film"], "width": one["film_width"], "height": one["film_height"]}
        about = {name: one[name] for name in ("method", "probability", "seed", "model", "map")}
        boxes.add_box({**picture, "sha256": one["film_sha256"]}, one["finding"], about, one["box"])
    write_file(options.out / BOXES_FILE, to_json(boxes.content()))
