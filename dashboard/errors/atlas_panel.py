"""The atlas: wrongly judged films as galleries, and what they share."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard.errors import figures
from dashboard.errors.atlas import Atlas, chosen_controls, open_in_films, show_films
from dashboard.errors.atlas_figures import traits_plot
from dashboard.errors.state import AGAINST, CELLS
from dashboard.errors.visit import visit
from dashboard.films.chips import SEXES
from dashboard.films.state import OUTCOMES
from dashboard.page.words import escape, percent
from training.evaluate.judged import Judged
from xai.findings import finding_label

IN_GALLERY = 8
MOST_TRAITS = 14
EXPLAINED = {
    "FP": ("Flagged, but not there", "False positives: the model is surest of the first ones, and wrong."),
    "FN": ("There, but not flagged", "False negatives: the model is surest that the first ones have nothing."),
}

MEANS = {
    ("FP", "TN"): "Neither has the finding: what differs may be what the model takes for it.",
    ("FP", "TP"): "Both are flagged: what differs tells wrong flags from right ones.",
    ("FN", "TP"): "Both have the finding: what differs may be what hides it from the model.",
    ("FN", "TN"): "Neither is flagged: what differs tells misses from films rightly left alone.",
}


def show_galleries(atlas: Atlas) -> None:
    """Show false positives and false negatives side by side, most confident first."""
    have = {cell: int((atlas.outcome == cell).sum()) for cell in CELLS}
    open_ = {cell: int(((atlas.outcome == cell) & atlas.can_open).sum()) for cell in CELLS}
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        chosen_controls(atlas)
        if sum(open_.values()) < sum(have.values()) or visit.state.pictures:
            visit.bound(
                st.toggle,
                f"Only the {sum(open_.values()):,} with a picture here",
                key="pictures",
                help=f"{sum(have.values()) - sum(open_.values()):,} of these films are in the table without a picture.",
            )
    for cell, column in zip(CELLS, st.columns(2, gap="large"), strict=True):
        with column:
            _gallery(atlas, cell, open_[cell] if visit.state.pictures else have[cell])


def _gallery(atlas: Atlas, cell: str, count: int) -> None:
    title, words = EXPLAINED[cell]
    heading, button = st.columns([3, 1.4], vertical_alignment="center", gap="small")
    heading.subheader(title, anchor=False, help=words)
    if not count:
        st.info(_nobody(atlas, cell))
        return
    if button.button(
        f"All {count:,}",
        key=f"errors_all_{cell}",
        icon=":material/grid_view:",
        width="stretch",
        help="Open all of them on the Films page, in this order.",
    ):
        open_in_films(atlas.films_state(cell))
    shown = atlas.films_of(cell)[:IN_GALLERY]
    st.caption(f"The {len(shown)} most confident {CELLS[cell]} of {count:,}; a click opens a film large.")
    show_films(atlas, atlas.films_state(cell), shown, f"errors_gallery_{cell}")


def _nobody(atlas: Atlas, cell: str) -> str:
    if visit.state.pictures and (atlas.outcome == cell).any():
        return f"None of the {CELLS[cell]} has a picture on this machine; switch “Only …” off to see which they are."
    way = "Lower" if cell == "FP" else "Raise"
    name = escape(finding_label(atlas.finding))
    return f"There are no {CELLS[cell]} of {name} at this threshold. {way} it to see some."


def show_traits(atlas: Atlas) -> None:
    """Show what the films of a cell share, against those that the model got right."""
    from training.evaluate.atlas import CORRECTION  # scipy.stats takes a second

    left, right = st.columns([1, 1.9], gap="large")
    cell, against = visit.state.cell, visit.state.against
    with left:
        st.subheader("What they share", anchor=False, help=CORRECTION)
        choose_cell("cell")
        choose_against("against")
        table = _contrast(atlas.source.stamp, atlas.finding, atlas.threshold, cell, against, atlas.judged)
        whose, others = OUTCOMES[cell], AGAINST[against]
        if not len(table):
            st.info(_no_contrast(atlas, whose))
            return
        st.markdown(in_words(table, f"{whose}s", others))
        st.caption(
            f"Dot: share among the {(atlas.outcome == cell).sum():,} {whose}s less the share among the "
            f"{(atlas.outcome == against).sum():,} {others}, with its 95\u00a0% interval (Newcombe's, from "
            f"those of both shares: {atlas.judged.share_method}). Grey: it may be chance. {len(table)} traits were "
            f"compared; q is corrected for that. {MEANS[cell, against]}"
        )
        if caution := atlas.judged.whose.caution:
            st.caption(caution)
        _show_other(atlas, cell, against)
    shown = table.head(MOST_TRAITS)
    names = [trait_name(trait, group) for trait, group in shown[["trait", "group"]].to_numpy()]
    right.plotly_chart(
        traits_plot(shown, names, cell, against),
        key="errors_traits",
        config=figures.QUIET,
        alt=in_words(table, f"{whose}s", others),
    )


def _show_other(atlas: Atlas, cell: str, against: str) -> None:
    """Name the trait that differs most from the other films that the model got right, and the way there."""
    other = next(one for one in AGAINST if one != against)
    table = _contrast(atlas.source.stamp, atlas.finding, atlas.threshold, cell, other, atlas.judged)
    table = table[table["q"] < 0.05]
    if not len(table):
        return
    first = table.iloc[0]
    st.button(
        f"Against the {AGAINST[other]}: {escape(trait_name(first['trait'], first['group']))}, "
        f"{percent(first['share'])} and {percent(first['against_share'])}"
        + (f", and {len(table) - 1} more" if len(table) > 1 else ""),
        key="errors_other",
        type="tertiary",
        icon=":material/compare_arrows:",
        on_click=visit.change,
        kwargs={"against": other},
    )


@st.cache_resource(max_entries=32, show_spinner=False)
def _contrast(stamp: str, finding: str, threshold: float, cell: str, against: str, _judged: Judged) -> pd.DataFrame:
    from training.evaluate.atlas import contrast

    return contrast(_judged, finding, threshold, cell, against)


def choose_cell(key: str) -> None:
    """Show the choice between false positives and false negatives."""
    visit.bound(
        st.segmented_control,
        "Which films",
        list(CELLS),
        key=key,
        value=visit.state.cell,
        take=lambda cell: {"cell": cell or "FP"},
        format_func=lambda cell: CELLS[cell].capitalize(),
        label_visibility="collapsed",
    )


def choose_against(key: str) -> None:
    """Show the choice of what the wrongly judged films are held against."""
    visit.bound(
        st.segmented_control,
        "Held against",
        list(AGAINST),
        key=key,
        value=visit.state.against,
        take=lambda cell: {"against": cell or "TP"},
        format_func=lambda cell: f"against {AGAINST[cell]}",
        label_visibility="collapsed",
        help="  \n".join(dict.fromkeys(MEANS.values())),
    )


def trait_name(trait: str, group: str) -> str:
    """Say what a trait is."""
    words = group.replace("_", " ")
    return {
        "finding": f"with {words.lower()}",
        "object": f"{words} in the picture",
        "sex": SEXES.get(group, group),
        "age": f"age {words}",
        "view": f"view {words}",
    }.get(trait, f"{trait} {words}")


def in_words(table: pd.DataFrame, whose: str, others: str) -> str:
    """Name the traits that differ beyond chance between two kinds of films."""
    sure = table[table["q"] < 0.05]
    if not len(sure):
        return f"Nothing sets the {whose} apart from the {others} beyond chance."
    lines = [
        f"- **{escape(trait_name(trait, group))}**: {percent(share)} of the {whose}, {percent(against)} of the {others}"
        for trait, group, share, against in sure.head(4)[["trait", "group", "share", "against_share"]].to_numpy()
    ]
    more = f"\n- and {len(sure) - 4} more" if len(sure) > 4 else ""
    return f"What sets the {whose} apart from the {others}:\n\n" + "\n".join(lines) + more


def _no_contrast(atlas: Atlas, whose: str) -> str:
    there = [(atlas.outcome == cell).any() for cell in (visit.state.cell, visit.state.against)]
    if all(there):
        return "The dataset tells nothing else of these films, such as view, sex or age: there is nothing to compare."
    absent = OUTCOMES[visit.state.against] if there[0] else whose
    return f"There are no {absent}s at this threshold, so there is nothing to compare; move the threshold."
