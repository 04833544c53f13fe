"""How many evaluations Shapley values of regions take, ours and shapiq's, at equal players, games and accuracy.

    python tests/benchmarks/rivals.py --games FOLDER [--shapiq PYTHON] [--findings 4] [--seeds 3] [--budgets N ...]
    python tests/benchmarks/rivals.py --film FILE ... [--regions 60] [--reference 20000] [--model NAME_OR_PATH] ...

The first kind plays tables of `tests/benchmarks/games.py`, whose exact values are known; the second asks the model, and
holds all against a long run of our pairs (`xai.explainers.shapley`), with a seed of its own. shapiq
runs in the Python that is named (it asks for 3.12; requirements/rivals.txt) and asks for coalitions through a pipe.

The error is the mean squared one, as a share of the variance of the values among the regions; its mean over games,
findings and seeds is printed. How many evaluations an estimator needs for an error is read off between its budgets,
along a straight line of logarithms.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import xai
from tests.benchmarks.games import Game
from tests.benchmarks.regions_converging import correlations
from xai.explainers.pairs import films_of
from xai.explainers.shapley import draw_coalitions, fit_shares

PLAYER = Path(__file__).with_name("shapiq_player.py")
OURS = "ours"
Ask = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, eq=False)
class Played:
    """A game to play: what coalitions (N, players) are worth (N, outputs), and the values (players, outputs)."""

    name: str
    players: int
    ask: Ask
    truth: np.ndarray


def ours(ask: Ask, players: int, budget: int, seed: int) -> tuple[np.ndarray, int]:
    """Values, and evaluations used."""
    ends = ask(np.array([np.zeros(players, bool), np.ones(players, bool)]))
    pairs = draw_coalitions(budget // 2 - 1, players, seed)
    values = fit_shares(pairs, ask(films_of(pairs)), ends[1] - ends[0]).weights
    return values, 2 + 2 * len(pairs)


class Shapiq:
    """shapiq in another Python, at the other end of a pipe."""

    def __init__(self, python: str) -> None:
        self._pipe, theirs = multiprocessing.Pipe()
        self._process = subprocess.Popen(
            [python, PLAYER, str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            env=os.environ | {"OMP_NUM_THREADS": "1"},  # its fits are small: threads would wait for each other
        )
        theirs.close()
        self.version, self.estimators = self._pipe.recv()

    def estimate(self, name: str, game: Played, budget: int, seed: int) -> tuple[np.ndarray, int] | None:
        """Values, and evaluations used; None where the estimator cannot."""
        self._pipe.send((name, game.players, game.truth.shape[1], budget, seed))
        while True:
            what, found = self._pipe.recv()
            if what == "ask":
                self._pipe.send(game.ask(found))
            elif what == "cannot":
                print(f"{name}, {budget} evaluations: {found}"[:160], file=sys.stderr)
                return None
            else:
                return found

    def close(self) -> None:
        self._pipe.send(None)
        self._process.wait()


def open_shapiq(python: str) -> Shapiq | None:
    try:
        return Shapiq(python)
    except (OSError, EOFError):
        print(f"shapiq: not installed in {python}")
        return None


def tables(folder: Path, findings: int) -> Iterator[Played]:
    """Games whose every coalition is known."""
    for path in sorted(folder.glob("*.npz")):
        with np.load(path) as kept:
            table, exact = kept["table"][:, :findings], kept["exact"][:, :findings]
        bits = 1 << np.arange(len(exact))
        yield Played(path.stem, len(exact), lambda shown, table=table, bits=bits: table[shown @ bits], exact)


def of_films(options: argparse.Namespace) -> Iterator[Played]:
    """Games that a model is asked about."""
    classifier = xai.open_model(options.model)
    for path in options.film:
        game = Game(classifier, xai.read_film(path), options.regions)

        def ask(shown: np.ndarray, game: Game = game) -> np.ndarray:
            return game(shown)[:, : options.findings]

        truth, _ = ours(ask, game.players, options.reference, 999)
        yield Played(path.stem, game.players, ask, truth)


def measure(games: Iterator[Played], shapiq: Shapiq | None, options: argparse.Namespace) -> dict[str, dict[int, Any]]:
    """Give, by estimator and budget, a list of (evaluations, error, correlation)."""
    found: dict[str, dict[int, Any]] = defaultdict(lambda: defaultdict(list))
    for game in games:
        print(f"{game.name}, {game.players} regions", file=sys.stderr, flush=True)
        for name in (OURS, *(shapiq.estimators if shapiq else ())):
            for budget, seed in ((budget, seed) for budget in options.budgets for seed in range(options.seeds)):
                if name == OURS:
                    made = ours(game.ask, game.players, budget, seed)
                else:
                    made = shapiq.estimate(name, game, budget, seed)
                if made is None:
                    break
                values, used = made
                error = ((values - game.truth) ** 2).mean() / game.truth.var(axis=0).mean()
                found[name][budget].append((used, error, np.median(correlations(values, game.truth))))
    return found


def needed(curve: dict[int, Any], error: float) -> tuple[str, float]:
    """Evaluations for an error, between two budgets, and the word for an error beyond either end."""
    used, errors = (np.array([np.mean([one[k] for one in points]) for points in curve.values()]) for k in (0, 1))
    errors = np.maximum(np.minimum.accumulate(errors), np.finfo(float).tiny)
    word = "at most " if error >= errors[0] else "more than " if error < errors[-1] else ""
    return word, float(np.exp(np.interp(np.log(error), np.log(errors[::-1]), np.log(used[::-1]))))


def print_found(found: dict[str, dict[int, Any]], budgets: list[int]) -> None:
    print(f"| error, correlation | {' | '.join(f'{budget:,}' for budget in budgets)} |")
    print("|---" * (len(budgets) + 1) + "|")
    for name, curve in found.items():
        cells = [
            "{:.4f}, {:.3f}".format(*np.mean([one[1:] for one in curve[budget]], axis=0)) if curve[budget] else "cannot"
            for budget in budgets
        ]
        print(f"| {name} | {' | '.join(cells)} |")
    played = {name: {b: points for b, points in curve.items() if points} for name, curve in found.items()}
    theirs = {name: curve for name, curve in played.items() if name != OURS and curve}
    for points in played[OURS].values() if theirs else ():
        used, error = np.mean([one[:2] for one in points], axis=0)
        need = {name: needed(curve, error) for name, curve in theirs.items()}
        best = min(need, key=lambda name: (need[name][0] == "more than ", need[name][1]))
        word, most = need[best]
        print(f"As good as ours with {used:,.0f}: {best} with {word}{most:,.0f}; ours takes {used / most:.2f} of that.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--games", type=Path, help="folder of tables")
    what.add_argument("--film", type=Path, nargs="+")
    parser.add_argument("--model", default="lightbox", help="of --film")
    parser.add_argument("--regions", type=int, default=60, help="of --film")
    parser.add_argument("--reference", type=int, default=20_000, help="films of a long run, of --film")
    parser.add_argument("--shapiq", default=sys.executable, help="a Python that has it")
    parser.add_argument("--findings", type=int, default=4, help="the first so many; shapiq fits each by itself")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--budgets", type=int, nargs="+", default=[64, 128, 256, 512, 1024])
    options = parser.parse_args()
    shapiq = open_shapiq(options.shapiq)
    games = tables(options.games, options.findings) if options.games else of_films(options)
    found = measure(games, shapiq, options)
    if shapiq:
        print(f"shapiq {shapiq.version}\n")
        shapiq.close()
    print_found(found, options.budgets)


if __name__ == "__main__":
    main()
