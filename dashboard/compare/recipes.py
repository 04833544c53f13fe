"""How far a model's probabilities for the film at hand move when it is prepared in other usual ways."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from dashboard.compare.hang import Hung
from dashboard.page.told import sentence_of
from dashboard.page.words import escape, percent
from dashboard.server.services import Services
from xai.cards.model_card import ModelCard
from xai.findings import finding_label
from xai.models.recipes import Recipe, under_recipes, usual_recipes

STEPS = {"": "", "size": "Scaling of the size", "fit": "Fit", "contrast": "Contrast", "shades": "Scaling of the shades"}
ABOUT = """A model file does not say how films were prepared for it. Each line changes one step of what the card says;
where nobody knows how the model’s own films were made, the answers may be any of these."""
TRIED = "tried_recipes"  # in the session: for which film and model, and what came of it


def recipe_controls(services: Services, model: str, card: ModelCard, hung: Hung | None) -> None:
    """Show a button that tries the usual preparations on the film, and what came of it."""
    if hung is None:
        return
    st.markdown("**How the film is prepared**")
    st.caption(ABOUT)
    asked, recipes = (hung.film.sha256, model, card.fingerprint), usual_recipes(card.input)
    if st.button("Try other preparations", key="try_recipes", icon=":material/science:"):
        try:
            with st.spinner("Asking the model…"):
                st.session_state[TRIED] = asked, under_recipes(services.classifier(model), hung.film, recipes)
        except (ValueError, OSError) as error:
            st.error(escape(sentence_of(error)))
            return
    tried, answers = st.session_state.get(TRIED, (None, None))
    if tried == asked:
        st.markdown("\n".join(f"- {escape(sentence)}" for sentence in largest_moves(card, recipes, answers)))
        st.dataframe(recipe_table(card, recipes, answers), hide_index=True, height="content")


def recipe_table(card: ModelCard, recipes: list[Recipe], answers: np.ndarray) -> pd.DataFrame:
    """Give a line a recipe: what differs, and the probability of each output."""
    rows = []
    for recipe, row in zip(recipes, answers, strict=True):
        written = [percent(float(p)) if np.isfinite(p) else "no finite number" for p in row]
        named = zip(map(finding_label, card.outputs), written, strict=True)
        rows.append({"Step": STEPS[recipe.step], "Prepared": recipe.name, **dict(named)})
    return pd.DataFrame(rows)


def largest_moves(card: ModelCard, recipes: list[Recipe], answers: np.ndarray) -> list[str]:
    """Say for each step which probability moves most from what the card says, and how many outputs change sides.

    Parameters
    ----------
    card : ModelCard
    recipes : list of Recipe
        The card's own first.
    answers : ndarray, shape (recipes, outputs)
        Probabilities; NaN where there is no finite one.
    """
    flagged = answers >= np.array([card.threshold(name).value for name in card.outputs])
    changes_sides = (flagged != flagged[0]) & np.isfinite(answers)
    sentences = []
    for step in dict.fromkeys(recipe.step for recipe in recipes[1:]):
        rows = [k for k, recipe in enumerate(recipes) if recipe.step == step]
        moves = np.nan_to_num(np.abs(answers[rows] - answers[0]))
        row, output = np.unravel_index(int(moves.argmax()), moves.shape)
        if not moves.any():
            sentences.append(f"{STEPS[step]}: no answer moves.")
            continue
        before, after = (percent(float(answers[k, output])) for k in (0, rows[row]))
        sides = int(changes_sides[rows].any(axis=0).sum())
        sentences.append(
            f"{STEPS[step]}: {finding_label(card.outputs[output])} moves most, {before} to {after}, with "
            f"“{recipes[rows[row]].name}”; {sides} of {len(card.outputs)} outputs change sides of the threshold."
        )
    return sentences
