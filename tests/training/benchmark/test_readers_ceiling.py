"""The human ceiling: one reader's drawing against another's, in closed form."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from training.benchmark.league import ALL
from training.benchmark.league import COLUMNS as LEAGUE
from training.benchmark.readers import presence, reader_rows, reader_scores
from training.benchmark.truth import truths, with_truth
from training.datasets.boxes import READ_BY, TRUTH, box_table, mask_row
from training.datasets.facts import DatasetFacts
from training.datasets.table import COLUMNS, read_dataset, write_dataset
from xai.findings import FINDINGS
from xai.measures.frame import WHOLE


def drawn(film: str, reader: str, x: float, y: float, width: float, height: float, finding: str = "Mass") -> dict:
    place = {"x": x, "y": y, "width": width, "height": height}
    return {"film": film, "finding": finding, "label": finding, "reader": reader, **place}


def dataset(folder, rows: list[dict], read_by: dict[str, str], policy: dict | None = None, **labels: list):
    """Films f0, f1, ... on disk, each of a patient of its own, with Mass, and what people drew on them."""
    names = [f"f{k}" for k in range(len(read_by))]
    films = pd.DataFrame({name: [0.0] * len(names) for name in FINDINGS}).assign(
        **{"Mass": 1.0, "film": names, "path": "", **labels}
    )
    films = films.assign(dataset="made", patient=[f"p{k}" for k in range(len(names))], view="PA", age=40.0, sex="F")
    films = films.assign(split="test", on_disk=True)[list(COLUMNS)].assign(**{READ_BY: list(read_by.values())})
    facts = DatasetFacts("made", str(folder), "made for a test", "MIT", "none", {}, 0, policy=policy or {})
    write_dataset(folder, facts, films, box_table(rows))
    return read_dataset(folder)


def owners(made) -> dict[str, str]:
    return dict(zip(made.films["film"], made.films["patient"], strict=True))


def test_two_boxes_that_overlap_by_half_score_as_on_paper(tmp_path):
    rows = [drawn("f0", "R1", 0.25, 0.25, 0.5, 0.5), drawn("f0", "R2", 0.5, 0.25, 0.5, 0.5)]
    made = dataset(tmp_path, rows, {"f0": "R1|R2"}, {TRUTH: "R1"})
    scores = reader_scores(made, {"f0": ("Mass",)}, owners(made))
    assert scores[["pointing", "energy", "iou"]].to_numpy()[0].tolist() == pytest.approx([0, 0.5, 1 / 3])
    table = reader_rows(scores)
    assert list(table.columns) == list(LEAGUE) and set(table["method"]) == {"reader"}
    assert set(table["finding"]) == {ALL, "Mass"} and (table["films"] == 1).all()


def test_a_reader_points_at_each_box_and_at_the_deepest_place_of_each_piece_of_a_mask(tmp_path):
    crescent = np.zeros((40, 40), bool)
    crescent[5:35, 5:35] = True
    crescent[5:27, 12:35] = False  # its centre of gravity lies outside it: deepest is the corner
    rows = [
        drawn("f0", "R1", 0, 0.7, 0.4, 0.3),
        drawn("f0", "R2", 0.1, 0.75, 0.2, 0.2),
        drawn("f0", "R2", 0.7, 0, 0.2, 0.2),
    ]
    rows.append(mask_row("f0", "Mass", crescent, label="Mass", reader="R3"))
    made = dataset(tmp_path, rows, {"f0": "R1|R2|R3"}, {TRUTH: "R1"})
    alone = [
        reader_scores(
            dataset(tmp_path / str(k), [rows[0], *own], {"f0": "R1"}, {TRUTH: "R1"}), {"f0": ("Mass",)}, {"f0": "p"}
        )
        for k, own in enumerate((rows[1:3], rows[3:]))
    ]
    assert [one["pointing"].item() for one in alone] == [0.5, 1.0]
    both = reader_scores(made, {"f0": ("Mass",)}, owners(made))
    for name in ("pointing", "energy", "iou"):
        assert both[name].item() == pytest.approx(np.mean([one[name].item() for one in alone]))


def test_maps_and_readers_are_held_against_what_the_same_one_person_drew(tmp_path):
    rows = [drawn(f"f{k}", f"R{n}", n / 4, 0, 0.25, 1) for k in range(30) for n in range(3)]
    made = dataset(tmp_path, rows, {f"f{k}": "R0|R1|R2" for k in range(30)})
    judges = set()
    for film in made.films["film"]:
        mask = truths(made, film, ["Mass"], (4, 4), WHOLE)["Mass"]
        (column,) = np.flatnonzero(mask.any(axis=0))
        assert mask[:, column].all()
        judges.add(int(column))
    assert judges == {0, 1, 2}
    scores = reader_scores(made, with_truth(made, ["Mass"]), owners(made))
    assert len(scores) == 30 and (scores["iou"] == 0).all()


def test_a_finding_that_the_film_s_readers_do_not_agree_on_is_no_truth(tmp_path):
    rows = [drawn("f0", "R1", 0, 0, 0.5, 0.5), drawn("f1", "R1", 0, 0, 0.5, 0.5), drawn("f2", "R1", 0, 0, 0.5, 0.5)]
    made = dataset(tmp_path, rows, {f"f{k}": "R1|R2|R3" for k in range(3)}, Mass=[1.0, 0.0, -1.0])
    made.films["source_Mass"] = pd.Categorical(["explicit", "explicit", "uncertain"])
    assert with_truth(made, FINDINGS) == {"f0": ("Mass",)}
    judged = dataset(
        tmp_path / "judged", [*rows, drawn("f1", "R9", 0, 0, 1, 1)], {f"f{k}": "R1" for k in range(3)}, {TRUTH: "R9"}
    )
    assert with_truth(judged, FINDINGS) == {"f1": ("Mass",)}


def test_agreement_on_presence_is_the_share_of_the_others_who_saw_it_too(tmp_path):
    rows = [drawn("f0", f"R{n}", 0, 0, 1, 1) for n in (1, 2, 3)] + [drawn("f1", f"R{n}", 0, 0, 1, 1) for n in (1, 3)]
    rows += [drawn("f2", "R2", 0, 0, 1, 1), drawn("f3", "R1", 0, 0, 1, 1)]
    made = dataset(tmp_path, rows, {"f0": "R1|R2|R3", "f1": "R1|R2|R3", "f2": "R1|R2|R3", "f3": "R1", "f4": "R1|R2|R3"})
    table = presence(made, FINDINGS, owners(made)).set_index("finding")
    assert table.loc[ALL, ["value", "films"]].tolist() == pytest.approx([(1 + 0.5 + 0) / 3, 3])
    assert table.loc["Mass", "low"] < 0.5 < table.loc["Mass", "high"]
    untold = dataset(tmp_path / "untold", rows[:3], {"f0": None})
    assert presence(untold, FINDINGS, owners(untold)).empty


def test_where_one_person_drew_there_is_no_ceiling(tmp_path):
    made = dataset(tmp_path, [drawn("f0", "R1", 0, 0, 1, 1)], {"f0": "R1"})
    assert reader_rows(reader_scores(made, {"f0": ("Mass",)}, owners(made))).empty
