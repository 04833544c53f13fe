"""Do maps help, as a class: everybody foresees the model's answers, on films of the own, half of them with a map."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any, ClassVar

import pandas as pd

from dashboard.page.forward_words import NOT_TRUTH, covers, gain, meaning, shares
from dashboard.rooms.kinds.kind import Settings, only, short_text
from dashboard.rooms.kinds.paced import Paced, film_list, label, part_of
from training.benchmark.forward import FILMS, LESSONS, Asked, Pool, Trial, draw_trials, helped
from xai.written import counted

CHOICES = ["Flagged", "Not flagged"]


class Forward(Paced):
    """Films to learn from, then films to foresee the answer on; the difference that maps make is on the wall."""

    name: ClassVar[str] = "forward"

    def checked(self, settings: Settings) -> dict[str, Any]:
        """Take ``{"seed", "method", "asked", "lessons": [film, …], "films": [film, …]}``.

        A film is ``{"film": part, "map": part, "flagged": bool}``; one to learn from also has ``"told"``.
        """
        only(settings, ("seed", "method", "asked", "lessons", "films"))
        seed = settings.get("seed")
        if type(seed) is not int or not 0 <= seed < 2**31:
            raise ValueError("Expected a whole number as the seed.")
        films = [_film(one) for one in film_list(settings.get("films"), FILMS)]
        if min(sum(one["flagged"] is wanted for one in films) for wanted in (True, False)) < FILMS // 2:
            raise ValueError(f"Expected {FILMS // 2} films that are flagged, and as many that are not.")
        lessons = [
            _film(one) | {"told": short_text(one.get("told"), "what the model answers")}
            for one in film_list(settings.get("lessons"), LESSONS)
        ]
        return {
            "seed": seed,
            "method": label(settings.get("method")),
            "asked": short_text(settings.get("asked"), "a question"),
            "lessons": lessons,
            "films": films,
        }

    def films(self, settings: Settings, participant: str) -> list[dict[str, Any]]:
        """Give films with the answer to learn from, then the participant's own."""
        map_title = f"Its map by {settings['method']}"
        lessons = [
            {"text": one["told"], "film": one["film"], "map": one["map"], "map_title": map_title, "answers": "next"}
            for one in settings["lessons"]
        ]
        asked = []
        for trial in self.trials(settings, participant):
            one = settings["films"][int(trial.asked.film)]
            shown = {"text": settings["asked"], "film": one["film"], "answers": "choice", "choices": CHOICES}
            asked.append(shown | ({"map": one["map"], "map_title": map_title} if trial.with_map else {}))
        return lessons + asked

    def trials(self, settings: Settings, participant: str) -> list[Trial]:
        """Give what a participant foresees, in which arm: `draw_trials` of the room's seed."""
        flags = "".join("f" if one["flagged"] else "n" for one in settings["films"])
        return list(_trials(flags, settings["seed"], participant))

    def taken(self, settings: Settings, participant: str, number: int, answer: Any) -> int:
        """Take the number of a choice; of a film to learn from, that it was seen."""
        if number < len(settings["lessons"]):
            return 0
        if type(answer) is not int or not 0 <= answer < len(CHOICES):
            raise ValueError("Expected one of the choices.")
        return answer

    def count(self, settings: Settings, answers: Mapping[str, Any]) -> dict[str, Any]:
        """Count what was foreseen with maps and without, of those who answered all films."""
        done = self.finished(settings, answers)
        rows = [
            (who, trial.asked.film, trial.with_map, (said == 0) == trial.asked.flagged)
            for who, own in done.items()
            for trial, said in zip(self.trials(settings, who), own[len(settings["lessons"]) :], strict=True)
        ]
        table = pd.DataFrame(rows, columns=["participant", "film", "with_map", "right"])
        counts = [int(((table["with_map"] == arm) & (table["right"] == right)).sum()) for arm, right in ARMS.values()]
        return {"answers": len(answers), "done": len(done), "counts": counts, "lines": _lines(len(answers), table)}

    def rows(self, settings: Settings, counts: Mapping[str, Any]) -> list[tuple[str, int]]:
        """Give how many answers were foreseen in each arm, and how many were not."""
        return list(zip(ARMS, counts["counts"], strict=True))


ARMS = {
    "with a map, foreseen": (True, True),
    "with a map, not foreseen": (True, False),
    "without a map, foreseen": (False, True),
    "without a map, not foreseen": (False, False),
}


@functools.lru_cache(maxsize=2048)
def _trials(flags: str, seed: int, participant: str) -> tuple[Trial, ...]:
    pool = Pool((), tuple(Asked(str(place), flag == "f", False) for place, flag in enumerate(flags)))
    return tuple(draw_trials(pool, seed, participant))


def _film(one: Mapping[str, Any]) -> dict[str, Any]:
    only(one, ("film", "map", "flagged", "told"))
    if not isinstance(one.get("flagged"), bool):
        raise ValueError("Expected what the model answers of each film.")
    return {"film": part_of(one.get("film")), "map": part_of(one.get("map")), "flagged": one["flagged"]}


def _lines(begun: int, table: pd.DataFrame) -> list[str]:
    people = int(table["participant"].nunique())
    left = begun - people
    first = f"{counted(people, 'person', 'people')} answered all films."
    if left:
        first += f" {counted(left, 'person', 'people')} not at the end yet: left out."
    if not people:
        return [first]
    found = helped(table)
    return [shares(found), f"Difference: {gain(found)}. {meaning(found)}", f"{first} {covers(found)}", NOT_TRUTH]
