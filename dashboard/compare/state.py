"""Everything that decides what the Compare page shows, and the link that shows it to somebody else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from dashboard.compare.areas import AREAS
from dashboard.components.display import DISPLAY, DISPLAY_SETTINGS, DisplaySetting, checked_display
from dashboard.page.kinds import NAME, SEED, SWITCH, Kind, names, number, one_of, some_of, whole
from dashboard.page.link import Field, Link
from dashboard.page.state import PageState
from xai.explainers import DEFAULT_METHODS, EXPLAINERS
from xai.explainers.baselines import AUTOMATIC, BASELINE_CHOICES
from xai.films.mend import STEPS

MOST_BROUGHT = 9_999  # films of one visitor
LONGEST_WALK = 4_000  # characters
MOST_ROWS = 4  # findings of a film that are shown at once
OF_ONE_FILM: Mapping[str, Any] = MappingProxyType({"mend": (), "hidden": "", "blind": False})
"""What belongs to one film: another begins as it came, whole, and with its maps named."""


@dataclass(frozen=True)
class Setting:
    """One parameter of a method that a visitor may change; without choices where they depend on the model."""

    method: str
    name: str
    label: str
    default: Any
    choices: tuple[Any, ...]
    help: str
    offered: str = ""

    @property
    def key(self) -> str:
        """What links and the page's state call it."""
        return f"{self.method}.{self.name}"


SETTINGS = tuple(
    Setting(
        kind.name, one.name, f"{kind.title}: {one.label}", getattr(kind, one.name), one.choices, one.help, one.offered
    )
    for kind in EXPLAINERS.values()
    for one in kind.settings
)


@dataclass(frozen=True)
class State(PageState):
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
    mend : tuple of str
        How the film is turned, mirrored or inverted before anybody reads it; see `xai.films.mend.STEPS`.
    without : tuple of str
        Findings and objects that the twin of a simulated film lacks; no twin is shown where it is empty.
    hidden : str
        Parts that a hand hides, as `dashboard.compare.areas` writes them.
    shows : str
        What these show instead; one of `xai.explainers.baselines.BASELINE_CHOICES`.
    display : dict
        Changed display settings of the viewer.
    upload : int
        Which of the films that a visitor brought hangs, counted from 1; 0 for none of them. No link can show it to
        anybody else.
    walk : str
        The query of what another page handed over, see `Walk`; empty where nothing was.
    grid : tuple of str
        Findings that are shown at once, a row each; empty for one finding, large.
    beside : str or None
        A second model, shown below the first.
    blind : bool
        Whether the maps go without the names of their methods until the truth is shown.
    """

    film: str | None = None
    model: str | None = None
    finding: str | None = None
    methods: tuple[str, ...] = DEFAULT_METHODS
    settings: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    mend: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    hidden: str = ""
    shows: str = AUTOMATIC
    display: Mapping[str, Any] = field(default_factory=dict)
    upload: int = 0
    walk: str = ""
    grid: tuple[str, ...] = ()
    beside: str | None = None
    blind: bool = False

    def without_choices_of_the_model(self) -> Mapping[str, Any]:
        """The settings that another model has too."""
        of_model = {setting.key for setting in SETTINGS if not setting.choices}
        return {key: value for key, value in self.settings.items() if key not in of_model}

    def parameters(self, method: str) -> tuple[tuple[str, Any], ...]:
        """All parameters of a method, in a fixed order, changed ones included."""
        return tuple(
            (setting.name, self.settings.get(setting.key, setting.default))
            for setting in SETTINGS
            if setting.method == method
        )


def _film_name(text: str) -> str:
    dataset, _, film = NAME.read(text).partition("/")
    if not dataset or not film:
        raise ValueError("expected dataset/film")
    return text


def _query(text: str) -> str:
    if len(text) > LONGEST_WALK or not text.isprintable():
        raise ValueError(f"expected at most {LONGEST_WALK:,} characters")
    return text


def _display_kind(setting: DisplaySetting) -> Kind:
    if setting.choices:
        return one_of(setting.choices)
    if setting.range is None:
        return SWITCH
    return whole(*map(int, setting.range)) if isinstance(setting.default, int) else number(*setting.range, digits=4)


def checked_choices(display: Mapping[str, Any]) -> dict[str, Any]:
    """Check what a browser says of the display by the rules of links; ValueError for what they would not take."""
    written = LINK.write(State(display=checked_display(display)))
    state, problems = LINK.read(written)
    if problems:
        raise ValueError(problems[0])
    return {**DISPLAY, **state.display}


def checked_hand(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Check what a browser says of hidden parts by the rules of links; ValueError for what they would not take."""
    kinds = {"hidden": AREAS, "shows": one_of(BASELINE_CHOICES)}
    if not all(isinstance(value, str) for value in changes.values()):
        raise ValueError("expected a text")
    return {name: kinds[name].read(value) for name, value in changes.items()}


LINK = Link(
    State(),
    [
        Field("film", Kind(_film_name), is_step=True),
        Field("upload", whole(1, MOST_BROUGHT), is_step=True),
        Field("walk", Kind(_query)),
        Field("model", NAME),
        Field("finding", NAME),
        Field("methods", some_of(tuple(EXPLAINERS), least=1)),
        Field("mend", some_of(STEPS)),
        Field("without", names()),
        Field("grid", names(MOST_ROWS), is_step=True),
        Field("beside", NAME),
        Field("seed", SEED),
        Field("hidden", AREAS),
        Field("blind", SWITCH),
        Field("shows", one_of(BASELINE_CHOICES)),
        *(
            Field(
                one.key,
                one_of(one.choices) if one.choices else NAME,
                attribute="settings",
                entry=one.key,
                default=one.default,
            )
            for one in SETTINGS
        ),
        *(
            Field(
                one.link_names[0],
                _display_kind(one),
                attribute="display",
                entry=one.name,
                default=one.default,
                also=one.link_names[1:],
            )
            for one in DISPLAY_SETTINGS.values()
        ),
    ],
)
