from __future__ import annotations

import pytest

from dashboard.server.visitors import Visitors, is_token, new_token


def test_tokens_are_random_and_told_from_anything_else():
    tokens = {new_token() for _ in range(100)}
    assert len(tokens) == 100
    assert all(is_token(one) and len(one) == 32 for one in tokens)


@pytest.mark.parametrize("text", [None, "", "a" * 31, "a" * 33, "A" * 32, "g" * 32, "a" * 31 + "\n", "../" + "a" * 29])
def test_other_texts_are_no_tokens(text):
    assert not is_token(text)


def test_a_visitor_holds_what_it_brought_and_nothing_else():
    visitors = Visitors()
    visitors.bring("ada", "film")
    assert visitors.holds("ada", "film")
    assert not visitors.holds("bob", "film")
    assert not visitors.holds("ada", "other")


def test_a_film_is_forgotten_with_the_last_who_holds_it():
    visitors = Visitors()
    for name in ("ada", "bob"):
        visitors.bring(name, "both")
    visitors.bring("ada", "own")
    assert visitors.forget("ada") == {"own"}
    assert not visitors.holds("ada", "both")
    assert visitors.holds("bob", "both")
    assert visitors.forget("bob") == {"both"}
    assert visitors.forget("nobody") == set()
