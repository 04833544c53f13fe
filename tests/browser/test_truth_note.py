"""A map whose strongest evidence lies on another finding: a sentence, a dashed outline, and its twin by one click."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dashboard.page.palette import FINDING_COLORS
from dashboard.server.library import Library
from tests.browser.compare_page import SLOW, expect, finish, wait_for_link
from xai.built_in import BUILT_IN_DATASETS
from xai.findings import FINDINGS, finding_label

pytestmark = pytest.mark.browser
READ = "(canvas) => Array.from(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data)"


def film_with_one_finding_in_the_middle() -> tuple[str, str]:
    """Where the control map, a blob in the middle of any film, has its peak; and one name of what lies there."""
    library = Library(Path("nowhere"))
    for film in library.films("simulated").index:
        masks = library.masks("simulated", film)
        there = [name for name, mask in masks.items() if mask[mask.shape[0] // 2, mask.shape[1] // 2]]
        if len(there) == 1 and there[0] in FINDINGS:
            return film, there[0]
    raise AssertionError(f"no film of {BUILT_IN_DATASETS} has one finding in its middle")


def coloured(canvas, colour: str) -> int:
    """Count the pixels of a canvas in a colour, or nearly."""
    wanted = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
    pixels = np.array(canvas.evaluate(READ)).reshape(-1, 4)[:, :3]
    return int((np.abs(pixels - wanted).max(axis=1) < 12).sum())


def test_what_the_strongest_evidence_lies_on_is_outlined_and_taken_off_by_a_click(visit):
    film, other = film_with_one_finding_in_the_middle()
    absent = next(name for name in FINDINGS if name not in Library(Path("nowhere")).masks("simulated", film))
    page = visit(film=f"simulated/{film}", finding=absent, methods="centred", truth="on")
    finish(page, 1)
    label = finding_label(other).lower()
    note, canvas = page.locator(".viewer .truth-note:visible"), page.locator(".viewer .film .stage canvas")
    expect(note).to_contain_text(f"Its strongest evidence lies on the {label}, outlined dashed; ")
    drawn = coloured(canvas, FINDING_COLORS[other])
    page.keyboard.press("t")
    expect(note).to_have_count(0)
    assert coloured(canvas, FINDING_COLORS[other]) < drawn / 10
    page.keyboard.press("t")
    note.get_by_role("button", name=f"Twin without {label}").click()
    twin = page.locator(".viewer .panel").filter(has_text=f"Twin without {label}").first
    expect(twin.locator(".where")).to_contain_text(f"Without {label}: ", timeout=SLOW)
    expect(twin.locator(".notice")).to_be_empty()
    wait_for_link(page, without=other)
    expect(note).to_contain_text("outlined dashed")
    expect(note.get_by_role("button")).to_have_count(0)
    page.get_by_role("button", name="Twin", exact=True).click()
    taken_off = page.get_by_test_id("stPopoverBody").get_by_role("button", pressed=True)
    expect(taken_off).to_have_text(finding_label(other))
