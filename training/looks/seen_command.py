"""Say in a model's card what its training films look like to it, so that pages can say when a picture is unlike them.

Runs the films of the split ``train`` through the network and keeps where its features lie, and those of the split
``validation`` for how far such films are from there: a picture farther away than 99 of 100 of them is called unlike.
"""

from __future__ import annotations

import argparse
from pathlib import Path

MOST_FILMS = 4000  # of a split; more change the figures by less than they are certain


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("model", type=Path, metavar="MODEL", help="model file, its card beside it; the card is changed")
    parser.add_argument(
        "datasets", type=Path, nargs="+", metavar="DATASET", help="folders of the datasets that it learned from"
    )
    parser.add_argument("--films", type=int, default=MOST_FILMS, metavar="N", help="at most so many of a split")
    parser.add_argument("--seed", type=int, default=0, help="which films, where a split has more")


def run(args: argparse.Namespace) -> int:
    """Write the card again, and say how far the films that were held out are."""
    import dataclasses

    import numpy as np

    from training.datasets.table import read_dataset
    from training.looks.films import canvases_of, some_of
    from xai.cards.model_card import card_path, write_card
    from xai.cards.seen import FAR, fit_seen
    from xai.models.classifier import Classifier

    if args.films < 2:
        raise ValueError(f"--films must be at least 2, got {args.films}.")
    classifier = Classifier.load(args.model)
    spec = classifier.card.input
    learned: dict[str, np.ndarray] = {}
    held: dict[str, np.ndarray] = {}
    for folder in args.datasets:
        dataset = read_dataset(folder)
        for split, found in (("train", learned), ("validation", held)):
            rows = some_of(dataset.films[dataset.films["split"] == split], args.films, args.seed)
            canvases = canvases_of(dataset, rows, spec)
            if not len(canvases):
                raise ValueError(f"The dataset {dataset.facts.name} has no film in the split {split}.")
            found[dataset.facts.name] = classifier.features(canvases)
    seen = fit_seen(learned, np.concatenate(list(held.values())))
    write_card(dataclasses.replace(classifier.card, seen=seen), card_path(args.model))
    print(f"{seen.films:,} films of {', '.join(seen.datasets)}, {seen.held_out:,} others held out.")
    for name, features in held.items():
        beyond = np.mean([seen.is_far(one) for one in seen.distances(features)])
        print(f"Beyond {FAR:.0%} of those: {beyond:.1%} of {len(features):,} films of {name}.")
    return 0
