"""What is raised where a model cannot be used."""

from __future__ import annotations


class ModelError(ValueError):
    """A model that cannot be used; the message is one sentence for the person who chose it."""
