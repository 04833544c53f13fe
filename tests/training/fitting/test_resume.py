"""A training that is killed goes on to the same model."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import REPOSITORY
from tests.training.made_films import ALONE, make_dataset, tiny
from training.__main__ import main
from training.fitting.journal import FitError, Journal, State, check_same, open_journal
from training.fitting.log import Row
from training.networks.architectures import ARCHITECTURES
from xai.cards.model_card import read_card
from xai.models.loading import load_model

BASE = ["--architecture", "tiny", "--size", "32", "--batch-size", "16", "--dropout", "0.3"]
FOLDS = [*BASE, "--epochs", "2", "--folds", "2"]
PATIENT = [*BASE, "--epochs", "5", "--hold-out", "validation", "--patience", "2", "--learning-rate", "0.02"]


class Killed(BaseException):
    """Ends a training where a test wants it to."""


@pytest.fixture(autouse=True)
def _tiny(monkeypatch):
    monkeypatch.setitem(ARCHITECTURES, "tiny", tiny)


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    return make_dataset(tmp_path_factory.mktemp("made") / "dataset", films=40)


def _fit(made: Path, out: Path, options: list[str]) -> int:
    return main(["fit", str(made), "--out", str(out), *options])


def _same(one: Path, two: Path) -> None:
    for first, second in zip(load_model(one).get_weights(), load_model(two).get_weights(), strict=True):
        np.testing.assert_array_equal(first, second)
    cards = [read_card(path.with_suffix(".json")) for path in (one, two)]
    assert cards[0].performance == cards[1].performance
    assert cards[0].thresholds == cards[1].thresholds
    logs = [np.genfromtxt(path.with_suffix(".training.csv"), delimiter=",", dtype=str) for path in (one, two)]
    np.testing.assert_array_equal(logs[0][:, :6], logs[1][:, :6])  # all but the seconds and the speed


@pytest.mark.parametrize(("options", "epochs"), [(FOLDS, 6), (PATIENT, 5)], ids=["folds", "patience"])
def test_stopped_after_any_epoch_it_ends_with_the_same_model(made, tmp_path, monkeypatch, options, epochs):
    assert _fit(made, tmp_path / "whole.keras", options) == 0
    saved, ends = Journal.save, 0

    def save_then_die(journal: Journal, network: int, state: State) -> None:
        saved(journal, network, state)
        raise Killed

    monkeypatch.setattr(Journal, "save", save_then_die)
    for _ in range(epochs + 1):  # one epoch a life
        try:
            assert _fit(made, tmp_path / "broken.keras", options) == 0
            break
        except Killed:
            ends += 1
            assert not (tmp_path / "broken.keras").exists()
    assert 2 < ends <= epochs
    _same(tmp_path / "whole.keras", tmp_path / "broken.keras")
    assert not list(tmp_path.glob(".*"))


def test_stopped_within_an_epoch_and_while_writing(made, tmp_path, monkeypatch):
    from training.fitting import train

    assert _fit(made, tmp_path / "whole.keras", FOLDS) == 0
    made_learner, steps = train.learner, []

    def dying_step(*parts):
        step = made_learner(*parts)

        def count(films: np.ndarray, targets: np.ndarray, rate: float):
            steps.append(rate)
            if len(steps) in (2, 9):
                raise Killed
            return step(films, targets, rate)

        count.settle = step.settle
        return count

    monkeypatch.setattr(train, "learner", dying_step)
    for _ in range(2):
        with pytest.raises(Killed):
            _fit(made, tmp_path / "broken.keras", FOLDS)
    monkeypatch.setattr(train, "learner", made_learner)
    monkeypatch.setattr("training.fitting.writing.write_model", _die)
    with pytest.raises(Killed):
        _fit(made, tmp_path / "broken.keras", FOLDS)
    assert [file.name for file in tmp_path.iterdir() if "broken" in file.name] == [".broken.fit"]
    monkeypatch.undo()
    monkeypatch.setitem(ARCHITECTURES, "tiny", tiny)
    assert _fit(made, tmp_path / "broken.keras", FOLDS) == 0
    _same(tmp_path / "whole.keras", tmp_path / "broken.keras")


def _die(*_) -> None:
    raise Killed


def test_killed_from_outside(made, tmp_path):
    options = [*FOLDS, "--epochs", "40", "--folds", "0"]
    command = [sys.executable, "-c", ALONE, "fit", str(made), "--out", str(tmp_path / "broken.keras"), *options]
    with subprocess.Popen(command, cwd=REPOSITORY, stderr=subprocess.DEVNULL) as running:
        until = time.monotonic() + 300
        while not (tmp_path / ".broken.fit" / "state.npz").exists() and running.poll() is None:
            assert time.monotonic() < until
            time.sleep(0.05)
        os.kill(running.pid, signal.SIGKILL)
    assert running.returncode == -signal.SIGKILL
    assert not (tmp_path / "broken.keras").exists()
    assert 0 < len(Journal(tmp_path / ".broken.fit").state(0).rows) < 40
    for name in ("broken", "whole"):
        assert _fit(made, tmp_path / f"{name}.keras", options) == 0
    _same(tmp_path / "whole.keras", tmp_path / "broken.keras")


def test_refuses_another_recipe_or_other_data(made, tmp_path, monkeypatch, capsys):
    saved = Journal.save

    def save_then_die(journal: Journal, network: int, state: State) -> None:
        saved(journal, network, state)
        raise Killed

    monkeypatch.setattr(Journal, "save", save_then_die)
    with pytest.raises(Killed):
        _fit(made, tmp_path / "m.keras", FOLDS)
    assert _fit(made, tmp_path / "m.keras", [*FOLDS, "--epochs", "3"]) == 2
    complaint = capsys.readouterr().err
    assert "another recipe.epochs (2, now 3): repeat it as it was begun, or delete that folder" in complaint
    assert complaint.count("\n") == 1
    other = make_dataset(tmp_path / "other", films=50)
    assert _fit(other, tmp_path / "m.keras", FOLDS) == 2
    assert "holds an unfinished training with another data." in capsys.readouterr().err


@contextlib.contextmanager
def _no_file_longer_than(size: int) -> Iterator[None]:
    """As good as a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("more", [[], ["--memory", "0"]], ids=["state", "films"])
def test_a_full_disk_is_one_sentence_and_leaves_nothing_half(made, tmp_path, capsys, more):
    with _no_file_longer_than(6_000):
        assert _fit(made, tmp_path / "m.keras", [*FOLDS, *more]) == 2
    complaint = capsys.readouterr().err
    assert "there is no room left in" in complaint and complaint.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_a_disk_that_fills_up_later_leaves_the_state_before(tmp_path):
    row = Row("model", 1, 0.5, 0.001, None, None, 1.5, 20.0)
    with open_journal(tmp_path / "folder") as journal:
        journal.save(0, State((row,), [np.zeros(3)]))
        with _no_file_longer_than(6_000), pytest.raises(FitError, match="no room left"):
            journal.save(0, State((row, row), [np.ones(10_000)]))
        assert journal.state(0).rows == (row,)
        assert not list((tmp_path / "folder").glob("*.part"))


def test_journal_gives_back_what_it_was_told(tmp_path):
    row = Row("model", 1, 0.5, 0.001, None, 0.75, 1.5, 20.0)
    arrays = [np.arange(6, dtype=np.float32).reshape(2, 3), np.array([1, 2], np.uint32)]
    with open_journal(tmp_path / "folder") as journal:
        assert journal.state(0).rows == () and journal.finished(0) is None
        journal.save(0, State((row,), arrays, arrays[:1], []))
        back = journal.state(0)
        assert back.rows == (row,) and back.best == []
        for one, two in zip(arrays, back.variables, strict=True):
            np.testing.assert_array_equal(one, two)
            assert one.dtype == two.dtype
        assert journal.state(1).rows == ()  # that of another network
        journal.finish(0, arrays, (row,))
        assert journal.state(0).rows == ()
        assert journal.finished(0)[1] == (row,)
    header, line = (tmp_path / "folder" / "log.csv").read_text().splitlines()
    assert header.startswith("network,epoch,loss,learning_rate,validation_loss,validation_auroc,seconds,films_per")
    assert line == "model,1,0.5,0.001,,0.75,1.5,20.0"


def test_two_at_once_are_kept_apart(tmp_path):
    with (
        open_journal(tmp_path / "folder"),
        pytest.raises(FitError, match="Another program is training here"),
        open_journal(tmp_path / "folder"),
    ):
        pass


def test_a_damaged_state_says_what_to_do(tmp_path):
    with open_journal(tmp_path / "folder") as journal:
        check_same(journal, {"recipe": {"epochs": 2}})
        (tmp_path / "folder" / "state.npz").write_bytes(b"PK\x03\x04 cut off")
        with pytest.raises(FitError, match=r"state\.npz is damaged: delete the folder"):
            journal.state(0)
