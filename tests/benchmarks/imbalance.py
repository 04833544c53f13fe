"""What each way of counting rare findings does to a model: the same network, films and epochs, the loss alone differs.

    python tests/benchmarks/imbalance.py DATASET --out FOLDER [--epochs 20] [--seeds 0 1 2]

Prints a table for training/README.md. A strategy is trained twice a seed: on training and validation films as
it comes, with thresholds of 0.5; and on training films, with calibration and thresholds from the validation films. What
is finished is not done again.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

import numpy as np

STRATEGIES = {
    "none": (),
    "positive-weights": ("--positive-power", "1"),
    "class-balanced": ("--effective-beta", "0.999"),
    "logit-adjustment": (),
    "focal": ("--focal-gamma", "2"),
}
WAYS = {"as it comes": ("--folds", "0"), "calibrated": ("--hold-out", "validation")}
FINDING = "Emphysema"
NETWORK = ("--architecture", "small-resnet", "--size", "128", "--batch-size", "16")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    print(f"| `--imbalance` | | mean AUROC | mean ECE | {FINDING}: AUROC | mean probability | flagged |")
    print("|---|---|---|---|---|---|---|")
    for strategy, strength in STRATEGIES.items():
        for way, held_out in WAYS.items():
            extra = ("--imbalance", strategy, *strength, *held_out)
            cards = [trained(options, f"{strategy}-{way.split()[0]}-{seed}", extra, seed) for seed in options.seeds]
            print(f"| `{strategy}` | {way} | {' | '.join(columns([card['performance']['test'] for card in cards]))} |")
    one = cards[0]["performance"]["test"]["findings"][FINDING]
    positives, films = one["positives"], one["positives"] + one["negatives"]
    print(f"\n{films} test films, {positives} with {FINDING} ({positives / films:.1%}); seeds {options.seeds}.")


def trained(options: argparse.Namespace, name: str, extra: tuple[str, ...], seed: int) -> dict:
    """Train a model unless it is there, and give its card."""
    out = options.out / f"{name}.keras"
    if not out.with_suffix(".json").exists():
        fit = ("fit", str(options.dataset), *NETWORK, "--epochs", str(options.epochs), "--seed", str(seed), *extra)
        subprocess.run([sys.executable, "-m", "training", *fit, "--out", str(out)], check=True, capture_output=True)
    return json.loads(out.with_suffix(".json").read_text())


def columns(measured: list[dict]) -> list[str]:
    """Mean over seeds, and the lowest and highest in brackets."""
    each = [one["findings"][FINDING] for one in measured]
    flagged = [
        (one["sensitivity"] * one["positives"] + (1 - one["specificity"]) * one["negatives"])
        / (one["positives"] + one["negatives"])
        for one in each
    ]
    numbers = [
        [one["mean_auroc"] for one in measured],
        [one["mean_ece"] for one in measured],
        [one["auroc"] for one in each],
    ]
    shares = [[one["mean_probability"] for one in each], flagged]
    spread = [f"{np.mean(values):.3f} ({min(values):.3f}–{max(values):.3f})" for values in numbers]
    return [*spread, *(f"{np.mean(values):.1%} ({min(values):.1%}–{max(values):.1%})" for values in shares)]


if __name__ == "__main__":
    main()
