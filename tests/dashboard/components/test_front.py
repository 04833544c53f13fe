"""The page that every visit begins with."""

from __future__ import annotations

import json
import re

import pytest
from starlette.applications import Starlette

from dashboard.components.front import front_page
from dashboard.server.front import front_routes
from tests.dashboard.page.test_link import PAGES
from tests.dashboard.server.asgi import ask


def test_our_scripts_come_before_streamlits_and_know_what_a_step_is():
    page = front_page({"/": ["film", "</script>"], "/films": []})
    (told,) = re.findall('<script type="application/json" id="lightbox-steps">(.*?)</script>', page)
    assert json.loads(told) == {"/": ["film", "</script>"], "/films": []}
    assert page.index("function keepHistory") < page.index('src="./static/js/index.')
    assert page.count("<title>") == 1


def test_pages_below_the_first_say_where_their_server_is_before_streamlits_script_asks():
    page = front_page({"/": [], "/films": []}, ["films", "roc"])
    told = '["films", "roc"].includes(location.pathname.split("/").pop())'
    assert 0 < page.index(told) < page.index("BACKEND_BASE_URL") < page.index('src="./static/js/index.')


def test_every_page_is_answered_and_nothing_else():
    app = Starlette(routes=front_routes(["/", "/films"], "<title>Here</title>"))
    for path in ("/", "/films", "/films?dataset=ward"):
        answer = ask(app, path)
        assert (answer.body, answer.headers["cache-control"]) == (b"<title>Here</title>", "no-cache")
        assert answer.headers["content-type"].startswith("text/html")
    assert ask(app, "/elsewhere").status == 404


@pytest.mark.parametrize(
    ("page", "steps"),
    [
        ("compare", ["film", "upload", "grid"]),
        ("films", ["dataset", "page", "film"]),
        ("roc", []),
        ("errors", []),
        ("models", ["model"]),
    ],
)
def test_another_film_is_a_step_and_what_is_chosen_on_a_page_is_none(page, steps):
    assert PAGES[page].steps == steps
