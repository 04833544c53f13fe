"""How a film and its maps are shown: one table of settings, for the browser's controls, for links and for pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True)
class DisplaySetting:
    """One thing that a visitor changes about the light box; it changes nothing that the model sees or a map says.

    Attributes
    ----------
    name, label : str
        In code, and for people.
    default : bool, str or float
    choices : mapping of str to str
        The words that it can be, each with what people read; empty for a switch and for a number.
    range : (float, float) or None
        The least and the most that a number can be.
    step : float
        Of a number's slider.
    written : {"number", "share", "percent"}
        How a number is shown: as it is, or as so many percent, of 1 or of 100.
    key, key_help : str
        The key that changes it, and what the list of keys says of it.
    links : tuple of str
        What it is called in a link: the first is written, all are read; `name` where empty.
    """

    name: str
    label: str
    default: Any
    choices: Mapping[str, str] = field(default_factory=dict)
    range: tuple[float, float] | None = None
    step: float = 0.01
    written: str = "number"
    key: str = ""
    key_help: str = ""
    links: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """``"choice"``, ``"number"`` or ``"switch"``."""
        return "choice" if self.choices else "number" if self.range else "switch"

    @property
    def link_names(self) -> tuple[str, ...]:
        """What it is called in a link, the name to write first."""
        return self.links or (self.name,)


DISPLAY_SETTINGS: Mapping[str, DisplaySetting] = MappingProxyType(
    {
        one.name: one
        for one in (
            DisplaySetting("overlay", "Overlay", True, key="o", key_help="overlay on or off"),
            DisplaySetting("opacity", "Opacity", 0.6, range=(0, 1), step=0.05, written="share"),
            DisplaySetting(
                "hide_weakest", "Hide weakest", 0, range=(0, 99), step=1, written="percent", links=("hide", "cut")
            ),
            DisplaySetting("scale", "Scale", "finding", {"finding": "this finding", "all": "all findings"}),
            DisplaySetting(
                "evidence",
                "Evidence",
                "smooth",
                {"smooth": "smooth", "native": "native"},
                key="n",
                key_help="evidence smooth or native",
            ),
            DisplaySetting(
                "picture",
                "Picture",
                "film",
                {"film": "film", "input": "model's input"},
                key="m",
                key_help="film or model's input",
            ),
            DisplaySetting("truth", "Truth", False, key="t", key_help="truth shown or hidden"),
            DisplaySetting("stripes", "Stripes", False, key="s", key_help="stripes where evidence is against it"),
            DisplaySetting("unsure", "Hatch", True, key="u", key_help="hatching where the sign is not sure"),
            DisplaySetting("center", "Centre", 0.5, range=(0, 1)),
            DisplaySetting("width", "Width", 1.0, range=(0.02, 2)),
            DisplaySetting("invert", "Invert", False, key="i", key_help="invert the film"),
            DisplaySetting(
                "order", "Order of the findings", "probability", {"probability": "by probability", "fixed": "fixed"}
            ),
        )
    }
)

DISPLAY: Mapping[str, Any] = MappingProxyType({name: one.default for name, one in DISPLAY_SETTINGS.items()})
"""How a film is shown before anybody changes it."""

CHOICES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {name: tuple(one.choices) for name, one in DISPLAY_SETTINGS.items() if one.choices}
)
"""The words that those entries of a display can take."""

RANGES: Mapping[str, tuple[float, float]] = MappingProxyType(
    {name: one.range for name, one in DISPLAY_SETTINGS.items() if one.range}
)
"""The least and the most that those entries can be."""


def checked_display(display: Mapping[str, Any]) -> dict[str, Any]:
    """Complete a display from :data:`DISPLAY`, refusing entries and words that there are not.

    Raises
    ------
    ValueError
        For an unknown entry or word.
    """
    if unknown := sorted(set(display) - set(DISPLAY)):
        raise ValueError(f"A display has no {', '.join(unknown)}; it has {', '.join(DISPLAY)}.")
    complete = {**DISPLAY, **display}
    for name, words in CHOICES.items():
        if complete[name] not in words:
            raise ValueError(f"A display's {name} is {' or '.join(words)}, not {complete[name]!r}.")
    return complete
