"""What this visitor looks at on the ROC page."""

from __future__ import annotations

from dashboard.page.visit import Visit
from dashboard.roc.state import LINK

visit = Visit("roc", LINK)
