"""What a card may say of the patients on whose films a model was measured."""

from __future__ import annotations

from typing import Any

import pandas as pd

from training.datasets.patients import count_patients

NOT_KNOWN = "Not all patients are known: it may have learned from other films of the same ones, which flatters it."
OF_OTHER_PATIENTS = {
    "test": "Films of patients that nothing was trained, chosen or calibrated on, predicted by this model.",
    "held_out": "Training and validation films, each predicted by a network of the same recipe trained without its "
    "patient; calibration and thresholds were chosen on them, so their ECE is too good.",
    "validation": "Films of patients that nothing was trained on; calibration, thresholds and, with a patience, the "
    "epoch were chosen on them, so their figures are too good.",
}
OF_OTHER_FILMS = {
    "test": "Films that nothing was trained, chosen or calibrated on, predicted by this model.",
    "held_out": "Training and validation films, each predicted by a network of the same recipe trained without it; "
    "calibration and thresholds were chosen on them, so their ECE is too good.",
    "validation": "Films that nothing was trained on; calibration, thresholds and, with a patience, the epoch were "
    "chosen on them, so their figures are too good.",
}


def all_known(*tables: pd.DataFrame) -> bool:
    """Tell whether the patient of every film of these tables is known."""
    return all(bool(table["patient"].notna().all()) for table in tables)


def meaning(split: str, known: bool) -> str:
    """Say what films a split is, promising other patients only where all patients are ``known``."""
    return OF_OTHER_PATIENTS[split] if known else f"{OF_OTHER_FILMS[split]} {NOT_KNOWN}"


def tested_on(measured: dict[str, Any], known: bool) -> str:
    """Say how many test films there are, and of how many other patients or that nobody knows."""
    whose = f" of {measured['patients']} other patients" if known else ", not all of patients that are known"
    return f"{measured['films']} test films{whose}"


def cautions(measured: dict[str, Any], known: bool) -> list[str]:
    """Say what unknown patients do to the figures of some films; empty where all are known."""
    said = [] if known else [f"Its figures may be too good. {NOT_KNOWN}"]
    return said + ([measured["caution"]] if "caution" in measured else [])


def split_counts(table: pd.DataFrame) -> dict[str, Any]:
    """Count the films and patients of each split."""
    splits = table.groupby("split", sort=False)
    return {str(split): {"films": len(films), **count_patients(films["patient"]).numbers} for split, films in splits}
