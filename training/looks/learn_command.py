"""Learn from a dataset of chest films which way they stand, and write the numbers of `xai.films.upright`.

For who works on Lightbox: the numbers come with it. Films on which radiologists drew boxes, and all others of those
patients, take no part; neither do the films of the split ``test``, of which figures are stated.
"""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("dataset", type=Path, metavar="DATASET", help="folder of a dataset of upright frontal films")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, metavar="FILE.npz", help="default: where the app reads them")


def run(args: argparse.Namespace) -> int:
    """Train, choose the limits on the validation films, write the file and say what was done."""
    import io
    import json

    import numpy as np

    from training.datasets.table import read_dataset
    from training.looks.films import canvases_of, without_boxed_patients
    from training.looks.learn import ALLOWED, ALLOWED_MIRRORED, learn, limits
    from xai.files import write_file
    from xai.films import upright

    dataset = read_dataset(args.dataset)
    free = without_boxed_patients(dataset)
    trained, held = (canvases_of(dataset, free[free["split"] == split]) for split in ("train", "validation"))
    numbers = learn(list(trained), args.seed)
    networks = upright.Networks(numbers, {"limits": {}})
    found = limits([networks.standing(film) for film in held])
    made = {
        "dataset": dataset.facts.name,
        "films": len(trained),
        "validation_films": len(held),
        "allowed": ALLOWED,
        "allowed_mirrored": ALLOWED_MIRRORED,
        "seed": args.seed,
        "limits": {name: round(value, 4) for name, value in found.items()},
    }
    stream = io.BytesIO()
    np.savez_compressed(stream, allow_pickle=False, **numbers, made=np.array(json.dumps(made)))
    write_file(args.out or upright.FILE, stream.getvalue())
    print(f"Learned from {len(trained):,} films, limits from {len(held):,} others: {made['limits']}.")
    return 0
