"""Does Grad-CAM of a model find what radiologists drew boxes around, and would the usual place have done as well?

    python tests/benchmarks/maps_on_boxes.py DATASET MODEL.keras [MODEL.keras ...] [--films 0]

Prints a table for docs/default-model.md: pointing (the share of boxes that hold the centre of the brightest cell) and
IoU (of the box with as many of the brightest pixels as the box has), with 95 % intervals from draws of patients with
replacement, and each model's difference from the first one on the same boxes. *Prior* is the mean box of the finding
over all other patients: what a map would score that knows the finding and has not seen the film. Films on which a model
was trained are no test of it: use a dataset whose boxed patients are all in the test (`dataset nih --splits boxed`).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

import xai
from training.datasets.table import read_dataset
from training.evaluate.bootstrap import percentile_interval
from xai import measures

SIDE = 128  # pixels of the grid on which all is compared
DRAWS, SEED = 1000, 0
MEASURES = ("pointing", "IoU")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("models", type=Path, nargs="+")
    parser.add_argument("--films", type=int, default=0, help="at most so many boxed films, drawn at random; 0 is all")
    options = parser.parse_args()
    dataset = read_dataset(options.dataset)
    films = dataset.films.set_index("film")
    boxes = dataset.boxes
    boxes = boxes[boxes["film"].map(films["on_disk"]) & (boxes["film"].map(films["split"]) == "test")]
    if options.films:
        names = pd.Series(boxes["film"].unique()).sample(options.films, random_state=SEED)
        boxes = boxes[boxes["film"].isin(names)]
    owners = boxes["film"].map(films["patient"]).groupby(boxes["finding"]).nunique()
    boxes = boxes[boxes["finding"].map(owners) > 1]  # what one patient alone has has no usual place
    drawn = boxes.groupby(["film", "finding"], sort=True)[["x", "y", "width", "height"]]
    asked = {key: truth(part.to_numpy()) for key, part in drawn}  # a finding may have two boxes on a film
    patients = np.array([films.at[film, "patient"] for film, _ in asked])
    print(f"{len(asked)} findings boxed on {boxes['film'].nunique()} films of {len(set(patients))} patients.\n")
    scores = {"prior": prior_scores(asked, patients)}
    for path in options.models:
        scores[path.stem] = model_scores(path, asked, dataset, films)
    findings = np.array([finding for _, finding in asked])
    print_table(scores, patients)
    print()
    print_by_finding(scores, findings)


def truth(boxes: np.ndarray) -> np.ndarray:
    """Which pixels of the grid have their centre in one of the boxes (x, y, width, height), shares of the film."""
    centres = (np.arange(SIDE) + 0.5) / SIDE
    inside = [
        ((centres >= y) & (centres < y + height))[:, None] & ((centres >= x) & (centres < x + width))[None]
        for x, y, width, height in boxes
    ]
    return np.any(inside, axis=0)


def score(values: np.ndarray, inside: np.ndarray, cells: np.ndarray | None = None) -> tuple[float, float]:
    return measures.pointing(values, inside, cells), measures.iou(values, inside)


def prior_scores(asked: dict[tuple[str, str], np.ndarray], patients: np.ndarray) -> np.ndarray:
    findings, masks = np.array([finding for _, finding in asked]), np.stack(list(asked.values()))
    rows = []
    for mask, finding, patient in zip(masks, findings, patients, strict=True):
        same = findings == finding
        rows.append(score(measures.prior(masks[same], patients[same], patient), mask))
    return np.array(rows)


def model_scores(path: Path, asked: dict, dataset, films: pd.DataFrame) -> np.ndarray:
    model = xai.open_model(path)
    if model.card.input.fit != "stretch":
        raise SystemExit(f"{path.name} crops or pads its films; the boxes are shares of the whole film.")
    rows = dict.fromkeys(asked)
    for film in tqdm(sorted({film for film, _ in asked}), path.stem, leave=False):
        wanted = [finding for name, finding in asked if name == film]
        picture = xai.read_film(dataset.path(films.at[film, "path"]))
        for finding, made in zip(wanted, xai.GradCAM().explain(model, picture, wanted), strict=True):
            rows[film, finding] = score(on_the_grid(made), asked[film, finding], made.cells)
    return np.array(list(rows.values()))


def on_the_grid(made) -> np.ndarray:
    import cv2

    return cv2.resize(np.asarray(made, np.float32), (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)


def print_table(scores: dict[str, np.ndarray], patients: np.ndarray) -> None:
    first = list(scores)[1]
    print(f"| map | {' | '.join(f'{name} | less {first}' for name in MEASURES)} |")
    print("|---|---|---|---|---|")
    rng = np.random.default_rng(SEED)
    names, number = np.unique(patients, return_inverse=True)
    draws = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=DRAWS)[:, number]
    for name, found in scores.items():
        cells = []
        for column in range(len(MEASURES)):
            values, less = found[:, column], found[:, column] - scores[first][:, column]
            cells += [with_interval(values, draws), "" if name == first else with_interval(less, draws, "+")]
        print(f"| {name} | {' | '.join(cells)} |")


def with_interval(values: np.ndarray, draws: np.ndarray, sign: str = "") -> str:
    low, high = percentile_interval(draws @ values / draws.sum(axis=1))
    return f"{values.mean():{sign}.3f} [{low:{sign}.3f}, {high:{sign}.3f}]"


def print_by_finding(scores: dict[str, np.ndarray], findings: np.ndarray) -> None:
    print(f"| finding | boxes | {' | '.join(f'{name}: pointing, IoU' for name in scores)} |")
    print("|---" * (len(scores) + 2) + "|")
    for finding in np.unique(findings):
        here = findings == finding
        cells = (f"{found[here, 0].mean():.2f}, {found[here, 1].mean():.2f}" for found in scores.values())
        print(f"| {finding} | {here.sum()} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
