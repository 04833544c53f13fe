"""Codes that followers enter, and what is kept of the keys of holders."""

from __future__ import annotations

import hashlib
import secrets

LETTERS = "BCDFGHJKMNPQRSTVWXYZ"  # none that looks like another, or makes a word with its neighbours
CODE_LENGTH = 5


def new_code() -> str:
    """Make up a code: 3.2 million of them."""
    return "".join(secrets.choice(LETTERS) for _ in range(CODE_LENGTH))


def is_code(text: object) -> bool:
    """Whether a text has the form of a code, in capital letters."""
    return isinstance(text, str) and len(text) == CODE_LENGTH and set(text) <= set(LETTERS)


def digest_of(key: str) -> str:
    """Give what is kept of a key: it opens nothing itself."""
    return hashlib.sha256(key.encode()).hexdigest()
