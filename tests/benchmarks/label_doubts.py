"""How often a label in doubt is a wrong one: ``python tests/benchmarks/label_doubts.py``, seconds.

Turns a known share of the labels of simulated films and counts how many of the labels in doubt were turned, and how
many of the turned ones are in doubt (`training.evaluate.doubt_simulated`). Prints the tables of docs/label-doubts.md.
"""

from __future__ import annotations

import math
import sys
from itertools import product
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from training.evaluate.doubt import LABELS
from training.evaluate.doubt_simulated import FIRST, Simulated, Truth, simulate

AUROCS, PREVALENCES, WRONG = (0.7, 0.8, 0.9), (0.03, 0.2), (0.0, 0.02, 0.05, 0.1)
FILMS, DRAWS = 5000, 100
SHIFTS = {"right": 0.0, "a loss weighted 30 times": math.log(30)}


def row(truth: Truth, found: Simulated) -> str:
    """Give a line of the table: what is true, what is seen, and what the doubts are worth, label by label."""
    cells = [f"{truth.auroc:.1f}", f"{100 * truth.prevalence:.0f} %", f"{100 * truth.wrong:.0f} %"]
    cells += [f"{found.auroc:.2f}", f"{100 * found.labelled:.1f} %"]
    for one in found.found.values():
        parts = [f"{one.doubted:,.0f}", *map(share, (one.precision, one.recall, one.first_precision))]
        cells.append(" / ".join(parts))
    return f"| {' | '.join(cells)} |"


def share(value: float) -> str:
    """Write a share of turned labels."""
    return "–" if math.isnan(value) else f"{100 * value:.0f} %" if value >= 0.02 else f"{100 * value:.1f} %"


def main() -> None:
    """Print a table for a model whose probabilities are right, and one for a model that says too much."""
    for name, shift in SHIFTS.items():
        print(f"\nProbabilities: {name}; {FILMS:,} films, means of {DRAWS} draws\n")
        head = ["AUROC", "have it", "labels turned", "AUROC seen", "labelled present"]
        head += [f"in doubt / right / found / right of the first {FIRST}: {label}" for label in LABELS]
        print(f"| {' | '.join(head)} |\n|{'---|' * len(head)}")
        for auroc, prevalence, wrong in product(AUROCS, PREVALENCES, WRONG):
            truth = Truth(auroc, prevalence, wrong, shift)
            print(row(truth, simulate(truth, FILMS, np.random.default_rng(0), DRAWS)))


if __name__ == "__main__":
    main()
