"""A lecture in a room: a teacher's page and two phones, one of which reloads, and one comes late."""

from __future__ import annotations

import re

import pytest

from tests.browser.compare_page import SLOW, expect
from tests.browser.conftest import nothing
from tests.browser.test_access import AXE, serious

pytestmark = pytest.mark.browser
LIBRARY = nothing
PAINTED = """node => {
  const painted = node.getContext("2d").getImageData(0, 0, 128, 128).data
    .filter((value, place) => place % 4 === 3 && value > 100).length;
  return painted > 0 && painted < 128 * 128 / 4;
}"""
LOADED = "image => image.decode()"  # waits, and fails where there is no picture
LIGHT = 300_000  # bytes of a phone's first view


def test_a_class_follows_taps_and_sees_what_it_tapped(page, address, phones):
    ada, bob = phones
    got: list[int] = []
    ada.on("response", lambda answer: got.append(int(answer.headers.get("content-length", 0))))
    page.goto(f"{address}room", timeout=SLOW)
    page.get_by_role("button", name="Open a room").click(timeout=SLOW)
    expect(page.locator(".room .here")).to_have_text("0 are here")
    expect(page.locator(".room .code")).to_have_text(re.compile("^[A-Z]{5}$"))
    code = page.locator(".room .code").text_content()
    page.locator(".room .qr").evaluate(LOADED)

    ada.goto(f"{address}join")
    ada.get_by_label("The five letters").fill("zzzzz")
    ada.get_by_role("button", name="Join").click()
    expect(ada.get_by_role("status").first).to_contain_text("There is no room with this code")
    ada.get_by_label("The five letters").fill(code.lower())
    ada.get_by_role("button", name="Join").click()
    expect(ada.locator(".told")).to_contain_text("You are in")
    expect(page.locator(".room .here")).to_have_text("1 is here")

    got.clear()
    page.goto(f"{address}?film=simulated/s00000&finding=Effusion&methods=gradcam", timeout=SLOW)
    page.get_by_role("button", name="Show this to the room").click(timeout=SLOW)
    expect(ada.locator(".panels figcaption")).to_have_text(["Film", "Grad-CAM"], timeout=SLOW)
    expect(ada.locator(".answer")).to_contain_text("Effusion: 98", timeout=SLOW)
    ada.locator("figure.film img").evaluate(LOADED)
    assert 0 < sum(got) < LIGHT
    expect(page.locator(".viewer .progress .words")).to_contain_text("All maps are there", timeout=SLOW)
    page.keyboard.press("p")  # whoever presents leads: phones see what is revealed, and not before
    expect(page.locator(".viewer")).to_have_attribute("data-presenting", "film")
    expect(ada.locator(".panels figcaption")).to_have_text(["Film"])
    expect(ada.locator(".answer")).to_be_empty()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    expect(ada.locator(".panels figcaption")).to_have_text(["Film", "Grad-CAM"])
    page.keyboard.press("Escape")
    page.get_by_role("link", name=f"Room {code}").click()
    page.get_by_role("button", name="Ask", exact=True).click(timeout=SLOW)
    expect(ada.get_by_role("heading", name="Where would you look for Effusion?")).to_be_visible()

    bob.goto(f"{address}join/{code}")  # late, by the link
    film = bob.get_by_role("application")
    film.focus()
    for key in ("ArrowRight", "ArrowDown", "Enter"):
        bob.keyboard.press(key)
    expect(bob.locator(".heard")).to_have_text("Your place was counted. You may mark another.")
    box = ada.locator("figure.film .pad").bounding_box()
    ada.locator("figure.film .pad").tap(position={"x": 0.75 * box["width"], "y": 0.6 * box["height"]})
    expect(page.locator(".room .answered")).to_have_text("2 of 2 answered")
    ada.reload()
    expect(ada.locator(".heard")).to_have_text("Your place was counted. You may mark another.")
    expect(ada.locator(".cross")).to_be_visible()
    expect(page.locator(".room .answered")).to_have_text("2 of 2 answered")  # nobody is counted twice

    if AXE.exists():
        ada.evaluate(AXE.read_text(encoding="utf-8"))
        assert serious(ada) == []

    page.get_by_role("button", name="Show the answers").click()
    expect(page.locator(".room .seen figcaption")).to_have_text(["Where the room pointed", "Film", "Grad-CAM"])
    expect(page.locator(".room .pad canvas")).to_be_visible()
    page.wait_for_function(PAINTED, arg=page.locator(".room .pad canvas").element_handle())
    expect(ada.locator(".heard")).to_have_text("Answers are closed. Look at the screen.")

    bob.get_by_role("link", name="Look around").click()
    expect(bob.get_by_role("link", name=f"Back to room {code}")).to_be_visible(timeout=SLOW)
    bob.get_by_role("link", name=f"Back to room {code}").click()
    expect(bob.locator("figure.film img")).to_be_visible(timeout=SLOW)

    page.get_by_role("button", name="Close the room").click()
    page.get_by_role("button", name="Close it for everybody?").click()
    expect(page.get_by_role("button", name="Open a room")).to_be_visible()
    for one in phones:
        expect(one.locator(".told")).to_contain_text("This room is closed")
