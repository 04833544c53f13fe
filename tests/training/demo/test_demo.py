from __future__ import annotations

import argparse
import json
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from training.__main__ import COMMANDS, main
from training.benchmark import sanity_command, shortcut_command
from training.datasets.table import read_dataset
from training.demo import command as demo
from training.demo.figures import token_effect, unseen_figures
from training.demo.leagues import LAB_SHIPPED, SANITY_SHIPPED, SHIPPED, league_folder
from training.evaluate import auroc
from training.fitting.recipe import recipe_from
from training.predictions.table import Predictions, PredictionsFacts
from training.simulation import Plan, generate
from training.simulation.population import Confounder
from xai.cards.model_card import Threshold
from xai.findings import FINDINGS


@pytest.fixture
def ran(monkeypatch) -> list[list[str]]:
    """Commands that were run; each leaves behind what it says it does."""
    commands: list[list[str]] = []

    def fake(command: list[str], check: bool) -> SimpleNamespace:
        words = command[command.index("training") + 1 :]
        commands.append(words)
        out = Path(words[words.index("--out") + 1])
        product = {"fit": out.with_suffix(".json"), "predict": out / "predictions.parquet"}.get(words[0])
        product = product or out / "films.parquet"
        product.parent.mkdir(parents=True, exist_ok=True)
        product.touch()
        return SimpleNamespace(returncode=0)

    def make(library: Path, dataset: Path) -> None:
        (library / "models" / "overcaller.keras").touch()

    monkeypatch.setattr(demo.subprocess, "run", fake)
    monkeypatch.setattr(demo, "make_overcaller", make)
    monkeypatch.setattr(demo, "make_league", lambda library, model: commands.append(["league", model]))
    for module in (sanity_command, shortcut_command):

        def measure(options: argparse.Namespace, name: str = module.__name__.rpartition(".")[2]) -> int:
            commands.append([name, str(options.films), str(options.samples)])
            for file in (*SANITY_SHIPPED, *LAB_SHIPPED):
                options.out.mkdir(parents=True, exist_ok=True)
                (options.out / file).touch()
            return 0

        monkeypatch.setattr(module, "run", measure)
    monkeypatch.setattr(demo, "has_figures", lambda out, model: True)
    monkeypatch.setattr(demo, "has_ablation", lambda out, model: True)
    monkeypatch.setattr(demo, "summarise", lambda out, model: None)
    return commands


def test_every_step_is_a_command_that_its_parser_takes(tmp_path):
    (tmp_path / "nih").mkdir()
    for given in ((), (tmp_path / "nih", tmp_path / "preds.csv", tmp_path / "imagenet.whl")):
        for step in demo.steps(tmp_path / "library", *given):
            if callable(step.command):
                continue
            parser = argparse.ArgumentParser()
            name, *options = step.command
            import_module(COMMANDS[name]).add_arguments(parser)
            options = parser.parse_args(options)
            if name == "fit":
                recipe_from(options)  # refuses options that contradict each other


def test_goes_on_where_it_was_stopped(tmp_path, ran):
    assert main(["demo", "--out", str(tmp_path / "library")]) == 0
    everything = list(ran)
    (tmp_path / "library" / "models" / "lightbox.json").unlink()
    ran.clear()
    assert main(["demo", "--out", str(tmp_path / "library")]) == 0
    made = [words for words in ran if words[0] not in ("league", "sanity_command", "shortcut_command")]
    assert made == [words for words in everything if words[-1].endswith("lightbox.keras")]


def test_leagues_come_last_once_their_cards_are_finished(tmp_path, ran):
    assert main(["demo", "--out", str(tmp_path / "library")]) == 0
    beside = [["sanity_command", "12", "100"], ["shortcut_command", "100", "200"]]
    assert ran[-4:] == [["league", "lightbox"], ["league", "shortcut"], *beside]
    made = {path.parent.name: path.name for path in (tmp_path / "library" / "leagues").glob("*/*.json")}
    assert made == {"sanity-lightbox": "sanity.json", "shortcut-lab": "lab.json"}
    for model in ("lightbox", "shortcut"):
        folder = league_folder(tmp_path / "library", model)
        folder.mkdir(parents=True)
        for name in SHIPPED:
            (folder / name).touch()
    ran.clear()
    assert main(["demo", "--out", str(tmp_path / "library")]) == 0
    assert ran == []


def test_without_real_films_it_says_so_and_uses_none(tmp_path, ran, capsys):
    assert main(["demo", "--out", str(tmp_path / "library")]) == 0
    assert "python -m training fetch --list" in capsys.readouterr().err
    assert not [words for words in ran if "nih" in " ".join(words)]
    assert [words[0] for words in ran].count("fit") == 2  # lightbox, and the one that leans on a token


def test_real_films_come_first_and_simulated_ones_are_mixed_in(tmp_path, ran):
    (tmp_path / "nih").mkdir()
    assert main(["demo", "--out", str(tmp_path / "library"), "--nih", str(tmp_path / "nih")]) == 0
    lightbox = next(words for words in ran if words[-1].endswith("lightbox.keras"))
    work = tmp_path / "library" / "work"
    assert lightbox[1] == str(work / "nih")
    assert [lightbox[k + 1] for k, word in enumerate(lightbox) if word == "--also"] == [str(work / "mixed")]


def test_films_with_boxes_are_learned_from_by_nobody(tmp_path, ran):
    (tmp_path / "nih").mkdir()
    assert main(["demo", "--out", str(tmp_path / "library"), "--nih", str(tmp_path / "nih")]) == 0
    read = [words for words in ran if words[0] == "dataset"]
    assert len(read) == 2
    assert all(words[words.index("--splits") + 1] == "boxed" for words in read)


def test_with_and_without_simulated_films_differ_in_them_alone(tmp_path):
    out = tmp_path / "library"
    steps = [step for step in demo.steps(out, tmp_path / "nih") if not callable(step.command)]
    commands = {step.command[-1]: step.command for step in steps}
    for knows, knows_not in zip(*demo.ablated(out).values(), strict=True):
        pair = [list(commands[str(path)]) for path in (knows, knows_not)]
        named = [words.index("--name") for words in pair]
        for words, at in zip(pair, named, strict=True):
            del words[at:]  # name and file
        mixed = pair[0].index("--also")
        del pair[0][mixed : mixed + 2]
        assert pair[0] == pair[1]


def test_a_failing_step_ends_the_run_with_its_status(tmp_path, monkeypatch):
    monkeypatch.setattr(demo.subprocess, "run", lambda command, check: SimpleNamespace(returncode=2))
    assert main(["demo", "--out", str(tmp_path / "library")]) == 2


def test_a_missing_folder_is_one_line_and_status_2(tmp_path, capsys):
    assert main(["demo", "--out", str(tmp_path / "library"), "--nih", str(tmp_path / "gone")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


class _LooksAtTheToken:
    """Answers with the mean shade of the film's corner where tokens lie, for every output."""

    def __init__(self, sign: float):
        self.card = SimpleNamespace(index=FINDINGS.index)
        self.sign = sign

    def prepare(self, film):
        return film.pixels

    def logits(self, canvases):
        return self.sign * canvases.mean(axis=(1, 2))[:, None] * np.ones((1, len(FINDINGS)))


@pytest.fixture(scope="module")
def unseen(tmp_path_factory) -> Predictions:
    folder = tmp_path_factory.mktemp("unseen")
    plan = Plan(24, seed=5, recipes_only=True, confounders=(Confounder("token", "Emphysema", 0.5, 0.5),))
    dataset = read_dataset(generate(plan, folder / "films"))
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.random((24, 14)), index=dataset.films["film"], columns=list(FINDINGS))
    cuts = {name: Threshold(0.5, "half") for name in FINDINGS}
    facts = PredictionsFacts("made", "films", str(folder / "films"), "made", "predict", FINDINGS, cuts)
    return Predictions(folder, facts, table)


def test_twins_differ_by_the_token_alone(unseen):
    """A token is bright: without it the film's mean falls, so one model's logit falls and the other's rises."""
    tokens = int(unseen.open_dataset().films["object_token"].sum())
    higher, lower = (token_effect(_LooksAtTheToken(sign), unseen) for sign in (1.0, -1.0))
    assert (higher["films"], higher["lower_without"]) == (tokens, 1.0)
    assert lower["lower_without"] == 0.0
    assert higher["mean_change_of_logit"] < 0 < lower["mean_change_of_logit"]
    assert higher["leaning"] == 0.0  # a mean shade falls by far less than a logit
    assert token_effect(_LooksAtTheToken(1e4), unseen)["leaning"] == 1.0
    assert (higher["flagged_with"], lower["flagged_with"]) == (1.0, 0.0)  # a shade is positive, and 0.5 a logit of 0
    assert higher["lower_without_low"] < 1.0 == higher["lower_without_high"]


def test_unseen_figures_are_those_of_the_table(unseen):
    figures = unseen_figures(unseen)
    truth = unseen.open_dataset().films["Infiltration"].to_numpy()
    expected = auroc(truth, unseen.table["Infiltration"].to_numpy())
    found = figures["findings"]["Infiltration"]
    assert found["auroc"] == round(expected.value, 4)
    assert found["positives"] == int(truth.sum())
    json.dumps(figures)  # a card holds plain numbers only
