"""Make a Keras model with a card from the weights of a DenseNet, ResNet or EfficientNet.

The checkpoint may be safetensors, .npz, .h5 or a torch file (.pth, .pt, .ckpt, .bin, .pth.tar), its tensors named as
torchvision, torchxrayvision, MONAI, timm, fastai, Lightning or efficientnet_pytorch name them. Nothing in it is run,
and torch is not needed. Every tensor is used, or named as left out.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from training.weights.importing import import_weights
from training.weights.published import LAYOUTS, PUBLISHED
from xai.cards.model_card import LINKS


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
    parser.add_argument("--size", type=int, metavar="PIXELS", help="side of the input (default: the layout's)")
    parser.add_argument(
        "--link", choices=LINKS, help="how logits become probabilities (default: sigmoid, a question an output)"
    )
    parser.add_argument("--prefix", metavar="NAME.", help="what the wanted network's names begin with, of several")


def run(options: argparse.Namespace) -> int:
    """Import, and say what became of every tensor."""
    imported = import_weights(
        options.file,
        options.layout,
        options.out,
        options.outputs,
        options.source,
        size=options.size,
        link=options.link,
        prefix=options.prefix,
    )
    print(f"{imported.path}: {len(imported.card.outputs)} outputs, {', '.join(imported.card.outputs)}")
    for note in imported.notes:
        print(note)
    print(f"Preprocessing: {imported.card.provenance['preprocessing']}")
    print(f"Licence: {imported.card.provenance['licence']}")
    return 0
