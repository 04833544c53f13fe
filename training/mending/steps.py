"""From the films that are flagged now to those that have the finding, one cause taken away after the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import logit

from training.mending.known import Known
from training.mending.redrawn import Redrawn

UNKNOWN = "unknown"


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
        Whether there are films enough of either kind to believe the calibration.
    """

    def __init__(self, films: Redrawn, known: Known, asked: Asked, enough: bool) -> None:
        here = _inside(films)
        self.films, self.known, self.asked, self.enough = films, known, asked, enough
        self.lift = known.lift
        self.step = np.zeros(len(here)) if known.trained is None else logit(known.trained) - logit(here)
        now = films.places(asked.threshold)
        found = films.with_it[np.arange(len(here)), now]
        self.floor = films.flagged(films.at_sensitivity(found))

        def from_logit(logits: np.ndarray | float) -> np.ndarray:
            return films.flagged(films.places(logits))

        moved = [asked.threshold + (0.0 if asked.follows else one) for one in (self.lift, self.lift + self.step)]
        self.levels = {"now": films.flagged(now), "unweighted": from_logit(moved[0]), "here": from_logit(moved[1])}
        calibrated = (asked.threshold - films.intercept) / films.slope
        self.levels["calibrated"] = self.levels["here"] if asked.follows else from_logit(calibrated)
        if asked.keep is None:
            least = np.minimum(from_logit(-films.intercept / films.slope), self.floor)
        else:
            least = films.flagged(films.at_sensitivity(asked.keep * films.with_it[:, 0]))
        self.levels["least"] = least

    def parts(self) -> dict[str, np.ndarray]:
        """Give the contribution of every cause that can be told apart, (draws,) each."""
        level, known, truth = self.levels, self.known, self.films.prevalence
        found = {}
        if known.weight is not None:
            found["weighting"] = level["now"] - level["unweighted"]
        if known.trained is not None:
            found["prior"] = level["unweighted"] - level["here"]
        if self.enough:
            scale = level["here"] - level["calibrated"]
            if self.asked.follows or None not in (known.weight, known.trained):
                found["calibration"] = scale
            else:
                found[UNKNOWN] = scale
            found["threshold"] = level["calibrated"] - level["least"]
            found["separation"] = level["least"] - truth
        elif self.asked.keep is None:
            found[UNKNOWN] = level["here"] - truth
        else:
            found[UNKNOWN], found["separation"] = level["here"] - level["least"], level["least"] - truth
        return found

    def largest(self) -> np.ndarray:
        """Name the main cause of each draw, text (draws,): empty where not too many are flagged."""
        parts = self.parts()
        names = np.array(list(parts))
        best = names[np.argmax(np.stack(list(parts.values())), axis=0)]
        by_training = np.isin(best, ("weighting", "prior"))
        best = np.where(by_training & ~self._holds(best), UNKNOWN, best)
        return np.where(self.levels["now"] > self.films.prevalence, best, "")

    def _holds(self, best: np.ndarray) -> np.ndarray:
        """Whether what is known of the training shows in the films, and moves the logit further than the other does.

        Of two lifts the one that is undone first takes most of the flags with it, whichever it is.
        """
        level, truth = self.levels, self.films.prevalence
        further = np.where(best == "weighting", self.lift >= self.step, self.step >= self.lift)
        if not self.enough:
            there = self.films.with_it[:, 0]
            before, after = (np.abs(self.films.expected(-move) - there) for move in (0.0, self.lift + self.step))
            return further & (after < before)
        scale, rest = level["now"] - level["calibrated"], level["calibrated"] - level["least"]
        return further & (scale >= rest) & (scale >= level["least"] - truth)


def _inside(films: Redrawn) -> np.ndarray:
    """Prevalence, kept off 0 and 1, which a draw of few films may have."""
    return np.clip(films.prevalence, 0.5 / films.films, 1 - 0.5 / films.films)
