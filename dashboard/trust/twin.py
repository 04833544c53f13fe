"""Truth by twin: what a finding does to the model's answer, beside what each method's map claims for its place."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from dashboard.components.cells import Cell, Head, cells
from dashboard.components.download import download
from dashboard.page.glossary import explained
from dashboard.page.told import sentence_of
from dashboard.page.visit import refuse
from dashboard.page.words import escape
from dashboard.server.session import offer
from dashboard.trust.cell_films import COMPARE_PAGE, film_link
from dashboard.trust.league import choose_finding, choose_results, show_how_to_begin
from dashboard.trust.league_table import CONTROLS, finding_title, in_finding_order, method_title
from dashboard.trust.league_words import PLACE, command
from dashboard.trust.state import State
from dashboard.trust.subject import Subject
from dashboard.trust.twin_figure import scatter
from dashboard.trust.visit import visit
from training.benchmark.league import ALL
from training.benchmark.results import Results, read_twins
from training.benchmark.sources import TWINS_FILE, ResultsError, Source
from training.benchmark.twins import SHARE, claim_of
from xai.written import counted

TABLE, SCATTER = "trust_promises", "trust_scatter"
RANK, SLOPE, CLAIMED, EFFECT = "rank", "slope", "claimed", "effect"
COLUMNS = (
    Head(RANK, "Rank correlation", "Of claim and effect, over films: 1 is the same order, 0 is none."),
    Head(SLOPE, "Logits for each one claimed", "How many logits the answer moves for each that the map claims."),
    Head(CLAIMED, "Mean claim", "In logits; in percent of the evidence where the map is no logits.", apart=True),
    Head(EFFECT, "Mean effect", "Logits by which the answer falls from the film to its twin."),
)
HOW = (
    "A film's twin is the same film without the finding. The **effect** is by how much the logit falls from the film "
    "to its twin. The **claim** is what the map says of the finding's true place: its values there added up (SHAP, "
    "LIME), their mean (occlusion, RISE), or, where a map is no logits (Grad-CAM, LayerCAM), its share of the evidence."
)
LIMITS = (
    "A method hides a place with its own baseline, which is not the twin: a claim may be smaller than the effect "
    "without being wrong, and then the order should hold all the same. A large finding has a large effect and takes "
    "much of any map: what the controls reach, size alone gives. The effect is that of a simulated finding."
)


def show_twin(subject: Subject) -> None:
    """Show how far the claims of a model's maps hold, or how to find out."""
    with_twins = [results for results in subject.leagues if results.has(TWINS_FILE)]
    if not subject.leagues:
        show_how_to_begin(subject)
        return
    if not with_twins:
        st.info("The benchmarks of this model are of films that have no twin. Simulated films have one:")
        st.code(command(subject.model, "simulated"), language="bash")
        st.caption(PLACE)
        return
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        results = choose_results(with_twins)
        try:
            twins, held = twins_of(results)
        except ResultsError as error:
            st.warning(escape(sentence_of(error)), icon=":material/warning:")
            return
        choose_finding([ALL, *in_finding_order(set(held["finding"]) - {ALL})])
    held = held[held["finding"] == visit.state.finding].set_index("method")
    method = _choose_method(_in_order(held))
    left, right = st.columns([1.15, 1], gap="large")
    with left:
        st.markdown(told := summary(held), help=explained(told))
        _show_table(held, method)
        st.caption(HOW)
    with right:
        _show_films(subject, results, twins[twins["method"] == method], method)
    st.caption(LIMITS)
    _offer_tables(results, twins)


def summary(held: pd.DataFrame) -> str:
    """Say whose order holds best, and what the best control reaches; ``held`` is indexed by method."""
    known = held[held["rank"].notna()]
    own, controls = known[~known.index.isin(list(CONTROLS))], known[known.index.isin(list(CONTROLS))]
    if own.empty:
        return "There are too few films to say which method keeps its promises."
    best = _highest(own)
    name = method_title(str(best.name))
    near = [method_title(str(one)) for one, row in own.iterrows() if one != best.name and reaches(row, best)]
    if near:
        told = (
            f"The highest is **{name}**'s: {_rank_words(best)}. The intervals of {', '.join(near)} meet its own, so "
            "that whose claims follow the effects most closely is not known."
        )
    else:
        told = f"**{name}**'s claims follow the effects most closely: {_rank_words(best)}."
    if controls.empty:
        return told
    other = _highest(controls)
    control = method_title(str(other.name))
    told += f" The control *{control}*, which does not ask the model, reaches {_rank_words(other)}"
    if best["rank_low"] > other["rank_high"]:
        return f"{told}: size alone does not give that order."
    more = "more than any method; " if other["rank"] > best["rank"] else ""
    return f"{told}: {more}the intervals overlap, so that the order may come of size alone."


def reaches(row: pd.Series, best: pd.Series) -> bool:
    """Whether the interval of a method meets that of the best one, or is not known."""
    return not row["rank_high"] < best["rank_low"]


def _highest(held: pd.DataFrame) -> pd.Series:
    """Give the row of the method whose claims have the highest rank correlation."""
    return held.iloc[int(held["rank"].to_numpy().argmax())]


def promises_table(held: pd.DataFrame) -> dict[tuple[str, str], Cell]:
    """Give the cells, by method and column; ``held`` is indexed by method."""
    found = {}
    for method, row in held.iterrows():
        name, is_share = str(method), row["claim"] == SHARE
        for column, digits in ((RANK, 2), (SLOPE, 2)):
            if not math.isnan(row[column]):
                ends = f"{_signed(row[f'{column}_low'], digits)} to {_signed(row[f'{column}_high'], digits)}"
                words = _signed(row[column], digits)
                told = f"{method_title(name)}, {_titled(column)}: {words}, 95\u00a0% interval {ends}, "
                found[name, column] = Cell(words, ends, told=told + counted(int(row["films"]), "film"))
        claim = f"{100 * row[CLAIMED]:.0f}\u00a0%" if is_share else _signed(row[CLAIMED], 2)
        for column, words in ((CLAIMED, claim), (EFFECT, _signed(row[EFFECT], 2))):
            found[name, column] = Cell(words, told=f"{method_title(name)}, {_titled(column)}: {words}")
    return found


def twins_of(results: Results) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give the twins of a benchmark and how far claims hold, read once; raises ResultsError."""
    return _twins(results.source, results.stamp(TWINS_FILE))


@functools.lru_cache(maxsize=4)
def _twins(source: Source, stamp: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    found = read_twins(source)
    assert found is not None  # who asks has seen the file
    return found


def _in_order(held: pd.DataFrame) -> list[str]:
    """List the methods, the one whose order holds best first, then the controls."""
    rank = held["rank"].fillna(-math.inf)
    return sorted(map(str, held.index), key=lambda method: (method in CONTROLS, -rank[method]))


def _choose_method(methods: Sequence[str]) -> str:
    if visit.state.method is not None and visit.state.method not in methods:
        refuse(f"“{visit.state.method}” was not measured here; showing {method_title(methods[0])}.")
        visit.change(method=None)
    return visit.state.method or methods[0]


def _show_table(held: pd.DataFrame, chosen: str) -> None:
    methods = _in_order(held)
    first = next((method for method in methods if method in CONTROLS), None)
    cells(
        "How far each method's claims hold",
        [Head(one, method_title(one), apart=one == first and one != methods[0]) for one in methods],
        COLUMNS,
        promises_table(held),
        corner="Method",
        key=TABLE,
        chosen=(chosen, RANK),
        on_pressed_change=_pressed,
    )


def _show_films(subject: Subject, results: Results, twins: pd.DataFrame, method: str) -> None:
    finding = visit.state.finding
    shown = twins if finding == ALL else twins[twins["finding"] == finding]
    st.markdown(
        f"**{escape(method_title(method))}**, {counted(len(shown), 'finding')} of {shown['film'].nunique():,} films"
    )
    st.plotly_chart(
        scatter(shown, is_share=claim_of(method) == SHARE, chosen=visit.state.film),
        key=SCATTER,
        config={"displayModeBar": False, "scrollZoom": False, "doubleClick": False},
        on_select=lambda: _picked(shown),
        selection_mode="points",
        alt=f"What {method_title(method)} claims against what the finding does, a point a finding of a film.",
    )
    _choose_film(list(dict.fromkeys(shown["film"])))
    home = subject.home(results)
    if home is None:
        return
    film = visit.state.film or ""
    for finding in map(str, shown.loc[shown["film"] == film, "finding"]):
        st.page_link(
            COMPARE_PAGE,
            label=f"{escape(film)} without {finding_title(finding).lower()}",
            icon=":material/compare:",
            query_params=film_link(home, subject.model, film, finding, method, without=(finding,)),
            help="On Compare: the film with this map and its truth, beside its twin.",
        )


def _choose_film(films: list[str]) -> None:
    if visit.state.film is not None and visit.state.film not in films:
        refuse(f"“{visit.state.film}” is not among these films.")
        visit.change(film=None)
    visit.bound(
        st.selectbox,
        "Film",
        films,
        key="film",
        take=lambda film: {"film": film},
        placeholder="Choose a film, or click a point",
        help="Its points are ringed, and it can be opened beside its twin.",
        width=280,
    )


def _offer_tables(results: Results, twins: pd.DataFrame) -> None:
    address = offer("twins.csv", f"{results.name}-twins.csv", "text/csv", lambda: twins.to_csv(index=False))
    download("Claims and effects (CSV)", address, key="trust_twins_csv", help="A row a film, finding and method.")


def _pressed() -> None:
    if pressed := st.session_state[TABLE].pressed:
        visit.change(method=str(pressed[0]))


def _picked(shown: pd.DataFrame) -> None:
    points = st.session_state[SCATTER].selection.points
    names = set(shown["film"])
    film = next((one["customdata"][0] for one in points if one.get("customdata")), None)
    visit.change(film=film if film in names else State.film)


def _rank_words(row: pd.Series) -> str:
    ends = f"{_signed(row['rank_low'], 2)} to {_signed(row['rank_high'], 2)}"
    return f"{_signed(row['rank'], 2)} (95\u00a0% interval {ends})"


def _signed(value: float, digits: int) -> str:
    return "" if np.isnan(value) else f"{value:.{digits}f}".replace("-", "−")


def _titled(column: str) -> str:
    return next(head.title for head in COLUMNS if head.name == column).lower()
