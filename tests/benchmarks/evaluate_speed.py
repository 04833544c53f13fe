"""Seconds that judging predictions takes: what a page needs to open, and to move a threshold.

    python tests/benchmarks/evaluate_speed.py [--films 22433 377110]

On generated probabilities of the 14 findings. Opening is: import, join 14 findings to the table, rank them, and give
each its AUROC with interval and a small curve; then for one finding all curves, the band, the histogram, the audit and
the overview of all findings. Moving is: confusion matrix and rates of one finding, its curves with the new vertex, net
benefit, the audit, and the overview again.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

START = time.perf_counter()
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from scipy.special import expit  # noqa: E402

from training.evaluate.bootstrap import roc_band  # noqa: E402
from training.evaluate.calibration import brier_parts, calibration_curve  # noqa: E402
from training.evaluate.decision import decision_curve  # noqa: E402
from training.evaluate.histogram import score_histogram  # noqa: E402
from training.evaluate.joining import join  # noqa: E402
from training.evaluate.judged import Judged  # noqa: E402
from training.evaluate.precision_recall import clustered_average_precision, precision_recall_curve  # noqa: E402
from training.evaluate.prevalence import prevalences  # noqa: E402
from training.evaluate.roc import roc_curve  # noqa: E402
from training.evaluate.subgroups import subgroups  # noqa: E402
from training.evaluate.thresholds import RULES, choose  # noqa: E402
from training.mending.audit import decompose, prepare  # noqa: E402
from training.mending.remedy import try_remedy  # noqa: E402
from xai.findings import FINDINGS  # noqa: E402

IMPORTED = time.perf_counter() - START
LARGE = "Emphysema"
SEARCHED = [rule for rule in RULES if rule not in ("card", "half", "ppv")]  # of those, no PPV of 0.5 can be had here


def made(films: int, rng: np.random.Generator) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give a table of probabilities and a table of films, of patients with six films each."""
    prevalence = rng.uniform(0.01, 0.2, len(FINDINGS))
    labels = (rng.random((films, len(FINDINGS))) < prevalence).astype(np.float32)
    z = rng.normal(size=labels.shape) + 1.5 * labels - 3
    labels[rng.random(labels.shape) < 0.1] = np.nan
    names = [f"{k:08x}-{k * 7919:012x}" for k in range(films)]
    table = pd.DataFrame({"film": names, "patient": [f"p{k // 6}" for k in range(films)], "dataset": "made"})
    table["view"], table["sex"] = rng.choice(["PA", "AP", "LATERAL"], films), rng.choice(["F", "M"], films)
    table["age"], table["split"] = rng.uniform(0, 95, films), None
    table = pd.concat([table, pd.DataFrame(labels, columns=list(FINDINGS))], axis=1)
    return pd.DataFrame(expit(z), names, list(FINDINGS)), table


def timed(words: str, work: Callable[[], Any]) -> Any:
    """Do something, and print how long it took."""
    start, busy = time.perf_counter(), time.process_time()
    result = work()
    print(f"  {words}: {time.perf_counter() - start:.3f} s ({time.process_time() - busy:.3f} s of CPU)", flush=True)
    return result


def overview(judged: Judged) -> None:
    """Give each finding its AUROC and a small curve."""
    for finding in judged.findings:
        judged.auroc(finding)
        roc_curve(judged.ranked(finding), 60)


def curves(judged: Judged, threshold: float) -> None:
    """Draw one finding large."""
    ranked = judged.ranked(LARGE)
    judged.rates(LARGE, threshold)
    roc_curve(ranked, 400, [threshold])
    precision_recall_curve(ranked, 400, [threshold])
    calibration_curve(ranked, whose=judged.by_patient(LARGE))
    clustered_average_precision(judged.by_patient(LARGE))
    brier_parts(ranked)
    score_histogram(ranked)
    decision_curve(ranked)


def measure(films: int) -> None:
    """Print seconds for a dataset of a size."""
    print(f"{films} films x {len(FINDINGS)} findings")
    probabilities, table = made(films, np.random.default_rng(0))
    start = time.perf_counter()
    judged = timed("join", lambda: join(probabilities, table))
    timed("rank 14 findings", lambda: [judged.ranked(finding) for finding in judged.findings])
    timed("14 AUROCs with clustered interval, 14 small curves", lambda: overview(judged))
    timed("one finding large: all curves", lambda: curves(judged, 0.3))
    print(
        f"  -> ROC page opens, without its band: {IMPORTED + time.perf_counter() - start:.2f} s with imports",
        flush=True,
    )
    ours = judged.truth(LARGE), judged.scores(LARGE), judged.patients
    timed("band of 200 draws", lambda: roc_band(*ours, np.random.default_rng(0)))
    timed("subgroups", lambda: subgroups(judged, LARGE, 0.3))
    prepared = timed("prepare the audit", lambda: prepare(judged, LARGE))
    timed("try a remedy (platt)", lambda: try_remedy(judged, LARGE, "platt"))
    timed(
        "all threshold rules",
        lambda: [choose(rule, judged.ranked(LARGE)) for rule in SEARCHED],
    )
    thresholds = dict.fromkeys(judged.findings, 0.31)
    start = time.perf_counter()
    timed("move: counts, rates, curves with the new vertex", lambda: curves(judged, 0.31))
    timed("move: audit of the finding", lambda: decompose(prepared, 0.31))
    timed("move: prevalences of all findings", lambda: prevalences(judged, thresholds))
    print(f"  -> threshold moves: {time.perf_counter() - start:.3f} s", flush=True)


def main() -> None:
    """Print seconds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--films", type=int, nargs="+", default=[22_433, 377_110])
    print(f"imports: {IMPORTED:.2f} s")
    for films in parser.parse_args().films:
        measure(films)


if __name__ == "__main__":
    main()
