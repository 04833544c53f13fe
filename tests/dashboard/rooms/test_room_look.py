from __future__ import annotations

from collections import Counter
from types import SimpleNamespace

import pytest

from dashboard.compare.asked import Asked
from dashboard.compare.state import State
from dashboard.rooms import look
from dashboard.rooms.look import Look
from dashboard.rooms.pictures import map_picture
from dashboard.rooms.step import Step

METHODS = ("gradcam", "lime", "random")
STEP = Step("?film=a/b&blind=on&truth=off", ("film", *METHODS))


@pytest.fixture
def seen(monkeypatch):
    """Give what phones and the holder see of three maps that are on their way, without a model."""
    monkeypatch.setattr(look, "film_picture", lambda shown, asked: "part")
    monkeypatch.setattr(look, "truths", lambda shown, asked: "")
    hung = SimpleNamespace(title="Film 1, Mass", plain_title="Film 1", described=lambda title: title)
    shown = SimpleNamespace(
        parameters=dict.fromkeys(METHODS),
        card=SimpleNamespace(name="a model"),
        services=SimpleNamespace(store=SimpleNamespace(get=lambda key: None)),
        key=lambda method: method,
        without=(),
    )

    def see(deal: str, *, blind: bool = True):
        one = Look(shown, hung, State(blind=blind), None, "Mass", deal)
        return one.view(STEP)["panels"][1:], one.holder_view()["panels"][1:]

    return see


def test_letters_are_dealt_by_a_secret_and_the_holder_sees_which_is_which(seen):
    orders = Counter()
    for k in range(600):
        phones, holder = seen(str(k))
        assert [(one["name"], one["title"]) for one in phones] == [(f"map {x}", f"Map {x.upper()}") for x in "abc"]
        assert [one["title"].split(": ")[0] for one in holder] == ["Map A", "Map B", "Map C"]
        orders[tuple(one["name"] for one in holder)] += 1
        assert [one["control"] for one in holder].index(True) == [one["name"] for one in holder].index("random")
    assert len(orders) == 6
    assert all(60 < count < 140 for count in orders.values())  # 100 of each, 9.1 the standard deviation
    assert seen("5") == seen("5")


def test_maps_with_names_stand_in_the_order_of_the_link(seen):
    phones, holder = seen("a secret", blind=False)
    assert [one["name"] for one in phones] == [one["name"] for one in holder] == list(METHODS)
    assert holder[0]["title"] == "Grad-CAM"


def test_the_picture_of_a_map_without_a_name_is_called_by_the_secret():
    names = []
    parts = SimpleNamespace(offer=lambda about, make, **options: names.append(repr(about)) or names[-1])
    shown = SimpleNamespace(
        services=SimpleNamespace(channel=SimpleNamespace(parts=parts)),
        card=SimpleNamespace(fingerprint="f"),
        sha256="s",
        record=None,
        upload=None,
        key=lambda method: method,
    )
    asked = Asked("Mass", (), {"truth": False}, "png", "dark", False, "")
    told = {map_picture(shown, asked, "gradcam", secret) for secret in ("", "one", "another", "one")}
    assert len(told) == 3
