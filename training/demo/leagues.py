"""What comes with the app of how good maps are: leagues on simulated films, the sanity check and the shortcut lab."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType

from training.benchmark import command, sanity_command, shortcut_command
from training.benchmark.maps import CLAIM_FILE
from training.benchmark.sanity_table import CLAIM_FILE as SANITY_CLAIM
from training.benchmark.sanity_table import PREFIX, SANITY_FILE
from training.benchmark.shortcut_files import ANSWERS_FILE, EVIDENCE_FILE, FILMS_FILE
from training.benchmark.shortcut_files import CLAIM_FILE as LAB_CLAIM
from xai.files import write_file

METHODS = ("gradcam", "layercam", "shap", "lime", "rise", "occlusion")
# The last of each says that all are there.
SHIPPED = (CLAIM_FILE, "scores.csv", "peaks.csv", "twins.csv", "promises.csv", "beside.csv", "league.csv")
SANITY_SHIPPED = (SANITY_FILE, SANITY_CLAIM)
LAB_SHIPPED = (EVIDENCE_FILE, ANSWERS_FILE, FILMS_FILE, LAB_CLAIM)
MODELS = ("lightbox", "shortcut")
SAMPLES = 200  # films that each method which hides parts sends for a map
SANITY_FILMS, SANITY_SAMPLES = 12, 100


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
    asked = [_dataset(library), "--model", _model(library, model), "--method", *METHODS, "--samples", SAMPLES]
    _make(library, command, asked, league_folder(library, model).name, SHIPPED)


def beside_leagues(library: Path) -> dict[str, Callable[[], None]]:
    """Give what makes the sanity check of the default model and the shortcut lab, in words; nothing that is there.

    Parameters
    ----------
    library : Path
        As `make_league` takes it.
    """
    clean, leaning = MODELS
    sanity = [_dataset(library), "--model", _model(library, clean)]
    sanity += ["--films", SANITY_FILMS, "--samples", SANITY_SAMPLES]
    lab = ["--clean", _model(library, clean), "--leaning", _model(library, leaning), "--samples", SAMPLES]
    wanted = (
        ("Making the maps of a model that is made random", sanity_command, sanity, f"{PREFIX}{clean}", SANITY_SHIPPED),
        ("Measuring which maps tell a shortcut", shortcut_command, lab, "shortcut-lab", LAB_SHIPPED),
    )
    return {
        says: lambda one=(module, asked, name, shipped): _make(library, *one)  # type: ignore[misc]
        for says, module, asked, name, shipped in wanted
        if not all((library / "leagues" / name / file).exists() for file in shipped)
    }


def ship(made: Path, folder: Path, names: Sequence[str] = SHIPPED) -> None:
    """Copy the small files of a benchmark: the claim and the tables, no map and no picture of a league."""
    for name in names:
        write_file(folder / name, (made / name).read_bytes())


def _make(library: Path, module: ModuleType, asked: Sequence[object], name: str, shipped: Sequence[str]) -> None:
    """Run a command into ``work/`` and copy what is small."""
    out = library / "work" / "leagues" / name
    parser = argparse.ArgumentParser()
    module.add_arguments(parser)
    module.run(parser.parse_args([str(one) for one in (*asked, "--out", out)]))
    ship(out, library / "leagues" / name, shipped)


def _dataset(library: Path) -> Path:
    return library / "datasets" / "simulated"


def _model(library: Path, model: str) -> Path:
    return library / "models" / f"{model}.keras"
