"""Numbers as people read them."""

from __future__ import annotations

from xai.written import percent, unbroken, with_unit


def test_no_line_breaks_between_a_number_and_its_unit():
    for words in (with_unit("2.5", "s"), percent(0.0004), percent(0.94), percent(0.9999)):
        assert " " not in words and "\u00a0" in words


def test_what_a_card_says_is_kept_but_for_the_break_before_its_percent_sign():
    said = "Measured on 11 films (95 % interval 0.60 to 0.84)."
    assert unbroken(said) == "Measured on 11 films (95\u00a0% interval 0.60 to 0.84)."
