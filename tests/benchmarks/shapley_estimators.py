"""How many films Shapley values of regions take: ours, the straight fit, and the estimators of shapiq.

    python tests/benchmarks/shapley_estimators.py [--model NAME_OR_PATH ...] [--film FILE ...] [--regions 14 60]
        [--rivals PYTHON] [--budgets 200 500 1000] [--draws 2] [--findings 3] [--reference 20000] [--keep FOLDER]

Prints, for each model, film and number of regions, the squared error of each estimator as a share of the true values'
variance, Spearman's rank correlation with them, and in brackets how many films ours takes for the same error and for
the same correlation. Up to 16 regions the truth comes from all films there are; beyond, from a long run of the straight
fit (which is nobody's own here), whose own error is taken off the squared ones.

shapiq asks for Python 3.12. --rivals names an interpreter that has it, with lightgbm and xgboost for those that fit
trees (`pip install shapiq lightgbm xgboost-cpu`); this script answers it over a local socket. --keep holds long runs.
"""

from __future__ import annotations

import argparse
import secrets
import subprocess
import sys
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

OURS, STRAIGHT = "ours", "straight fit, same pairs"
STEPS = (50, 70, 100, 140, 200, 280, 400, 560, 800, 1120, 1600)  # films at which ours is measured
MOST_LISTED = 16  # regions
LONG_RUN_SEED = 20_000


def estimator(name: str, regions: int, seed: int):
    """Make one of shapiq's, by its name there; runs in the other interpreter."""
    import shapiq.approximator as approximators

    kind = getattr(approximators, name)
    options = {
        "KernelSHAP": {"pairing_trick": True},
        "PolySHAP": {"pairing_trick": True},
        "RegressionMSR": {"index": "SV"},
        "ProxySHAP": {"index": "SV", "max_order": 1},
        "kADDSHAP": {"max_order": 2},
    }
    return kind(n=regions, random_state=seed, **options.get(name, {}))


RIVALS = ("KernelSHAP", "LeverageSHAP", "OddSHAP", "PolySHAP", "kADDSHAP", "SVARM", "RegressionMSR", "ProxySHAP")


def be_rival(port: int, key: str) -> None:
    """Estimate what the other side asks for, and ask it for answers."""
    warnings.filterwarnings("ignore")
    with Client(("127.0.0.1", port), authkey=bytes.fromhex(key)) as line:

        def game(shown: np.ndarray) -> np.ndarray:
            line.send(np.asarray(shown, bool))
            return line.recv()

        while (task := line.recv()) is not None:
            name, regions, budget, seed = task
            try:
                found = estimator(name, regions, seed).approximate(budget, game)
                line.send([float(found[(k,)]) for k in range(regions)])
            except Exception as error:  # what is not installed, or asks for more films
                line.send(f"{type(error).__name__}: {error}")


@dataclass
class Game:
    """Answers (N, outputs) to films that show some regions (N, regions), each asked for once."""

    ask: Callable[[np.ndarray], np.ndarray]
    regions: int

    def __post_init__(self) -> None:
        self.known: dict[bytes, np.ndarray] = {}
        self.ends = self(np.array([[False] * self.regions, [True] * self.regions]))
        self.difference = self.ends[1] - self.ends[0]

    def __call__(self, shown: np.ndarray) -> np.ndarray:
        keys = [row.tobytes() for row in np.asarray(shown, bool)]
        new = {key: row for key, row in zip(keys, np.asarray(shown, bool), strict=True) if key not in self.known}
        if new:
            self.known |= dict(zip(new, self.ask(np.stack(list(new.values()))), strict=True))
        return np.stack([self.known[key] for key in keys]).astype(np.float64)

    def remember(self, shown: np.ndarray, answers: np.ndarray) -> None:
        self.known |= {row.tobytes(): answer for row, answer in zip(shown, answers, strict=True)}


def game_of(classifier, film, regions: int) -> Game:
    """The game of one model and film; few regions are cut to be as many as asked for, if that can be."""
    from xai.explainers.baselines import baseline_canvas
    from xai.explainers.regions import superpixels
    from xai.models.engine import BATCH_SIZE

    canvas = classifier.prepare(film)
    asked = range(2, 2 * regions) if regions <= MOST_LISTED else [regions]
    pieces = min((superpixels(canvas, number) for number in asked), key=lambda cut: abs(int(cut.max()) + 1 - regions))
    baseline = baseline_canvas("blurred film", classifier, canvas, pieces)

    def ask(shown: np.ndarray) -> np.ndarray:
        parts = np.split(shown, range(BATCH_SIZE, len(shown), BATCH_SIZE))
        return np.concatenate([classifier.logits(np.where(part[:, pieces], canvas, baseline)) for part in parts])

    return Game(ask, int(pieces.max()) + 1)


def truth_of(game: Game, films: int, kept: Path | None) -> tuple[np.ndarray, np.ndarray]:
    """Shapley values (regions, outputs) and their standard errors."""
    from xai.explainers.pairs import films_of, halves_of
    from xai.explainers.shapley import _straight, all_pairs, draw_coalitions

    listed = game.regions <= MOST_LISTED
    drawn = draw_coalitions(all_pairs(game.regions) if listed else films // 2, game.regions, LONG_RUN_SEED)
    if kept is not None and kept.exists():
        with np.load(kept) as known:
            drawn, logits = known["pairs"], known["logits"]
    else:
        logits = game(films_of(drawn))
        if kept is not None:
            np.savez_compressed(kept, pairs=drawn, logits=logits.astype(np.float32))
    game.remember(films_of(drawn), logits)
    values, errors = _straight(drawn, halves_of(logits)[0], game.difference)
    return values, np.zeros(errors.shape) if listed else errors


def judged(values: np.ndarray, truth: np.ndarray, errors: np.ndarray) -> tuple[float, float]:
    """Squared error as a share of the true values' variance, and rank correlation; means over outputs."""
    from scipy.stats import spearmanr

    own = (errors**2).mean(axis=0)
    missed = (((values - truth) ** 2).mean(axis=0) - own) / (truth.var(axis=0) - own)
    alike = [spearmanr(one, other).statistic for one, other in zip(values.T, truth.T, strict=True)]
    return float(missed.mean()), float(np.mean(alike))


def compared(options: argparse.Namespace, outputs: int) -> np.ndarray:
    """Which findings are held against the truth: those that shapiq estimates, one at a time, or without it all."""
    count = min(options.findings, outputs) if options.rivals else outputs
    return np.linspace(0, outputs - 1, count).astype(int)


def measure_ours(
    game: Game, truth: np.ndarray, errors: np.ndarray, outputs: np.ndarray, draws: int, found: dict
) -> None:
    """Add ours and the straight fit, and how often our intervals hold the truth."""
    from xai.explainers.pairs import SURE, films_of, halves_of
    from xai.explainers.shapley import _straight, draw_coalitions, fit_shares

    for seed in range(draws):
        for films in STEPS:
            drawn = draw_coalitions(films // 2 - 1, game.regions, seed)
            logits = game(films_of(drawn))
            fit = fit_shares(drawn, logits, game.difference)
            found[OURS, films].append(judged(fit.weights[:, outputs], truth[:, outputs], errors[:, outputs]))
            wide = SURE * np.hypot(fit.errors, errors)
            found["held", films].append(float((np.abs(fit.weights - truth) <= wide).mean()))
            if len(drawn) > game.regions:
                straight, _ = _straight(drawn, halves_of(logits)[0], game.difference)
                found[STRAIGHT, films].append(judged(straight[:, outputs], truth[:, outputs], errors[:, outputs]))


def measure_rivals(
    line: Connection,
    game: Game,
    truth: np.ndarray,
    errors: np.ndarray,
    outputs: np.ndarray,
    options: argparse.Namespace,
    found: dict,
) -> None:
    """Add what the other interpreter estimates: it takes one finding at a time."""
    for name in options.estimators:
        for budget in options.budgets:
            for seed in range(options.draws):
                values = [estimated(line, (name, game.regions, budget, seed), game, output) for output in outputs]
                if any(isinstance(one, str) for one in values):
                    print(f"{name}, {budget} films: {values[0]}", file=sys.stderr, flush=True)
                    continue
                found[name, budget].append(judged(np.array(values).T, truth[:, outputs], errors[:, outputs]))


def estimated(line: Connection, task: tuple, game: Game, output: int) -> list[float] | str:
    line.send(task)
    while isinstance(said := line.recv(), np.ndarray):
        line.send(game(said)[:, output])
    return said


def films_for(found: dict, place: int, wanted: float) -> float:
    """How many films ours takes for a squared error (place 0) or a correlation (place 1), between the measured ones."""
    missed = [np.mean([one[place] for one in found[OURS, films]]) for films in STEPS]
    left = np.log(np.maximum(missed if place == 0 else 1 - np.array(missed), 1e-9))
    goal = np.log(max(wanted if place == 0 else 1 - wanted, 1e-9))
    if goal > left[0]:
        return float(STEPS[0])
    reached = np.flatnonzero(left <= goal)
    if not len(reached):
        return float("inf")
    k = reached[0]
    share = (left[k - 1] - goal) / (left[k - 1] - left[k]) if k else 0.0
    return float(np.exp(np.log(STEPS[max(k - 1, 0)]) * (1 - share) + np.log(STEPS[k]) * share))


def report(found: dict, budgets: list[int]) -> Iterator[str]:
    """Write a table: for each estimator and budget its figures, and in brackets how many films ours takes for them."""
    yield f"| | {' | '.join(f'{budget:,} films' for budget in budgets)} |"
    yield "|---" * (len(budgets) + 1) + "|"
    for name in dict.fromkeys(name for name, _ in found if name not in (OURS, "held")):
        cells = []
        for budget in budgets:
            step = budget if name != STRAIGHT else min(STEPS, key=lambda films: abs(films - budget))
            if not found.get((name, step)):
                cells.append("–")
                continue
            missed, alike = np.mean(found[name, step], axis=0)
            ours = [f"{films_for(found, place, wanted):.0f}" for place, wanted in ((0, missed), (1, alike))]
            cells.append(f"{missed:.4f} ({ours[0]}) / {alike:.3f} ({ours[1]})")
        yield f"| {name} | {' | '.join(cells)} |"
    yield ""
    for films in STEPS:
        missed, alike = np.mean(found[OURS, films], axis=0)
        held = 100 * np.mean(found["held", films])
        yield f"ours, {films:,} films: {missed:.4f} / {alike:.3f}, intervals hold {held:.1f} %"


def opened(python: str | None) -> tuple[Connection | None, subprocess.Popen | None]:
    """Start the other interpreter and wait for its call."""
    if python is None:
        return None, None
    key = secrets.token_hex(16)
    with Listener(("127.0.0.1", 0), authkey=bytes.fromhex(key)) as listener:
        rival = subprocess.Popen([python, __file__, "--as-rival", str(listener.address[1]), key])
        return listener.accept(), rival


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", nargs="+", default=["lightbox"])
    parser.add_argument("--film", nargs="+", type=Path, help="a simulated one without it")
    parser.add_argument("--regions", nargs="+", type=int, default=[14, 60])
    parser.add_argument("--rivals", help="a Python that has shapiq")
    parser.add_argument("--estimators", nargs="+", default=list(RIVALS), help="of shapiq")
    parser.add_argument("--budgets", nargs="+", type=int, default=[200, 500, 1000])
    parser.add_argument("--draws", type=int, default=2, help="seeds")
    parser.add_argument("--findings", type=int, default=3, help="that shapiq estimates, one at a time")
    parser.add_argument("--reference", type=int, default=20_000, help="films of a long run")
    parser.add_argument("--keep", type=Path, help="a folder for long runs")
    options = parser.parse_args()

    import xai
    from xai.built_in import BUILT_IN_DATASETS

    paths = options.film or [BUILT_IN_DATASETS / "simulated" / "films" / "s00000.png"]
    line, rival = opened(options.rivals)
    for name in options.model:
        classifier = xai.open_model(name)
        for path in paths:
            for regions in options.regions:
                game, found = game_of(classifier, xai.read_film(path), regions), defaultdict(list)
                kept = options.keep and options.keep / f"{Path(name).stem}-{path.stem}-{game.regions}.npz"
                truth, errors = truth_of(game, options.reference, kept)
                outputs = compared(options, truth.shape[1])
                measure_ours(game, truth, errors, outputs, options.draws, found)
                if line is not None:
                    measure_rivals(line, game, truth, errors, outputs, options, found)
                print(f"\n{name}, {path.name}, {game.regions} regions\n", flush=True)
                print("\n".join(report(found, options.budgets)), flush=True)
    if line is not None and rival is not None:
        line.send(None)
        rival.wait()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--as-rival"]:
        be_rival(int(sys.argv[2]), sys.argv[3])
    else:
        main()
