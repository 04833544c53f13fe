from __future__ import annotations

from tests.training.evaluate.made_scores import made, noisy
from training.evaluate.published import FIGURES, film_digest, may_compare
from xai.findings import FINDINGS


def test_every_source_has_a_figure_for_every_finding():
    assert len({one.key for one in FIGURES}) == len(FIGURES) == 8
    for one in FIGURES:
        assert tuple(one.aurocs) == FINDINGS and all(0.6 < value < 0.95 for value in one.aurocs.values())
    emphysema = {one.key: one.aurocs["Emphysema"] for one in FIGURES}
    assert (emphysema["CheXNet"], emphysema["Wang 2017"], emphysema["zoogzog"]) == (0.9371, 0.815, 0.9422)


def test_films_of_another_dataset_are_never_compared():
    judged = made(*reversed(noisy(0)))
    for one in FIGURES:
        verdict = may_compare(one, judged)
        assert not verdict.allowed and verdict.why.endswith(".")
    assert "films of nih; these are of made" in may_compare(FIGURES[0], judged).why


def test_a_set_of_films_has_one_digest_whatever_order_and_ending():
    assert film_digest(["b.png", "a"]) == film_digest(["a.png", "b"]) != film_digest(["a", "c"])
