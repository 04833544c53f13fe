"""AUROCs beside the published ones, which were measured on other films."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard.models.figures import QUIET, areas_figure
from dashboard.models.inventory import ModelEntry
from dashboard.models.panels.measured import COLUMNS, ROW_HEIGHT, area_words, choose_evaluation, evaluation_words
from dashboard.models.state import MOST_BESIDE
from dashboard.models.visit import visit
from dashboard.page.card_figures import Evaluation, Measured
from dashboard.page.glossary import explained
from dashboard.page.palette import theme_ink
from dashboard.page.words import escape
from training.evaluate.published import FIGURES, Published
from xai.findings import FINDINGS, finding_label

WARNING = (
    "**Different films: to get one’s bearings, not to rank.** An AUROC depends on the films: a split with more hard "
    "ones scores lower, whatever the model. Even the published figures are of three different splits. With predictions "
    "for the very same films, the ROC page checks the list film by film and then allows the comparison."
)


def show_published(model: ModelEntry) -> None:
    """Show the section."""
    card = model.readable_card
    known = [name for name in card.outputs if name in FINDINGS]
    if not known:
        st.info(
            "None of this model’s outputs is a finding of NIH ChestX-ray14, so no published figure is "
            "about the same question.",
            icon=":material/info:",
        )
        return
    st.warning(WARNING, icon=":material/warning:")
    evaluation = choose_evaluation(card)
    nothing = "Nothing was measured for this model; these are the others’."
    st.markdown(said := evaluation_words(card, evaluation) if evaluation else nothing, help=explained(said))
    keys = [one.key for one in FIGURES]
    visit.bound(
        st.multiselect,
        "Published figures",
        keys,
        key="beside",
        value=list(visit.state.beside),
        take=lambda chosen: {"beside": tuple(chosen)},
        max_selections=MOST_BESIDE,
        label_visibility="collapsed",
        placeholder="Choose published figures",
    )
    beside = [one for one in FIGURES if one.key in visit.state.beside]
    findings = {name: evaluation.findings.get(name, Measured()) if evaluation else Measured() for name in known}
    picture, table = st.columns([1, 1.1], gap="medium")
    with picture:
        st.plotly_chart(
            areas_figure(findings, theme_ink(), beside),
            key="models_published",
            config=QUIET,
            alt=_alt(evaluation, beside),
        )
    with table:
        st.dataframe(
            table_beside(findings, beside),
            hide_index=True,
            height="content",
            row_height=ROW_HEIGHT,
            column_config=COLUMNS,
        )
    for one in beside:
        count = f"{one.split.films:,}" if one.split.films else ""
        films = f", {count} films" if count not in one.split.name else ""
        st.caption(f"**{escape(one.key)}**: {escape(one.source)}. On {escape(one.split.name)}{films}. {one.note}")


def table_beside(findings: dict[str, Measured], beside: list[Published]) -> pd.DataFrame:
    """Give a row for each finding: this model's AUROC with its interval, and the published ones."""
    return pd.DataFrame(
        [
            {"Finding": finding_label(name), "This model": area_words(one)}
            | {other.key: f"{other.aurocs[name]:.3f}" for other in beside}
            for name, one in findings.items()
        ]
    )


def _alt(evaluation: Evaluation | None, beside: list[Published]) -> str:
    others = ", ".join(one.key for one in beside) or "no published figures"
    model = "this model" if evaluation else "this model, which was not measured,"
    return f"AUROC of {model} beside {others}; the table has the numbers."
