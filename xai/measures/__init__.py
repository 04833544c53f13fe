"""What can be said of a map: a sentence from the map alone, and numbers that hold it against the truth or the model.

A sentence is a module with `describe`; a family of numbers is a module whose ``FACTS`` name its measures and say what
each asks, in which unit, and what it does not show. Adding one is one file and one line here.

Examples
--------
>>> values, truth = np.array([[1, 3], [0, -1]]), np.array([[False, True], [False, False]])
>>> xai.measures.pointing(values, truth), xai.measures.energy(values, truth)
(1.0, 0.75)
>>> xai.measures.FACTS["pointing"].asks
'Does the strongest evidence lie inside the truth?'
"""

from __future__ import annotations

from collections.abc import Callable
from pkgutil import resolve_name

import numpy as np

from xai.measures import agreement, complexity, faithfulness, published, sanity, stability, truth
from xai.measures.agreement import spearman, ssim, top_overlap
from xai.measures.chance import by_others, by_shifts, by_swapping
from xai.measures.complexity import effective_share, entropy, sparseness
from xai.measures.controls import edges, prior
from xai.measures.declared import Facts
from xai.measures.faithfulness import by_baseline, deletion, insertion, mu_fidelity, sufficiency
from xai.measures.frame import Frame
from xai.measures.published import boxes, false_boxes, hit, hit_rate, iobb, miou, segmentation, segmentation_iou, t_iobb
from xai.measures.sanity import passes, similarity, similarity_curve
from xai.measures.stability import across_seeds, under_noise, under_shift
from xai.measures.truth import auroc, average_precision, energy, iou, iou_otsu, on_map, pointing

__all__ = [
    "FACTS",
    "FAMILIES",
    "MEASURES",
    "Facts",
    "Frame",
    "across_seeds",
    "auroc",
    "average_precision",
    "boxes",
    "by_baseline",
    "by_others",
    "by_shifts",
    "by_swapping",
    "deletion",
    "describe",
    "edges",
    "effective_share",
    "energy",
    "entropy",
    "false_boxes",
    "hit",
    "hit_rate",
    "insertion",
    "iobb",
    "iou",
    "iou_otsu",
    "miou",
    "mu_fidelity",
    "on_map",
    "passes",
    "pointing",
    "prior",
    "segmentation",
    "segmentation_iou",
    "similarity",
    "similarity_curve",
    "sparseness",
    "spearman",
    "ssim",
    "sufficiency",
    "t_iobb",
    "top_overlap",
    "under_noise",
    "under_shift",
]

_MEASURES = {
    "location": "xai.measures.location:describe",
}
MEASURES: dict[str, Callable[[np.ndarray, Frame], str]] = {name: resolve_name(one) for name, one in _MEASURES.items()}
FAMILIES = (truth, published, faithfulness, agreement, sanity, stability, complexity)
FACTS: dict[str, Facts] = {name: facts for family in FAMILIES for name, facts in family.FACTS.items()}


def describe(values: np.ndarray, frame: Frame | None = None) -> str:
    """Say what each measure finds in a map, in the order in which they are listed.

    Parameters
    ----------
    values : ndarray, shape (H, W)
        A raw map.
    frame : Frame, optional
        Where it lies on the film; without it, it covers the film.
    """
    return " ".join(measure(values, frame or Frame()) for measure in MEASURES.values())
