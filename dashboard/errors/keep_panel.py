"""Remedies are kept: as a new version of the model card, with mended predictions at once, or taken along as a file."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import streamlit as st

from dashboard.components.download import download
from dashboard.errors import sentences
from dashboard.errors.saving import Home, home_of, save_mended, undo
from dashboard.errors.state import State
from dashboard.errors.visit import visit
from dashboard.page.kinds import quoted
from dashboard.page.link import link_to
from dashboard.page.told import sentence_of
from dashboard.page.words import escape
from dashboard.server.library import Library
from dashboard.server.roles import Action, offered
from dashboard.server.session import offer
from training.evaluate.ranked import EvaluateError
from training.mending.mended import Kept, kept
from training.mending.remedy import Trial
from training.mending.remedy_file import to_json
from training.predictions.table import PredictionsError, PredictionsFacts
from xai.cards.card_versions import CardVersionError
from xai.cards.model_card import ModelCardError
from xai.findings import finding_label
from xai.machine import file_name


def show_keeping(library: Library, trials: Sequence[Trial], predictions: str, key: str = "errors") -> None:
    """Show where remedies can be kept, what was kept, and the way back.

    Parameters
    ----------
    library : Library
    trials : sequence of Trial
        At least one.
    predictions : str
        Name of those that they were tried on.
    key : str
        How the keys of the controls begin.
    """
    facts = dataclasses.replace(library.read_predictions(predictions).facts, name=predictions)  # as on every page
    home = home_of(library, facts)
    remedies = [remember(trial, facts) for trial in trials]
    with st.container(border=True, key=f"{key}_keep_box"):
        st.markdown("**Keep this remedy**" if len(trials) == 1 else f"**Keep these {len(trials)} remedies**")
        before = {trial.remedy.finding: trial.before.threshold for trial in trials}
        _keep_controls(library, facts, home, predictions, remedies, before, key)
        _saved(predictions, key)


def remember(trial: Trial, facts: PredictionsFacts) -> Kept:
    """Give a remedy with on what it was fitted, and what was measured after it."""
    return kept(trial, facts.name, facts.dataset, f"{facts.name}: {sentences.halves(trial)}")


def _keep_controls(
    library: Library,
    facts: PredictionsFacts,
    home: Home,
    predictions: str,
    remedies: list[Kept],
    before: Mapping[str, float],
    key: str,
) -> None:
    line = st.container(horizontal=True, vertical_alignment="bottom", gap="small")
    name, words = facts.model, "Save the mended predictions"
    if home.model is None:
        st.caption(
            f"It cannot be kept in a model card here. {escape(home.why)} Mended predictions can be saved, and its "
            "numbers can be taken along."
        )
    elif home.is_own:
        words = "Save as a new version"
        st.caption(
            f"A new version of models/{escape(home.model.stem)}.json in your library; the one before is kept beside "
            "it. The weights are not touched. The mended predictions are there at once."
        )
    else:
        name = home.model.stem
        words = "Copy the model and save"
        st.caption(
            f"{escape(name)} is built in and stays as it is: the model is copied into your library, and the copy's "
            "card gets the remedy. The mended predictions are there at once."
        )
        name = line.text_input("Name of the copy", f"{name}-mended", key=f"{key}_copy_name", max_chars=60, width=260)
    if line.button(words, type="primary", icon=":material/save:", key=f"{key}_save", **offered(Action.KEEP_REMEDIES)):
        _save(library, home, predictions, remedies, before, name, key)
    findings = remedies[0].remedy.finding if len(remedies) == 1 else f"{len(remedies)}-findings"
    with line:
        download(
            "Download the remedy" if len(remedies) == 1 else "Download the remedies",
            offer(
                f"{key} remedy",
                file_name(f"{facts.model}.{findings}.remedy.json"),
                "application/json",
                lambda: to_json(facts, remedies),
            ),
            key=f"{key}_download",
        )


def _save(
    library: Library,
    home: Home,
    predictions: str,
    remedies: list[Kept],
    before: Mapping[str, float],
    name: str,
    key: str,
) -> None:
    try:
        saved = save_mended(library, home, predictions, remedies, name)
        st.session_state.errors_saved = (key, predictions, before, saved)
    except (EvaluateError, ModelCardError, PredictionsError) as error:
        st.error(escape(sentence_of(error)))
    except OSError as error:
        st.error(escape(sentence_of(error)))


def _saved(predictions: str, key: str) -> None:
    """Say what was kept of these predictions last, where to see it, and the way back."""
    whose, name, before, saved = st.session_state.get("errors_saved", ("", "", {}, None))
    if saved is None or (whose, name) != (key, predictions):
        return
    named = ", ".join(map(finding_label, before))
    words, button = st.columns([5, 1], vertical_alignment="center", gap="small")
    card = ""
    if saved.card is not None:
        card = (
            f"{named} saved as models/{escape(saved.card.card.name)} in your library; the version before is kept as "
            f"{escape(saved.card.kept.name)}. To go back later, put the kept file in its place. "
        )
    words.success(
        f"{card}The mended predictions are there now: **{escape(saved.predictions)}**. Those before stay as they were.",
        icon=":material/check:",
    )
    with st.container(horizontal=True, gap="medium"):
        for finding, threshold in before.items():
            st.page_link(
                "views/roc.py",
                label="Before and after, side by side"
                if len(before) == 1
                else f"{finding_label(finding)}, side by side",
                icon=":material/compare_arrows:",
                query_params=side_by_side_link(predictions, saved.predictions, finding, visit.state.split, threshold),
            )
        st.button(
            "What is flagged now",
            key=f"{key}_mended",
            icon=":material/healing:",
            type="tertiary",
            on_click=visit.put,
            args=(State(predictions=saved.predictions, finding=next(iter(before)), split=visit.state.split),),
        )
    if button.button(
        "Undo",
        key=f"{key}_undo",
        icon=":material/undo:",
        width="stretch",
        **offered(Action.KEEP_REMEDIES, help="Takes all of it back."),
    ):
        try:
            undo(saved)
        except (CardVersionError, OSError) as error:
            st.error(escape(sentence_of(error)))
            return
        del st.session_state.errors_saved
        st.rerun()


def side_by_side_link(
    predictions: str, mended: str, finding: str, split: str | None, threshold: float
) -> dict[str, str]:
    """Link to both on the ROC page: those before at the threshold that was audited, the mended ones at their own."""
    return link_to(
        predictions=predictions,
        split=split,
        models=quoted(mended),
        finding=finding,
        threshold=threshold,
        panel="models",
    )
