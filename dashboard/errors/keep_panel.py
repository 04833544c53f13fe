"""A remedy is kept: as a new version of the model card, or taken along as a file."""

from __future__ import annotations

import json

import streamlit as st

from dashboard.components.download import download
from dashboard.errors import sentences
from dashboard.errors.saving import Home, home_of, save_remedy
from dashboard.page.words import escape
from dashboard.server.library import Library
from dashboard.server.session import offer
from training.evaluate.ranked import EvaluateError
from training.mending.remedy import Trial
from training.predictions.table import PredictionsFacts
from xai.cards.card_versions import CardVersionError, take_back
from xai.cards.model_card import ModelCardError
from xai.findings import finding_label
from xai.machine import file_name


def show_keeping(library: Library, trial: Trial, predictions: str) -> None:
    """Show where a remedy can be kept, what was kept, and the way back."""
    facts = library.read_predictions(predictions).facts
    home = home_of(library, facts)
    with st.container(border=True, key="errors_keep_box"):
        st.markdown("**Keep this remedy**")
        _keep_controls(library, facts, home, trial)
        _saved(predictions)


def _keep_controls(library: Library, facts: PredictionsFacts, home: Home, trial: Trial) -> None:
    line = st.container(horizontal=True, vertical_alignment="bottom", gap="small")
    if home.model is not None:
        name = home.model.stem
        if not home.is_own:
            st.caption(
                f"{escape(name)} is built in and stays as it is: the model is copied into your library, and the copy's "
                "card gets the remedy."
            )
            name = line.text_input(
                "Name of the copy", f"{name}-mended", key="errors_copy_name", max_chars=60, width=260
            )
        else:
            st.caption(
                f"A new version of models/{escape(name)}.json in your library; the one before is kept beside it. The "
                "weights are not touched."
            )
        words = "Save as a new version" if home.is_own else "Copy the model and save"
        if line.button(words, type="primary", icon=":material/save:", key="errors_save"):
            _save(library, facts, home, trial, name)
    else:
        st.caption(f"It cannot be kept in a model card here. {escape(home.why)} Its numbers can be taken along.")
    name = file_name(f"{facts.model}.{trial.remedy.finding}.remedy.json")
    with line:
        download(
            "Download the remedy",
            offer("remedy", name, "application/json", lambda: as_json(facts, trial)),
            key="errors_download",
        )


def as_json(facts: PredictionsFacts, trial: Trial) -> str:
    """Give a remedy as JSON: the map of the logit, the threshold, and on what it was fitted."""
    remedy = trial.remedy
    content = {
        "model": facts.model,
        "dataset": facts.dataset,
        "finding": remedy.finding,
        "method": remedy.method,
        "calibration": remedy.map.to_dict() if remedy.map else None,
        "threshold": {"value": remedy.threshold.value, "rule": remedy.threshold.rule},
        "fitted": sentences.halves(trial),
        "cautions": list(remedy.cautions),
        "used": dict(remedy.used),
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _save(library: Library, facts: PredictionsFacts, home: Home, trial: Trial, name: str) -> None:
    origin = f"{facts.name}: {sentences.halves(trial)}"
    try:
        saved = save_remedy(library, home, facts, trial.remedy, origin, name)
        st.session_state.errors_saved = (facts.name, trial.remedy.finding, saved)
    except (EvaluateError, ModelCardError) as error:
        st.error(escape(str(error)))
    except OSError as error:
        st.error(f"The card could not be written: {escape(error.strerror or str(error))}.")


def _saved(predictions: str) -> None:
    """Say what was kept of these predictions last, with the way back."""
    name, finding, saved = st.session_state.get("errors_saved", ("", "", None))
    if saved is None or name != predictions:
        return
    words, button = st.columns([5, 1], vertical_alignment="center", gap="small")
    words.success(
        f"{finding_label(finding)} saved as models/{escape(saved.card.name)} in your library; the version before is "
        "kept as "
        f"{escape(saved.kept.name)}. These predictions stay as they were made; predict again, on the Films page, to "
        "see the mended answers everywhere. To go back later, put the kept file in its place.",
        icon=":material/check:",
    )
    if button.button("Undo", key="errors_undo", icon=":material/undo:", width="stretch", help="Puts it back."):
        try:
            take_back(saved)
        except (CardVersionError, OSError) as error:
            st.error(escape(str(error)))
            return
        del st.session_state.errors_saved
        st.rerun()
