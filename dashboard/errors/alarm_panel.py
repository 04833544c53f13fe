"""The shortcut alarm on the page: its verdict, how often such a verdict is right, the regions, pictures and films."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from dashboard.components.download import download
from dashboard.errors.alarm_falls import MOST, AlarmFalls, Seen, drawn, falls_for, films_for
from dashboard.errors.alarm_words import (
    ASKS,
    METHOD,
    bounds_words,
    in_logits,
    p_words,
    rates_words,
    too_few,
    verdict_words,
)
from dashboard.errors.atlas import Atlas, open_in_films, show_films
from dashboard.errors.maps_wanted import Wanted, are_there, left_out, no_maps, obstacle
from dashboard.page.glossary import explained
from dashboard.server.session import offer
from dashboard.server.store import content_key
from training.evaluate.alarm import FEWEST, Alarm, alarm
from training.evaluate.alarm_rates import read_models
from training.evaluate.hidden_regions import REGIONS
from xai.findings import finding_label
from xai.machine import file_name

IN_GALLERY = 6


def show_alarm(atlas: Atlas) -> None:
    """Show what the alarm says of the model and the finding."""
    name = finding_label(atlas.finding)
    st.subheader(f"Shortcut alarm: {name}", anchor=False, help=METHOD)
    st.markdown(ASKS)
    if why := obstacle(atlas):
        no_maps(why, "The alarm is")
        return
    flagged, unflagged = films_for(atlas)
    if min(len(flagged), len(unflagged)) < FEWEST:
        st.info(too_few(len(flagged), len(unflagged)))
        return
    falls = falls_for(atlas)
    if not are_there(atlas, falls, Wanted("alarm", (*flagged, *unflagged))):
        return
    if min(len(falls.there(films)) for films in (flagged, unflagged)) < FEWEST:
        st.info(too_few(*(len(falls.there(films)) for films in (flagged, unflagged))))
        return
    output = list(atlas.services.library.card(falls.model).outputs).index(atlas.finding)
    key = content_key(falls.key, flagged, unflagged, output)
    first, second, said = _sounded(key, falls, flagged, unflagged, output)
    _show(atlas, first, second, said, output)
    if told := left_out(falls, (*flagged, *unflagged)):
        st.caption(told)


@st.cache_resource(max_entries=16, show_spinner="Comparing films …")
def _sounded(
    key: str, _falls: AlarmFalls, _flagged: tuple[str, ...], _unflagged: tuple[str, ...], output: int
) -> tuple[Seen, Seen, Alarm]:
    first, second = _falls.seen(_flagged), _falls.seen(_unflagged)
    return first, second, alarm(first.falls, second.falls, output)


def _show(atlas: Atlas, first: Seen, second: Seen, said: Alarm, output: int) -> None:
    words = verdict_words(said, finding_label(atlas.finding))
    (st.warning if said.region else st.info)(words, icon=":material/notifications:" if said.region else None)
    rates = rates_words(read_models())
    st.markdown(rates, help=explained(rates))
    titles = [
        f"Wrongly flagged, {said.flagged} films",
        f"Rightly not flagged, {said.unflagged} films",
        "The first less the second",
    ]
    pictures = drawn(first, second, output, said.region)
    for column, title, picture in zip(st.columns(3, gap="small"), titles, pictures, strict=True):
        column.image(picture, output_format="PNG", width="stretch", alt=f"Mean fall with each region hidden: {title}")
        column.caption(title)
    st.caption(
        "Orange: the score falls when the region is hidden; blue: it rises. The middle stands for long bright lines "
        "there. The first two have one scale; in the third, orange is where the wrongly flagged lose more. Left "
        "and right are those of the picture: the patient's left is mostly on its right. "
        f"{bounds_words(read_models())}"
    )
    table = regions_table(said)
    st.dataframe(
        for_reading(table), hide_index=True, height="content", key="errors_alarm_table", alt="Falls of each region."
    )
    _files_and_films(atlas, table)
    if said.region:
        _show_most(atlas, first, said.region, output)


def regions_table(said: Alarm) -> pd.DataFrame:
    """Give a row a region, as numbers."""
    flagged, unflagged, others = said.falls
    table = pd.DataFrame({"region": list(REGIONS), "flagged": flagged, "not_flagged": unflagged, "others": others})
    for name, one in (("not_flagged", said.against_unflagged), ("others", said.against_others)):
        if one is not None:
            for part in ("value", "low", "high", "p"):
                table[f"{part}_over_{name}"] = getattr(one, part)
    return table


def for_reading(table: pd.DataFrame) -> pd.DataFrame:
    """Give the same for reading, in logits."""
    shown = pd.DataFrame(
        {"Region": table["region"].str.capitalize(), "Wrongly flagged": table["flagged"].map(in_logits)}
    )
    for name, title in (("not_flagged", "Not flagged"), ("others", "Other findings, same films")):
        shown[title] = table[name].map(lambda fall: "–" if np.isnan(fall) else in_logits(fall))
        if f"p_over_{name}" in table:
            ends = table[[f"low_over_{name}", f"high_over_{name}"]].to_numpy()
            shown[f"More than {title.lower()}, 95\u00a0%"] = [
                f"{in_logits(low)} to {in_logits(high)}" for low, high in ends
            ]
            shown["p" if name == "not_flagged" else "p (others)"] = (
                table[f"p_over_{name}"].map(p_words).str.removeprefix("p = ").str.removeprefix("p ")
            )
    return shown


def _files_and_films(atlas: Atlas, table: pd.DataFrame) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if st.button(
            "Wrongly flagged films",
            key="errors_alarm_films",
            icon=":material/grid_view:",
            help=f"Open all of them on the Films page; the alarm looks at the {MOST} surest, one a patient.",
        ):
            open_in_films(atlas.films_state("FP"))
        file = file_name(f"{atlas.source.predictions.lower()}-{atlas.finding.lower()}-alarm.csv")
        download(
            "Regions",
            offer("alarm.csv", file, "text/csv", lambda: table.to_csv(index=False)),
            key="errors_alarm_csv",
            help="A row a region: mean falls in logits, differences, their intervals and p.",
        )


def _show_most(atlas: Atlas, first: Seen, region: str, output: int) -> None:
    lost = first.falls[:, output, REGIONS.index(region)]
    films = [first.films[row] for row in np.argsort(-lost, kind="stable")[:IN_GALLERY]]
    st.markdown(f"**Films that lose most with the {region}**")
    show_films(atlas, atlas.films_state("FP"), films, "errors_gallery_alarm")
