"""What a model is: in a sentence, in numbers, where not to trust it, and where it comes from."""

from __future__ import annotations

import streamlit as st

from dashboard.models.cautions import cautions
from dashboard.models.inventory import ModelEntry
from dashboard.page.card_figures import (
    Origin,
    architecture,
    at,
    main_evaluation,
    origins,
    parameters,
    patients_known,
    text,
    texts,
    trained_on,
)
from dashboard.page.glossary import explained
from dashboard.page.preparation import CONTRASTS, FITS, resample_words
from dashboard.page.words import escape
from xai.cards.model_card import ModelCard
from xai.findings import FINDINGS, finding_label

NOT_SAID = "not said"
SILENT = "not in the card"


def show_card(model: ModelEntry, engine: str) -> None:
    """Show the section; ``engine`` says what runs the model."""
    card = model.readable_card
    st.markdown(escape(card.summary) or "The card has no summary.", help=explained(card.summary))
    _numbers(card)
    left, right = st.columns([1.15, 1], gap="large")
    with left:
        st.markdown("**Where not to trust it**")
        st.markdown("\n".join(f"- {escape(sentence)}" for sentence in cautions(card)))
        _thresholds(card)
    with right:
        st.markdown("**What it learned from**")
        _origins(card)
        st.markdown("**What it sees of a film**")
        st.markdown(escape(input_words(card)))
        _outputs(card)
        st.markdown("**What runs it, film after film**")
        st.markdown(escape(engine[:1].upper() + engine[1:]))
        _notes(card)


def _numbers(card: ModelCard) -> None:
    """Show five numbers, each with its meaning behind a question mark."""
    evaluation, (films, patients) = main_evaluation(card), trained_on(card)
    where = f"On {evaluation.title.lower()}." if evaluation else "The card has no figures."
    mean = evaluation.mean if evaluation else None
    error = mean.ece if mean else None
    interval = "" if mean is None or mean.low is None else f"95\u00a0%: {mean.low:.2f} to {mean.high:.2f}"
    area = "AUROC" if len(card.outputs) == 1 else "Mean AUROC"
    answers = "each by itself" if card.link == "sigmoid" else "one of them, never two"
    rows = [
        ("Trained on", _written(films, "{:,.0f} films"), _patient_words(card, patients)),
        (area, _written(mean.auroc if mean else None, "{:.2f}"), interval or SILENT),
        (
            "Calibration error",
            _written(error, "{:.3f}"),
            SILENT if mean is None else "0 is perfect",
        ),
        ("Parameters", _written(parameters(card), "{:,.0f}"), architecture(card) or SILENT),
        ("Answers", outputs_words(card), answers),
    ]
    helps = {
        "AUROC": f"The chance that a film with the finding scores above one without. {where}",
        "Mean AUROC": f"The chance that a film with a finding scores above one without, mean over findings. {where}",
        "Calibration error": "Expected calibration error: mean distance of predicted and observed share, over groups "
        f"of films. 0 is perfect. {where}",
        "Trained on": "Training films of all datasets together, and validation films where they were learned from.",
        "Parameters": "Numbers that training has set. Where the card does not say, Layers counts them.",
    }
    for column, (name, value, note) in zip(st.columns(len(rows), gap="small"), rows, strict=True):
        with column:
            lines = [f":gray[{name}]", f"**{escape(value)}**", f":small[:gray[{escape(note)}]]"]
            st.markdown("  \n".join(lines), help=helps.get(name))


def _patient_words(card: ModelCard, patients: float | None) -> str:
    if patients:
        return f"{patients:,.0f} patients"
    return SILENT if patients_known(card) else "patients not known"


def outputs_words(card: ModelCard) -> str:
    """Say how many outputs there are."""
    return "1 output" if len(card.outputs) == 1 else f"{len(card.outputs)} outputs"


def _written(value: float | None, form: str) -> str:
    return NOT_SAID if value is None else form.format(value)


def _thresholds(card: ModelCard) -> None:
    rules: dict[str, list[str]] = {}
    for name in card.outputs:
        rules.setdefault(card.threshold(name).rule, []).append(finding_label(name))
    st.markdown("**How its thresholds were chosen**", help=explained("thresholds", *rules))
    for rule, names in rules.items():
        which = "" if len(rules) == 1 else f"*{escape(', '.join(names))}*: "
        st.markdown(f"{which}{escape(rule)}")
    calibrated = {
        one.rule: [finding_label(name) for name, two in card.calibration.items() if two.rule == one.rule]
        for one in card.calibration.values()
    }
    for rule, names in calibrated.items():
        said = f"Probabilities of {escape(', '.join(names))} are calibrated: {escape(rule or 'no rule given')}"
        st.markdown(said, help=explained(said))


def _origins(card: ModelCard) -> None:
    found = origins(card)
    if not found:
        st.markdown("The card does not say: ask who made it before you show it to anybody.")
    for one in found:
        st.markdown(_origin(one))
    if learned := text(card.provenance.get("also_learned")):
        st.caption(f"Learned beside: {escape(learned)}")


def _origin(one: Origin) -> str:
    said = ", ".join(filter(None, (one.name, one.source)))
    lines = [f"{one.role}: {escape(said) or NOT_SAID}"]
    if one.licence or one.role != "Soft labels":  # whose source names it
        lines.append(f":gray[Licence: {escape(one.licence) or NOT_SAID}]")
    if one.citation:
        lines.append(f":gray[Cite: {escape(one.citation)}]")
    return "  \n".join(lines)


def input_words(card: ModelCard) -> str:
    """Say how a film becomes the model's input."""
    if told := text(card.provenance.get("preprocessing")):
        return told
    spec = card.input
    channels = "one channel" if spec.channels == 1 else "three equal channels"
    lines = [
        f"{spec.shape[0]} × {spec.shape[1]} pixels, {channels}: the film is {FITS[spec.fit]}.",
        f"Its size is scaled by {resample_words(spec.resample)}{', in 256 shades' if spec.bits else ''}.",
    ]
    if spec.contrast is not None:
        lines.append(f"Its contrast is {CONTRASTS[spec.contrast.how]} {spec.contrast.order} that.")
    if spec.standardise:
        lines.append("Its own mean is taken off its shades, and they are divided by its own deviation.")
    return " ".join(lines)


def _outputs(card: ModelCard) -> None:
    others = [name for name in card.outputs if name not in FINDINGS]
    missing = [name for name in FINDINGS if name not in card.outputs]
    if not others and not missing:
        return
    st.markdown("**What it answers**")
    st.markdown(escape(", ".join(map(finding_label, card.outputs))))
    if others and len(others) < len(card.outputs):
        st.caption(f"Beyond the usual findings: {escape(', '.join(others))}")


def _notes(card: ModelCard) -> None:
    notes = [*texts(card.provenance.get("notes")), text(at(card.performance, "note"))]
    if any(notes):
        st.markdown("**Notes**")
        st.markdown("\n".join(f"- {escape(note)}" for note in notes if note))
