"""Write a dataset of simulated films whose truth is known: films, masks, recipes and one table."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from training.simulation.dataset import Plan, generate
from training.simulation.objects import OBJECTS
from training.simulation.population import PREVALENCES, Confounder, ConfounderError, Follows
from training.simulation.render import SIZE

T = TypeVar("T")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    parser.add_argument("--films", type=_whole(1), required=True, help="how many films")
    parser.add_argument("--seed", type=_whole(0), default=0, help="same seed, same bytes (default: 0)")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DATASET", help="folder to write; continued if begun"
    )
    parser.add_argument("--size", type=_whole(64), default=SIZE, help=f"side in pixels (default: {SIZE})")
    parser.add_argument(
        "--prevalence",
        choices=PREVALENCES,
        default="natural",
        help="natural: findings as often, and together, as in ChestX-ray14; balanced: each finding in turn",
    )
    parser.add_argument(
        "--confounder",
        type=_confounder,
        action="append",
        default=[],
        metavar="NAME:FINDING:RATE_WITH:RATE_WITHOUT",
        help=f"tie an object ({', '.join(OBJECTS)}) to a finding; repeatable",
    )
    parser.add_argument(
        "--label-follows",
        type=_follows,
        action="append",
        default=[],
        metavar="FINDING:NAME",
        help="label a finding where the object is, not where the finding is: a network learns a shortcut; repeatable",
    )
    parser.add_argument("--recipes-only", action="store_true", help="write the table and no pixels")
    parser.add_argument("--workers", type=_whole(1), help="processes that render (default: one a core)")


def run(args: argparse.Namespace) -> int:
    """Run the command; 0 on success."""
    ties = (tuple(args.confounder), args.recipes_only, tuple(args.label_follows))
    plan = Plan(args.films, args.seed, args.size, args.prevalence, *ties)
    generate(plan, args.out, workers=args.workers, progress=sys.stderr.isatty())
    return 0


def _confounder(text: str) -> Confounder:
    return _parsed(Confounder.parse, text)


def _follows(text: str) -> Follows:
    return _parsed(Follows.parse, text)


def _parsed(parse: Callable[[str], T], text: str) -> T:
    try:
        return parse(text)
    except ConfounderError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _whole(least: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = least - 1
        if value < least:
            raise argparse.ArgumentTypeError(f"expected a whole number from {least}, but got {text}")
        return value

    return number
