"""The layers of a model, read only when somebody asks: it loads TensorFlow."""

from __future__ import annotations

from collections import Counter

import pandas as pd
import streamlit as st

from dashboard.models.inventory import ModelEntry
from dashboard.models.services import Layer, ModelServices, layers_key, megabytes
from dashboard.page.card_figures import architecture, parameters
from dashboard.page.words import escape

TABLE_HEIGHT = 420


def show_layers(shared: ModelServices, model: ModelEntry) -> None:
    """Show the section."""
    try:
        found, size = shared.layers(model.path), model.path.stat().st_size
    except OSError:
        st.error(f"{escape(model.path.name)} is gone.", icon=":material/error:")
        return
    card = model.card
    told = parameters(card) if card else None
    said = f"{architecture(card)}, " if card and architecture(card) else ""
    counted = f"{told:,.0f} parameters" if told is not None else "how many parameters the card does not say"
    st.markdown(f"The card: {escape(said + counted)}. The file has {megabytes(size)}.")
    if found is None:
        st.caption("The layers themselves stand in the file. Reading them loads TensorFlow and builds the model.")
        tracked = shared.tracked(layers_key(model.path))
        busy = tracked is not None and not tracked.job.ended
        if st.button("Read the layers", icon=":material/account_tree:", key="models_layers", disabled=busy):
            shared.look(model.name, model.path)
            st.rerun()
        return
    _show(found, told)


def _show(layers: tuple[Layer, ...], told: float | None) -> None:
    counted = sum(layer.parameters for layer in layers)
    kinds = Counter(layer.kind for layer in layers).most_common(6)
    st.markdown(
        f"**{len(layers):,} layers, {counted:,} parameters.** "
        + escape(", ".join(f"{count} {kind}" for kind, count in kinds))
        + "."
    )
    if told is not None and told != counted:
        st.caption("The card says another number of parameters: shared layers, or outputs that were cut off since.")
    table = pd.DataFrame(
        {
            "Layer": [layer.name for layer in layers],
            "Kind": [layer.kind for layer in layers],
            "Gives": [layer.shape for layer in layers],
            "Parameters": [layer.parameters for layer in layers],
        }
    )
    st.dataframe(
        table,
        hide_index=True,
        height=min(TABLE_HEIGHT, 38 + 35 * len(layers)),
        column_config={"Parameters": st.column_config.NumberColumn(format="localized")},
    )
    st.caption("“Gives” is the shape of what a layer gives for one film: height × width × channels.")
