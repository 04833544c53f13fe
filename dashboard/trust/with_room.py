"""A contest or an experiment for the whole room: what the room that this visitor holds is asked."""

from __future__ import annotations

import streamlit as st

from dashboard.page.forward_words import chosen, task
from dashboard.page.told import sentence_of
from dashboard.page.words import escape
from dashboard.rooms import lead
from dashboard.rooms.kinds.contest import written_truth
from dashboard.rooms.room import Room, RoomError
from dashboard.rooms.step import Question, Step
from dashboard.server.services import Services
from dashboard.trust.beat import Contest
from dashboard.trust.beat_pictures import film_alone
from dashboard.trust.forward import Experiment
from dashboard.trust.league_table import finding_title, method_title
from dashboard.trust.pictures import WEBP, as_webp, laid
from training.benchmark.forward import Asked
from xai.explainers import EXPLAINERS

ASKED = "The room is asked. Its answers are counted on the page Room; reveal them there once all are done."
STEP = Step("trust", (), "Films on your phone, at your own pace.")


def room_of(services: Services) -> Room | None:
    """Give the room that this visitor holds, while it is open."""
    room = lead.held_room(services)
    return room if room is not None and room.is_open else None


def ask_room(services: Services, room: Room, question: Question) -> None:
    """Ask the room, and say so."""
    try:
        lead.move(services, room, STEP, question)
    except (RoomError, ValueError) as error:
        st.warning(escape(sentence_of(error)))
        return
    st.success(ASKED)


def contest_question(contest: Contest) -> Question:
    """Ask where the findings of a contest are; raises FilmError or DatasetError where a film cannot be opened."""
    films = []
    for number, one in enumerate(contest.rounds):
        truth, finding = contest.truth(number), finding_title(one.finding)
        films.append(
            {
                "text": f"Where is the {finding.lower()}?",
                "part": _contest_part(contest, number),
                "truth": written_truth(truth),
                "chance": float(truth.mean()),
                "rivals": {method_title(rival): contest.hit(rival, number) for rival in contest.rivals},
            }
        )
    return Question("contest", "Beat the heat map: mark the finding on each film.", {"films": films})


def forward_question(experiment: Experiment) -> Question:
    """Ask what the model of an experiment will answer."""
    finding = finding_title(experiment.finding).lower()
    method = EXPLAINERS[experiment.method]
    settings = {
        "seed": experiment.seed,
        "method": method.title,
        "task": f"{task(experiment.subject.model, finding, experiment.threshold, method.title)} {method.reading}",
        "chosen": chosen(experiment.pool, experiment.wrong, experiment.known),
        "asked": f"Will the model flag {finding}?",
        "lessons": [_film(experiment, one) | {"told": _told(one, finding)} for one in experiment.pool.lessons],
        "films": [_film(experiment, one) for one in experiment.pool.films],
    }
    return Question("forward", f"Do maps help? Foresee what the model says of {finding}.", settings)


def _told(one: Asked, finding: str) -> str:
    words = "flagged" if one.flagged else "did not flag"
    is_wrong = one.flagged != one.present
    return f"The model {words} {finding}, which was {'wrong' if is_wrong else 'right'}."


def _film(experiment: Experiment, one: Asked) -> dict[str, object]:
    maps, parts = experiment.maps, experiment.subject.services.channel.parts
    key, signed = maps.name_of(one.film), maps.explainer.signed

    def draw(with_map: bool) -> bytes | None:
        made = maps.get(one.film)
        return None if made is None else as_webp(laid(made.canvas, made.values if with_map else None, signed))

    alone = parts.offer(["room forward film", key], lambda: draw(False), media=WEBP)
    with_map = parts.offer(["room forward map", key], lambda: draw(True), media=WEBP)
    return {"film": alone, "map": with_map, "flagged": one.flagged, "present": one.present}


def _contest_part(contest: Contest, number: int) -> str:
    parts, about = contest.subject.services.channel.parts, [contest.results.name, contest.rounds[number].film]
    return parts.offer(["room beat", *about], lambda: as_webp(film_alone(contest.film(number))), media=WEBP)
