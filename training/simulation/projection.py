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

# Unevenness of soft tissue and of lung: standard deviation as a share of thickness and of density, slope of its power
# spectrum, and cycles a film below which lung has no structure. Not measured; chosen by eye, and so that the spectrum
# of whole films falls as that of real ones does.
TISSUE_UNEVENNESS, TISSUE_SLOPE = 0.018, 2.6
LUNG_UNEVENNESS, LUNG_SLOPE, LUNG_GRAIN = 0.05, 2.0, 12


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
    body *= 1 + TISSUE_UNEVENNESS * texture(stream(seed, "tissue"), camera.size, TISSUE_SLOPE)
    bone = project_skeleton(anatomy, camera, person) * (body > 0)
    parenchyma = texture(stream(person, "parenchyma"), camera.size, LUNG_SLOPE, grain=LUNG_GRAIN)
    vessels = project_vessels(anatomy, camera, person)
    return Surroundings(anatomy.lungs, body, bone, parenchyma, vessels, Frame(anatomy, camera))


def project(anatomy: Anatomy, camera: Camera, person: int, seed: int, around: Surroundings) -> Chest:
    """Project the inside of one chest into its surroundings."""
    zero = np.zeros_like(around.body)
    same_vessels = replace(anatomy.lungs, density=around.lungs.density) == around.lungs
    density = np.clip(anatomy.lungs.density * (1 + LUNG_UNEVENNESS * around.parenchyma), 0.05, 0.9).astype(np.float32)
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
