"""The fourteen findings, each as a radiologist describes it."""

from __future__ import annotations

from training.simulation.findings.airspace import Consolidation, Edema, Infiltration, Pneumonia
from training.simulation.findings.base import Finding
from training.simulation.findings.focal import Mass, Nodule
from training.simulation.findings.heart import Cardiomegaly, Hernia
from training.simulation.findings.interstitial import Fibrosis
from training.simulation.findings.pleura import Effusion, PleuralThickening, Pneumothorax
from training.simulation.findings.volume import Atelectasis, Emphysema

# In the order in which they are painted: what changes lung first, what takes lung away last.
MODELS: dict[str, type[Finding]] = {
    "Cardiomegaly": Cardiomegaly,
    "Emphysema": Emphysema,
    "Fibrosis": Fibrosis,
    "Edema": Edema,
    "Infiltration": Infiltration,
    "Pneumonia": Pneumonia,
    "Consolidation": Consolidation,
    "Atelectasis": Atelectasis,
    "Nodule": Nodule,
    "Mass": Mass,
    "Hernia": Hernia,
    "Pleural_Thickening": PleuralThickening,
    "Effusion": Effusion,
    "Pneumothorax": Pneumothorax,
}

__all__ = ["MODELS", "Finding"]
