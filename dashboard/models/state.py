"""Everything that decides what the Models page shows, and the link that shows it again."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dashboard.compare.state import LONGEST_NAME, excerpt
from training.evaluate.published import FIGURES
from training.weights.registry import registry

SECTIONS = {
    "card": "What it is",
    "measured": "How good",
    "published": "Published",
    "training": "Training",
    "layers": "Layers",
    "compare": "Side by side",
    "versions": "Versions",
    "raw": "Raw card",
}
DOORS = {"import": "Import a checkpoint", "fetch": "Fetch published weights", "deleted": "Deleted models"}
MOST_BESIDE = 4


@dataclass(frozen=True)
class View:
    """What a visitor of the Models page looks at.

    Attributes
    ----------
    model : str or None
        Name in the library; None takes the first.
    other : str or None
        A second model, for side by side.
    section : str
        One of `SECTIONS`, or of `DOORS`, by which models come and go.
    part : str or None
        Which films its figures are of; None takes the first that the card has.
    beside : tuple of str
        Published figures shown beside the model's.
    entry : str or None
        What may be fetched; None takes the first of the registry.
    """

    model: str | None = None
    other: str | None = None
    section: str = "card"
    part: str | None = None
    beside: tuple[str, ...] = ("CheXNet", "Zech 2022", "Wang, official split")
    entry: str | None = None

    def with_(self, **changes: Any) -> View:
        """The same view with some fields changed."""
        return dataclasses.replace(self, **changes)


DEFAULT = View()
_WORDS = {"other": "with", "entry": "fetch"}  # what the address calls them


def write_link(view: View) -> dict[str, str]:
    """Give the query parameters of a view; whatever is as by default is left out."""
    link = {}
    for name in _READERS:
        value = getattr(view, name)
        if value != getattr(DEFAULT, name):
            link[_WORDS.get(name, name)] = ";".join(value) if isinstance(value, tuple) else str(value)
    return link


def read_link(link: Mapping[str, str]) -> tuple[View, list[str]]:
    """Read a view from query parameters.

    Returns
    -------
    view : View
        With defaults wherever the link says nothing that can be used.
    problems : list of str
        One sentence for each part of the link that could not be used.
    """
    found: dict[str, Any] = {}
    problems: list[str] = []
    for name, read in _READERS.items():
        word = _WORDS.get(name, name)
        if word not in link:
            continue
        try:
            found[name] = read(link[word])
        except ValueError as error:
            problems.append(f"The link's {word} “{excerpt(link[word])}” was left out: {error}.")
    return View(**found), problems


def _name(text: str) -> str:
    if not 0 < len(text) <= LONGEST_NAME or not text.isprintable():
        raise ValueError(f"expected a name of at most {LONGEST_NAME} characters")
    return text


def _one_of(choices: Mapping[str, Any]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in choices:
            raise ValueError(f"it can be {', '.join(choices)}")
        return text

    return read


def _beside(text: str) -> tuple[str, ...]:
    keys = [one.key for one in FIGURES]
    names = tuple(dict.fromkeys(name for name in text.split(";") if name))
    if len(names) > MOST_BESIDE or not set(names) <= set(keys):
        raise ValueError(f"it can be up to {MOST_BESIDE} of {'; '.join(keys)}")
    return names


_READERS: Mapping[str, Callable[[str], Any]] = {
    "model": _name,
    "other": _name,
    "section": _one_of({**SECTIONS, **DOORS}),
    "part": _name,
    "beside": _beside,
    "entry": _one_of(registry()),
}
