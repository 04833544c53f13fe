"""What one visitor is looking at, and the link that shows it to somebody else."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dashboard.components.display import DISPLAY_SETTINGS
from xai.explainers import DEFAULT_METHODS, EXPLAINERS

LONGEST_NAME = 500  # of what a link may name: paths of films inside a dataset are the longest


@dataclass(frozen=True)
class Setting:
    """One parameter of a method that a visitor may change."""

    method: str
    name: str
    label: str
    default: Any
    choices: tuple[Any, ...]
    help: str


SETTINGS = tuple(
    Setting(kind.name, one.name, f"{kind.title}: {one.label}", getattr(kind, one.name), one.choices, one.help)
    for kind in EXPLAINERS.values()
    for one in kind.settings
)


@dataclass(frozen=True)
class View:
    """Everything that decides what the Compare page shows.

    Attributes
    ----------
    film : str or None
        ``dataset/film``; None for an upload, which no link can show, and before the first film.
    model : str or None
        Name in the library; None takes the default.
    finding : str or None
        None takes the most probable one.
    methods : tuple of str
    settings : dict
        Changed parameters, ``{"lime.samples": 2000}``.
    seed : int
    without : tuple of str
        Findings and objects that the twin of a simulated film lacks; no twin is shown where it is empty.
    display : dict
        Changed display settings of the viewer.
    """

    film: str | None = None
    model: str | None = None
    finding: str | None = None
    methods: tuple[str, ...] = DEFAULT_METHODS
    settings: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    without: tuple[str, ...] = ()
    display: Mapping[str, Any] = field(default_factory=dict)

    def with_(self, **changes: Any) -> View:
        """The same view with some fields changed."""
        return dataclasses.replace(self, **changes)

    def parameters(self, method: str) -> tuple[tuple[str, Any], ...]:
        """All parameters of a method, in a fixed order, changed ones included."""
        return tuple(
            (setting.name, self.settings.get(f"{method}.{setting.name}", setting.default))
            for setting in SETTINGS
            if setting.method == method
        )


def write_link(view: View, display_defaults: Mapping[str, Any]) -> dict[str, str]:
    """Give the query parameters of a view; whatever is as by default is left out."""
    link = {name: getattr(view, name) for name in ("film", "model", "finding") if getattr(view, name)}
    if view.methods != DEFAULT_METHODS:
        link["methods"] = ",".join(view.methods)
    if view.without:
        link["without"] = ",".join(view.without)
    if view.seed:
        link["seed"] = str(view.seed)
    defaults = {f"{setting.method}.{setting.name}": setting.default for setting in SETTINGS}
    for name, value in view.settings.items():
        if value != defaults[name]:
            link[name] = str(value)
    for name, value in view.display.items():
        if value != display_defaults[name]:
            link[DISPLAY_SETTINGS[name].link_names[0]] = _text(value)
    return link


def read_link(
    link: Mapping[str, str],
    display_defaults: Mapping[str, Any],
    display_choices: Mapping[str, tuple[str, ...]],
    display_ranges: Mapping[str, tuple[float, float]],
) -> tuple[View, list[str]]:
    """Read a view from query parameters.

    Returns
    -------
    view : View
        With defaults wherever the link says nothing that can be used.
    problems : list of str
        One sentence for each part of the link that could not be used.
    """
    problems: list[str] = []

    def take(name: str, read: Callable[[str], Any], default: Any) -> Any:
        if name not in link:
            return default
        try:
            return read(link[name])
        except ValueError as error:
            problems.append(f"The link's {name} “{excerpt(link[name])}” was left out: {error}.")
            return default

    settings = {}
    for setting in SETTINGS:
        name = f"{setting.method}.{setting.name}"
        settings[name] = take(name, _choice_of(setting.choices), setting.default)
    display = {}
    said = {name: _said(link, DISPLAY_SETTINGS[name].link_names) for name in display_defaults}
    for name, default in display_defaults.items():
        if name in display_choices:
            read = _choice_of(display_choices[name])
        else:
            read = _number_of(type(default), *display_ranges[name]) if name in display_ranges else _switch
        display[name] = take(said[name], read, default)
    view = View(
        film=take("film", _film_name, None),
        model=take("model", _name, None),
        finding=take("finding", _name, None),
        methods=take("methods", _methods, DEFAULT_METHODS),
        settings={name: value for name, value in settings.items() if name in link},
        seed=take("seed", _seed, 0),
        without=take("without", _names, ()),
        display={name: value for name, value in display.items() if said[name] in link},
    )
    return view, problems


def _said(link: Mapping[str, str], names: tuple[str, ...]) -> str:
    """Give the name under which a link says something, the one to write where it says nothing."""
    return next((name for name in names if name in link), names[0])


def _choice_of(choices: tuple[Any, ...]) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        for choice in choices:
            if str(choice) == text:
                return choice
        raise ValueError(f"it can be {', '.join(map(str, choices))}")

    return read


def _switch(text: str) -> bool:
    if text not in ("on", "off"):
        raise ValueError("it can be on or off")
    return text == "on"


def _number_of(kind: type, least: float, most: float) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        rule = f"it must be a number from {least:g} to {most:g}"
        try:
            value = float(text)
        except ValueError:
            raise ValueError(rule) from None
        if not least <= value <= most:  # so that no NaN comes through
            raise ValueError(rule)
        return kind(value)

    return read


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _name(text: str) -> str:
    if not 0 < len(text) <= LONGEST_NAME or not text.isprintable():
        raise ValueError(f"expected a name of at most {LONGEST_NAME} characters")
    return text


def _names(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_name(text).split(",")))


def _film_name(text: str) -> str:
    dataset, _, film = _name(text).partition("/")
    if not dataset or not film:
        raise ValueError("expected dataset/film")
    return text


def _methods(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(text.split(",")))
    if unknown := [name for name in names if name not in EXPLAINERS]:
        raise ValueError(f"there is no method “{excerpt(unknown[0])}”; there are {', '.join(EXPLAINERS)}")
    return names


def excerpt(text: str) -> str:
    """Quote the start of what came, without characters that could upset a page."""
    start = "".join(letter if letter.isprintable() else "�" for letter in text[:40])
    return start if len(text) <= 40 else f"{start}…"


def _seed(text: str) -> int:
    if not text.isdecimal() or len(text) > 9:
        raise ValueError("expected a whole number of at most nine digits")
    return int(text)
