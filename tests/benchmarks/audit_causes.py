"""How often the over-prediction audit names the cause that was planted: ``python tests/benchmarks/audit_causes.py``.

Prints the table of docs/audit.md. Films are drawn whose evidence is normal, with the finding and without, two films a
patient that are alike; a model answers them without error, and then one thing is done to it, or two. An audit that
knows the weight and the training prevalence, and one that does not, must name what was done, or say that it does not
know. A name is right where it is that of the largest part among 400,000 films, with everything known. Only draws in
which more films are flagged than have the finding count: nothing is asked of the others.
"""

from __future__ import annotations

import argparse
import dataclasses
import math
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
from scipy.special import expit, logit, ndtr, ndtri

from training.mending.audit import UNKNOWN, Audit, decompose, prepare_scores
from training.mending.known import Known

POSITIVES = (3, 11, 50, 500)
RARE, APART = 0.05, 2.0
AS_MANY = 0.2618  # the threshold at which a model without error flags as many films as have the finding
ALIKE = 0.5  # correlation of the evidence in two films of a patient
MANY = 400_000


@dataclass(frozen=True)
class Planted:
    """A model with a known fault.

    Attributes
    ----------
    cause : str
        What its largest part is; empty where nothing is wrong.
    moved : callable
        From the true log-odds to the model's.
    threshold : float
    weight, trained : float
        What an audit may be told of its training.
    keep : float or None
        Sensitivity that is asked for.
    prevalence, apart : float
        Of the films, and of their evidence.
    """

    cause: str
    moved: Callable[[np.ndarray], np.ndarray] = lambda z: z
    threshold: float = 0.5
    weight: float = 1.0
    trained: float = RARE
    keep: float | None = None
    prevalence: float = RARE
    apart: float = APART


def lifted(weight: float = 1.0, trained: float = RARE) -> dict:
    """Give a model as a weighted loss and training films of another prevalence make it."""
    shift = math.log(weight) + logit(trained) - logit(RARE)
    return {"moved": lambda z: z + shift, "weight": weight, "trained": trained}


def sensitive(found: float, apart: float) -> float:
    """Probability from which a calibrated model finds a share of the films with the finding."""
    return float(expit(apart * (apart + ndtri(1 - found)) - apart**2 / 2 + logit(RARE)))


PLANTED = {
    "nothing: the excess is chance": Planted("", threshold=AS_MANY),
    "weight 30": Planted("weighting", **lifted(30)),
    "weight 5": Planted("weighting", **lifted(5)),
    "prevalence 40 % in training": Planted("prior", **lifted(trained=0.4)),
    "probabilities too high": Planted("calibration", lambda z: z + 2.5),
    "probabilities too timid, cut at 0.25": Planted("calibration", lambda z: z / 3, 0.25),
    "probabilities bent": Planted("calibration", lambda z: np.arcsinh(z + 3)),
    "threshold 0.02": Planted("threshold", threshold=0.02),
    "cannot tell apart, must find 90 %": Planted("separation", threshold=sensitive(0.9, 0.7), keep=0.9, apart=0.7),
    "cannot tell apart, common": Planted("separation", prevalence=0.7, trained=0.7, apart=0.4),
    "weight 30 and prevalence 10 %": Planted("weighting", **lifted(30, 0.1)),
    "weight 2 and prevalence 40 %": Planted("prior", **lifted(2, 0.4)),
    "weight 10 and threshold 0.3": Planted("weighting", threshold=0.3, **lifted(10)),
    "too high and threshold 0.1": Planted("threshold", lambda z: z + 0.7, 0.1),
}


def films(planted: Planted, count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw labels, a model's probabilities, and patients: two films each, alike in evidence and mostly in label."""
    patients = np.arange(count) // 2
    common, own = rng.normal(size=(2, count // 2 + 1))[:, patients], rng.normal(size=(2, count))
    there, noise = math.sqrt(ALIKE) * common + math.sqrt(1 - ALIKE) * own
    labels = (ndtr(there) < planted.prevalence).astype(float)
    apart = planted.apart
    z = apart * (noise + apart * labels) - apart**2 / 2 + logit(planted.prevalence)
    return labels, expit(planted.moved(z)), patients


def audited(planted: Planted, drawn: tuple[np.ndarray, ...]) -> tuple[Audit, Audit]:
    """Audit what was drawn, by somebody who knows the training and by somebody who does not."""
    known = prepare_scores(*drawn, Known(planted.weight, planted.trained))
    both = known, dataclasses.replace(known, known=Known())
    first, second = (decompose(one, planted.threshold, "", planted.keep) for one in both)
    return first, second


def verdict(found: Audit, cause: str) -> str:
    """Say whether a name is right."""
    return "not known" if found.main == UNKNOWN else "right" if found.main == cause else "wrong"


def measure(planted: Planted, positives: int, repeats: int, seed: int) -> dict[str, Counter]:
    """Audit a model on so many films that there are about so many with the finding, again and again."""
    rng, tally = np.random.default_rng(seed), {"known": Counter(), "not known": Counter()}
    count = round(positives / planted.prevalence)
    while sum(tally["known"].values()) < repeats:
        drawn = films(planted, count, rng)
        there, flagged = drawn[0].mean(), (drawn[1] >= planted.threshold).mean()
        if not 0 < there < min(flagged, 1) or np.ptp(drawn[1]) == 0:
            continue  # not over-predicted, so nothing is asked
        for told, found in zip(tally.values(), audited(planted, drawn), strict=True):
            told[verdict(found, planted.cause)] += 1
    return tally


def table(told: str, rows: dict[str, list[dict[str, Counter]]], options: argparse.Namespace) -> str:
    """Write percentages as ``right / not known / wrong``: a row a model, a column a number of films with it."""
    heads = [f"{positives} with it" for positives in options.positives]
    lines = [f"| training {told} | {' | '.join(heads)} |", f"|---|{'---|' * len(heads)}"]
    for name, tallies in rows.items():
        counts = [[one[told][word] for word in ("right", "not known", "wrong")] for one in tallies]
        cells = [" / ".join(f"{100 * count / options.repeats:.3g}" for count in each) for each in counts]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=200)
    parser.add_argument("--positives", type=int, nargs="+", default=POSITIVES)
    parser.add_argument("--only", default="", help="only models whose name holds this")
    options = parser.parse_args()
    rows: dict[str, list[dict[str, Counter]]] = {}
    for k, (name, planted) in enumerate(PLANTED.items()):
        if options.only not in name:
            continue
        truth, _ = audited(planted, films(planted, MANY, np.random.default_rng(k)))
        assert truth.main == planted.cause or not planted.cause, f"{name}: {truth.main} is the largest part"
        rows[name] = []
        for positives in options.positives:
            rows[name].append(measure(planted, positives, options.repeats, 1000 * k + positives))
            print(name, positives, rows[name][-1], file=sys.stderr, flush=True)
    print("\n\n".join(table(told, rows, options) for told in ("known", "not known")))
    worst = max(tally["wrong"] for tallies in rows.values() for one in tallies for tally in one.values())
    print(f"\nNamed wrongly at most {100 * worst / options.repeats:.3g} % of the time, in any cell.")


if __name__ == "__main__":
    main()
