"""The app's own channel beside Streamlit's: which pages are open, what they fetch, and who may see it."""

from __future__ import annotations

from collections.abc import Callable

from dashboard.server.pages import GRACE, Pages
from dashboard.server.parts import Parts
from dashboard.server.visitors import Visitors

PREFIX = "/api"


class Channel:
    """What routes and pages share.

    Parameters
    ----------
    forget : callable
        Called with the content hash of an upload when the last visitor who held it is gone.
    grace : float
        Seconds after which a page whose browser has gone is forgotten.
    """

    def __init__(self, forget: Callable[[str], None], grace: float = GRACE) -> None:
        self.visitors = Visitors()
        self.parts = Parts(self.visitors)
        self.pages = Pages(self._forget_visitor, grace=grace)
        self._forget = forget

    def _forget_visitor(self, visitor: str) -> None:
        for film in self.visitors.forget(visitor):
            self.parts.forget(film)
            self._forget(film)
