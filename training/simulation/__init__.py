"""Simulated chest films whose truth is known: a recipe in, a film and exact masks out."""

from __future__ import annotations

from training.simulation.dataset import Plan, generate, read_masks
from training.simulation.population import Confounder, draw_recipe
from training.simulation.recipe import Recipe, RecipeError
from training.simulation.render import THRESHOLD, Sitting, render

__all__ = [
    "THRESHOLD",
    "Confounder",
    "Plan",
    "Recipe",
    "RecipeError",
    "Sitting",
    "draw_recipe",
    "generate",
    "read_masks",
    "render",
]
