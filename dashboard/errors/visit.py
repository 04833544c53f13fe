"""What this visitor looks at on the Errors page."""

from __future__ import annotations

from dashboard.errors.state import LINK
from dashboard.page.visit import Visit

visit = Visit("errors", LINK)
