"""The methods, by name: adding one is one file and one line here."""

from __future__ import annotations

from pkgutil import resolve_name

from xai.explainers.explanation import Explainer

_METHODS = (
    "xai.explainers.gradcam:GradCAM",
    "xai.explainers.shap:SHAP",
    "xai.explainers.lime:LIME",
    "xai.explainers.layercam:LayerCAM",
    "xai.explainers.rise:RISE",
    "xai.explainers.occlusion:Occlusion",
    "xai.explainers.controls:RandomMap",
    "xai.explainers.controls:CentredMap",
)
EXPLAINERS: dict[str, type[Explainer]] = {method.name: method for method in map(resolve_name, _METHODS)}
DEFAULT_METHODS = ("gradcam", "shap", "lime")
