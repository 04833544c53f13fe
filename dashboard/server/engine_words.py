"""What runs a model, for its facts on a page."""

from __future__ import annotations

from dashboard.server.services import Services


def engine_words(services: Services, model: str) -> str:
    """Say which engine runs a model and what its answers were held against; not known before it has answered."""
    classifier = services.in_memory(model)
    told = classifier.engine_facts if classifier is not None else ""
    return told or "not chosen yet; it is when the model first answers for a film."
