"""How far a model's probabilities for the film at hand move when it is prepared in other usual ways."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from dashboard.compare.hang import Hung
from dashboard.page.words import escape, percent
from dashboard.server.services import Services
from xai.cards.model_card import ModelCard
from xai.findings import finding_label
from xai.models.recipes import Recipe, under_recipes, usual_recipes

STEPS = {"": "", "size": "scaling of the size", "fit": "fit", "contrast": "contrast", "shades": "scaling of the shades"}
ABOUT = """A model file does not say how films were prepared for it. Each line changes one step of what the card says;
where nobody knows how the model’s own films were made, the answers may be any of these."""
TRIED = "tried_recipes"  # in the session: for which film and model, and what came of it


def recipe_controls(services: Services, model: str, card: ModelCard, hung: Hung | None) -> None:
    """Show a button that tries the usual preparations on the film, and what came of it."""
    if hung is None:
        return
    st.markdown("**How it was prepared**")
    st.caption(ABOUT)
    asked, recipes = (hung.film.sha256, model, card.fingerprint), usual_recipes(card.input)
    if st.button("Try other preparations", key="try_recipes", icon=":material/science:"):
        try:
            with st.spinner("Asking the model…"):
                st.session_state[TRIED] = asked, under_recipes(services.classifier(model), hung.film, recipes)
        except (ValueError, OSError) as error:
            st.error(escape(str(error)))
            return
    tried, answers = st.session_state.get(TRIED, (None, None))
    if tried == asked:
        st.markdown(escape(largest_move(card, recipes, answers)))
        st.dataframe(recipe_table(card, recipes, answers), hide_index=True, height="content")


def recipe_table(card: ModelCard, recipes: list[Recipe], answers: np.ndarray) -> pd.DataFrame:
    """Give a line a recipe: what differs, and the probability of each output."""
    rows = []
    for recipe, row in zip(recipes, answers, strict=True):
        written = [percent(float(p)) if np.isfinite(p) else "no finite number" for p in row]
        named = zip(map(finding_label, card.outputs), written, strict=True)
        rows.append({"Step": STEPS[recipe.step], "Prepared": recipe.name, **dict(named)})
    return pd.DataFrame(rows)


def largest_move(card: ModelCard, recipes: list[Recipe], answers: np.ndarray) -> str:
    """Say which probability moves most from what the card says, by which recipe, and how many change sides."""
    moves = np.nan_to_num(np.abs(answers - answers[0]))
    number, output = np.unravel_index(int(moves.argmax()), moves.shape)
    name = card.outputs[output]
    before, after = (percent(float(answers[k, output])) for k in (0, number))
    if not moves.any():
        return "No usual preparation changes an answer."
    thresholds = np.array([card.threshold(one).value for one in card.outputs])
    flagged = answers >= thresholds
    sides = int(((flagged != flagged[0]) & np.isfinite(answers)).any(axis=0).sum())
    outputs = "1 output" if len(card.outputs) == 1 else f"{len(card.outputs)} outputs"
    return (
        f"The largest move: {finding_label(name)}, {before} to {after}, with “{recipes[number].name}”. Under some of "
        f"these {sides} of {outputs} change{'s' if sides == 1 else ''} sides of the threshold."
    )
