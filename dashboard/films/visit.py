"""What this visitor asks of the Films page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dashboard.films.state import LINK, State
from dashboard.page.visit import Visit


class FilmsVisit(Visit[State]):
    """A visit whose controls change conditions, unless they are told otherwise."""

    def narrow(self, **changes: Any) -> None:
        """Change conditions, and go back to the first page."""
        self.put(self.state.narrowed(**changes))

    def bound(self, control: Callable[..., Any], *arguments: Any, key: str, **options: Any) -> Any:
        """Show a control that has a value of the state; it narrows unless another ``change`` is given."""
        return super().bound(control, *arguments, key=key, **{"change": self.narrow, **options})


visit = FilmsVisit("films", LINK)
