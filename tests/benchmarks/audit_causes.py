"""How often the over-prediction audit names the cause that was planted: ``python tests/benchmarks/audit_causes.py``.

Prints the tables of docs/audit.md. Films are drawn whose evidence is normal, with the finding and without, two films a
patient that are alike; a model answers them without error, and then one thing is done to it, or several. An audit that
is told the weight and the training prevalence, rightly or wrongly, and one that is not, must name what was done, or say
that it does not know.

What is right is found without the audit, from what was planted: each fault alone and with the others is switched on in
400,000 films, and the right cause is the one that adds most flags, on average over all orders (Shapley, 1953). What a
model without error flags at 0.5 (or where a sensitivity is asked for, at the threshold that reaches it) beyond those
with the finding is poor separation. Only draws in which more films are flagged than have the finding count: nothing is
asked of the others.
"""

from __future__ import annotations

import argparse
import dataclasses
import math
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
from scipy.special import expit, logit, ndtr, ndtri

from training.mending.audit import UNKNOWN, Audit, decompose, prepare_scores
from training.mending.known import NOTHING, Known

POSITIVES = (3, 11, 50, 500)
RARE, APART = 0.05, 2.0
AS_MANY = 0.2618  # the threshold at which a model without error flags as many films as have the finding
ALIKE = 0.5  # correlation of the evidence in two films of a patient
MANY = 400_000
CHANCE = 0.002  # share of many films; a smaller excess is none
FAULTS = ("weighting", "prior", "calibration", "threshold")


@dataclass(frozen=True)
class Planted:
    """A model with known faults.

    Attributes
    ----------
    weight : float
        How many times its loss counted films with the finding.
    trained : float or None
        Prevalence in training; None where it is that of the films.
    bent : callable or None
        From the true log-odds to those of a model that is not calibrated, before the weight and the prevalence in
        training lift them.
    threshold : float
    keep : float or None
        Sensitivity that is asked for.
    prevalence, apart : float
        Of the films, and of their evidence.
    told : Known or None
        What an audit is told of the training; None where that is so.
    """

    weight: float = 1.0
    trained: float | None = None
    bent: Callable[[np.ndarray], np.ndarray] | None = None
    threshold: float = 0.5
    keep: float | None = None
    prevalence: float = RARE
    apart: float = APART
    told: Known | None = None

    def logits(self, z: np.ndarray, faults: frozenset[str] = frozenset(FAULTS)) -> np.ndarray:
        """Give the model's log-odds of films with true log-odds ``z``, with some of its faults."""
        moved = self.bent(z) if self.bent and "calibration" in faults else z
        if "prior" in faults and self.trained is not None:
            moved = moved + logit(self.trained) - logit(self.prevalence)
        return moved + math.log(self.weight) if "weighting" in faults else moved

    @property
    def known(self) -> Known:
        """What the audit is told."""
        return self.told or Known(self.weight, self.prevalence if self.trained is None else self.trained)


def said(weight: float, trained: float = RARE) -> Known:
    """Give what somebody says of the training."""
    return NOTHING.beside(Known(weight, trained))


def sensitive(found: float, apart: float) -> float:
    """Probability from which a calibrated model finds a share of the films with the finding."""
    return float(expit(apart * (apart + ndtri(1 - found)) - apart**2 / 2 + logit(RARE)))


def higher(by: float) -> Callable[[np.ndarray], np.ndarray]:
    """Lift every logit for no reason that anybody recorded."""
    return lambda z: z + by


PLANTED = {
    "nothing: the excess is chance": Planted(threshold=AS_MANY),
    "weight 30": Planted(30),
    "weight 5": Planted(5),
    "prevalence 40 % in training": Planted(trained=0.4),
    "probabilities too high": Planted(bent=higher(2.5)),
    "probabilities too timid, cut at 0.25": Planted(bent=lambda z: z / 3, threshold=0.25),
    "probabilities too timid and too high": Planted(bent=lambda z: z / 2 + 2),
    "probabilities bent": Planted(bent=lambda z: np.arcsinh(z + 3)),
    "threshold 0.02": Planted(threshold=0.02),
    "cannot tell apart, must find 90 %": Planted(threshold=sensitive(0.9, 0.7), keep=0.9, apart=0.7),
    "cannot tell apart, common": Planted(prevalence=0.7, apart=0.4),
    "weight 30 and prevalence 10 %": Planted(30, 0.1),
    "weight 2 and prevalence 40 %": Planted(2, 0.4),
    "weight 10 and threshold 0.3": Planted(10, threshold=0.3),
    "weight 3 and threshold 0.05": Planted(3, threshold=0.05),
    "too high and threshold 0.1": Planted(bent=higher(0.7), threshold=0.1),
    "weight 5 and 3 too high": Planted(5, bent=higher(3)),
    "weight 3 and 2.5 too high": Planted(3, bent=higher(2.5)),
    "prevalence 15 % and 2.5 too high": Planted(trained=0.15, bent=higher(2.5)),
    "weight 82 on logits of 0.4": Planted(82, bent=lambda z: 0.4 * z),
    "weight 82, told 5": Planted(82, told=said(5)),
    "weight 30, told 10,000": Planted(30, told=said(10_000)),
    "threshold 0.03, told weight 20": Planted(threshold=0.03, told=said(20)),
    "weight 5, told prevalence 90 %": Planted(5, told=said(1, 0.9)),
}


def films(planted: Planted, count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw labels, true log-odds, and patients: two films each, alike in evidence and mostly in label."""
    patients = np.arange(count) // 2
    common, own = rng.normal(size=(2, count // 2 + 1))[:, patients], rng.normal(size=(2, count))
    there, noise = math.sqrt(ALIKE) * common + math.sqrt(1 - ALIKE) * own
    labels = (ndtr(there) < planted.prevalence).astype(float)
    apart = planted.apart
    return labels, apart * (noise + apart * labels) - apart**2 / 2 + logit(planted.prevalence), patients


def right(planted: Planted, count: int = MANY) -> str:
    """Name the fault that adds most flags, whatever is switched on first; empty where too few are added."""
    labels, z, _ = films(planted, count, np.random.default_rng(0))
    meant = 0.0 if planted.keep is None else float(np.quantile(z[labels == 1], 1 - planted.keep))

    def flagged(faults: frozenset[str]) -> float:
        cut = logit(planted.threshold) if "threshold" in faults else meant
        return float((planted.logits(z, faults) >= cut).mean())

    none, every = flagged(frozenset()), flagged(frozenset(FAULTS))
    if every - labels.mean() < CHANCE:
        return ""
    parts = dict.fromkeys(FAULTS, 0.0) | {"separation": none - labels.mean()}
    for order in permutations(FAULTS):
        for place, fault in enumerate(order):
            before = frozenset(order[:place])
            parts[fault] += (flagged(before | {fault}) - flagged(before)) / math.factorial(len(FAULTS))
    return max(parts, key=parts.__getitem__)


def audited(planted: Planted, drawn: tuple[np.ndarray, ...]) -> tuple[Audit, Audit]:
    """Audit what was drawn, told of the training and not."""
    labels, z, patients = drawn
    known = prepare_scores(labels, expit(planted.logits(z)), patients, planted.known)
    both = known, dataclasses.replace(known, known=NOTHING)
    first, second = (decompose(one, planted.threshold, "", planted.keep) for one in both)
    return first, second


def verdict(found: Audit, cause: str) -> str:
    """Say whether a name is that of the right cause."""
    return "not known" if found.main == UNKNOWN else "right" if found.main == cause else "wrong"


def measure(planted: Planted, cause: str, positives: int, repeats: int, seed: int) -> dict[str, Counter]:
    """Audit a model on so many films that there are about so many with the finding, again and again."""
    rng, tally = np.random.default_rng(seed), {"known": Counter(), "not known": Counter()}
    count = round(positives / planted.prevalence)
    while sum(tally["known"].values()) < repeats:
        drawn = films(planted, count, rng)
        there, flagged = drawn[0].mean(), (planted.logits(drawn[1]) >= logit(planted.threshold)).mean()
        if not 0 < there < min(flagged, 1):
            continue  # not over-predicted, so nothing is asked
        for told, found in zip(tally.values(), audited(planted, drawn), strict=True):
            told[verdict(found, cause)] += 1
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
        cause, rows[name] = right(planted), []
        for positives in options.positives:
            rows[name].append(measure(planted, cause, positives, options.repeats, 1000 * k + positives))
            print(name, cause, positives, rows[name][-1], file=sys.stderr, flush=True)
    print("\n\n".join(table(told, rows, options) for told in ("known", "not known")))
    worst = max(tally["wrong"] for tallies in rows.values() for one in tallies for tally in one.values())
    print(f"\nNamed wrongly at most {100 * worst / options.repeats:.3g} % of the time, in any cell.")


if __name__ == "__main__":
    main()
