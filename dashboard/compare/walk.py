"""Films that another page handed over, to be gone through one by one on the light box."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from dashboard.server.services import Services


@dataclass(frozen=True)
class Place:
    """Where a film stands in a walk, counted from 1, and the films beside it."""

    number: int
    count: int
    before: str | None
    after: str | None


class Walk(ABC):
    """A list of films; nothing large is kept for a visitor.

    Attributes
    ----------
    page : str
        The page that handed them over.
    dataset : str
        That all of them are of.
    """

    page: ClassVar[str]
    dataset: str

    @abstractmethod
    def place(self, services: Services, film: str) -> Place | None:
        """Find a film among those that can be hung; None where it is not one of them."""

    @abstractmethod
    def ahead(self, services: Services, film: str, most: int) -> list[str]:
        """Name a film and those after it that can be hung, at most so many; none where it is not one of them."""

    @abstractmethod
    def link(self) -> dict[str, str]:
        """Give the query parameters that show the page as it was left."""
