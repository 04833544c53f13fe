"""Games: what a model answers to every film of which some regions are hidden, written down for estimators to play.

    python tests/benchmarks/games.py FOLDER --film FILE ... [--model NAME_OR_PATH] [--regions 14]

Writes one npz a film. The exact Shapley values come from the table itself, so that whatever estimates them, in whatever
Python, can be judged by numbers alone.
"""

from __future__ import annotations

import argparse
import sys
from math import comb
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import xai
from xai.budget import Budget
from xai.explainers.baselines import DEFAULT_BASELINE, baseline_canvas
from xai.explainers.explanation import Task
from xai.explainers.regions import superpixels
from xai.films.film import Film
from xai.models.classifier import Classifier


class Game:
    """One film cut into regions: asked what the model answers when some are shown.

    Attributes
    ----------
    players : int
        Regions.
    regions : ndarray of uint16, shape (H, W)
    """

    def __init__(self, classifier: Classifier, film: Film, regions: int) -> None:
        outputs = list(range(len(classifier.card.outputs)))
        self._task = Task(classifier, film, outputs, Budget(), 1, 0)
        self.regions = superpixels(self._task.canvas, regions)
        self.players = int(self.regions.max()) + 1
        self._baseline = baseline_canvas(DEFAULT_BASELINE, classifier, self._task.canvas, self.regions)

    def __call__(self, shown: np.ndarray) -> np.ndarray:
        """Logits (N, outputs) of films that show some regions (N, players) and elsewhere the blurred film."""
        return self._task.evaluate_hidden(np.asarray(shown, bool), self.regions, self._baseline)

    def canvases(self, shown: np.ndarray) -> np.ndarray:
        """Compose the films that show some regions: float32 (N, H, W)."""
        return np.where(shown[:, self.regions], self._task.canvas, self._baseline)


def with_players(classifier: Classifier, film: Film, wanted: int) -> Game:
    """Cut a film so that about so many regions come out: superpixels give a few more or fewer than are asked for."""
    games = (Game(classifier, film, asked) for asked in range(wanted, wanted + wanted // 2))
    return min(games, key=lambda game: abs(game.players - wanted))


def all_coalitions(players: int) -> np.ndarray:
    """Every film there is, bool (2**players, players): row k shows region i where bit i of k is set."""
    return (np.arange(1 << players)[:, None] >> np.arange(players) & 1).astype(bool)


def exact_values(table: np.ndarray) -> np.ndarray:
    """Shapley values (players, outputs) of a whole table (2**players, outputs)."""
    players = len(table).bit_length() - 1
    rows, shown = np.arange(len(table)), all_coalitions(players)
    counts = np.array([1 / players / comb(players - 1, size) for size in range(players)])
    values = []
    for player in range(players):
        without = rows[~shown[:, player]]
        weight = counts[shown[without].sum(axis=1)]
        values.append(weight @ (table[without | 1 << player] - table[without]).astype(np.float64))
    return np.stack(values)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--film", nargs="+", type=Path, required=True)
    parser.add_argument("--model", default="lightbox")
    parser.add_argument("--regions", type=int, default=14, help="about so many; twice the work for each one more")
    options = parser.parse_args()
    classifier = xai.open_model(options.model)
    for path in options.film:
        game = with_players(classifier, xai.read_film(path), options.regions)
        table = game(all_coalitions(game.players))
        np.savez_compressed(
            options.folder / f"{path.stem}.npz",
            table=table,
            exact=exact_values(table),
            regions=game.regions,
            outputs=np.array(classifier.card.outputs),
        )
        print(path.name, game.players, table.shape, flush=True)


if __name__ == "__main__":
    main()
