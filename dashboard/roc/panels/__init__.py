"""What else there is to see of a finding: one panel a file, one line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dashboard.roc.panels.downloads import show_downloads
from dashboard.roc.panels.models import show_models
from dashboard.roc.panels.published import show_published
from dashboard.roc.panels.steps import show_steps
from dashboard.roc.panels.subgroups import show_subgroups
from dashboard.roc.panels.whatif import show_what_if
from dashboard.roc.panels.words import show_words
from dashboard.roc.scene import Scene

SHOW: Mapping[str, Callable[[Scene], None]] = {
    "whatif": show_what_if,
    "models": show_models,
    "subgroups": show_subgroups,
    "published": show_published,
    "steps": show_steps,
    "words": show_words,
    "downloads": show_downloads,
}
