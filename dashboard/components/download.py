"""A link to a file that is made when somebody asks for it: fetched by the page itself, which says when that fails."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import streamlit as st

from dashboard.components.bundle import bundle

_FOLDER = Path(__file__).with_suffix("")

_component = st.components.v2.component(
    "lightbox_download",
    html=(_FOLDER / "download.html").read_text(encoding="utf-8"),
    css=(_FOLDER / "download.css").read_text(encoding="utf-8"),
    js=bundle(_FOLDER / "download.js"),
)


def download(
    label: str,
    address: str,
    *,
    key: str,
    help: str = "",
    icon: str = "download",
    disabled: bool = False,
    width: Literal["content", "stretch"] = "content",
) -> None:
    """Show a link to a file, which looks like Streamlit's own buttons.

    Parameters
    ----------
    label : str
    address : str
        Where the browser fetches it, as `dashboard.server.session.offer` gives it.
    key : str
    help : str
        Shown on hovering.
    icon : str
        Its name among Material's symbols.
    disabled : bool
    width : {"content", "stretch"}
        As wide as its words, or as the place that it stands in.
    """
    data = {"label": label, "address": "" if disabled else address, "help": help, "icon": icon}
    _component(data=data, key=key, width=width)
