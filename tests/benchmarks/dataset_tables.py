"""How long tables as large as MIMIC-CXR-JPG's and CheXpert's take to read, and how much memory.

    python tests/benchmarks/dataset_tables.py [--films N] [--on-disk] [--keep FOLDER]

The tables are in the exact layout with made-up rows; with --on-disk there is an (empty) file for every film too. Each
command runs in a process of its own. Prints figures and judges nothing.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from training.datasets.labels import CHEXPERT_COLUMNS

MIMIC_FILMS, MIMIC_STUDIES, MIMIC_PATIENTS = 377_110, 227_835, 65_379
CHEXPERT_FILMS, CHEXPERT_PATIENTS = 223_414, 64_540
LABELS, SHARES = (1.0, 0.0, -1.0, np.nan), (0.12, 0.08, 0.05, 0.75)


def report_labels(rows: int, rng: np.random.Generator) -> pd.DataFrame:
    """Draw labels as a labeler of reports gives them."""
    table = pd.DataFrame({name: rng.choice(LABELS, rows, p=SHARES) for name in CHEXPERT_COLUMNS})
    table["No Finding"] = np.where(table.iloc[:, 1:].eq(1).any(axis=1), np.nan, 1.0)
    return table


def make_mimic(root: Path, films: int, rng: np.random.Generator) -> list[str]:
    """Write the tables of MIMIC-CXR-JPG; gives the paths of its films."""
    part = films / MIMIC_FILMS
    studies = 50_000_000 + np.arange(round(MIMIC_STUDIES * part))
    subjects = np.sort(10_000_000 + rng.integers(round(MIMIC_PATIENTS * part), size=len(studies)) * 137)
    row = np.sort(np.concatenate([np.arange(len(studies)), rng.integers(len(studies), size=films - len(studies))]))
    digits = rng.bytes(20 * films).hex()
    names = ["-".join(digits[40 * k + 8 * i : 40 * k + 8 * i + 8] for i in range(5)) for k in range(films)]
    ids = {"dicom_id": names, "subject_id": subjects[row], "study_id": studies[row]}
    views = rng.choice(["AP", "PA", "LATERAL", "LL", "", "LAO"], films, p=[0.39, 0.255, 0.22, 0.093, 0.04, 0.002])
    date = {"PerformedProcedureStepDescription": "CHEST (PORTABLE AP)", "ViewPosition": views, "Rows": 3056}
    write = {"index": False, "compression": {"method": "gzip", "compresslevel": 1}}
    pd.DataFrame(ids | date | {"StudyDate": 21_800_506}).to_csv(root / "mimic-cxr-2.0.0-metadata.csv.gz", **write)
    split = np.where(subjects % 100 < 97, "train", np.where(subjects % 100 < 98, "validate", "test"))
    pd.DataFrame(ids | {"split": split[row]}).to_csv(root / "mimic-cxr-2.0.0-split.csv.gz", **write)
    labels = report_labels(len(studies), rng)[sorted(CHEXPERT_COLUMNS)]
    head = pd.DataFrame({"subject_id": subjects, "study_id": studies})
    pd.concat([head, labels], axis=1).to_csv(root / "mimic-cxr-2.0.0-chexpert.csv.gz", **write)
    rows = zip(subjects[row], studies[row], names, strict=True)
    return [f"files/p{str(subject)[:2]}/p{subject}/s{study}/{name}.jpg" for subject, study, name in rows]


def make_chexpert(root: Path, films: int, rng: np.random.Generator) -> list[str]:
    """Write ``train.csv`` of CheXpert-v1.0-small; gives the paths of its films."""
    patients = np.sort(rng.integers(1, 1 + round(CHEXPERT_PATIENTS * films / CHEXPERT_FILMS), films))
    views = np.arange(films) - np.searchsorted(patients, patients) + 1
    side = rng.choice(["frontal", "lateral"], films, p=[0.855, 0.145])
    rows = zip(patients, views, side, strict=True)
    paths = [f"train/patient{patient:05}/study{view}/view1_{one}.jpg" for patient, view, one in rows]
    facts = {"Path": [f"CheXpert-v1.0-small/{path}" for path in paths], "Sex": rng.choice(["Male", "Female"], films)}
    facts |= {"Age": rng.integers(18, 91, films), "Frontal/Lateral": np.char.capitalize(side)}
    facts |= {"AP/PA": np.where(side == "frontal", rng.choice(["AP", "PA"], films), "")}
    pd.concat([pd.DataFrame(facts), report_labels(films, rng)], axis=1).to_csv(root / "train.csv", index=False)
    return paths


def measure(name: str, *command: str) -> None:
    """Run a command in a process of its own; print its seconds, waiting or busy, and the most memory it held."""
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", _PEAK, *command], cwd=Path(__file__).parents[2], capture_output=True, text=True
    )
    took = time.perf_counter() - start
    if done.returncode:
        raise SystemExit(done.stderr)
    *said, used = done.stdout.strip().splitlines()
    busy, peak = map(float, used.split())
    print(f"{name:24} {took:6.1f} s, {busy:5.1f} s of them busy   {peak / 1024:5.0f} MiB   {said[0] if said else ''}")


# Runs a command line of the project or opens a dataset; prints processor seconds and peak memory in KiB (Linux).
_PEAK = """
import resource, sys
what, *rest = sys.argv[1:]
if what == "open":
    from training.datasets.table import read_dataset
    read_dataset(rest[0])
else:
    from training.__main__ import main
    assert main(["dataset", what, *rest]) == 0
used = resource.getrusage(resource.RUSAGE_SELF)
print(used.ru_utime + used.ru_stime, used.ru_maxrss)
"""


def main() -> None:
    """Print one line a command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--films", type=int, default=MIMIC_FILMS, help="of MIMIC; CheXpert is scaled alike")
    parser.add_argument("--on-disk", action="store_true", help="make a file for every film; takes a while")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="leave the tables and datasets in this folder")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        home = options.keep or Path(scratch)
        for name, make in (("mimic", make_mimic), ("chexpert", make_chexpert)):
            root, out = home / name, str(home / f"dataset_{name}")
            root.mkdir(parents=True, exist_ok=True)
            films = options.films if name == "mimic" else round(options.films * CHEXPERT_FILMS / MIMIC_FILMS)
            paths = make(root, films, np.random.default_rng(0))
            for path in paths if options.on_disk else ():
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).touch()
            measure(name, name, str(root), "--out", out)
            measure(f"{name}, random split", name, str(root), "--out", out, "--splits", "random")
            measure(f"{name}, opened", "open", out)


if __name__ == "__main__":
    main()
