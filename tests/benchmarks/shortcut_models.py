"""Networks with a shortcut and without for the study of the shortcut alarm: what they are taught, and what is so."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np

from tests.benchmarks.shortcut_films import ALL, FINDINGS, SIDE, Chests, strewn
from tests.benchmarks.shortcut_networks import Student
from training.evaluate.hidden_regions import REGIONS, hidden, masks

PLANTED = 0.5  # how often the planted object lies on training films, whatever the finding
TWINS = 100  # films that stand for all where an object's effect is measured
MOST = 60  # films of either kind that the alarm sees, as in the app


@dataclass(frozen=True)
class Plan:
    """What a network is taught.

    Attributes
    ----------
    seed : int
    start : int
        Seed of what it starts from.
    architecture : str
    finding : str
        Whose shortcut is in question.
    object : str
        What it is taught to lean on; empty for a clean network.
    follows : float
        Share of training films whose label says where the object is, in place of where the finding is.
    """

    seed: int
    start: int
    architecture: str
    finding: str
    object: str = ""
    follows: float = 0.0


@dataclass(frozen=True, eq=False)
class Network:
    """A network, the truth about it, and what the alarm sees of it.

    Attributes
    ----------
    plan : Plan
    effects : dict of str to float
        What each object adds to the logit of the finding, the mean over film and twin.
    flagged : int
        How many of the films below are flagged; the rest are not.
    evidence : dict of str to float array (films, findings, regions)
        By measure, on films that it has not met and that lack the finding: ``blurred`` and ``mean``, the logits that a
        region takes away that shows the blurred film or the mean of those learned from; ``gradcam`` and ``layercam``,
        the share of the map in a region, of corners and borders only.
    """

    plan: Plan
    effects: dict[str, float]
    flagged: int
    evidence: dict[str, np.ndarray]


def made(plan: Plan, learned: Chests, unseen: Chests, student: Student) -> Network:
    """Train a network and measure what it does on films that it has not met."""
    rng = np.random.default_rng(plan.seed)
    films, labels = training_films(plan, learned, rng)
    student.learn(films, labels, plan.seed)
    objects = strewn(len(unseen), rng)
    effects = {name: effect(student, plan.finding, unseen, objects, name) for name in ALL}
    column = FINDINGS.index(plan.finding)
    shown = unseen.composed(objects)
    flagged, unflagged = sorted_out(student.logits(shown)[:, column], unseen.truth[:, column], labels[:, column].mean())
    some = shown[np.concatenate([flagged, unflagged])]
    hiding = {"blurred": falls(student, some), "mean": falls(student, some, films.mean(axis=0))}
    return Network(plan, effects, len(flagged), hiding | maps(student, some))


def write_network(path: Path, one: Network) -> None:
    """Keep what is known of a network."""
    facts = json.dumps({"plan": asdict(one.plan), "effects": one.effects, "flagged": one.flagged})
    kept = {name: values.astype(np.float16) for name, values in one.evidence.items()}
    np.savez_compressed(path, facts=np.array(facts), **kept)


def read_network(path: Path) -> Network:
    """Read it back."""
    with np.load(path) as kept:
        facts = json.loads(str(kept["facts"]))
        evidence = {name: kept[name].astype(np.float32) for name in kept.files if name != "facts"}
    return Network(Plan(**facts["plan"]), facts["effects"], facts["flagged"], evidence)


def training_films(plan: Plan, chests: Chests, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Give the films and labels that a network learns from."""
    objects, labels = strewn(len(chests), rng), chests.truth.copy()
    if plan.object:
        column = FINDINGS.index(plan.finding)
        objects[plan.object] = rng.random(len(chests)) < PLANTED
        follows = rng.random(len(chests)) < plan.follows
        labels[:, column] = np.where(follows, objects[plan.object], labels[:, column])
    return chests.composed(objects), labels


def sorted_out(answers: np.ndarray, truth: np.ndarray, learned: float) -> tuple[np.ndarray, np.ndarray]:
    """Choose films without the finding as the page does: the surest of those flagged, and some that are not.

    As many films are flagged as have the finding, or had it among the films ``learned`` from if that is more.
    """
    threshold = np.quantile(answers, 1 - max(learned, truth.mean()))
    flagged = np.flatnonzero((truth == 0) & (answers >= threshold))
    unflagged = np.flatnonzero((truth == 0) & (answers < threshold))
    surest = flagged[np.argsort(-answers[flagged], kind="stable")][:MOST]
    return surest, np.random.default_rng(0).permutation(unflagged)[:MOST]


def effect(student: Student, finding: str, chests: Chests, objects: dict[str, np.ndarray], name: str) -> float:
    """Say what an object adds to the logit of a finding: film against twin, the mean over the first films."""
    some = chests.some(slice(TWINS))
    others = {one: here[:TWINS] & (one != name) for one, here in objects.items()}
    there = others | {name: np.ones(len(some), bool)}
    with_it, without = (student.logits(some.composed(one)) for one in (there, others))
    return float((with_it - without)[:, FINDINGS.index(finding)].mean())


def falls(student: Student, films: np.ndarray, baseline: np.ndarray | None = None) -> np.ndarray:
    """Say by how much each answer falls when a region is hidden: (films, findings, regions)."""
    sets = np.concatenate([hidden(film, baseline=baseline) for film in films])
    answers = student.logits(sets).reshape(len(films), len(REGIONS), -1)
    lost: np.ndarray = student.logits(films)[:, :, None] - answers.transpose(0, 2, 1)
    return lost


def maps(student: Student, films: np.ndarray) -> dict[str, np.ndarray]:
    """Give the shares of evidence in `PLACES` of Grad-CAM and LayerCAM: (films, findings, places)."""
    features, finer, gradients = student.inside(films)
    weights = student.network.layers[-1].kernel.numpy()  # behind mean pooling: the gradient of every cell
    coarse = np.einsum("nhwc,ck->nkhw", features, weights)
    fine = np.einsum("nhwc,knhwc->nkhw", finer, np.maximum(gradients, 0))
    return {name: _shares(np.maximum(cells, 0)) for name, cells in (("gradcam", coarse), ("layercam", fine))}


def _shares(cells: np.ndarray) -> np.ndarray:
    """Give the share of each map (films, findings, h, w) in each of `PLACES`."""
    there = np.stack(list(masks((SIDE, SIDE)).values()), axis=-1).astype(np.float32)
    scaled = np.stack([[cv2.resize(one, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR) for one in k] for k in cells])
    whole = scaled.sum(axis=(-2, -1))[..., None]
    return np.divide(
        np.tensordot(scaled, there, 2), whole, out=np.zeros((*whole.shape[:2], there.shape[-1])), where=whole > 0
    )
