from __future__ import annotations

from dashboard.server.page import Page


def made(text: str):
    return lambda asked: ("a.txt", "text/plain", text.encode())


def test_what_a_run_offers_no_more_is_there_until_the_run_has_ended():
    page = Page("ada")
    for name in ("first", "second"):
        page.files.offer(name, made(name))
    page.begin()
    assert page.files.find("first")({})[2] == b"first"  # clicked while the page runs
    page.files.offer("first", made("newer"))
    assert page.files.find("first")({})[2] == b"newer"
    assert page.files.find("second")({})[2] == b"second"
    page.end()
    assert page.files.find("first")({})[2] == b"newer"
    assert page.files.find("second") is None


def test_a_run_that_is_broken_off_takes_nothing_away():
    page = Page("ada")
    page.files.offer("first", made("first"))
    for _ in range(2):
        page.begin()
    assert page.files.find("first") is not None
    page.end()
    assert page.files.find("first") is None


def test_a_page_that_is_closed_offers_nothing():
    page = Page("ada")
    page.files.offer("first", made("first"))
    page.close()
    assert page.files.find("first") is None
