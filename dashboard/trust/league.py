"""The league: how well each method's maps find each finding, beside controls that know nothing."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard.components.cells import cells
from dashboard.components.download import download
from dashboard.page.glossary import explained
from dashboard.page.visit import refuse
from dashboard.page.words import escape
from dashboard.server.session import offer
from dashboard.trust.brought import is_own
from dashboard.trust.brought_panel import show_bringing, show_keeping, show_removing
from dashboard.trust.cell_films import show_films
from dashboard.trust.held_out import films_held_out
from dashboard.trust.league_table import finding_title, findings_of, heads, measure_title, measures_of, table_of
from dashboard.trust.league_words import (
    CARD_CHANGED,
    PLACE,
    about_cell,
    by_chance,
    by_finding,
    command,
    elsewhere,
    facts,
    films_measured,
    how_made,
    summary,
    title_of_cell,
)
from dashboard.trust.state import State
from dashboard.trust.subject import Subject
from dashboard.trust.visit import visit
from training.benchmark.league import ALL
from training.benchmark.results import Results
from xai.measures import FACTS

TABLE = "trust_table"
READING = (
    "Each number is the mean over films with its 95\u00a0% interval. ▲ ahead of the usual place, ▼ behind it: the "
    "95\u00a0% interval of the difference, film by film, leaves out 0. = may be either. "
)


def show_league(subject: Subject) -> None:
    """Show the league of a model, or how to make one."""
    if not subject.leagues:
        show_how_to_begin(subject)
        show_bringing(subject.library)
        return
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        results = choose_results(subject.leagues)
        _choose_measure(results)
        choose_finding(findings_of(results))
    measure = visit.state.measure
    if not measures_of(results):
        st.info(f"{escape(results.name)} holds no measure that this page knows.")
        return
    if results.is_brought:
        show_keeping(subject.library, results)
    elif is_own(subject.library, results):
        show_removing(subject.library, results)
    said = f"**{FACTS[measure].asks}** {summary(results, measure)} {by_finding(results, measure)} "
    said += elsewhere(results, measure)
    st.markdown(said, help=explained(FACTS[measure].asks))
    rows, columns = heads(results, measure)
    chosen = choose_cell(results, [row.name for row in rows])
    cells(
        f"{measure_title(measure)} of each method for each finding",
        rows,
        columns,
        table_of(results, measure),
        corner="Method",
        key=TABLE,
        chosen=chosen,
        on_pressed_change=_pressed,
    )
    st.caption(f"{READING}{by_chance(results, measure)} {escape(films_measured(results))}")
    st.caption(escape(films_held_out(subject, results)))
    if results.card_id not in ("", subject.card_id):
        st.caption(CARD_CHANGED)
    show_cell(subject, results, *chosen, measure)
    show_measure(measure)
    show_making(subject, results)
    show_bringing(subject.library)


def show_how_to_begin(subject: Subject) -> None:
    """Say that nothing was measured yet, and how to."""
    st.info(
        f"Nothing was measured of the maps of {escape(subject.model)} yet. This command measures them on a dataset "
        "whose truth is known, and this page shows what it finds. It goes on where it was stopped."
    )
    st.code(command(subject.model, "simulated"), language="bash")
    st.caption(PLACE)


def choose_results(leagues: Sequence[Results], *, is_shown: bool = True) -> Results:
    """Show the choice of the results, of which there are some; fill in what the state leaves open."""
    named = {results.name: results for results in leagues}
    first = max(leagues, key=lambda one: one.films).name  # of several, the one that is surest
    if visit.state.league not in named:
        if visit.state.league is not None:
            refuse(
                f"There are no results “{visit.state.league}” of this model; showing {first}. What somebody brings is "
                "forgotten when their page is closed or loaded anew, and others never have it: bring it again."
            )
        visit.change(league=None)
    results = named[visit.state.league or first]
    if not is_shown:
        return results
    visit.bound(
        st.selectbox,
        "Films",
        list(named),
        key="league",
        value=results.name,
        take=lambda name: {"league": name, "film": None},
        format_func=lambda name: f"{named[name].dataset} ({name})",
        width=330,
        help="Which films the maps were held against: those whose findings have a known place.",
    )
    return results


def _choose_measure(results: Results) -> None:
    there = measures_of(results)
    if there and visit.state.measure not in there:
        refuse(f"“{visit.state.measure}” was not measured here; showing {measure_title(there[0]).lower()}.")
        visit.change(measure=there[0])
    visit.bound(
        st.selectbox,
        "Measure",
        there,
        key="measure",
        value=visit.state.measure if there else None,
        format_func=measure_title,
        width=230,
        help="How a map is held against the truth; below the table stands what each does not show.",
    )


def choose_finding(there: list[str]) -> None:
    """Show the choice of the finding."""
    if visit.state.finding not in there:
        refuse(f"“{visit.state.finding}” was not measured here; showing {finding_title(there[0]).lower()}.")
        visit.change(finding=there[0])
    visit.bound(
        st.selectbox,
        "Finding",
        there,
        key="finding",
        take=lambda finding: {"finding": finding, "film": None},
        format_func=finding_title,
        width=200,
        help="Whose films are listed below. A cell of the table chooses it too.",
    )


def choose_cell(results: Results, methods: list[str]) -> tuple[str, str]:
    """Give the method and the finding whose cell is open: the best method where none is chosen."""
    if visit.state.method is not None and visit.state.method not in methods:
        refuse(f"“{visit.state.method}” was not measured here; showing {methods[0]}.")
        visit.change(method=None)
    return visit.state.method or methods[0], visit.state.finding


def show_cell(subject: Subject, results: Results, method: str, finding: str, measure: str) -> None:
    """Show what is behind a cell."""
    st.subheader(escape(title_of_cell(method, finding)), anchor=False)
    told = about_cell(results, method, finding, measure)
    if finding != ALL:
        told = f"{summary(results, measure, finding)}\n\n{told}"
    st.markdown(told, help=explained(told))
    show_films(subject, results, method, finding, measure)


def show_measure(measure: str) -> None:
    """Say what a measure shows and what it does not."""
    with st.expander(f"{measure_title(measure)}: what it shows, and what it does not", icon=":material/straighten:"):
        for what, told in facts(measure).items():
            st.markdown(f"**{what}.** {escape(told)}")


def show_making(subject: Subject, results: Results) -> None:
    """Say how the numbers were made, and give them away."""
    with st.expander("How this was made, and the numbers", icon=":material/terminal:"):
        st.markdown(
            "This command made it, and makes it again; with another dataset or model it makes one of your own. It "
            "goes on where it was stopped."
        )
        st.code(command(subject.model, results.dataset, results), language="bash")
        st.caption(PLACE)
        for title, parameters in how_made(results).items():
            st.caption(f"**{escape(title)}**: {escape(parameters)}")
        with st.container(horizontal=True, gap="small"):
            for name, label, told in (
                ("league", "League (CSV)", "A row a method, finding and measure, with interval and films."),
                (
                    "beside",
                    "Beside the usual place (CSV)",
                    "How far each method is ahead, and how often by chance.",
                ),
            ):
                table = getattr(results, name)
                address = offer(
                    f"{name}.csv",
                    f"{results.name}-{name}.csv",
                    "text/csv",
                    lambda table=table: table.to_csv(index=False),  # type: ignore[misc]
                )
                download(label, address, key=f"trust_{name}_csv", help=told)


def _pressed() -> None:
    """Open the cell that was pressed."""
    if not (pressed := st.session_state[TABLE].pressed):
        return
    method, finding = pressed
    visit.change(method=str(method), finding=str(finding), film=State.film)
