"""The films that Next goes through, from the one that hangs."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard.compare.hang import Hung, name_of, place_in_walk
from dashboard.server.library import OWN
from dashboard.server.services import Services
from dashboard.server.uploads import Upload, uploads


def films_from_here(services: Services, hung: Hung, most: int) -> list[str | Upload]:
    """Give this film and those after it: of those handed over, of the uploads, or of its dataset.

    Parameters
    ----------
    services : Services
    hung : Hung
    most : int
        How many to give.
    """
    walked = place_in_walk(services, hung)
    if walked is not None:
        walk, _ = walked
        names = walk.ahead(services, name_of(hung), most)
        if walk.dataset == OWN:
            own = {one.sha256: one for one in uploads()}
            return [own[name] for name in names if name in own]
        return [f"{walk.dataset}/{name}" for name in names]
    if hung.record is None:
        own_films = uploads()
        here = own_films.index(st.session_state.upload)
        return list(own_films[here : here + most])
    films = services.library.films(hung.record.dataset).index
    here = int(films.get_indexer(pd.Index([hung.record.film]))[0])
    return [f"{hung.record.dataset}/{name}" for name in films[here : here + most]]
