"""Plays games with shapiq's estimators of Shapley values; run by `tests/benchmarks/rivals.py` in a Python that has it.

Knows nothing of films: the other end of a pipe says which estimator, how many players and how many evaluations, and
answers what coalitions are worth. Needs numpy and shapiq only.
"""

from __future__ import annotations

import sys
import warnings
from multiprocessing.connection import Connection

import numpy as np
import shapiq

ESTIMATORS = {
    "KernelSHAP, paired": lambda n, seed: shapiq.KernelSHAP(n, pairing_trick=True, random_state=seed),
    "LeverageSHAP": lambda n, seed: shapiq.approximator.LeverageSHAP(n, random_state=seed),
    "OddSHAP": lambda n, seed: shapiq.approximator.OddSHAP(n, random_state=seed),
    "PolySHAP": lambda n, seed: shapiq.approximator.PolySHAP(n, max_order=2, pairing_trick=True, random_state=seed),
    "kADD-SHAP": lambda n, seed: shapiq.approximator.kADDSHAP(n, 2, pairing_trick=True, random_state=seed),
    "ProxySHAP": lambda n, seed: shapiq.approximator.ProxySHAP(
        n, max_order=1, index="SV", adjustment=True, random_state=seed
    ),
    "RegressionMSR": lambda n, seed: shapiq.approximator.RegressionMSR(n, "SV", random_state=seed),
    "ShaplEIG": lambda n, seed: shapiq.approximator.ShaplEIG(n, show_progress=False, random_state=seed),
    "SVARM": lambda n, seed: shapiq.SVARM(n, random_state=seed),
    "permutations": lambda n, seed: shapiq.PermutationSamplingSV(n, random_state=seed),
}


class Asking:
    """A game of several outputs at the other end of a pipe; each coalition is asked for once."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self.known: dict[bytes, np.ndarray] = {}

    def __call__(self, coalitions: np.ndarray, output: int) -> np.ndarray:
        coalitions = np.atleast_2d(coalitions).astype(bool)
        keys = [coalition.tobytes() for coalition in coalitions]
        new = {key: coalition for key, coalition in zip(keys, coalitions, strict=True) if key not in self.known}
        if new:
            self._pipe.send(("ask", np.stack(list(new.values()))))
            self.known |= dict(zip(new, self._pipe.recv(), strict=True))
        return np.array([self.known[key][output] for key in keys], float)


def play(pipe: Connection, name: str, players: int, outputs: int, budget: int, seed: int) -> None:
    """Estimate all outputs' values; the seed gives them the same coalitions, so that they share evaluations."""
    asking, values = Asking(pipe), []
    try:
        for output in range(outputs):
            # a game is 0 where nobody plays: some of the estimators take that for granted
            nothing = asking(np.zeros(players), output)[0]
            estimator = ESTIMATORS[name](players, seed)
            made = estimator.approximate(budget, lambda shown, k=output, low=nothing: asking(shown, k) - low)
            values.append(made.get_n_order_values(1))
    except Exception as error:  # an estimator whose own packages are missing, or that needs more evaluations
        pipe.send(("cannot", f"{type(error).__name__}: {error}"))
        return
    pipe.send(("values", (np.stack(values, axis=1), len(asking.known))))


def main() -> None:
    warnings.simplefilter("ignore")
    pipe = Connection(int(sys.argv[1]))
    pipe.send((shapiq.__version__, list(ESTIMATORS)))
    while (game := pipe.recv()) is not None:
        play(pipe, *game)


if __name__ == "__main__":
    main()
