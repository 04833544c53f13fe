"""Two models side by side."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard.models.cautions import cautions
from dashboard.models.figures import QUIET, pair_figure
from dashboard.models.inventory import ModelEntry
from dashboard.models.panels.card import input_words
from dashboard.models.panels.measured import COLUMNS, ROW_HEIGHT, area_words
from dashboard.models.visit import visit
from dashboard.page.card_figures import (
    Evaluation,
    Measured,
    architecture,
    evaluations,
    main_evaluation,
    origins,
    parameters,
    trained_on,
)
from dashboard.page.glossary import explained
from dashboard.page.palette import theme_ink
from dashboard.page.words import escape, percent, signed
from xai.cards.model_card import ModelCard
from xai.findings import finding_label

OWN_COLUMNS = ("Finding", "Difference", "Thresholds")
NO_OTHER = "Choose a second model on the left, under “Compare with”, and both stand here side by side."
ONLY_ONE = "There is only one model here. Import or fetch another one, on the left, to see both side by side."


def show_compare(model: ModelEntry, other: ModelEntry | None, is_alone: bool) -> None:
    """Show the section."""
    if other is None:
        st.info(ONLY_ONE if is_alone else NO_OTHER, icon=":material/info:")
        return
    for one in (model, other):
        if one.card is None:
            st.error(f"{escape(one.name)} cannot be compared: {escape(one.problem)}", icon=":material/error:")
            return
    names = (model.name, other.name)
    ours, theirs = _evaluations(model.readable_card, other.readable_card)
    if ours and theirs:
        st.warning(same_films(ours, theirs), icon=":material/warning:")
        picture, table = st.columns([1, 1], gap="medium")
        with picture:
            st.plotly_chart(
                pair_figure(ours.findings, theirs.findings, names, theme_ink()),
                key="models_pair",
                config=QUIET,
                alt=f"AUROCs of {names[0]} and {names[1]}; the table has the numbers.",
            )
            st.caption(
                f"Filled: {escape(names[0])}. Open: {escape(names[1])}. Lines are 95\u00a0% intervals.",
                help=explained("intervals"),
            )
        with table:
            st.dataframe(
                pair_table(model, other, ours, theirs),
                hide_index=True,
                height="content",
                row_height=ROW_HEIGHT,
                column_config=COLUMNS,
            )
    st.table(facts_table(model, other))
    for column, one in zip(st.columns(2, gap="large"), (model, other), strict=True):
        with column:
            st.markdown(f"**Where not to trust {escape(one.name)}**")
            st.markdown("\n".join(f"- {escape(said)}" for said in cautions(one.readable_card)))


def _evaluations(one: ModelCard, other: ModelCard) -> tuple[Evaluation | None, Evaluation | None]:
    """Give the films that are compared: those that are chosen where both cards have them, else each card's own."""
    ours, theirs = evaluations(one), evaluations(other)
    shared = [key for key in ours if key in theirs]
    key = visit.state.evaluation if visit.state.evaluation in shared else next(iter(shared), None)
    return (ours[key], theirs[key]) if key else (main_evaluation(one), main_evaluation(other))


def same_films(one: Evaluation, other: Evaluation) -> str:
    """Say whether two sets of figures may be of the same films, as far as cards can tell."""
    shared = [name for name in one.findings if name in other.findings]
    counts = [(one.findings[name], other.findings[name]) for name in shared]
    agree = one.films is not None and one.films == other.films and one.key == other.key and bool(shared)
    agree = agree and all(a.positives == b.positives and a.negatives == b.negatives for a, b in counts)
    if agree:
        return (
            f"Both cards count the same {one.films:,.0f} films and the same positives ({escape(one.title.lower())}), "
            "so they are probably the same films. Intervals that overlap do not say that the models are equal: the "
            "ROC page compares them film by film."
        )
    return (
        f"**Not the same films**: {_films(one)} against {_films(other)}, with other positives among them. A difference "
        "may be the films’ and not the models’. The ROC page compares predictions for the same films."
    )


def _films(evaluation: Evaluation) -> str:
    count = "an unknown number of" if evaluation.films is None else f"{evaluation.films:,.0f}"
    return f"{count} films ({escape(evaluation.title.lower())})"


def pair_table(model: ModelEntry, other: ModelEntry, ours: Evaluation, theirs: Evaluation) -> pd.DataFrame:
    """Give a row for each output of either model: both AUROCs, their difference, both thresholds."""
    names = [f"{m.name} (model)" if m.name in OWN_COLUMNS else m.name for m in (model, other)]
    cards = (model.readable_card, other.readable_card)
    rows = []
    for name in dict.fromkeys([*cards[0].outputs, *cards[1].outputs]):
        one, two = ours.findings.get(name, Measured()), theirs.findings.get(name, Measured())
        gap = None if one.auroc is None or two.auroc is None else one.auroc - two.auroc
        thresholds = [percent(card.threshold(name).value) if name in card.outputs else "–" for card in cards]
        rows.append(
            {
                "Finding": finding_label(name),
                names[0]: area_words(one),
                names[1]: area_words(two),
                "Difference": "" if gap is None else signed(gap),
                "Thresholds": " | ".join(thresholds),
            }
        )
    return pd.DataFrame(rows)


def facts_table(model: ModelEntry, other: ModelEntry) -> pd.DataFrame:
    """Give a row for each fact, a column for each model; as text that no formatting is read from."""
    told = {escape(one.name): {fact: escape(said) for fact, said in _facts(one).items()} for one in (model, other)}
    return pd.DataFrame(told)


def _facts(model: ModelEntry) -> dict[str, str]:
    card = model.readable_card
    evaluation = main_evaluation(card)
    gap = evaluation.mean.ece if evaluation else None
    films, patients = trained_on(card)
    learned = [", ".join(filter(None, (one.name or one.source, one.licence))) for one in origins(card)]
    return {
        "What it is": card.summary or "not said",
        "Answers": ", ".join(map(finding_label, card.outputs)),
        "Architecture": architecture(card) or "not said",
        "Parameters": "not said" if parameters(card) is None else f"{parameters(card):,.0f}",
        "Input": input_words(card),
        "Trained on": "not said"
        if films is None
        else f"{films:,.0f} films" + (f" of {patients:,.0f} patients" if patients else ""),
        "Learned from, licence": "; ".join(learned) or "not said",
        "Mean AUROC": f"{area_words(evaluation.mean)}, {evaluation.title.lower()}" if evaluation else "not measured",
        "Calibration error": "not measured" if gap is None else f"{gap:.3f}",
        "Calibrated findings": ", ".join(map(finding_label, card.calibration)) or "none",
    }
