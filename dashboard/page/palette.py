"""One fixed colour for each finding, the same on every page."""

from __future__ import annotations

FINDING_COLORS = {
    "Atelectasis": "#7aa6ff",
    "Cardiomegaly": "#ff8f70",
    "Effusion": "#47c9d8",
    "Infiltration": "#c9a0ff",
    "Mass": "#ff6f91",
    "Nodule": "#ffb3c6",
    "Pneumonia": "#9ad36a",
    "Pneumothorax": "#5fb0f0",
    "Consolidation": "#e0c068",
    "Edema": "#4fd1a5",
    "Emphysema": "#ffa630",
    "Fibrosis": "#b8a38a",
    "Pleural_Thickening": "#a8b5c7",
    "Hernia": "#e59be0",
}
OTHER_COLOR = "#9aa4b2"
