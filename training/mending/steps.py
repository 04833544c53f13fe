"""From the films that are flagged now to those that have the finding, one cause taken away after the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import logit

from training.mending.known import Known
from training.mending.orders import in_any_order
from training.mending.redrawn import Redrawn

FEWEST = 8  # patients with the finding, and without, that a calibration can be read from
UNKNOWN = "unknown"
UNSURE = "unsure"  # in a draw in which another order would make another cause the largest
TRAINING = ("weighting", "prior")


@dataclass(frozen=True)
class Asked:
    """What an audit is asked: threshold on the logit, whether it follows the scores, what must be found."""

    threshold: float
    follows: bool
    keep: float | None


class Steps:
    """Shares of flagged films, each an array (draws,), from now to the true prevalence.

    Parameters
    ----------
    films : Redrawn
    known : Known
        What is known of the training.
    asked : Asked
    enough : bool
        Whether there are films enough of either kind to believe the calibration; the logits are only moved otherwise.

    Attributes
    ----------
    told : array (draws,)
        How far what is known of the training lifts each logit.
    shown : array (draws,)
        How far the logits stand too high at the threshold, as the films show it.
    floor : array (draws,)
        Smallest share that can be flagged at the sensitivity of now.
    levels : dict of str to array (draws,)
        Shares flagged now, and with what is known of the training undone, calibrated, and at the best threshold.
    """

    def __init__(self, films: Redrawn, known: Known, asked: Asked, enough: bool) -> None:
        here = films.prevalence_inside
        self.films, self.known, self.asked, self.enough = films, known, asked, enough
        step = np.zeros(len(here)) if known.trained is None else logit(known.trained) - logit(here)
        self.moves = {"weighting": np.full(len(here), known.lift), "prior": step}
        self.told = known.lift + step
        self.slope = films.slope if enough else np.ones(len(here))
        self.intercept = films.intercept if enough else -films.lift
        self.shown = (asked.threshold - self.intercept) / self.slope - asked.threshold
        now = films.places(asked.threshold)
        self.floor = films.flagged(films.at_sensitivity(films.with_it[np.arange(len(here)), now]))
        given = dict(zip(TRAINING, (known.weight, known.trained), strict=True))
        self.causes = [cause for cause, it in given.items() if it is not None]
        self.rest = "calibration" if asked.follows or len(self.causes) == len(TRAINING) else UNKNOWN
        self.levels = {
            "now": films.flagged(now),
            "here": self._without(frozenset(self.causes)),
            "calibrated": self._without(frozenset((*self.causes, self.rest))),
            "least": self._without(frozenset((*self.causes, self.rest, "threshold"))),
        }

    def parts(self) -> dict[str, np.ndarray]:
        """Give the contribution of every cause that can be told apart, (draws,) each."""
        level, truth = self.levels, self.films.prevalence
        if self.enough:
            found = in_any_order([*self.causes, self.rest], self._without)
            return found | {"threshold": level["calibrated"] - level["least"], "separation": level["least"] - truth}
        found = in_any_order(self.causes, self._without)
        if self.asked.keep is None:
            return found | {UNKNOWN: level["here"] - truth}
        return found | {UNKNOWN: level["here"] - level["least"], "separation": level["least"] - truth}

    def largest(self) -> np.ndarray:
        """Name the main cause of each draw, text (draws,): empty where not too many are flagged.

        A cause must be the largest with the threshold undone last, and with the threshold undone in any order, since
        probabilities that are wrong and a threshold that is low flag the same films. What is known of the training must
        show in the films too.
        """
        best = _largest(self.parts())
        if not self.asked.follows:
            orders = in_any_order([*self.causes, self.rest, "threshold"], self._without)
            any_order = _largest(orders | {"separation": self.levels["least"] - self.films.prevalence})
            best = np.where((best == any_order) | (best == UNKNOWN), best, UNSURE)
            best = np.where(np.isin(best, TRAINING) & (self.shown < self.told / 2), UNSURE, best)
        return np.where(self.levels["now"] > self.films.prevalence, best, "")

    def _without(self, causes: frozenset[str]) -> np.ndarray:
        """Share of films that is flagged once some causes are undone, (draws,)."""
        films, asked = self.films, self.asked
        ended = "threshold" in causes
        if ended and asked.keep is not None:
            return films.flagged(films.at_sensitivity(asked.keep * films.with_it[:, 0]))
        at = np.full(len(self.told), 0.0 if ended else asked.threshold)
        if asked.follows:
            at = -self.intercept / self.slope if ended else at
        else:
            if self.rest in causes:
                at = (at - self.intercept) / self.slope - self.told
            at = at + sum(self.moves[cause] for cause in causes if cause in self.moves)
        flagged = films.flagged(films.places(at))
        return np.minimum(flagged, self.floor) if ended else flagged


def _largest(parts: dict[str, np.ndarray]) -> np.ndarray:
    return np.array(list(parts))[np.argmax(np.stack(list(parts.values())), axis=0)]
