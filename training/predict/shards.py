"""Unfinished predictions on disk: one file a shard of films, so that a run goes on where the last one stopped.

They lie in ``.unfinished`` inside the predictions folder, with ``claim.json`` saying what is being predicted. A file
that has its name is whole, whatever stopped the run.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from training.datasets.parquet import read_parquet
from training.predict.films import Source
from training.predictions.table import FACTS_FILE, TABLE_FILE, PredictionsError, check_probabilities
from xai.files import write_file

WORK_FOLDER = ".unfinished"
CLAIM_FILE = "claim.json"
SHARD_FILMS = 256
WHY = "left out/why"  # a column that no output can be: their names have no slash
CLAIM_WORDS = {
    "table": "table of films",
    "films": "choice of films",
    "model": "model file",
    "card": "model card",
    "engine": "engine",
    "batch_size": "batch size",
}


@dataclass(frozen=True)
class Shard:
    """Films that are predicted together and written to one file.

    Attributes
    ----------
    index : int
        Its place among the shards.
    batches : tuple of tuples of Source
        What goes through the model together: the last digits of a logit may depend on it.
    """

    index: int
    batches: tuple[tuple[Source, ...], ...]

    def __len__(self) -> int:
        return sum(map(len, self.batches))


def make_shards(sources: Sequence[Source], batch_size: int) -> list[Shard]:
    """Divide films into shards of about `SHARD_FILMS` films, and those into batches."""
    step = batch_size * max(1, SHARD_FILMS // batch_size)
    slices = [sources[start : start + step] for start in range(0, len(sources), step)]
    return [
        Shard(index, tuple(tuple(films[at : at + batch_size]) for at in range(0, len(films), batch_size)))
        for index, films in enumerate(slices)
    ]


def is_finished(out: Path, claim: Mapping[str, Any]) -> bool:
    """Tell whether the folder holds just these predictions already.

    Raises
    ------
    PredictionsError
        If it holds others.
    """
    if not (out / FACTS_FILE).exists():
        return False
    _same_claim(out, _read_json(out / FACTS_FILE).get("notes", {}).get("claim"), claim)
    return (out / TABLE_FILE).exists()


class WorkFolder:
    """The work folder of one run.

    Parameters
    ----------
    out : Path
        The predictions folder; made where it is missing.
    claim : mapping
        What is predicted from what; the same, or the work folder is refused.

    Raises
    ------
    PredictionsError
        If other predictions were begun there.
    """

    def __init__(self, out: Path, claim: Mapping[str, Any]) -> None:
        self.folder = out / WORK_FOLDER
        self.folder.mkdir(parents=True, exist_ok=True)
        begun = self.folder / CLAIM_FILE
        if begun.exists():
            _same_claim(out, _read_json(begun), claim)
        else:
            write_file(begun, json.dumps(claim, indent=2))

    def is_done(self, shard: Shard) -> bool:
        """Tell whether a shard is written and whole: of its films, undamaged, with probabilities only."""
        try:
            table = read_parquet(self._path(shard), page_checksum_verification=True)
            check_probabilities(table.drop(columns=WHY), "")
            return sorted(table.index) == sorted(source.film for batch in shard.batches for source in batch)
        except (OSError, ValueError, TypeError, KeyError):  # not there, cut short by a power failure, or damaged
            return False

    def keep(self, shard: Shard, table: pd.DataFrame) -> None:
        """Write a shard's predictions."""
        write_file(self._path(shard), lambda path: table.to_parquet(path, compression="zstd", write_page_checksum=True))

    def gather(self, shards: Sequence[Shard]) -> tuple[pd.DataFrame, dict[str, str]]:
        """Put all shards together: probabilities by film, and the films left out with the reason."""
        table = pd.concat([read_parquet(self._path(shard)) for shard in shards])
        reasons = table.pop(WHY)
        out = reasons != ""
        return table[~out], {str(film): why for film, why in reasons[out].items()}

    def clear(self) -> None:
        """Remove the folder; what it held is in the predictions."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _path(self, shard: Shard) -> Path:
        return self.folder / f"{shard.index:06}.parquet"


def _same_claim(out: Path, there: Any, claim: Mapping[str, Any]) -> None:
    if not isinstance(there, dict):
        raise PredictionsError(f"{out} holds predictions that were not made by this command: choose another folder.")
    other = [word for key, word in CLAIM_WORDS.items() if there.get(key) != claim[key]]
    if other:
        raise PredictionsError(
            f"{out} was begun with another {' and another '.join(other)}: choose another folder, or delete it to "
            "begin again."
        )


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise PredictionsError(f"{path} cannot be read ({error}): delete it to begin again.") from error
    return content if isinstance(content, dict) else {}
