"""The methods, by name: adding one is one file and one line here."""

from __future__ import annotations

from xai.explainers.controls import CentredMap, RandomMap
from xai.explainers.explanation import Explainer
from xai.explainers.gradcam import GradCAM
from xai.explainers.lime import LIME
from xai.explainers.shap import SHAP

EXPLAINERS: dict[str, type[Explainer]] = {
    method.name: method for method in (GradCAM, SHAP, LIME, RandomMap, CentredMap)
}
DEFAULT_METHODS = ("gradcam", "shap", "lime")
