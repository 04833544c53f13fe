"""The vocabulary: the 14 findings of NIH ChestX-ray14, in CheXNet's order.

Wang et al., ChestX-ray8, CVPR 2017; Rajpurkar et al., CheXNet, 2017.
"""

from __future__ import annotations

FINDINGS: tuple[str, ...] = (
    "Atelectasis",
    "Cardiomegaly",
    "Effusion",
    "Infiltration",
    "Mass",
    "Nodule",
    "Pneumonia",
    "Pneumothorax",
    "Consolidation",
    "Edema",
    "Emphysema",
    "Fibrosis",
    "Pleural_Thickening",
    "Hernia",
)


def finding_label(name: str) -> str:
    """Spell a finding for people: ``Pleural_Thickening`` becomes ``Pleural thickening``."""
    return name.replace("_", " ").capitalize() if name in FINDINGS else name.replace("_", " ")
