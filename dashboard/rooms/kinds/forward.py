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

MOST_TASK = 1200  # characters: it ends with how a map is read
CHOICES = ["Flagged", "Not flagged"]


class Forward(Paced):
    """Films to learn from, then films to foresee the answer on; the difference that maps make is on the wall."""

    name: ClassVar[str] = "forward"

    def checked(self, settings: Settings) -> dict[str, Any]:
        """Take ``{"seed", "method", "task", "chosen", "asked", "lessons": [film, …], "films": [film, …]}``.

        A film is ``{"film": part, "map": part, "flagged": bool, "present": bool}``; one to learn from also has
        ``"told"``.
        """
        only(settings, ("seed", "method", "task", "chosen", "asked", "lessons", "films"))
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
            "task": short_text(settings.get("task"), "what is to be done", MOST_TASK),
            "chosen": short_text(settings.get("chosen"), "how films were chosen"),
            "asked": short_text(settings.get("asked"), "a question"),
            "lessons": lessons,
            "films": films,
        }

    def films(self, settings: Settings, participant: str) -> list[dict[str, Any]]:
        """Give films with the answer to learn from, then the participant's own."""
        map_title = f"Its map by {settings['method']}"
        lessons = [
            {
                "title": f"To learn from, {number} of {len(settings['lessons'])}.",
                "text": one["told"],
                "film": one["film"],
                "map": one["map"],
                "map_title": map_title,
                "answers": "next",
            }
            for number, one in enumerate(settings["lessons"], 1)
        ]
        lessons[0]["task"] = f"{settings['task']} {settings['chosen']}"
        asked = []
        for number, trial in enumerate(self.trials(settings, participant), 1):
            one = settings["films"][int(trial.asked.film)]
            title = f"Film {number} of {FILMS}."
            shown = {"title": title, "text": settings["asked"], "film": one["film"]}
            shown |= {"answers": "choice", "choices": CHOICES}
            asked.append(shown | ({"map": one["map"], "map_title": map_title} if trial.with_map else {}))
        return lessons + asked

    def trials(self, settings: Settings, participant: str) -> list[Trial]:
        """Give what a participant foresees, in which arm: `draw_trials` of the room's seed."""
        flags = tuple((one["flagged"], one["present"]) for one in settings["films"])
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
        return {
            "answers": len(answers),
            "done": len(done),
            "counts": counts,
            "lines": [*_lines(len(answers), table), settings["chosen"]],
        }

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
def _trials(flags: tuple[tuple[bool, bool], ...], seed: int, participant: str) -> tuple[Trial, ...]:
    pool = Pool((), tuple(Asked(str(place), *told) for place, told in enumerate(flags)))
    return tuple(draw_trials(pool, seed, participant))


def _film(one: Mapping[str, Any]) -> dict[str, Any]:
    only(one, ("film", "map", "flagged", "present", "told"))
    if not all(isinstance(one.get(name), bool) for name in ("flagged", "present")):
        raise ValueError("Expected what the model answers of each film, and what is true.")
    return {
        "film": part_of(one.get("film")),
        "map": part_of(one.get("map")),
        "flagged": one["flagged"],
        "present": one["present"],
    }


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
