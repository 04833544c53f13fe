"""Turn, mirror or invert a film: the sixteen ways in which a picture of it can stand, and back to the upright one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from xai.films.film import Film, Sides

Box = tuple[float, float, float, float]

TURNS = {"left": 1, "round": 2, "right": 3}  # quarter turns against the clock
STEPS = (*TURNS, "mirror", "invert")
_DONE = {
    "left": "turned a quarter to the left",
    "round": "turned upside down",
    "right": "turned a quarter to the right",
    "mirror": "mirrored",
    "invert": "inverted (black and white exchanged)",
}


@dataclass(frozen=True)
class Mend:
    """What is done to a picture: it is turned, then mirrored, then inverted.

    Attributes
    ----------
    turns : int
        Quarter turns against the clock, 0 to 3.
    mirrored : bool
        Left and right exchanged.
    inverted : bool
        Black and white exchanged.
    """

    turns: int = 0
    mirrored: bool = False
    inverted: bool = False

    @classmethod
    def of(cls, steps: Iterable[str]) -> Mend:
        """Do several of `STEPS`, one after the other; KeyError for anything else."""
        made = cls()
        for step in steps:
            made = made.then(step)
        return made

    def then(self, step: str) -> Mend:
        """Do one of `STEPS` after this."""
        if step == "mirror":
            return replace(self, mirrored=not self.mirrored)
        if step == "invert":
            return replace(self, inverted=not self.inverted)
        turns = TURNS[step]  # what is turned after it was mirrored could have been turned the other way before
        return replace(self, turns=(self.turns + (-turns if self.mirrored else turns)) % 4)

    @property
    def steps(self) -> tuple[str, ...]:
        """The `STEPS` that do the same."""
        turn = [name for name, turns in TURNS.items() if turns == self.turns]
        return (*turn, *(["mirror"] if self.mirrored else []), *(["invert"] if self.inverted else []))

    def __bool__(self) -> bool:
        return self != Mend()

    def __str__(self) -> str:
        """Say what is done, in words that follow "is": "turned upside down and mirrored"; nothing where nothing is."""
        *others, last = [_DONE[step] for step in self.steps] or [""]
        return f"{', '.join(others)} and {last}" if others else last

    def moved(self, picture: np.ndarray) -> np.ndarray:
        """Turn and mirror a picture or a mask, (H, W) of anything; its values stay."""
        turned = np.rot90(picture, self.turns)
        return np.ascontiguousarray(turned[:, ::-1] if self.mirrored else turned)

    def pixels(self, pixels: np.ndarray) -> np.ndarray:
        """Do it to a film's pixels, (H, W) floats in [0, 1]."""
        moved = self.moved(pixels)
        return 1 - moved if self.inverted else moved

    def box(self, box: Box) -> Box:
        """Move a box (left, top, right, bottom), in fractions of the picture, with what it surrounds."""
        left, top, right, bottom = box
        for _ in range(self.turns):
            left, top, right, bottom = top, 1 - right, bottom, 1 - left
        return (1 - right, top, 1 - left, bottom) if self.mirrored else (left, top, right, bottom)

    def boxes(self, boxes: Mapping[str, Sequence[Box]]) -> dict[str, list[Box]]:
        """Move several boxes, by name; see `box`."""
        return {name: [self.box(one) for one in several] for name, several in boxes.items()}

    def sides(self, sides: Sides | None) -> Sides | None:
        """Give which sides of the patient lie left and right of a picture once it is moved; None where none does."""
        if sides is None or self.turns % 2:
            return None
        left, right = sides
        return (right, left) if self.mirrored != (self.turns == 2) else sides

    def film(self, film: Film) -> Film:
        """Do it to a film: another film, whose notes say so; the same one where there is nothing to do."""
        if not self:
            return film
        facts = film.facts
        size = (facts.height, facts.width) if self.turns % 2 else (facts.width, facts.height)
        notes, sides = (*facts.notes, f"{self} here, as was asked"), self.sides(facts.sides)
        mended = replace(facts, width=size[0], height=size[1], notes=notes, sides=sides)
        return Film.from_pixels(self.pixels(film.pixels), facts=mended)


WAYS = tuple(
    Mend(turns, mirrored, inverted) for inverted in (False, True) for mirrored in (False, True) for turns in range(4)
)
"""All that there are; the first leaves a picture as it is."""
