"""The light box with a film and nothing beside it: what hangs where no model can be used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dashboard.compare import light_box
from dashboard.compare.film_parts import FilmParts
from dashboard.compare.hang import Hung
from dashboard.components import payload
from dashboard.server.services import Services

ABOUT = "The film alone: there is no model to ask."


def film_words(hung: Hung, part: str) -> dict[str, Any]:
    """Give what the viewer is told of the film that hangs, whatever looks at it."""
    film = payload.film_payload(
        hung.film.sha256,
        title=hung.title,
        alt=hung.described(hung.title),
        part=part,
        plain={"title": hung.plain_title, "alt": hung.described(hung.plain_title)},
    )
    return {"film": film, "sides": hung.film.facts.sides}


def film_alone(services: Services, hung: Hung, channel: Mapping[str, Any]) -> dict[str, Any]:
    """Give the viewer a film without findings and maps.

    Parameters
    ----------
    services : Services
    hung : Hung
    channel : mapping
        What the viewer needs of the page's channel and of the display.
    """
    part = FilmParts(services, hung.film.sha256, hung.record, hung.came, hung.mend).film()
    nothing = {"findings": [], "panels": [], "luts": light_box.colour_tables(), "selected": None, "about": ABOUT}
    return {**film_words(hung, part), **nothing, **channel}
