"""Turn a folder of a public dataset into a dataset."""

from __future__ import annotations

import argparse
from importlib import import_module

from xai.command_line import add_commands

_READERS = {
    "nih": "training.datasets.nih",
    "chexpert": "training.datasets.chexpert",
    "mimic": "training.datasets.mimic",
    "covid": "training.datasets.covid",
    "folders": "training.datasets.folders",
    "films": "training.datasets.films",
    "vindr": "training.datasets.vindr",
    "padchest-gr": "training.datasets.padchest_gr",
    "rsna": "training.datasets.rsna",
}
READERS = {name: import_module(module) for name, module in _READERS.items()}
COMMANDS = {**READERS, "overlaps": import_module("training.datasets.overlaps")}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add one sub-command a reader, and what is done with datasets once they are read."""
    add_commands(parser, COMMANDS, "SOURCE")
