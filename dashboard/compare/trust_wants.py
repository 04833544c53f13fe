"""What a page waits for to say how far to trust its maps: quick numbers with each map, and those that ask the model.

What was measured is kept beside the maps, under their name: a second visit needs no model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from dashboard.compare.shown import Shown
from dashboard.compare.trust_known import Gains, known_of, results_of, stands
from dashboard.compare.trust_line import Known, trust_line
from dashboard.components.payload import Payload
from dashboard.server.awaited import Want
from dashboard.server.jobs import Job
from dashboard.server.services import Answered
from dashboard.server.store import content_key
from training.benchmark.sources import LEAGUE_FILE
from training.benchmark.usual import MOST, SIDE, UsualPlaces, count_places, read_places
from xai.budget import Budget, Cancelled
from xai.explainers import EXPLAINERS
from xai.explainers.explanation import Explanation
from xai.explainers.faithful import trust_baselines
from xai.findings import FINDINGS
from xai.measures.trust import DRAWS, STEPS, Gain, draws, films_asked, gains

if TYPE_CHECKING:
    from xai.models.classifier import Classifier

PREFIX = "trust "  # of the names by which the browser knows them
VERSION = 1  # of what is measured


def trust_wants(shown: Shown) -> list[Want]:
    """Give what there is to wait for, a method each."""
    return [_Trust(shown, method).want() for method in shown.parameters]


def trust_of(shown: Shown, method: str, made: Sequence[Explanation]) -> dict[str, Known]:
    """Give what is known by now of a method's maps, by finding."""
    return _Trust(shown, method).known(made)


class _Trust:
    """How far to trust a method's maps of a film."""

    def __init__(self, shown: Shown, method: str) -> None:
        self.shown, self.services, self.method = shown, shown.services, method

    def want(self) -> Want:
        title = f"how far to trust {EXPLAINERS[self.method].title}"
        return Want(self.key, f"{PREFIX}{self.method}", title, self.ask, self.find, self.preview)

    @property
    def key(self) -> str:
        return content_key(self.shown.key(self.method), "trust", VERSION)

    @property
    def _drawn_key(self) -> str:
        model = self.services.model_key(self.shown.model)
        return content_key(self.shown.sha256, model, "random maps", VERSION, DRAWS, STEPS)

    @property
    def _places_key(self) -> str | None:
        record = self.shown.record
        if record is None:
            return None
        stamp = self.services.library.dataset_stamp(record.dataset)
        return content_key("usual places", record.dataset, stamp, SIDE, MOST)

    @property
    def _is_there(self) -> bool:
        """Whether there are whole maps to measure."""
        return not self.shown.is_held(self.method) and self.services.store.has(self.shown.key(self.method))

    def ask(self) -> Job | None:
        """Ask for what takes time, once the maps are there; raises ValueError where there will be none."""
        if not self._is_there:
            job = self.services.jobs.find(self.shown.key(self.method))
            if job is not None and job.state == "failed":
                raise ValueError("There is no map to measure.")
            return None
        if self.shown.upload is not None:
            for key in (self.key, self._drawn_key):
                self.services.note_upload(self.shown.upload, key)
        return self.services.long_jobs.ask(self.shown.waiter, self.key, self._work, slow=True)

    def find(self) -> str | None:
        """Name the part with all that is said."""
        return self._offer("whole") if self._is_there and self._kept(self.key) else None

    def preview(self) -> str | None:
        """Name the part with what can be said at once."""
        return self._offer("at once") if self._is_there else None

    def known(self, made: Sequence[Explanation]) -> dict[str, Known]:
        counted = self._get(self._places_key)
        places = None if counted is None else read_places(counted)
        return known_of(self.shown, self.method, made, self._gains(), places)

    def _offer(self, what: str) -> str:
        measured = [[one.name, one.stamp(LEAGUE_FILE)] for one in results_of(self.shown)]
        return self.shown.offer(["trust", what, self.key, measured, *self.shown.words], self._part)

    def _part(self) -> Payload | None:
        made = self.services.store.get(self.shown.key(self.method))
        return None if made is None else {"lines": {name: trust_line(one) for name, one in self.known(made).items()}}

    def _work(self, budget: Budget) -> None:
        made = self.services.store.get(self.shown.key(self.method))
        if made is None:
            raise ValueError("The map is no longer there.")
        self._count_places(budget)
        answered = self.shown.card.probabilities(np.array([one.logit for one in made]))
        flagged = [k for k in range(len(made)) if stands(self.shown.card, answered, k)[0]]
        found: Answered = {"findings": np.array([made[k].finding for k in flagged], str)}
        if flagged:  # only then is the model needed: nobody should read the other maps
            found |= self._measure(made, flagged, budget)
        self._keep(self.key, found)

    def _measure(self, made: Sequence[Explanation], flagged: Sequence[int], budget: Budget) -> Answered:
        classifier = self.services.classifier(self.shown.model)
        canvas = classifier.prepare(self.shown.reopened())
        baselines = trust_baselines(classifier, canvas)
        drawn = self._get(self._drawn_key)
        random = [] if drawn is not None else list(draws(canvas.shape))
        answer = _watched(classifier, budget, films_asked(len(random) + len(flagged), len(baselines)))
        if drawn is None:
            drawn = {
                "gains": np.array([[gains(one, canvas, answer, at) for at in baselines.values()] for one in random])
            }
            self._keep(self._drawn_key, drawn)
        own = [[gains(made[k].map, canvas, answer, at)[k] for at in baselines.values()] for k in flagged]
        return {
            "baselines": np.array(list(baselines)),
            "gains": np.array(own),
            "drawn": np.asarray(drawn["gains"])[:, :, flagged],
        }

    def _gains(self) -> Gains:
        found = self._get(self.key)
        if found is None or not len(found["findings"]):
            return {}
        return {
            str(finding): tuple(
                Gain(str(baseline), float(found["gains"][i, j]), tuple(map(float, found["drawn"][:, j, i])))
                for j, baseline in enumerate(found["baselines"])
            )
            for i, finding in enumerate(found["findings"])
        }

    def _count_places(self, budget: Budget) -> None:
        key, record = self._places_key, self.shown.record
        if key is None or record is None or self._kept(key):
            return

        def tell(share: float) -> None:
            if budget.cancelled():
                raise Cancelled
            budget.progress(share / 2)

        names = list(dict.fromkeys((*FINDINGS, *self.shown.card.outputs)))
        places: UsualPlaces = count_places(self.services.library.dataset(record.dataset), names, progress=tell)
        self._keep(key, places.arrays())

    def _kept(self, key: str) -> bool:
        return self.services.answered.get(key) is not None or self.services.arrays.has(key)

    def _get(self, key: str | None) -> Answered | None:
        """Give arrays that are kept; what lies on the disk is kept in memory as well."""
        if key is None:
            return None
        found = self.services.answered.get(key)
        if found is None and (found := self.services.arrays.get(key)) is not None:
            self.services.answered.put(key, found)
        return found

    def _keep(self, key: str, found: Answered) -> None:
        """Keep arrays; of an upload in memory alone."""
        self.services.answered.put(key, found)
        if self.shown.record is not None:
            self.services.arrays.put(key, found)


def _watched(classifier: Classifier, budget: Budget, films: int) -> Callable[[np.ndarray], np.ndarray]:
    """Give the model's answers as a function that says how far it is, and stops when nobody waits any more."""
    asked = 0

    def answer(canvases: np.ndarray) -> np.ndarray:
        nonlocal asked
        if budget.cancelled():
            raise Cancelled
        logits = classifier.logits(canvases)
        asked += len(canvases)
        budget.progress(0.5 + min(0.5, 0.5 * asked / max(films, 1)))
        return logits

    return answer
