"""What this visitor looks at on the Compare page."""

from __future__ import annotations

from dashboard.compare.state import LINK
from dashboard.page.visit import Visit

visit = Visit("compare", LINK)
