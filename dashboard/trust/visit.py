"""What this visitor looks at on the Trust page."""

from __future__ import annotations

from dashboard.page.visit import Visit
from dashboard.trust.state import LINK

visit = Visit("trust", LINK)
