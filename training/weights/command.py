"""Make a Keras model with a card from published DenseNet-121 weights.

The checkpoint may be .safetensors, .npz, .h5 or a torch file (.pth, .pt, .pth.tar). Nothing in it is run, and torch is
not needed. Every tensor is used, or named as left out.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from training.weights.importing import import_weights
from training.weights.published import LAYOUTS, PUBLISHED


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``python -m training import-weights``."""
    parser.add_argument("file", type=Path, metavar="FILE", help="the checkpoint")
    parser.add_argument("--layout", required=True, choices=tuple(LAYOUTS), help="whose names and preprocessing it has")
    parser.add_argument("--out", type=Path, required=True, metavar="MODEL.keras", help="model file to write")
    parser.add_argument(
        "--outputs", nargs="+", metavar="NAME", help="names of the outputs in the file's order, - to leave one out"
    )
    parser.add_argument(
        "--source",
        choices=tuple(PUBLISHED),
        metavar="NAME",
        help=f"which published checkpoint it is (default: told from the file's name): {', '.join(PUBLISHED)}",
    )


def run(options: argparse.Namespace) -> int:
    """Import, and say what became of every tensor."""
    imported = import_weights(options.file, options.layout, options.out, options.outputs, options.source)
    print(f"{imported.path}: {len(imported.card.outputs)} outputs, {', '.join(imported.card.outputs)}")
    for note in imported.notes:
        print(note)
    print(f"Preprocessing: {imported.card.provenance['preprocessing']}")
    print(f"Licence: {imported.card.provenance['licence']}")
    return 0
