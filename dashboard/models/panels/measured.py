"""How good a model is: AUROC of every finding with its interval, calibration, thresholds, and on which films."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from dashboard.models.figures import QUIET, areas_figure
from dashboard.models.inventory import ModelEntry
from dashboard.models.visit import visit
from dashboard.page.card_figures import Evaluation, Measured, at, evaluations, number, text
from dashboard.page.glossary import explained
from dashboard.page.palette import theme_ink
from dashboard.page.visit import refuse
from dashboard.page.words import escape, percent
from dashboard.server.library import Library
from training.predictions.table import PredictionsError
from xai.cards.model_card import ModelCard
from xai.findings import finding_label

NOT_MEASURED = """Nothing was measured for this model: its card holds no AUROC.

Let it answer a dataset with labels, with **Predict** on the Films page, and look at the ROC page."""
MOST_LINKS = 6
ROW_HEIGHT = 28
COLUMNS = {
    "Finding": st.column_config.TextColumn(width=124),
    "With it": st.column_config.TextColumn(help="Films that have the finding."),
    "Threshold": st.column_config.TextColumn(help="The probability from which the finding counts as flagged."),
    "Sens.": st.column_config.TextColumn(help="Sensitivity: share of the films with it that are flagged."),
    "Spec.": st.column_config.TextColumn(help="Specificity: share of the films without it that are not flagged."),
    "ECE": st.column_config.TextColumn(help="Expected calibration error: mean gap of probability and observed share."),
    "Training": st.column_config.TextColumn(help="Share of the training films that had it."),
}


def choose_evaluation(card: ModelCard) -> Evaluation | None:
    """Show which films the figures are of; None, and what to do, where there are no figures."""
    found = evaluations(card)
    if not found:
        return None
    key = visit.state.evaluation if visit.state.evaluation in found else next(iter(found))
    if visit.state.evaluation is not None and visit.state.evaluation not in found:
        refuse(f"This card has no figures of “{visit.state.evaluation}”; showing {found[key].title.lower()}.")
    if len(found) > 1:
        visit.bound(
            st.segmented_control,
            "Films",
            list(found),
            key="evaluation",
            value=key,
            format_func=lambda evaluation: escape(found[evaluation].title),
            label_visibility="collapsed",
        )
    return found[key]


def show_measured(library: Library, model: ModelEntry) -> None:
    """Show the section."""
    card = model.readable_card
    evaluation = choose_evaluation(card)
    if evaluation is None:
        st.info(NOT_MEASURED, icon=":material/info:")
        _elsewhere(library, model)
        return
    st.markdown(said := evaluation_words(card, evaluation), help=explained(said))
    picture, table = st.columns([1, 1.25], gap="medium")
    with picture:
        st.plotly_chart(
            areas_figure(evaluation.findings, theme_ink()), key="models_areas", config=QUIET, alt=alt(evaluation)
        )
    with table:
        st.dataframe(
            figures_table(card, evaluation),
            hide_index=True,
            height="content",
            row_height=ROW_HEIGHT,
            column_config=COLUMNS,
            alt="The same figures as a table.",
        )
        st.caption(
            "AUROC: the chance that a film with the finding scores above one without; 0.5, the dotted line, is a coin. "
            "With its 95\u00a0% interval.",
            help=definitions(card),
        )
    _token(card, evaluation)
    _elsewhere(library, model)


def evaluation_words(card: ModelCard, evaluation: Evaluation) -> str:
    """Say which films these are, and the means over them."""
    said = f"{evaluation.films:,.0f} films" if evaluation.films is not None else "How many films the card does not say"
    said += f" of {evaluation.patients:,.0f} patients" if evaluation.patients is not None else ""
    name = text(at(card.provenance, "data", "name"))
    said += f" of {escape(name)}" if name and "." not in evaluation.key and "simulated" not in evaluation.key else ""
    said = f"**{escape(evaluation.title)}**: {said}. {escape(evaluation.meaning)}"
    mean = evaluation.mean
    if mean.auroc is not None:
        said += f" {'AUROC' if len(card.outputs) == 1 else 'Mean AUROC'} **{area_words(mean)}**."
    if mean.ece is not None:
        said += f" Probabilities are off by {percent(mean.ece)} on average."
    return said


def area_words(found: Measured) -> str:
    """Write an AUROC with its interval."""
    if found.auroc is None:
        return "not measured"
    return f"{found.auroc:.2f}" + (f" ({found.low:.2f} to {found.high:.2f})" if found.low is not None else "")


def figures_table(card: ModelCard, evaluation: Evaluation) -> pd.DataFrame:
    """Give a row for each output, measured or not, without columns that nothing stands in."""
    rows = []
    for name in card.outputs:
        found = evaluation.findings.get(name, Measured())
        rows.append(
            {
                "Finding": finding_label(name),
                "AUROC": area_words(found),
                "With it": _count(found.positives),
                "Threshold": percent(card.threshold(name).value),
                "Sens.": _share(found.sensitivity),
                "Spec.": _share(found.specificity),
                "ECE": "" if found.ece is None else f"{found.ece:.3f}",
                "Training": _share(card.prevalence.get(name)),
            }
        )
    table = pd.DataFrame(rows)
    return table.loc[:, (table != "").any()]


def _count(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}"


def _share(value: float | None) -> str:
    return "" if value is None else percent(value)


def alt(evaluation: Evaluation) -> str:
    """Say the figure in words."""
    each = [f"{finding_label(name)} {area_words(one)}" for name, one in evaluation.findings.items()]
    return f"AUROC on {evaluation.title.lower()}: {'; '.join(each)}."


def definitions(card: ModelCard) -> str:
    """Give the meaning of each figure: the card's own words where it has them."""
    told = at(card.performance, "definitions")
    pairs = told.items() if isinstance(told, Mapping) else ()
    own = [f"**{escape(str(key))}**: {escape(said)}" for key, said in pairs if isinstance(said, str)]
    usual = "**ECE**: expected calibration error, the mean gap of predicted and observed share; 0 is perfect."
    return "  \n".join([usual, *own])


def _token(card: ModelCard, evaluation: Evaluation) -> None:
    """Show what a hospital's token does to the answer, where that was measured."""
    token = at(card.performance, evaluation.key, "token")
    films, lower, change = (number(at(token, key)) for key in ("films", "lower_without", "mean_change_of_logit"))
    if films is None or lower is None or change is None:
        return
    low, high = (number(at(token, f"lower_without_{end}")) for end in ("low", "high"))
    interval = "" if low is None or high is None else f" (95\u00a0% interval {percent(low)} to {percent(high)})"
    st.markdown(
        f"**Does it look at the token?** Of {films:,.0f} films with a hospital token, each rendered again without it, "
        f"the logit of emphysema is lower without on **{percent(lower)}**{interval}; the mean change is "
        f"**{change:+.2f}**. A model that looks at the chest alone would be near 50\u00a0% and 0."
    )
    if meaning := text(at(token, "meaning")):
        st.caption(escape(meaning))


def _elsewhere(library: Library, model: ModelEntry) -> None:
    """Link to the curves, which are made from predictions and not from a card."""
    names = [name for name in library.predictions() if _is_by(library, name, model.name)][:MOST_LINKS]
    if not names:
        st.caption(
            "ROC and reliability curves are made from predictions, and there are none of this model in the library."
        )
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown("ROC and reliability curves, from its predictions:", width="content")
        for name in names:
            st.page_link("views/roc.py", label=escape(name), query_params={"predictions": name}, width="content")


def _is_by(library: Library, predictions: str, model: str) -> bool:
    try:
        return library.read_predictions(predictions).facts.model == model
    except (PredictionsError, OSError):
        return False
