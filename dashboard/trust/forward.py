"""Do maps help, without the page: whose answers on which films are to be foreseen, and how somebody did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from dashboard.compare.film_maps import FilmMaps
from dashboard.server.judging import JUDGING_ERRORS, judged, source
from dashboard.trust.said import FLAGGED
from dashboard.trust.subject import Subject
from training.benchmark.forward import FILMS, Asked, Helped, Pool, Trial, draw_pool, draw_trials, helped, most_films
from training.evaluate.judged import Judged

CLASS = 36  # films that a class shares: each participant is asked about a third of them
ALONE = "alone"  # the participant's name where there is one
NO_WRONG = (
    "The model is right on all films there are to ask about, or on none. Then seeing the finding is foreseeing the "
    "answer, and this could not measure what maps add. Choose another finding."
)
NONE = "Nothing is kept of what this model answered on films of this library, so there is nothing to foresee."


@dataclass(frozen=True, eq=False)
class Experiment:
    """The films of one experiment, and the maps that go with them.

    Attributes
    ----------
    subject : Subject
    dataset : str
        What the library calls the dataset of the films.
    finding, method : str
        What the model is asked about, and what makes the maps.
    threshold : float
        From which on the model flags a film.
    seed : int
    pool : Pool
    wrong, known : int
        On how many films the model is wrong, of all whose label is known.
    """

    subject: Subject
    dataset: str
    finding: str
    method: str
    threshold: float
    seed: int
    pool: Pool
    wrong: int
    known: int

    @property
    def maps(self) -> FilmMaps:
        """The maps of its films."""
        return FilmMaps(self.subject.services, self.subject.model, self.dataset, self.finding, self.method)

    @property
    def films(self) -> tuple[str, ...]:
        """All films that a map is made of."""
        return tuple(one.film for one in (*self.pool.lessons, *self.pool.films))

    def trials(self, participant: str = ALONE) -> list[Trial]:
        """Give what a participant is asked, in order."""
        return draw_trials(self.pool, self.seed, participant)


@dataclass(frozen=True, eq=False)
class Answers:
    """What a model answered on films that can be opened here.

    Attributes
    ----------
    dataset : str
    here : Judged
    """

    dataset: str
    here: Judged

    @property
    def findings(self) -> list[str]:
        """Name the findings with enough films for an experiment, the one with most to tell apart first."""
        chances = {finding: _least(self.of(finding)) for finding in self.here.findings}
        enough = [finding for finding in chances if _is_enough(self.of(finding), FILMS)]
        return sorted(enough, key=lambda finding: (-chances[finding], finding))

    def of(self, finding: str) -> pd.DataFrame:
        """Give the films whose label is known, as `draw_pool` takes them."""
        here, place = self.here, self.here.findings.index(finding)
        labels, share = here.labels[:, place], here.probabilities[:, place]
        table = pd.DataFrame(
            {
                "film": here.films["film"].astype(str).to_numpy(),
                "patient": here.patients,
                "flagged": share >= here.threshold(finding).value,
                "present": labels == 1,
            }
        )
        recipe = here.films["recipe"].notna() if "recipe" in here.films else False
        opens = np.asarray(here.films["on_disk"].astype(bool) | recipe)
        return table[np.isfinite(labels) & np.isfinite(share) & opens]


def answers_of(subject: Subject) -> Answers | None:
    """Find what a model answered; None where nothing is kept that is this model's and whose films are here."""
    library = subject.library
    for name in library.predictions():
        try:
            facts = library.read_predictions(name).facts
            home = source(library, name).dataset
            same = facts.model == subject.model and facts.model_sha256 in ("", library.model_id(subject.model))
            if same and home is not None:
                return Answers(home, judged(library, name))
        except JUDGING_ERRORS:
            continue
    return None


def open_experiment(
    subject: Subject, answers: Answers, finding: str, method: str, seed: int, films: int = FILMS
) -> Experiment:
    """Draw the films; raises ValueError where there are too few, or nothing but the truth to foresee."""
    table = answers.of(finding)
    threshold = answers.here.threshold(finding).value
    pool = draw_pool(table, seed, films)
    if len({one.flagged == one.present for one in pool.films}) < 2:
        raise ValueError(NO_WRONG)
    wrong = int((table["flagged"] != table["present"]).sum())
    return Experiment(subject, answers.dataset, finding, method, threshold, seed, pool, wrong, len(table))


def largest_pool(table: pd.DataFrame, most: int = CLASS) -> int:
    """Say how many films an experiment can ask about, up to as many as a class shares."""
    return min(most, most_films(table))


def is_right(asked: Asked, said: str) -> bool:
    """Whether what somebody said is what the model answers."""
    return (said == FLAGGED) == asked.flagged


def outcome(people: Sequence[tuple[str, Sequence[Trial], str]]) -> Helped:
    """Hold what participants said, each of all films, against the model's answers: name, trials, a letter a film."""
    rows = [
        (name, trial.asked.film, trial.with_map, is_right(trial.asked, letter))
        for name, trials, said in people
        for trial, letter in zip(trials, said, strict=True)
    ]
    return helped(pd.DataFrame(rows, columns=["participant", "film", "with_map", "right"]))


def _least(table: pd.DataFrame) -> int:
    """Give the rarest of the four: right and wrong, flagged and not."""
    counts = [((table["flagged"] == one) & (table["present"] == two)).sum() for one in (0, 1) for two in (0, 1)]
    return int(min(counts))


def _is_enough(table: pd.DataFrame, films: int) -> bool:
    return largest_pool(table) >= films
