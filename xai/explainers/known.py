"""Answers to hidden films that are known already, and when a map in the making is worth a look.

A map that sharpens is made several times, each time from more films. Made anew with so many, each state is what the
method gives for so many and nothing else; and as fewer films are the first of more, none is evaluated for two states.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

import numpy as np

from xai.models.engine import BATCH_SIZE

FIRST_LOOK = 64  # films of the first state
MOST_SPENT = 0.02  # of all seconds so far, on states; to put one into words takes about as long as 4 films more

Made = TypeVar("Made")


class Known:
    """The answers to hidden versions of one film, and what is the same however many of them there are.

    Handed once more to the same method, for the same film, model and seed, it lets it go on where it was.

    Attributes
    ----------
    films : int
        Whose answers are known.
    seconds : float
        That it took so far.
    """

    def __init__(self) -> None:
        self.films, self.seconds = 0, 0.0
        self._once: dict[Hashable, Any] = {}
        self._grounds: list[tuple[np.ndarray, np.ndarray]] = []
        self._answers: defaultdict[tuple[int, bytes], list[np.ndarray]] = defaultdict(list)
        self._taken: Counter[tuple[int, bytes]] = Counter()

    def begin(self) -> None:
        """Begin another state of the map: it asks for each film anew."""
        self._taken.clear()

    def once(self, name: Hashable, make: Callable[[], Made]) -> Made:
        """Give what was made under a name before, or make it."""
        if name not in self._once:
            self._once[name] = make()
        made: Made = self._once[name]
        return made

    def answers(
        self,
        shown: np.ndarray,
        regions: np.ndarray,
        baseline: np.ndarray,
        evaluate: Callable[[np.ndarray], np.ndarray],
    ) -> np.ndarray:
        """Give the answers (N, outputs) to films; `evaluate` gives those that are not known.

        A film that one state asks for twice is evaluated twice, as it is where nobody watches.

        Parameters
        ----------
        shown : ndarray, shape (N, regions)
            What each film shows.
        regions, baseline : ndarray, shape (H, W)
            Of all of them; the very arrays of the states before, or nothing is known of them.
        evaluate : callable
            From what at most `BATCH_SIZE` films show to their answers.
        """
        ground = self._ground(regions, baseline)
        keys = [(ground, row.tobytes()) for row in np.packbits(shown.astype(bool), axis=1)]
        places = []
        for key in keys:
            places.append((key, self._taken[key]))
            self._taken[key] += 1
        new = [at for at, (key, time) in enumerate(places) if time >= len(self._answers[key])]
        for start in range(0, len(new), BATCH_SIZE):
            batch = new[start : start + BATCH_SIZE]
            for at, answer in zip(batch, evaluate(shown[batch]), strict=True):
                self._answers[keys[at]].append(answer)
            self.films += len(batch)
        return np.stack([self._answers[key][time] for key, time in places])

    def _ground(self, regions: np.ndarray, baseline: np.ndarray) -> int:
        for number, (known_regions, known_baseline) in enumerate(self._grounds):
            if known_regions is regions and known_baseline is baseline:
                return number
        self._grounds.append((regions, baseline))
        return len(self._grounds) - 1


def looks(films: int, known: int = 0) -> list[int]:
    """Give the numbers of films after which a map of so many is worth a look: 64, 128, 256, 384, 512, 768 and so on.

    Where the answers to some are known before, that to the untouched film among them, the first look is at all these.
    """
    doubled = [FIRST_LOOK << power for power in range(films.bit_length())]
    steps = [*doubled[:2], *(step for start in doubled[2:] for step in (start, start * 3 // 2))]
    begun = [known] if known >= FIRST_LOOK else []
    return [step for step in (*begun, *(step for step in steps if step > known)) if step < films]
