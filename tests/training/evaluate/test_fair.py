"""Two models are compared on films that are as new to the one as to the other."""

from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest

from training.evaluate.compare import compare, compare_judged
from training.evaluate.fair import fair_pair
from training.evaluate.judged import Judged
from training.evaluate.met import Met
from training.evaluate.ranked import EvaluateError
from training.evaluate.side_by_side import side_by_side, side_by_side_judged

FILMS = 40
TRUTH = (np.arange(FILMS) % 4 == 0).astype(np.float32)
SCORES = np.random.default_rng(0).random((2, FILMS))
NOBODY = np.zeros(FILMS, bool)


def judged(number: int, fit: np.ndarray = NOBODY, mend: np.ndarray = NOBODY) -> Judged:
    names = pd.DataFrame({"film": [f"f{k}" for k in range(FILMS)], "patient": [f"p{k}" for k in range(FILMS)]})
    met = Met({"fit": fit}, {"Mass": mend}, NOBODY)
    scores = SCORES[number][:, None]
    return Judged(f"m{number}", "d", ("Mass",), TRUTH[:, None], scores, np.arange(FILMS), names, met=met)


def some(films: slice) -> np.ndarray:
    here = NOBODY.copy()
    here[films] = True
    return here


def test_films_that_a_remedy_of_one_was_fitted_on_are_left_out_of_the_comparison():
    before, mended = judged(0), judged(1, mend=some(slice(0, 16)))
    rest = slice(16, None)
    for first, second in ((before, mended), (mended, before)):
        pair = fair_pair(first, second, "Mass")
        assert (len(pair.first), pair.one_sided, pair.left_out) == (24, 16, True)
        assert pair.words == "16 films that only one of the two has met left out of the comparison."
    assert compare_judged(before, mended, "Mass") == compare(TRUTH[rest], *SCORES[:, rest])
    found = side_by_side_judged(before, mended, "Mass", (0.5, 0.4))
    expected = side_by_side(TRUTH[rest], *SCORES[:, rest], (0.5, 0.4))
    np.testing.assert_equal(asdict(found), asdict(expected))  # a p value that is not known is equal to another


def test_films_that_both_or_neither_met_stay_and_are_put_in_one_order():
    first, second = judged(0, fit=some(slice(0, 20))), judged(1, fit=some(slice(0, 20)))
    turned = second.restrict(np.arange(FILMS)[::-1])
    pair = fair_pair(first, turned, "Mass")
    assert (len(pair.second), pair.one_sided, pair.words) == (FILMS, 0, "")
    assert list(pair.second.films["film"]) == list(first.films["film"])
    assert np.array_equal(pair.second.scores("Mass"), SCORES[1])


def test_where_the_others_do_not_suffice_the_comparison_says_that_it_flatters_one():
    pair = fair_pair(judged(0, fit=some(slice(1, None))), judged(1), "Mass")
    assert (len(pair.first), pair.left_out) == (FILMS, False)
    assert pair.words == (
        "The comparison includes 39 films that only one of the two has met, since the others do not suffice; they "
        "usually flatter that one."
    )


def test_one_film_is_one_film():
    assert fair_pair(judged(0, fit=some(slice(1))), judged(1), "Mass").words.startswith("1 film that only one")


def test_two_models_without_a_common_film_are_refused():
    with pytest.raises(EvaluateError, match="no film in common"):
        fair_pair(judged(0).restrict(some(slice(10))), judged(1).restrict(some(slice(20, 30))), "Mass")
