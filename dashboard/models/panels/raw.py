"""The card as it stands in its file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import streamlit as st

from dashboard.components.download import download
from dashboard.models.inventory import ModelEntry
from dashboard.page.told import sentence_of
from dashboard.page.words import escape
from dashboard.server.session import offer
from xai.cards.model_card import MAX_CARD_BYTES, card_path

MOST_TEXT = 20_000  # characters of a card that is no JSON
MOST_VALUE = 400  # characters of one text; the mean film is a picture written as text


def show_raw(model: ModelEntry) -> None:
    """Show the section."""
    path = card_path(model.path)
    try:
        content = _read(path)
    except OSError as error:
        st.info(f"{escape(path.name)} cannot be shown. {escape(sentence_of(error))}")
        return
    where = f"models/{path.name} in the library" if model.is_own else f"{path.name}, built in"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"{escape(where)}, {len(content):,} bytes", width="content")
        st.space("stretch")
        download(
            "Download the card",
            offer("card", path.name, "application/json", lambda: _read(path)),
            key="models_raw_download",
        )
    text = content.decode("utf-8", "replace")
    try:
        st.json(shortened(json.loads(text)), expanded=1)
    except (ValueError, RecursionError):
        st.code(text[:MOST_TEXT] or " ", language=None, wrap_lines=True)


def shortened(value: Any) -> Any:
    """Cut texts that nobody reads, at any depth."""
    if isinstance(value, dict):
        return {name: shortened(one) for name, one in value.items()}
    if isinstance(value, list):
        return [shortened(one) for one in value]
    if isinstance(value, str) and len(value) > MOST_VALUE:
        return f"{value[:40]}… ({len(value):,} characters, whole in the download)"
    return value


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        content = file.read(MAX_CARD_BYTES + 1)
    if len(content) > MAX_CARD_BYTES:
        raise OSError(f"It is larger than {MAX_CARD_BYTES // 2**20} MiB, which no card is.")
    return content
