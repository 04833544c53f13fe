"""How a ROC curve comes about: a few films in order of their score, each a step up or to the right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from dashboard.components.bundle import bundle
from dashboard.roc import numbers
from dashboard.roc.scene import Scene
from dashboard.roc.state import STEP_FILMS
from dashboard.roc.visit import visit
from training.evaluate.ranked import rank
from training.evaluate.roc import area
from xai.findings import finding_label

SHARE_WITH = 0.4  # of the films drawn: more than there really are, so that the curve has steps
_FOLDER = Path(__file__).parents[2] / "components" / "steps"
_component = st.components.v2.component(
    "lightbox_roc_steps",
    html=(_FOLDER / "steps.html").read_text(encoding="utf-8"),
    css=(_FOLDER / "steps.css").read_text(encoding="utf-8"),
    js=bundle(_FOLDER / "steps.js"),
)


def show(scene: Scene) -> None:
    """Show the films and the curve that they build."""
    asked = visit.state
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown("**Films**", width="content")
        visit.bound(
            st.segmented_control,
            "Films",
            list(STEP_FILMS),
            key="step_films",
            value=asked.films,
            take=lambda films: {"films": films or STEP_FILMS[1], "step": 0},
            label_visibility="collapsed",
            help="How many films to draw.",
        )
        st.button(
            "Draw others",
            icon=":material/casino:",
            key="roc_draw",
            on_click=lambda: visit.change(seed=visit.state.seed + 1, step=0),
            help="Another random draw: small samples give very different curves.",
        )
        st.caption(
            f"Drawn at random, by seed {asked.seed}, with more films that have {finding_label(scene.finding)} than "
            "there really are, so that the curve has steps.",
        )
    labels, scores = draw(scene, asked.films, asked.seed)

    def moved() -> None:
        place = int(st.session_state.roc_steps.step or 0)
        visit.change(step=max(0, min(place, STEP_FILMS[-1])))

    _component(
        data={
            "steps": steps(labels, scores),
            "color": scene.colors.finding,
            "finding": finding_label(scene.finding),
            "step": asked.step,
            "turn": f"{scene.home.stamp} {scene.finding} {asked.films} {asked.seed}",
            "auroc": numbers.area(area(rank(labels, scores))),
            "whole": numbers.area(scene.row.auroc),
        },
        key="roc_steps",
        on_step_change=moved,
    )


def draw(scene: Scene, films: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw films with and without the finding; fewer where there are not so many.

    Returns
    -------
    labels, scores : array (films,)
    """
    truth, scores = scene.judged.truth(scene.finding), scene.judged.scores(scene.finding)
    rng = np.random.default_rng(seed)
    wanted = {1: round(SHARE_WITH * films), 0: films - round(SHARE_WITH * films)}
    drawn = []
    for label, count in wanted.items():
        rows = np.flatnonzero((truth == label) & ~np.isnan(scores))
        drawn.append(rng.choice(rows, min(count, len(rows)), replace=False))
    rows = np.concatenate(drawn)
    return truth[rows], scores[rows]


def steps(labels: np.ndarray, scores: np.ndarray) -> list[dict[str, Any]]:
    """Give each distinct score, highest first, and how many films of either kind have it."""
    ranked = rank(labels, scores)
    with_it, without = ranked.at_each_score()
    return [
        {"score": numbers.probability(score), "up": int(up), "right": int(right)}
        for score, up, right in zip(ranked.scores[::-1], with_it[::-1], without[::-1], strict=True)
    ]
