"""What every section of the Trust page is about: a model, and what was measured of its maps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dashboard.server.homes import home_of
from dashboard.server.library import Library
from dashboard.server.services import Services
from dashboard.trust.brought import brought_leagues
from training.benchmark.results import Results, problems_of, results_for
from xai.built_in import BUILT_IN_LEAGUES
from xai.cards.model_card import ModelCardError, card_sha256


@dataclass(frozen=True, eq=False)
class Subject:
    """A model of the library, and the benchmarks that were made of it.

    Attributes
    ----------
    services : Services
    model : str
        Its name in the library.
    leagues : tuple of Results
        Those that come with the app first, those that the visitor brought last.
    """

    services: Services
    model: str
    leagues: tuple[Results, ...]

    @property
    def card_id(self) -> str:
        """Sha256 of the model's card; empty where it cannot be read."""
        try:
            return card_sha256(self.library.card(self.model))
        except ModelCardError:
            return ""

    def home(self, results: Results) -> str | None:
        """Say what the library calls the dataset of results; None where it is not there."""
        return home_of(self.library, results.dataset, results.table)

    @property
    def library(self) -> Library:
        """Where models and datasets are."""
        return self.services.library


def league_folders(library: Library) -> tuple:
    """Say where folders of benchmarks lie: those that come with the app, and the library's own."""
    return BUILT_IN_LEAGUES, library.root / "leagues"


def open_subject(services: Services, model: str) -> Subject:
    """Find what was measured of a model, by the content of its file."""
    library, model_id = services.library, services.library.model_id(model)
    kept = results_for(model_id, league_folders(library))
    return Subject(services, model, (*kept, *(one for one in brought_leagues() if one.model_id == model_id)))


def unreadable(library: Library) -> Sequence[str]:
    """Say in a sentence each which benchmarks cannot be read."""
    return problems_of(league_folders(library))
