"""What the sanity check found of all methods over some films: which pass, how sure that is, and the way there."""

from __future__ import annotations

import shlex

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from dashboard.components.download import download
from dashboard.page.glossary import explained
from dashboard.page.palette import Ink, theme_ink
from dashboard.page.words import escape
from dashboard.server.session import offer
from dashboard.trust.league_words import PLACE, dataset_word, model_word
from dashboard.trust.sanity_words import title_of, written
from dashboard.trust.subject import Subject, league_folders
from training.benchmark.sanity import EDGES, GRADIENT
from training.benchmark.sanity_table import Sanity, at_last, find_sanity, on_the_way
from xai.measures.sanity import LIMIT
from xai.written import counted

COLORS = ("#7aa6ff", "#ff8f70", "#47c9d8", "#c9a0ff", "#9ad36a", "#e0c068", "#ff6f91", "#4fd1a5")
BESIDE = (GRADIENT, EDGES)
VERDICTS = {True: "passes", False: "does not pass", None: "may be either"}
CAUGHT = {
    True: "The edges of the film, which know no model, pass too: this check is worth nothing.",
    False: "The edges of the film, which know no model, are caught, as they must be.",
    None: "Too few films to say whether the edges of the film, which know no model, are caught.",
}
QUIET = {"displayModeBar": False, "scrollZoom": False, "doubleClick": False}
ABOUT = (
    "Mean similarity over films with its 95\u00a0% interval, from draws of films. A method passes where the interval "
    f"lies below {LIMIT:g}, and does not where it lies above; it may be either where the interval holds the limit. A "
    "map that is empty once the model is random counts as 0; films whose trained map is empty are left out."
)


def show_over_films(subject: Subject) -> None:
    """Show what was found of this model over some films, or how to find it."""
    found = find_sanity(subject.library.model_id(subject.model), league_folders(subject.library))
    if found is None:
        st.caption(f"Over several films nothing was measured of {escape(subject.model)} yet. This command does it:")
        st.code(command(subject.model, "simulated"), language="bash")
        st.caption(PLACE)
        return
    last = at_last(found.table)
    last = last.loc[sorted(last.index, key=BESIDE.__contains__)]  # what only warns comes last
    said = summary(last, found)
    st.markdown(said, help=explained(said))
    with st.expander("The numbers, and the way there", icon=":material/checklist:"):
        st.dataframe(table_of(last), hide_index=True)
        st.plotly_chart(curves(on_the_way(found.table), theme_ink()), config=QUIET, key="trust_sanity_films_curves")
        st.caption(f"{ABOUT} {origin(found)}")
        st.code(command(subject.model, found.dataset, found), language="bash")
        st.caption(PLACE)
        address = offer(
            "sanity.csv", f"sanity-{subject.model}.csv", "text/csv", lambda: found.table.to_csv(index=False)
        )
        download("All films (CSV)", address, key="trust_sanity_csv", help="A row a film, map and stage.")


def summary(last: pd.DataFrame, found: Sanity) -> str:
    """Say which methods pass, which do not, and whether the edges are caught."""
    told = []
    for passes, verdict in VERDICTS.items():
        names = [title_of(str(name)) for name, row in last.iterrows() if row["passes"] is passes and name not in BESIDE]
        if names:
            told.append(f"**{verdict.capitalize()}**: {', '.join(names)}.")
    gradient = last["passes"].get(GRADIENT, "")
    beside = f"The plain gradient {VERDICTS[gradient]}." if GRADIENT in last.index else ""
    caught = CAUGHT[last["passes"][EDGES]] if EDGES in last.index else ""
    films = f"Over {counted(found.films, 'film')} of {escape(found.dataset)}, with all layers at random."
    return " ".join(filter(None, (films, *told, empty(last), beside, caught)))


def empty(last: pd.DataFrame) -> str:
    """Name the methods whose maps mostly mark nothing any more once all is random: they pass for that reason."""
    rows = [(title_of(str(name)), row) for name, row in last.iterrows() if row["empty"] > row["films"] / 2]
    return " ".join(
        f"Of {counted(row['films'], 'map')} by {title} {row['empty']} mark nothing any more, which counts as 0."
        for title, row in rows
    )


def table_of(last: pd.DataFrame) -> pd.DataFrame:
    """Write the table as people read it."""
    known = last["films"] > 0
    return pd.DataFrame(
        {
            "Map": [title_of(name) for name in last.index],
            "Similarity, all random": [
                written(one) if there else "not known" for one, there in zip(last["similarity"], known, strict=True)
            ],
            "95 % interval": [
                f"{written(low)} to {written(high)}" if count > 1 else ""
                for low, high, count in zip(last["low"], last["high"], last["films"], strict=True)
            ],
            "Verdict": [VERDICTS[one] for one in last["passes"]],
            "Films": last["films"].to_numpy(),
            "Empty when random": last["empty"].to_numpy(),
        }
    )


def curves(way: pd.DataFrame, ink: Ink) -> go.Figure:
    """Draw the mean similarity of each kind of map while more and more layers are at random."""
    figure = go.Figure()
    methods = [*(name for name in way["method"].unique() if name not in BESIDE), *BESIDE]
    for number, name in enumerate(methods):
        own = way[(way["method"] == name) & (way["films"] > 0)]
        color = ink.quiet if name in BESIDE else ink.readable(COLORS[number % len(COLORS)])
        figure.add_scatter(
            x=stages(own["layers"], int(way["layers"].max())),
            y=own["similarity"],
            name=title_of(name),
            mode="lines+markers",
            line={"color": color, "width": 2, "dash": {GRADIENT: "dash", EDGES: "dot"}.get(name, "solid")},
            hovertemplate=f"{title_of(name)}: %{{y:.2f}}<extra></extra>",
        )
    figure.add_hline(LIMIT, line={"color": ink.quiet, "dash": "dash", "width": 1})
    figure.update_layout(
        height=300,
        margin={"l": 0, "r": 0, "t": 10, "b": 0},
        yaxis={"title": "similarity", "fixedrange": True, "tickvals": [0, LIMIT, 0.5, 1]},
        xaxis={"fixedrange": True},
        legend={"orientation": "h", "x": 0, "y": -0.16, "yanchor": "top", "font": {"size": 11}},
        hovermode="x unified",
    )
    return figure


def stages(layers: pd.Series, whole: int) -> list[str]:
    """Name numbers of random layers."""
    words = {0: "trained", whole: "all random"}
    return [words.get(count, f"{count} of {whole} layers") for count in layers]


def origin(found: Sanity) -> str:
    """Say on what it was measured."""
    how = "each method's own settings" if found.samples is None else f"{found.samples} films hidden in part a map"
    return f"{counted(found.films, 'film')} of {escape(found.dataset)}, the first finding of each; {how}."


def command(model: str, dataset: str, found: Sanity | None = None) -> str:
    """Write the command that measures it, for a shell; with as many films as were measured."""
    more = ("--films", str(found.films)) if found is not None else ()
    if found is not None and found.samples is not None:
        more = (*more, "--samples", str(found.samples))
    words = ("python", "-m", "training", "sanity", dataset_word(dataset), "--model", model_word(model), *more)
    return shlex.join((*words, "--out", f"LIBRARY/leagues/sanity-{model}"))
