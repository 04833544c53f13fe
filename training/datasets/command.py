"""Turn a folder of a public dataset into a dataset."""

from __future__ import annotations

import argparse

from training.datasets import nih

READERS = {"nih": nih}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add one sub-command a reader."""
    readers = parser.add_subparsers(required=True, metavar="SOURCE")
    for name, reader in READERS.items():
        summary = reader.__doc__.split("\n", 1)[0]
        sub = readers.add_parser(name, help=summary, description=reader.__doc__)
        reader.add_arguments(sub)
        sub.set_defaults(read=reader.run)


def run(args: argparse.Namespace) -> int:
    """Run the chosen reader."""
    return args.read(args)
