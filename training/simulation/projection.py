"""From anatomy to a projected chest without findings."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from training.simulation.anatomy import Anatomy, Lungs
from training.simulation.camera import Camera
from training.simulation.layers import Chest, Frame, Layers
from training.simulation.organs import project_body, project_gas, project_lungs
from training.simulation.skeleton import project_skeleton
from training.simulation.streams import stream, texture
from training.simulation.vessels import project_vessels


@dataclass(frozen=True)
class Surroundings:
    """What few findings change, or none: trunk, bones, texture of the lungs and, of the healthy lungs, the vessels."""

    lungs: Lungs
    body: np.ndarray
    bone: np.ndarray
    parenchyma: np.ndarray
    vessels: np.ndarray
    frame: Frame


def project_surroundings(anatomy: Anatomy, camera: Camera, person: int, seed: int) -> Surroundings:
    """Project what all twins of a film share."""
    body = project_body(anatomy, camera)
    body *= 1 + 0.018 * texture(stream(seed, "tissue"), camera.size, 2.6)
    bone = project_skeleton(anatomy, camera, person) * (body > 0)
    parenchyma = texture(stream(person, "parenchyma"), camera.size, 2.0, grain=12)
    vessels = project_vessels(anatomy, camera, person)
    return Surroundings(anatomy.lungs, body, bone, parenchyma, vessels, Frame(anatomy, camera))


def project(anatomy: Anatomy, camera: Camera, person: int, seed: int, around: Surroundings) -> Chest:
    """Project the inside of one chest into its surroundings."""
    zero = np.zeros_like(around.body)
    same_vessels = replace(anatomy.lungs, density=around.lungs.density) == around.lungs
    density = np.clip(anatomy.lungs.density * (1 + 0.05 * around.parenchyma), 0.05, 0.9).astype(np.float32)
    layers = Layers(
        body=around.body,
        lung=project_lungs(anatomy, camera),
        density=density,
        fill=zero,
        vessels=around.vessels if same_vessels else project_vessels(anatomy, camera, person),
        gas=np.minimum(project_gas(anatomy, camera, seed), around.body),
        bone=around.bone,
        metal=zero,
        added=zero,
    )
    return Chest(anatomy, camera, around.frame, layers)
