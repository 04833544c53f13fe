"""What this visitor looks at on the Models page."""

from __future__ import annotations

from dashboard.models.state import LINK
from dashboard.page.visit import Visit

visit = Visit("models", LINK)
