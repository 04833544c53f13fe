"""Measure how much evidence each method's maps lay on an object, for a clean model and one that leans on it.

Writes ``evidence.csv`` (every map's share on the object), ``answers.csv`` (what the models say with the object and
without it), ``films.npz`` (films and maps to look at) and ``lab.json`` (what was measured). ``maps/`` keeps the maps:
the same command goes on where it stopped.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from training.benchmark.maps import open_folder
from training.benchmark.shortcut import Looked, Question, look, places_of
from training.benchmark.shortcut_files import kept, read_lab, write_lab, written
from training.benchmark.telling import summary
from training.simulation.objects import OBJECTS
from xai.explainers import EXPLAINERS
from xai.files import write_file
from xai.findings import FINDINGS
from xai.front_door import check_request, open_model
from xai.models.library import find_model

if TYPE_CHECKING:
    from xai.models.classifier import Classifier

FEWEST, MOST = 2, 10_000  # films

FILMS, PICTURED = 100, 24
CLEAN, LEANING = "lightbox", "shortcut"
FINDING, THING = "Emphysema", "token"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("--clean", default=CLEAN, metavar="MODEL", help="a model that leaves the object alone")
    parser.add_argument("--leaning", default=LEANING, metavar="MODEL", help="one that leans on it")
    parser.add_argument("--finding", default=FINDING, choices=FINDINGS, metavar="FINDING", help="whose maps")
    parser.add_argument("--object", default=THING, dest="thing", choices=list(OBJECTS), help="what should not matter")
    parser.add_argument("--films", type=int, default=FILMS, help="films with the finding, and as many without it")
    parser.add_argument("--method", nargs="+", default=list(EXPLAINERS), choices=list(EXPLAINERS), metavar="METHOD")
    parser.add_argument("--samples", type=int, help="films that each method which hides parts sends through the model")
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same films and maps")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write; continued if begun")


def run(options: argparse.Namespace) -> int:
    """Explain what is not explained yet, and print how well each method tells the models apart."""
    check_request(options.samples, options.seed, mark="--")
    if not FEWEST <= options.films <= MOST:
        raise ValueError(f"--films is {options.films}; expected {FEWEST} to {MOST:,}.")
    classifiers = {find_model(name).stem: open_model(name) for name in (options.clean, options.leaning)}
    if len(classifiers) < 2:
        raise ValueError(f"--clean and --leaning are both called {next(iter(classifiers))}; expected two names.")
    question = Question(options.finding, options.thing, tuple(options.method), options.samples, options.seed)
    claim = question.claim(classifiers)
    folder = open_folder(options.out, claim)
    shown = _looked(folder, classifiers, question, options.films, present=True)
    others = _looked(folder, classifiers, question, options.films, present=False)
    write_lab(options.out, claim, shown, others, PICTURED)
    lab = read_lab(options.out)
    assert lab is not None  # it was written just now
    print(summary(lab))
    return 0


def _looked(
    folder: Path, classifiers: Mapping[str, Classifier], question: Question, films: int, *, present: bool
) -> dict[int, Looked]:
    """Take what is kept of films with the finding, or without it, and make the rest; only the former are explained.

    Films that do not show the object are passed over.
    """
    from tqdm import tqdm

    found: dict[int, Looked] = {}
    with tqdm(total=films, unit="film", disable=None, file=sys.stderr) as bar:
        for place in places_of(question, present=present):
            file = folder / f"{place:06}.npz"
            if (looked := kept(file)) is None:
                looked = look(classifiers, place, question, explains=present)
                write_file(file, written(looked))
            if looked.inside.any():
                found[place] = looked
                bar.update()
            if len(found) == films:
                return found
    raise AssertionError  # the row has no end
