"""Results of benchmarks, read from their folders."""

from __future__ import annotations

import json
import math

import pytest

from training.benchmark.league import BESIDE, COLUMNS
from training.benchmark.results import problems_of, read_results, read_scores, results_for
from training.benchmark.sources import ResultsError

LEAGUE = ["gradcam,all,iou,0.2,0.1,0.3,12", "gradcam,Mass,iou,,,,0", "prior,all,iou,0.25,0.2,0.3,12"]
LEADS = ["gradcam,all,iou,-0.05,-0.1,0.02,0.04,12", "gradcam,Mass,iou,0.1,0.0,0.2,,3"]
HEAD = ",".join(COLUMNS).encode() + b"\n"
CLAIM = {"dataset": "made", "model": "a" * 64, "methods": ["gradcam"], "samples": None, "seed": 0}


def league_in(folder, league=LEAGUE, beside=LEADS, **claim):
    folder.mkdir(parents=True)
    (folder / "league.csv").write_text("\n".join([",".join(COLUMNS), *league, ""]), encoding="utf-8")
    (folder / "beside.csv").write_text("\n".join([",".join(BESIDE), *beside, ""]), encoding="utf-8")
    (folder / "benchmark.json").write_text(json.dumps(CLAIM | claim), encoding="utf-8")
    return folder


def test_results_say_what_a_method_reached_and_how_far_it_is_ahead(tmp_path):
    found = read_results(league_in(tmp_path / "one", card="b" * 64))
    assert (found.name, found.model_id, found.card_id, found.dataset) == ("one", "a" * 64, "b" * 64, "made")
    assert found.settings == {"methods": ["gradcam"], "samples": None, "seed": 0}
    assert found.score("prior", "all", "iou").__dict__ | {"p": 0} == {
        **{"value": 0.25, "low": 0.2, "high": 0.3, "films": 12, "p": 0}
    }
    lead = found.lead("gradcam", "all", "iou")
    assert (lead.value, lead.low, lead.high, lead.p, lead.films) == (-0.05, -0.1, 0.02, 0.04, 12)
    assert math.isnan(found.lead("gradcam", "Mass", "iou").p)
    assert math.isnan(found.score("gradcam", "Mass", "iou").value)
    assert found.lead("prior", "all", "iou") is None and found.score("shap", "all", "iou") is None


def test_the_results_of_a_model_are_found_by_its_content_and_what_is_damaged_is_named(tmp_path):
    shipped, own = tmp_path / "shipped", tmp_path / "own"
    league_in(shipped / "one")
    league_in(shipped / "other", model="c" * 64)
    league_in(own / "one", model="a" * 64, dataset="hidden by the one that comes with the app")
    league_in(own / "two")
    league_in(own / "broken", league=["gradcam,all"])
    (own / "no league").mkdir()
    folders = [shipped, own, tmp_path / "nowhere"]
    assert [(one.name, one.dataset) for one in results_for("a" * 64, folders)] == [("one", "made"), ("two", "made")]
    (problem,) = problems_of(folders)
    assert problem.startswith("broken/league.csv has ")
    (own / "broken" / "league.csv").unlink()
    league_in(own / "new")
    assert len(results_for("a" * 64, folders)) == 3 and not problems_of(folders)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("league.csv", b"method,finding\nshap,all\n", "one/league.csv has no column measure, value, low, high, films"),
        ("league.csv", b"", "one/league.csv is no table"),
        ("league.csv", b"\xff\xfe\x00", "one/league.csv cannot be read"),
        (
            "league.csv",
            HEAD + b"a,b,c,high,0,1,2",
            "numbers in its column v",
        ),
        ("league.csv", HEAD + b"a,b,c,inf,0,1,2", "numbers in its column v"),
        ("league.csv", HEAD + b"a,b,c,0,0,1,2.5", "than numbers in its column f"),
        (
            "league.csv",
            HEAD + b"a,b,c,0,0,1,",
            "numbers in its column films",
        ),
        ("league.csv", HEAD + b",b,c,0,0,1,2", "else in its column method"),
        ("league.csv", HEAD + b"a,b,c,0,0,1,2\n" * 2, "has two rows"),
        ("league.csv", b"x" * (4 << 20) + b"x", "one/league.csv is larger than 4 MB"),
        ("beside.csv", None, "one/beside.csv is missing"),
        ("benchmark.json", b"[1]", "one/benchmark.json is no JSON object"),
        ("benchmark.json", b"[" * 100_000, "one/benchmark.json is no JSON object"),
        ("benchmark.json", b'{"dataset": "made", "model": 3}', "has no text “model”"),
    ],
)
def test_what_is_no_benchmark_is_refused_in_one_sentence(tmp_path, name, content, sentence):
    folder = league_in(tmp_path / "one")
    if content is None:
        (folder / name).unlink()
    else:
        (folder / name).write_bytes(content)
    with pytest.raises(ResultsError) as refused:
        read_results(folder)
    assert sentence in str(refused.value) and str(tmp_path) not in str(refused.value)


def test_the_scores_of_all_films_are_read_where_there_are_some(tmp_path):
    folder = league_in(tmp_path / "one")
    assert read_scores(folder) is None
    (folder / "scores.csv").write_text(
        "film,patient,finding,method,pointing,iou\nf1,p,Mass,shap,1,0.5\nf2,p,Mass,shap,,0.1\n"
    )
    scores = read_scores(folder)
    assert list(scores["iou"]) == [0.5, 0.1] and scores["pointing"].isna().tolist() == [False, True]
    (folder / "scores.csv").write_text("film,finding,method,iou\nf1,Mass,shap,much\n")
    with pytest.raises(ResultsError, match="has no column patient"):
        read_scores(folder)
