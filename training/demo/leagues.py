"""The leagues that come with the app: how good the maps of its models are on simulated films."""

from __future__ import annotations

import argparse
from pathlib import Path

from training.benchmark import command
from training.benchmark.maps import CLAIM_FILE
from xai.files import write_file

METHODS = ("gradcam", "layercam", "shap", "lime", "rise", "occlusion")
# The last of them says that all are there.
SHIPPED = (CLAIM_FILE, "scores.csv", "peaks.csv", "twins.csv", "promises.csv", "beside.csv", "league.csv")
MODELS = ("lightbox", "shortcut")


def league_folder(library: Path, model: str) -> Path:
    """Name the folder of a model's league on the simulated films that are looked at."""
    return library / "leagues" / f"{model}-on-simulated"


def has_league(library: Path, model: str) -> bool:
    """Whether a model's league is there, whole."""
    return all((league_folder(library, model) / name).exists() for name in SHIPPED)


def make_league(library: Path, model: str) -> None:
    """Measure all methods on the library's simulated films, and keep of it what is small.

    Parameters
    ----------
    library : Path
        Folder with ``models/`` and ``datasets/simulated``. Maps stay in ``work/``: a run goes on where it stopped.
    model : str
        Name of the model.
    """
    out = library / "work" / "leagues" / f"{model}-on-simulated"
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    dataset, path = library / "datasets" / "simulated", library / "models" / f"{model}.keras"
    asked = [dataset, "--model", path, "--out", out, "--method", *METHODS]
    command.run(parser.parse_args([str(one) for one in asked]))
    ship(out, league_folder(library, model))


def ship(benchmark: Path, folder: Path) -> None:
    """Copy the small files of a benchmark: the claim and the tables, no map and no picture."""
    for name in SHIPPED:
        write_file(folder / name, (benchmark / name).read_bytes())
