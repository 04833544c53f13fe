"""What is raised where a model cannot be used."""

from __future__ import annotations

import re

REASON_LENGTH = 250


class ModelError(ValueError):
    """A model that cannot be used; the message is one sentence for the person who chose it."""


def reason_of(error: Exception) -> str:
    """Why Keras refuses, in a sentence: it stands last in its text, and before the configuration that it quotes."""
    text = re.sub(r"\x1b\[[\d;]*m", "", str(error))
    text = re.split(r"Exception encountered(?: when calling [\w.]+\(\)\.|:)|\n *\w+Error: ", text)[-1]
    text = re.split(r"Full object config|config=|Arguments received by|List of objects|Full config", text)[0]
    text = " ".join(text.split()).strip("'\" ") or type(error).__name__
    text = text if len(text) <= REASON_LENGTH else text[:REASON_LENGTH].rsplit(" ", 1)[0] + "…"
    return text if text.endswith((".", "…")) else f"{text}."
