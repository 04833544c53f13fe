"""Explain what a chest X-ray classifier sees in a film: what a notebook or a script needs stands in `__all__`.

A name is imported when it is first asked for: ``import xai`` costs nothing, and TensorFlow starts with the first model.

Examples
--------
>>> import xai
>>> model = xai.open_model("lightbox")
>>> film = xai.read_film("film.png")
>>> maps = xai.explain(model, film, methods="gradcam", findings="Effusion")
>>> maps
<Explained: 1 map by lightbox of a film of 320 × 320 px
  gradcam of Effusion>
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # so that editors and type checkers know what is imported later
    from xai import measures
    from xai.front_door import (
        EXPLAINERS,
        FINDINGS,
        LIME,
        RISE,
        SHAP,
        Explained,
        Explanation,
        Film,
        GradCAM,
        LayerCAM,
        Occlusion,
        explain,
        explain_many,
        load,
        open_model,
        predict,
        read_film,
        save,
    )

__all__ = [
    "EXPLAINERS",
    "FINDINGS",
    "LIME",
    "RISE",
    "SHAP",
    "Explained",
    "Explanation",
    "Film",
    "GradCAM",
    "LayerCAM",
    "Occlusion",
    "explain",
    "explain_many",
    "load",
    "measures",
    "open_model",
    "predict",
    "read_film",
    "save",
]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(importlib.import_module("xai.front_door"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
