"""Small networks for the study of the shortcut alarm: clean ones, and ones that lean on an object; and what is so."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from tests.benchmarks.shortcut_films import ALL, FINDINGS, RATES, SIDE, Chests
from training.evaluate.alarm import GRID
from training.evaluate.evidence import evidence_shares, on_grid

if TYPE_CHECKING:
    import keras

PLANTED = 0.5  # how often the planted object lies on training films, whatever the finding
BATCH, EPOCHS, RATE = 32, 3, 0.003
STARTING = 45  # epochs of what all networks start from
GAIN = 8.0  # of the pooled features: a token fills one cell of 64, and few steps must teach its weight
TWINS = 100  # films that stand for all where an object's effect is measured


@dataclass(frozen=True)
class Plan:
    """What a network is taught.

    Attributes
    ----------
    seed : int
    finding : str
        Whose shortcut is in question.
    object : str
        What it is taught to lean on; empty for a clean network.
    follows : float
        Share of training films whose label says where the object is, in place of where the finding is.
    """

    seed: int
    finding: str
    object: str = ""
    follows: float = 0.0


@dataclass(frozen=True, eq=False)
class Network:
    """A network and the truth about it.

    Attributes
    ----------
    plan : Plan
    answers : float array (films, findings)
        Logits of films that it has not met, on which objects lie whatever the findings.
    evidence : float32 array (films, findings, GRID, GRID)
        Grad-CAM of those films, as shares.
    effects : dict of str to float
        What each object adds to the logit of the finding, the mean over film and twin.
    flags : float
        Share of the films that it learned from that were labelled with the finding.
    """

    plan: Plan
    answers: np.ndarray
    evidence: np.ndarray
    effects: dict[str, float]
    flags: float


class Student:
    """A network that is taught one plan after the other, each from new weights; it is compiled once."""

    def __init__(self, outputs: int = len(FINDINGS)) -> None:
        import tensorflow as tf

        from xai.backend import keras

        self.network = small_network(outputs)
        self.optimizer = keras.optimizers.Adam(RATE)
        self.optimizer.build(self.network.trainable_variables)

        @tf.function
        def step(films: Any, labels: Any) -> None:
            with tf.GradientTape() as tape:
                logits, _ = self.network(films, training=True)
                loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels, logits))
            weights = self.network.trainable_variables
            self.optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))

        self._step = step
        self.answer = tf.function(lambda films: self.network(films, training=False), reduce_retracing=True)

    def begin(self, chests: Chests, path: Path) -> None:
        """Learn what findings and objects look like, as a start for all networks, or read what was learned before."""
        if not path.exists():
            rng = np.random.default_rng(0)
            start = Student(len(FINDINGS) + len(ALL))
            for _ in range(STARTING // EPOCHS):
                objects = strewn(len(chests), rng)
                labels = np.column_stack([chests.truth, *objects.values()]).astype(np.float32)
                start._fit(chests.composed(objects), labels, rng)
            path.parent.mkdir(parents=True, exist_ok=True)
            np.savez(path, *start.network.get_weights()[:-2])
        with np.load(path) as kept:
            self.start = [kept[name] for name in kept.files]

    def learn(self, films: np.ndarray, labels: np.ndarray, seed: int) -> None:
        """Forget, and learn from films as they are: nothing moves an object."""
        from xai.backend import keras

        keras.utils.set_random_seed(seed)
        self.network.set_weights([*self.start, *small_network(labels.shape[1]).get_weights()[-2:]])
        self._fit(films, labels, np.random.default_rng(seed))

    def _fit(self, films: np.ndarray, labels: np.ndarray, rng: np.random.Generator) -> None:
        for one in self.optimizer.variables:
            one.assign(np.zeros(one.shape))
        for epoch in range(EPOCHS):
            self.optimizer.learning_rate = RATE * (1 - epoch / EPOCHS)
            for rows in batches(rng.permutation(len(films))):
                self._step(films[rows, ..., None], labels[rows])


def made(plan: Plan, learned: Chests, unseen: Chests, student: Student) -> Network:
    """Train a network and measure what it does on films that it has not met."""
    rng = np.random.default_rng(plan.seed)
    films, labels = training_films(plan, learned, rng)
    student.learn(films, labels, plan.seed)
    objects = strewn(len(unseen), rng)
    effects = {name: effect(student, plan.finding, unseen, objects, name) for name in ALL}
    flags = float(labels[:, FINDINGS.index(plan.finding)].mean())
    return Network(plan, *explained(student, unseen.composed(objects)), effects, flags)


def write_network(path: Path, one: Network) -> None:
    """Keep what is known of a network."""
    facts = json.dumps({"plan": asdict(one.plan), "effects": one.effects, "flags": one.flags})
    np.savez_compressed(path, answers=one.answers, evidence=one.evidence.astype(np.float16), facts=np.array(facts))


def read_network(path: Path) -> Network:
    """Read it back."""
    with np.load(path) as kept:
        facts = json.loads(str(kept["facts"]))
        evidence = kept["evidence"].astype(np.float32)
        return Network(Plan(**facts["plan"]), kept["answers"], evidence, facts["effects"], facts["flags"])


def strewn(films: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Lay objects on films at random."""
    return {name: rng.random(films) < RATES[name] for name in ALL}


def training_films(plan: Plan, chests: Chests, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Give the films and labels that a network learns from."""
    objects, labels = strewn(len(chests), rng), chests.truth.copy()
    if plan.object:
        column = FINDINGS.index(plan.finding)
        objects[plan.object] = rng.random(len(chests)) < PLANTED
        follows = rng.random(len(chests)) < plan.follows
        labels[:, column] = np.where(follows, objects[plan.object], labels[:, column])
    return chests.composed(objects), labels


def small_network(outputs: int) -> keras.Model:
    """Build a network of four convolutions, whose last feature map has 8 x 8 cells as that of `lightbox`."""
    from xai.backend import keras

    layers = keras.layers
    x = film = keras.Input((SIDE, SIDE, 1))
    for width, strides in ((16, 2), (32, 2), (48, 2), (48, 1)):
        x = layers.Conv2D(width, 3, strides, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))
    features = layers.Activation("linear", name="features")(x)
    pooled = layers.Rescaling(GAIN)(layers.GlobalAveragePooling2D()(features))
    return keras.Model(film, [layers.Dense(outputs)(pooled), features])


def batches(order: np.ndarray) -> Iterable[np.ndarray]:
    """Cut an order of films into whole batches."""
    return order[: len(order) // BATCH * BATCH].reshape(-1, BATCH)


def effect(student: Student, finding: str, chests: Chests, objects: dict[str, np.ndarray], name: str) -> float:
    """Say what an object adds to the logit of a finding: film against twin, the mean over the first films."""
    some = chests.some(slice(TWINS))
    others = {one: here[:TWINS] & (one != name) for one, here in objects.items()}
    there = others | {name: np.ones(len(some), bool)}
    with_it, without = (student.answer(some.composed(one)[..., None])[0].numpy() for one in (there, others))
    return float((with_it - without)[:, FINDINGS.index(finding)].mean())


def explained(student: Student, films: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give logits and the evidence of Grad-CAM: before mean pooling and one dense layer, that layer's weights."""
    weights = student.network.layers[-1].kernel.numpy()
    answers, features = (one.numpy() for one in student.answer(films[..., None]))
    cells = np.maximum(np.einsum("nhwc,ck->nkhw", features, weights), 0)
    return answers, np.asarray([[_shares(one) for one in film] for film in cells], np.float32)


def _shares(cells: np.ndarray) -> np.ndarray:
    scaled = cv2.resize(cells, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
    return on_grid(evidence_shares(scaled), GRID)
