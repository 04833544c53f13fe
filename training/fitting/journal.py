"""What a training has got to, on disk after every epoch, so that it can be killed and go on.

A hidden folder beside the model holds it: ``run.json`` (what is being trained, from what), ``network-N.npz`` (the
weights of each finished network), ``state.npz`` (the network at work: weights, optimizer, dropout's random state, the
best epoch so far) and ``log.csv``. Each file is replaced whole. Everything else that is drawn follows from the seed,
the network's number and the epoch's, so nothing else needs to be kept.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from training.fitting.log import Row, log_text
from xai.files import Content, sweep, write_file
from xai.machine import locked

Weights = list[np.ndarray]


class FitError(ValueError):
    """A training that cannot go on; the message is one sentence."""


@dataclass(frozen=True, eq=False)
class State:
    """A network in training, after an epoch.

    Attributes
    ----------
    rows : tuple of Row
        Its log so far, one row an epoch.
    variables, optimizer : list of arrays
        Of the network, random state included, and of its optimizer.
    best : list of arrays
        Variables after the best epoch; empty where no best one is kept.
    """

    rows: tuple[Row, ...] = ()
    variables: Weights = field(default_factory=list)
    optimizer: Weights = field(default_factory=list)
    best: Weights = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class Journal:
    """Where a training writes down how far it is.

    Attributes
    ----------
    folder : Path
    writes : bool
        False for a worker that leaves the writing to the first one.
    """

    folder: Path
    writes: bool = True

    def finished(self, network: int) -> tuple[Weights, tuple[Row, ...]] | None:
        """Weights and log of a network that is trained, or None."""
        found = self._read(self._network(network))
        return None if found is None else (found["weights"], found["rows"])

    def state(self, network: int) -> State:
        """Where the network was after its last whole epoch; an empty state where it has none behind it."""
        found = self._read(self.folder / "state.npz")
        if found is None or found["network"] != network:
            return State()
        return State(found["rows"], found["variables"], found["optimizer"], found["best"])

    def save(self, network: int, state: State) -> None:
        """Write down a network after an epoch.

        Raises
        ------
        FitError
            If the disk has no room for it; the state before stays.
        """
        groups = {"variables": state.variables, "optimizer": state.optimizer, "best": state.best}
        self._write(self.folder / "state.npz", {"network": network, "rows": state.rows}, groups)
        self._write_log(network, state.rows)

    def finish(self, network: int, weights: Weights, rows: tuple[Row, ...]) -> None:
        """Write down a network that is trained."""
        self._write(self._network(network), {"rows": rows}, {"weights": weights})
        self._write_log(network, rows)
        if self.writes:
            (self.folder / "state.npz").unlink(missing_ok=True)

    def _network(self, network: int) -> Path:
        return self.folder / f"network-{network}.npz"

    def _write_log(self, network: int, rows: tuple[Row, ...]) -> None:
        if self.writes:
            files = (self._network(number) for number in range(network))
            known = (self._read(file, with_arrays=False) for file in files)
            before = [row for found in known if found is not None for row in found["rows"]]
            _put(self.folder / "log.csv", log_text([*before, *rows]))

    def _write(self, file: Path, facts: Mapping[str, Any], groups: Mapping[str, Weights]) -> None:
        if not self.writes:
            return
        counts = {name: len(arrays) for name, arrays in groups.items()}
        named = {f"{name}-{k}": array for name, arrays in groups.items() for k, array in enumerate(arrays)}
        text = json.dumps({**facts, "counts": counts, "rows": [asdict(row) for row in facts["rows"]]})
        _put(file, lambda path: np.savez(path, allow_pickle=False, facts=np.array(text), **named))

    def _read(self, file: Path, with_arrays: bool = True) -> dict[str, Any] | None:
        if not file.is_file():
            return None
        try:
            with np.load(file, allow_pickle=False) as arrays:
                facts = json.loads(str(arrays["facts"]))
                counts = facts["counts"] if with_arrays else {}
                groups = {name: [arrays[f"{name}-{k}"] for k in range(count)] for name, count in counts.items()}
        except Exception as error:  # a damaged zip raises almost anything
            raise FitError(f"{file} is damaged: delete the folder {self.folder} to start anew.") from error
        return {**facts, **groups, "rows": tuple(Row(**row) for row in facts["rows"])}


@contextlib.contextmanager
def open_journal(folder: Path, writes: bool = True) -> Iterator[Journal]:
    """Open the journal in a folder, and keep others out of it; nothing is left of a training that has not begun.

    Raises
    ------
    FitError
        If another program trains there at this moment, or the folder cannot be made.
    """
    if not writes:
        yield Journal(folder, writes=False)
        return
    with speaking(folder):
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "lock").open("w", encoding="utf-8")
    taken = FitError(f"Another program is training here at this moment: {folder} is locked.")
    try:
        with lock, locked(lock, taken):
            sweep(folder, older=0)
            try:
                yield Journal(folder)
            finally:
                if not any(any(folder.glob(kept)) for kept in ("*.npz", "films-*.json")):
                    shutil.rmtree(folder, ignore_errors=True)
    finally:
        if os.name == "nt":  # where the open lock could not be removed, and cannot now if it is another program's
            with contextlib.suppress(OSError):
                (folder / "lock").unlink()
                folder.rmdir()


def check_same(journal: Journal, identity: Mapping[str, Any]) -> None:
    """Refuse to go on with what was begun otherwise; write down what is begun now.

    Parameters
    ----------
    journal : Journal
    identity : mapping
        Everything that decides the weights; plain JSON values.

    Raises
    ------
    FitError
        Naming the first difference.
    """
    file = journal.folder / "run.json"
    now = json.loads(json.dumps(identity))
    if file.is_file():
        before = _flat(json.loads(file.read_text(encoding="utf-8")))
        for name, value in _flat(now).items():
            if before.get(name) != value:
                raise FitError(
                    f"{journal.folder} holds an unfinished training with another {name} ({_short(before.get(name))}, "
                    f"now {_short(value)}): repeat it as it was begun, or delete that folder to start anew."
                )
    elif journal.writes:
        _put(file, json.dumps(now, indent=1))


def close_journal(journal: Journal) -> None:
    """Remove the folder of a training that is done."""
    if journal.writes:
        shutil.rmtree(journal.folder, ignore_errors=True)


def _put(file: Path, content: Content) -> None:
    """Write a file whole or not at all, and onto the disk before it gets its name: epochs are dear."""
    with speaking(file.parent):
        write_file(file, content, synced=True)


@contextlib.contextmanager
def speaking(folder: Path) -> Iterator[None]:
    """Turn what the disk says into one sentence."""
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        reason = f"there is no room left in {folder}" if full else str(error)
        raise FitError(
            f"The state of the training cannot be written, {reason}; the same command goes on after the last epoch."
        ) from error


def _flat(content: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in content.items():
        flat |= _flat(value, f"{before}{name}.") if isinstance(value, Mapping) else {before + name: value}
    return flat


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 24 else text[:16] + "…"
