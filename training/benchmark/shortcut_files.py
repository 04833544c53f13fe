"""What a shortcut was measured to do, in files: one a film while it is measured, and small tables of all."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from training.benchmark.shortcut import Looked, Question, around
from training.evaluate.evidence import on_grid
from xai.explainers.controls import CentredMap, RandomMap
from xai.files import write_files

CLAIM_FILE, EVIDENCE_FILE, ANSWERS_FILE, FILMS_FILE = "lab.json", "evidence.csv", "answers.csv", "films.npz"
EVIDENCE = {
    "film": "Its place in the row that `training.benchmark.shortcut.draw_film` draws.",
    "model": "Whose map it is.",
    "method": "What made it.",
    "share": "Share of the evidence for the finding that lies on the object or close by; 0 of a map without any.",
}
ANSWERS = {
    "film": "As above; each is of another patient.",
    "present": "Whether the film shows the finding: 1 or 0.",
    "area": "Share of the film that is the object or close by: what an even map would lay there.",
    "model": "Who answers.",
    "logit": "Of the finding, on the film.",
    "logit_without": "On its twin, the same film without the object.",
}
CONTROLS = (RandomMap.name, CentredMap.name)  # the same by every model: measured, and not worth a look
SIDE = 64  # pixels of a map that comes with the app
STEPS = 127  # of its colours, either way


@dataclass(frozen=True, eq=False)
class Lab:
    """What was measured, read.

    Attributes
    ----------
    claim : mapping of str to object
        What was asked, of which models by content, and with which parameters of the methods.
    evidence, answers : DataFrame
        Columns `EVIDENCE` and `ANSWERS`.
    folder : Path
    """

    claim: Mapping[str, Any]
    evidence: pd.DataFrame
    answers: pd.DataFrame
    folder: Path

    @property
    def models(self) -> tuple[str, str]:
        """The clean model, and the one that leans on the object."""
        clean, leaning = self.claim["models"]
        return clean, leaning

    @property
    def methods(self) -> tuple[str, ...]:
        """What made the maps."""
        return tuple(self.claim["methods"])

    @property
    def question(self) -> Question:
        """What was asked."""
        own = {name: self.claim[name] for name in ("finding", "thing", "samples", "seed")}
        return Question(methods=self.methods, **own)

    def shares(self, method: str) -> tuple[np.ndarray, np.ndarray]:
        """Share of the evidence on the object, (films,) by the clean model and by the other, film by film."""
        own = self.evidence[self.evidence["method"] == method].pivot(index="film", columns="model", values="share")
        clean, leaning = self.models
        return own[clean].to_numpy(), own[leaning].to_numpy()


@dataclass(frozen=True, eq=False)
class Pictured:
    """A film whose maps come with the app.

    Attributes
    ----------
    film : int
        Its place.
    canvas : float32 array (H, W)
        As the models see it.
    inside : bool array (H, W)
        Where the object is.
    maps : dict of (str, str) to float32 array (SIDE, SIDE)
        By model and method; each is divided by its largest absolute value, so that colours can be compared within a
        map and not between maps. All 0 where a map is empty.
    """

    film: int
    canvas: np.ndarray
    inside: np.ndarray
    maps: dict[tuple[str, str], np.ndarray]


def written(one: Looked) -> bytes:
    """Write what models made of a film as an ``.npz``."""
    arrays = {f"{model}/{method}": values for (model, method), values in one.maps.items()}
    about = {"logits": one.logits, "parameters": one.parameters}
    return _npz(about, canvas=one.canvas, inside=one.inside, **arrays)


def kept(path: Path) -> Looked | None:
    """Read what `written` wrote; None where there is nothing that can be read."""
    try:
        about, arrays = _arrays(path)
        canvas, inside = arrays.pop("canvas"), arrays.pop("inside")
        logits = {model: (float(one), float(other)) for model, (one, other) in about["logits"].items()}
        return Looked(canvas, inside, logits, _by_two(arrays), about["parameters"])
    except (OSError, ValueError, KeyError):
        return None


def write_lab(
    folder: Path, claim: Mapping[str, Any], shown: Mapping[int, Looked], others: Mapping[int, Looked], pictured: int
) -> None:
    """Write the tables, and pictures of a few films.

    Parameters
    ----------
    folder : Path
    claim : mapping
        As `Question.claim` gives it.
    shown, others : mapping of int to Looked
        By place: films with the finding, whose maps were made, and films without it.
    pictured : int
        How many of the former are written with their maps.
    """
    evidence = [
        (place, model, method, round(one.share(model, method), 5))
        for place, one in shown.items()
        for model, method in one.maps
    ]
    answers = [
        (place, present, round(float(around(one.inside).mean()), 5), model, *np.round(logits, 4))
        for present, films in ((1, shown), (0, others))
        for place, one in films.items()
        for model, logits in one.logits.items()
    ]
    places = list(shown)[:pictured]
    told = {**claim, "parameters": next(iter(shown.values())).parameters}
    write_files(
        folder,
        {
            EVIDENCE_FILE: pd.DataFrame(evidence, columns=list(EVIDENCE)).to_csv(index=False),
            ANSWERS_FILE: pd.DataFrame(answers, columns=list(ANSWERS)).to_csv(index=False),
            FILMS_FILE: _npz({"films": places}, **_small([shown[place] for place in places])),
            CLAIM_FILE: json.dumps(told, indent=2) + "\n",
        },
    )


def read_lab(folder: Path) -> Lab | None:
    """Read the tables; None where they were not made."""
    if not (folder / CLAIM_FILE).is_file():
        return None
    claim = json.loads((folder / CLAIM_FILE).read_text(encoding="utf-8"))
    return Lab(claim, pd.read_csv(folder / EVIDENCE_FILE), pd.read_csv(folder / ANSWERS_FILE), folder)


def read_pictured(lab: Lab) -> dict[int, Pictured]:
    """Read the films whose maps come with the app, by place."""
    about, arrays = _arrays(lab.folder / FILMS_FILE)
    canvases, insides = arrays.pop("canvas").astype(np.float32) / 255, arrays.pop("inside")
    maps = {names: values.astype(np.float32) / STEPS for names, values in _by_two(arrays).items()}
    return {
        film: Pictured(film, canvases[k], insides[k], {names: values[k] for names, values in maps.items()})
        for k, film in enumerate(about["films"])
    }


def _small(films: Sequence[Looked]) -> dict[str, np.ndarray]:
    """Put films and maps into few bytes."""
    maps = {
        f"{model}/{method}": np.stack([_steps(one.maps[model, method]) for one in films])
        for model, method in films[0].maps
        if method not in CONTROLS
    }
    canvases = np.stack([np.rint(np.clip(one.canvas, 0, 1) * 255).astype(np.uint8) for one in films])
    return {"canvas": canvases, "inside": np.stack([one.inside for one in films]), **maps}


def _steps(values: np.ndarray) -> np.ndarray:
    small = on_grid(values, SIDE)
    largest = np.abs(small).max()
    return np.rint(small / largest * STEPS).astype(np.int8) if largest else np.zeros(small.shape, np.int8)


def _npz(about: Mapping[str, Any], **arrays: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, about=np.array(json.dumps(about)), **arrays)  # type: ignore[arg-type]
    return file.getvalue()


def _arrays(path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    return json.loads(str(arrays.pop("about"))), arrays


def _by_two(arrays: Mapping[str, np.ndarray]) -> dict[tuple[str, str], np.ndarray]:
    return {(model, method): values for name, values in arrays.items() for model, method in [name.split("/")]}
