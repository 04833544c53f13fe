"""How a model was trained: curves, recipe, command, and what is needed to do it again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from dashboard.models.curves import Curves, CurvesError, best_epoch, curves_figure, read_curves
from dashboard.models.figures import QUIET
from dashboard.models.inventory import ModelEntry
from dashboard.models.versions import remedies
from dashboard.page.card_figures import at, number, text
from dashboard.page.palette import theme_ink
from dashboard.page.told import sentence_of
from dashboard.page.words import escape, signed
from training.fitting.log import LOG_SUFFIX
from xai.cards.model_card import ModelCard
from xai.findings import finding_label

NO_CURVES = (
    "No training curves are held: neither a log beside the model ({log}) nor a history in its card. What is known of "
    "its training stands below."
)
MOST_MEASURES = 6


def show_training(model: ModelEntry) -> None:
    """Show the section."""
    card = model.readable_card
    try:
        curves = read_curves(model.path, card)
    except CurvesError as error:
        st.warning(escape(sentence_of(error)), icon=":material/warning:")
    else:
        if curves is None:
            st.info(escape(NO_CURVES.format(log=f"{model.path.stem}{LOG_SUFFIX}")), icon=":material/info:")
        else:
            _show_curves(curves)
    if said := simulated_words(card):
        st.markdown("**Do simulated films help with real ones?**")
        st.markdown(escape(said))
    _show_recipe(card)


def _show_curves(curves: Curves) -> None:
    others = [name for name in curves.measures if name not in curves.losses][:MOST_MEASURES]
    groups = [(curves.losses, "loss")] if curves.losses else []
    groups += [([name], name.replace("_", " ")) for name in others]
    ink = theme_ink()
    for start in range(0, len(groups), 2):
        for column, (names, title) in zip(st.columns(2, gap="medium"), groups[start : start + 2], strict=False):
            figure = curves_figure(curves, names, title, ink)
            alt = f"{title} by epoch, {len(curves.table)} rows of {curves.source}."
            column.plotly_chart(figure, key=f"models_curve_{title}", config=QUIET, alt=alt)
    st.caption(curves_words(curves))


def curves_words(curves: Curves) -> str:
    """Say what the curves show."""
    epochs, runs = curves.table["epoch"].nunique(), curves.table["run"].nunique()
    said = f"From {escape(curves.source)}: {epochs:,} epochs" + (f" of {runs} trainings. " if runs > 1 else ". ")
    best = best_epoch(curves)
    if best is not None:
        last = float(curves.table["epoch"].max())
        said += f"The validation loss is lowest, {best[1]:.4g}, in epoch {best[0]:g} (dotted line)"
        said += ". " if best[0] == last else "; later epochs were no better on films that it was not fitted on. "
    return said + "The network was not fitted on validation films."


def simulated_words(card: ModelCard) -> str:
    """Say what training with and without simulated films came to; nothing where the card does not tell."""
    told = at(card.performance, "with_and_without_simulated")
    trained = {kind: [number(area) for area in at(told, kind) or ()] for kind in ("with", "without")}
    keys = ("films", "difference", "difference_low", "difference_high")
    films, change, low, high = (number(at(told, key)) for key in keys)
    if films is None or change is None or low is None or high is None:
        return ""
    if not all(trained.values()) or None in [*trained["with"], *trained["without"]]:
        return ""
    areas = {kind: ", ".join(f"{area:.3f}" for area in those) for kind, those in trained.items()}
    verdict = "They help" if low > 0 else "They harm" if high < 0 else "Which of the two is better cannot be told"
    return (
        f"Trained with them, once a seed, the mean AUROC on {films:,.0f} real test films is {areas['with']}; without "
        f"them {areas['without']}. Difference {signed(change, 3)} (95\u00a0% interval {signed(low, 3)} to "
        f"{signed(high, 3)}). {verdict} on so many films."
    )


def _show_recipe(card: ModelCard) -> None:
    told = card.provenance
    command = text(told.get("command"))
    st.markdown("**The command that made it**")
    if command:
        st.code(command, language="bash", wrap_lines=True)
    else:
        st.markdown("The card does not say.")
    left, right = st.columns(2, gap="large")
    with left:
        _table("Recipe", {**_flat(told.get("recipe")), **_seed(told)}, "The card holds no recipe.")
    with right:
        _table("Software", _flat(told.get("versions")), "The card does not say which software it was trained with.")
        _table("Files of the data (sha256)", _hashes(told), "")
        _table("Loss counted films with the finding", _weights(told), "")
    if said := remedies(card):
        st.markdown("**Mended since**")
        st.markdown("\n".join(f"- {escape(one)}" for one in said))


def _table(title: str, rows: Mapping[str, str], empty: str) -> None:
    if not rows:
        if empty:
            st.markdown(f"**{title}**")
            st.caption(empty)
        return
    st.markdown(f"**{title}**")
    st.dataframe(pd.DataFrame({"": list(rows), "Value": list(rows.values())}), hide_index=True, height="content")


def _flat(content: Any, home: str = "") -> dict[str, str]:
    """Write a nested mapping as one row a number or text."""
    rows: dict[str, str] = {}
    for key, value in content.items() if isinstance(content, Mapping) else ():
        name = f"{home}{str(key).replace('_', ' ')}"
        if isinstance(value, Mapping):
            rows |= _flat(value, f"{name}, ") if not home else {name: str(value)[:200]}
        elif value is not None:
            rows[name] = str(value)[:200]
    return rows


def _seed(told: Mapping[str, Any]) -> dict[str, str]:
    named = {
        "seed": told.get("seed"),
        "seed of the split": at(told, "data", "split_seed"),
        "commit": told.get("commit"),
    }
    return {name: text(value) for name, value in named.items() if text(value)}


def _hashes(told: Mapping[str, Any]) -> dict[str, str]:
    return _flat(at(told, "data", "files")) | _flat(at(told, "checkpoint"))


def _weights(told: Mapping[str, Any]) -> dict[str, str]:
    weights = told.get("positive_weight")
    rows = weights.items() if isinstance(weights, Mapping) else ()
    return {finding_label(str(name)): f"{value:g} times" for name, value in rows if number(value) is not None}
