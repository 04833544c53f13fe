"""What a visitor marked in a contest, as a link keeps it: six digits a film, thousandths across and down."""

from __future__ import annotations

from dashboard.page.kinds import Kind
from training.benchmark.contest import FILMS

OPEN, NONE = "------", "......"  # not asked yet; no place in time
NOTHING = OPEN * FILMS
WIDTH = len(OPEN)
FINEST = 999  # thousandths

Place = tuple[float, float]


def marked(marks: str, number: int, place: Place | None) -> str:
    """Give the marks with that of one film; None stands for no place in time."""
    digits = NONE if place is None else "".join(f"{min(int(share * (FINEST + 1)), FINEST):03}" for share in place)
    return marks[: number * WIDTH] + digits + marks[(number + 1) * WIDTH :]


def is_open(marks: str, number: int) -> bool:
    """Whether a film waits for its mark."""
    return _of(marks, number) == OPEN


def place(marks: str, number: int) -> Place | None:
    """Give the middle of what was marked, in fractions of the film's width and height; None where nothing was."""
    digits = _of(marks, number)
    if digits in (OPEN, NONE):
        return None
    across, down = (int(digits[at : at + 3]) for at in (0, 3))
    return (across + 0.5) / (FINEST + 1), (down + 0.5) / (FINEST + 1)


def _of(marks: str, number: int) -> str:
    return marks[number * WIDTH : (number + 1) * WIDTH]


def _read(text: str) -> str:
    parts = [text[at : at + WIDTH] for at in range(0, len(text), WIDTH)]
    if len(text) != len(NOTHING) or any(one not in (OPEN, NONE) and not _is_digits(one) for one in parts):
        raise ValueError(f"expected {FILMS} times six digits, {OPEN} or {NONE}")
    return text


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


MARKS = Kind(_read)
