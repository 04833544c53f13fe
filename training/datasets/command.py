"""Turn a folder of a public dataset into a dataset."""

from __future__ import annotations

import argparse

from training.datasets import chexpert, covid, films, folders, mimic, nih, overlaps
from xai.command_line import add_commands

READERS = {"nih": nih, "chexpert": chexpert, "mimic": mimic, "covid": covid, "folders": folders, "films": films}
COMMANDS = {**READERS, "overlaps": overlaps}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add one sub-command a reader, and what is done with datasets once they are read."""
    add_commands(parser, COMMANDS, "SOURCE")
