"""What a browser asks a file for, checked: nobody but the page makes such an address, and anybody may change one."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dashboard.compare.state import checked_choices
from xai.pictures.render import Display
from xai.pictures.sheet import FORMS, THEMES, Form

ADDRESS = re.compile(r"https?://[^\s/?#@\\]{1,200}(/[^\s?#\\]{0,200})?")


@dataclass(frozen=True)
class Asked:
    """What a figure is asked to look like.

    Attributes
    ----------
    finding : str
    findings : tuple of str
        Of a contact sheet, in the order of the model's outputs.
    choices : mapping
        How the light box shows the film and its maps; see `dashboard.components.display`.
    form, theme : str
        One of `FORMS`, and of `THEMES`.
    boxed : bool
        Whether boxes of the strongest evidence are drawn.
    address : str
        Of the page, without its query; empty where the browser did not say.
    """

    finding: str
    findings: tuple[str, ...]
    choices: Mapping[str, Any]
    form: str
    theme: str
    boxed: bool
    address: str

    @property
    def display(self) -> Display:
        """The settings of the renderer."""
        return display_of(self.choices)

    @property
    def shows_truth(self) -> bool:
        """Whether the page shows the truth: what it hides stands in no file either."""
        return bool(self.choices["truth"])

    @property
    def kind(self) -> Form:
        """What the file is."""
        return FORMS[self.form]


def read_asked(query: Mapping[str, str], outputs: Sequence[str]) -> Asked | None:
    """Read the query of a file's address; None where it is about no output of the model.

    Raises
    ------
    ValueError
        For a display, form, theme, finding or address that there is not.
    """
    finding = query.get("finding", "")
    if finding not in outputs:
        return None
    findings = set(_listed(query.get("findings", "[]")))
    form, theme, address = query.get("form", "png"), query.get("theme", "dark"), query.get("address", "")
    for value, known, what in (
        (form, form in FORMS, "kind of file"),
        (theme, theme in THEMES, "theme"),
        (address, not address or ADDRESS.fullmatch(address), "page"),
        (findings, findings <= set(outputs), "finding"),
    ):
        if value and not known:
            raise ValueError(f"The file cannot be made: its address asks for a {what} that there is not.")
    return Asked(
        finding,
        tuple(name for name in outputs if name in findings),
        _choices(query.get("display", "{}")),
        form,
        theme,
        query.get("boxes") == "true",
        address,
    )


def display_of(display: Mapping[str, Any]) -> Display:
    """Turn the viewer's settings into those of the renderer."""
    shown = display["opacity"] if display["overlay"] else 0.0
    return Display(
        shown,
        display["hide_weakest"],
        display["scale"],
        display["evidence"] == "native",
        display["center"],
        display["width"],
        display["invert"],
        display["unsure"],
    )


def _choices(text: str) -> dict[str, Any]:
    try:
        return checked_choices(json.loads(text))
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise ValueError("The file cannot be made: its address asks for a display that there is not.") from None


def _listed(text: str) -> list[str]:
    try:
        listed = json.loads(text)
    except (ValueError, RecursionError):
        listed = None
    if not isinstance(listed, list) or not all(isinstance(name, str) for name in listed):
        raise ValueError("The file cannot be made: its address asks for a finding that there is not.")
    return listed
