"""The shortcut alarm on the page: its verdict with the region, how often such a verdict is right, maps and films."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from dashboard.components.download import download
from dashboard.errors.alarm_maps import MOST, AlarmMaps, Seen, drawn, films_for, maps_for
from dashboard.errors.atlas import Atlas, open_in_films, show_films
from dashboard.errors.maps_wanted import Wanted, are_there, left_out, no_maps, obstacle
from dashboard.page.glossary import explained
from dashboard.page.words import escape, percent, to_tenth
from dashboard.server.session import offer
from dashboard.server.store import content_key
from training.evaluate.alarm import FEWEST, REGIONS, Alarm, Raised, alarm
from training.evaluate.alarm_rates import found, named_rightly, read_models
from training.evaluate.rates import Share
from xai.findings import finding_label
from xai.machine import file_name

IN_GALLERY = 6
ASKS = (
    "Does the model flag films for something beside the lungs, such as a marker, a token or a holder's clip? The alarm "
    "needs no outline drawn by anybody: it looks where the evidence lies on films that are wrongly flagged."
)
METHOD = (
    "Grad-CAM of all findings, each film's map as shares of its evidence. A corner is a fifth of each side, a border a "
    "tenth. A region is named where wrongly flagged films hold more there than films not flagged, and this finding "
    "more than the model's other findings on the same films: both beyond chance for eight regions at once "
    "(permutation, 5\u00a0%), and by 5\u00a0% of all evidence or more. One film a patient."
)
BOUNDS = (
    "Something over the lungs, such as a tube, has no region of its own here and is missed. Grad-CAM of a deep network "
    "may lie elsewhere than what moves its answer: the built-in model shortcut, which leans on a token, is missed too. "
    "Why evidence lies somewhere, the alarm does not know: look at the films, and hide the place by hand on Compare."
)


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
    maps = maps_for(atlas)
    if not are_there(atlas, maps, Wanted("alarm", (*flagged, *unflagged))):
        return
    if min(len(maps.there(films)) for films in (flagged, unflagged)) < FEWEST:
        st.info(too_few(*(len(maps.there(films)) for films in (flagged, unflagged))))
        return
    outputs = atlas.services.library.card(maps.model).outputs
    output = list(outputs).index(atlas.finding)
    first, second, said = _sounded(content_key(maps.key, flagged, unflagged, output), maps, flagged, unflagged, output)
    _show(atlas, first, second, said, output)
    if told := left_out(maps, (*flagged, *unflagged)):
        st.caption(told)


def too_few(flagged: int, unflagged: int) -> str:
    """Say that there are too few films to know."""
    return (
        f"**Not known: too few films.** The alarm needs at least {FEWEST} wrongly flagged films and {FEWEST} rightly "
        f"not flagged, each with a picture and of another patient; there are {flagged} and {unflagged}. A lower "
        "threshold flags more."
    )


@st.cache_resource(max_entries=16, show_spinner="Comparing maps …")
def _sounded(
    key: str, _maps: AlarmMaps, _flagged: tuple[str, ...], _unflagged: tuple[str, ...], output: int
) -> tuple[Seen, Seen, Alarm]:
    first, second = _maps.seen(_flagged), _maps.seen(_unflagged)
    return first, second, alarm(first.evidence, second.evidence, output)


def _show(atlas: Atlas, first: Seen, second: Seen, said: Alarm, output: int) -> None:
    words = verdict_words(said, finding_label(atlas.finding))
    (st.warning if said.region else st.info)(words, icon=":material/notifications:" if said.region else None)
    rates = rates_words(said)
    st.markdown(rates, help=explained(rates))
    titles = [
        f"Wrongly flagged, {said.flagged} films",
        f"Rightly not flagged, {said.unflagged} films",
        "The first less the second",
    ]
    pictures = drawn(first, second, output, said.region)
    for column, title, picture in zip(st.columns(3, gap="small"), titles, pictures, strict=True):
        column.image(picture, output_format="PNG", width="stretch", alt=f"Mean Grad-CAM with regions: {title}")
        column.caption(title)
    st.caption(
        "Each film's map is divided by its sum, and the mean is laid over the mean film. The first two have one scale; "
        f"in the third, orange is where the wrongly flagged hold more. {BOUNDS}"
    )
    table = regions_table(said)
    st.dataframe(
        in_percent(table), hide_index=True, height="content", key="errors_alarm_table", alt="Evidence in each region."
    )
    _files_and_films(atlas, table)
    if said.region:
        _show_most(atlas, first, said.region, output)


def verdict_words(said: Alarm, finding: str) -> str:
    """Say in words what was found, with the numbers."""
    if not said.region:
        return (
            f"**Nothing found.** No corner and no border holds enough more of the evidence for {escape(finding)}, "
            "beyond chance, both against films that are not flagged and against the model's other findings. That is no "
            "proof that there is no shortcut."
        )
    at = list(REGIONS).index(said.region)
    own, unflagged, others = said.shares[:, at]
    words = (
        f"**Evidence for {escape(finding)} gathers at the {said.region}: look there.** Wrongly flagged films hold "
        f"{percent(own)} of their evidence there, films not flagged {percent(unflagged)}"
        f"{_beyond(said.against_unflagged, at)}."
    )
    if said.against_others is not None:
        words += (
            f" For the model's other findings the same films hold {percent(others)}{_beyond(said.against_others, at)}."
        )
    return words


def _beyond(one: Raised | None, at: int) -> str:
    if one is None:
        return ""
    low, high = (to_tenth(end).replace("-", "−") for end in (one.low[at], one.high[at]))
    return f" (difference {to_tenth(one.value[at])}, 95\u00a0% interval {low} to {high}, {p_words(one.p[at])})"


def p_words(p: float) -> str:
    """Write a p value."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}" if p < 0.1 else f"p = {p:.2f}"


def rates_words(said: Alarm) -> str:
    """Say how often a verdict as this one was right on models whose truth is known."""
    models = read_models()
    strong, weak, accused = named_rightly(models, "strong"), named_rightly(models, "weak"), found(models, "clean")
    return (
        f"How far to trust this: on {len(models)} small networks made for the purpose, the alarm named the region of "
        f"{_share_words(strong)} strong shortcuts and of {_share_words(weak)} weak ones, and accused "
        f"{_share_words(accused)} clean networks. Other models, findings and films may differ."
    )


def _share_words(one: Share) -> str:
    return (
        f"{one.count} of {one.of} ({percent(one.value)}, 95\u00a0% interval {percent(one.low)} to {percent(one.high)})"
    )


def regions_table(said: Alarm) -> pd.DataFrame:
    """Give a row a region, as numbers."""
    flagged, unflagged, others = said.shares
    table = pd.DataFrame({"region": list(REGIONS), "flagged": flagged, "not_flagged": unflagged, "others": others})
    for name, one in (("not_flagged", said.against_unflagged), ("others", said.against_others)):
        if one is not None:
            for part in ("value", "low", "high", "p"):
                table[f"{part}_over_{name}"] = getattr(one, part)
    return table


def in_percent(table: pd.DataFrame) -> pd.DataFrame:
    """Give the same for reading."""
    shown = pd.DataFrame({"Region": table["region"].str.capitalize(), "Wrongly flagged": table["flagged"].map(percent)})
    for name, title in (("not_flagged", "Not flagged"), ("others", "Other findings, same films")):
        shown[title] = table[name].map(lambda share: "–" if np.isnan(share) else percent(share))
        if f"p_over_{name}" in table:
            ends = [
                f"{to_tenth(low)} to {to_tenth(high)}".replace("-", "−")
                for low, high in table[[f"low_over_{name}", f"high_over_{name}"]].to_numpy()
            ]
            shown[f"More than {title.lower()}, 95\u00a0%"] = ends
            shown["p" if name == "not_flagged" else "p (others)"] = (
                table[f"p_over_{name}"].map(p_words).str.removeprefix("p = ")
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
            help="A row a region: mean shares, differences, their intervals and p.",
        )


def _show_most(atlas: Atlas, first: Seen, region: str, output: int) -> None:
    rows, columns = REGIONS[region]
    there = first.evidence[:, output, rows, columns].sum(axis=(1, 2))
    films = [first.films[row] for row in np.argsort(-there, kind="stable")[:IN_GALLERY]]
    st.markdown(f"**Films with most of their evidence at the {region}**")
    show_films(atlas, atlas.films_state("FP"), films, "errors_gallery_alarm")
