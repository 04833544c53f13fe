"""What a card's fields have in common: each is held against a rule, and refused in one sentence."""

from __future__ import annotations

import json
from typing import Any


class ModelCardError(ValueError):
    """A card that cannot be used; the message is one sentence that says what is missing or wrong."""


def check(condition: bool, rule: str, came: Any) -> None:
    """Refuse a card that breaks a rule, with what came instead."""
    if not condition:
        raise ModelCardError(f"{rule}; the card has {json.dumps(came, default=str)[:200]}.")


def is_int(value: Any) -> bool:
    """Whether a value is a whole number; true and false are none."""
    return isinstance(value, int) and not isinstance(value, bool)
