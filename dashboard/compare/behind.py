"""What stands behind a number: the hidden films that the value of one piece of a map comes from, with their answers."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from dashboard.compare import areas
from dashboard.compare.shown import Shown
from dashboard.components.payload import Payload
from dashboard.page.words import HARDLY, signed
from dashboard.server.awaited import Want
from dashboard.server.jobs import Job
from dashboard.server.services import Answered
from dashboard.server.store import content_key
from xai.budget import Budget
from xai.explainers import EXPLAINERS
from xai.explainers.claims import claimed_change
from xai.explainers.explanation import Explanation
from xai.explainers.hiding import Grid, Region
from xai.films.film import AS_HUNG
from xai.models.preprocess import resize
from xai.written import percent

GROUP = "behind"
THUMBNAIL = 96  # pixels, of the longer side at most


def wants(shown: Shown, about: Any) -> list[Want]:
    """Give what there is to wait for once a visitor points at a piece of a map.

    Parameters
    ----------
    shown : Shown
    about : str
        The method and the place, as `dashboard.compare.areas` writes them: ``lime-4050``.

    Raises
    ------
    ValueError
        For anything else, and where no map of that method is there.
    """
    shapes = areas.read(about) if isinstance(about, str) else ()
    if len(shapes) != 1 or not isinstance(shapes[0], Region) or shapes[0].method not in shown.parameters:
        raise ValueError("expected one piece of a map that hangs here")
    pointed = _Pointed(shown, shapes[0])
    return [Want(pointed.key, "behind", "what stands behind it", pointed.ask, pointed.find)]


class _Pointed:
    """One piece of a method's map, which is there."""

    def __init__(self, shown: Shown, region: Region) -> None:
        self.shown, self.services, self.method = shown, shown.services, region.method
        made = self._made()
        pieces = made[0].pieces
        height, width = shown.reopened().pixels.shape
        place = Grid.of((height, width), shown.card.input).pixel(region.x, region.y)
        if pieces is None or place is None:
            raise ValueError("nothing of the map lies there")
        self.piece = int(pieces[place])
        self.where = made[0].frame(shown.footprint, shown.sides == AS_HUNG).extent(pieces == self.piece)
        self.key = content_key(shown.key(self.method), "behind", self.piece)

    def ask(self) -> Job:
        """Ask for the hidden films and the model's answers to them."""
        return self.shown.work(self.key, self._work)

    def find(self) -> str | None:
        """Name the part that shows them."""
        if self.services.answered.get(self.key) is None:
            return None
        return self.shown.offer(["behind", self.key, self.shown.sides], partial(_part, self))

    def _made(self) -> list[Explanation]:
        made = self.services.store.get(self.shown.key(self.method))
        if made is None:
            raise ValueError("this map is not there yet")
        return made

    def _work(self, budget: Budget) -> None:
        made, classifier, film = self._made(), self.services.classifier(self.shown.model), self.shown.reopened()
        explainer = EXPLAINERS[self.method](**dict(self.shown.parameters[self.method]))
        found = explainer.behind(classifier, film, made, self.piece)
        if found is None:
            raise ValueError("Too few films were drawn for this map to compare some with this part and some without.")
        assert made[0].pieces is not None  # one of them is pointed at
        inside = made[0].pieces == self.piece
        values = [-(claimed_change(type(explainer), one, inside) or 0.0) for one in made]
        answer = {
            "pictures": np.stack([_thumbnail(one) for one in found.films]),
            "visible": found.visible.tolist(),
            "weights": None if found.weights is None else [float(weight) for weight in found.weights],
            "logits": found.logits,
            "means": found.means,
            "counts": found.counts,
            "values": values,
        }
        self.services.answered.put(self.key, answer)


def _part(pointed: _Pointed) -> Payload | None:
    answer = pointed.services.answered.get(pointed.key)
    return None if answer is None else behind_part(pointed.shown, pointed.method, answer) | {"where": pointed.where}


def behind_part(shown: Shown, method: str, answer: Answered) -> Payload:
    """Put into words and numbers what stands behind one piece of a map, for every output."""
    card, logits = shown.card, np.asarray(answer["logits"])
    by_region = bool(dict(shown.parameters[method]).get("regions"))
    shares = np.stack([card.probabilities(row) for row in logits])
    return {
        "method": method,
        "pictures": answer["pictures"],
        "visible": answer["visible"],
        "counts": None if answer["weights"] is None else [f"counts {weight:.2f}" for weight in answer["weights"]],
        "answers": {name: [percent(float(share)) for share in shares[:, k]] for k, name in enumerate(card.outputs)},
        "said": {
            name: sentence(
                method,
                answer["values"][k],
                answer["means"][:, k],
                answer["counts"],
                weighted=answer["weights"] is not None,
                by_region=by_region,
            )
            for k, name in enumerate(card.outputs)
        },
    }


def sentence(
    method: str,
    value: float,
    means: np.ndarray,
    counts: tuple[int, int],
    *,
    weighted: bool = True,
    by_region: bool = False,
) -> str:
    """Say what the value of a piece is, and what the films behind it say.

    Parameters
    ----------
    method : str
    value : float
        Of the piece, in logits.
    means : ndarray, shape (2,)
        Mean logits of the films that hide the piece, and of those that show it.
    counts : (int, int)
        How many films those are.
    weighted : bool, default True
        Whether some of them count more in a straight fit than others.
    by_region : bool, default False
        Whether the map shares out among regions, over all ways to show the others.
    """
    higher = float(means[1] - means[0])
    compared = "the same" if abs(higher) < HARDLY else f"{abs(higher):.2f} {'higher' if higher > 0 else 'lower'}"
    lead = (
        f"On average over {sum(counts):,} films, {counts[1]:,} with this part and {counts[0]:,} without, the logit is "
        f"{compared} where it is visible"
    )
    if EXPLAINERS[method].shares == "piece":
        return (
            f"{lead}: {signed(float(means[1]))} against {signed(float(means[0]))}. The weight of {signed(value)} is "
            "the slope of a straight fit to the same films, "
            f"{'in which those count most that hide little' if weighted else 'which all count the same'}."
        )
    rest = value - higher
    if by_region:
        elsewhere = (
            ""
            if abs(rest) < HARDLY
            else f" The other {signed(rest)} is what it does beside some of the other parts: a share is the mean over "
            "all ways to show them, and these films show none of them or all."
        )
        return f"{lead}. Its share is {signed(value)}.{elsewhere}"
    added = (
        ""
        if abs(rest) < HARDLY
        else f" The other {signed(rest)} comes from larger parts around it: what they do only together, or what was "
        "not told apart in them."
    )
    return f"{_inherited(higher, rest)}{lead}. Its share is {signed(value)}.{added}"


def _inherited(higher: float, rest: float) -> str:
    """Say first where most of a share is not what its own part did; else nothing."""
    if abs(rest) < HARDLY or abs(rest) <= abs(higher):
        return ""
    if abs(higher) < HARDLY:
        alone = "hardly moved the answer"
    else:
        alone = f"moved the answer {'less than that' if higher * rest > 0 else 'the other way'}"
    return (
        "Most of this share was given to larger parts around it and divided evenly within them; hiding this part by "
        f"itself {alone}. "
    )


def _thumbnail(canvas: np.ndarray) -> np.ndarray:
    height, width = canvas.shape
    scale = min(1.0, THUMBNAIL / max(height, width))
    small = resize(canvas, max(1, round(height * scale)), max(1, round(width * scale)))
    shades: np.ndarray = np.rint(255 * small.clip(0, 1)).astype(np.uint8)
    return shades
