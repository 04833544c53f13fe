"""Turn a folder of a public dataset into a dataset."""

from __future__ import annotations

import argparse

from training.datasets import nih
from xai.command_line import add_commands

READERS = {"nih": nih}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add one sub-command a reader."""
    add_commands(parser, READERS, "SOURCE")
