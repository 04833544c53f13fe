"""Everything that decides what the Compare page shows, and the link that shows it to somebody else."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dashboard.components.viewer import CHOICES, DISPLAY, RANGES
from dashboard.page.kinds import NAME, SEED, SWITCH, Kind, names, number, one_of, some_of, whole
from dashboard.page.link import Field, Link
from xai.explainers import DEFAULT_METHODS, EXPLAINERS
from xai.explainers.baselines import BASELINES


@dataclass(frozen=True)
class Setting:
    """One parameter of a method that a visitor may change."""

    method: str
    name: str
    label: str
    default: Any
    choices: tuple[Any, ...]
    help: str

    @property
    def key(self) -> str:
        """What links and the page's state call it."""
        return f"{self.method}.{self.name}"


SETTINGS = (
    Setting(
        "shap",
        "evaluations",
        "SHAP: films evaluated",
        500,
        (100, 200, 500, 1000, 2000),
        "More evaluations cut the film into finer rectangles and take proportionally longer.",
    ),
    Setting(
        "shap",
        "baseline",
        "SHAP: hidden parts show",
        "blurred film",
        tuple(BASELINES),
        "What a hidden rectangle is replaced by. The map is relative to this picture.",
    ),
    Setting(
        "shap",
        "grid",
        "SHAP: finest cells a side",
        16,
        (8, 16, 32, 64),
        "No rectangle gets smaller than one of these cells. Finer cells need more evaluations, or the budget is dug "
        "into a few tiny rectangles.",
    ),
    Setting(
        "shap",
        "context",
        "SHAP: the rest of the film is",
        "ends",
        ("ends", "all"),
        "“ends”: all hidden, then all shown; finer rectangles for the same work. “all”: every combination, as the shap "
        "library does it; exact Owen values of coarse rectangles.",
    ),
    Setting(
        "lime",
        "samples",
        "LIME: films sampled",
        1000,
        (100, 200, 500, 1000, 2000),
        "More samples make weak regions steadier and take proportionally longer.",
    ),
    Setting(
        "lime",
        "regions",
        "LIME: regions",
        60,
        (20, 40, 60, 100, 150),
        "Into how many pieces the film is cut. More pieces need more samples.",
    ),
    Setting(
        "lime",
        "baseline",
        "LIME: hidden regions show",
        "blurred film",
        tuple(BASELINES),
        "What a hidden region is replaced by.",
    ),
)


@dataclass(frozen=True)
class State:
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

    def with_(self, **changes: Any) -> State:
        """The same state with some fields changed."""
        return dataclasses.replace(self, **changes)

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


def _display_kind(name: str) -> Kind:
    if name in CHOICES:
        return one_of(CHOICES[name])
    if name not in RANGES:
        return SWITCH
    return whole(*RANGES[name]) if isinstance(DISPLAY[name], int) else number(*RANGES[name], digits=4)


LINK = Link(
    State(),
    [
        Field("film", Kind(_film_name)),
        Field("model", NAME),
        Field("finding", NAME),
        Field("methods", some_of(tuple(EXPLAINERS), least=1)),
        Field("without", names()),
        Field("seed", SEED),
        *(
            Field(one.key, one_of(one.choices), attribute="settings", entry=one.key, default=one.default)
            for one in SETTINGS
        ),
        *(
            Field(name, _display_kind(name), attribute="display", entry=name, default=default)
            for name, default in DISPLAY.items()
        ),
    ],
)
