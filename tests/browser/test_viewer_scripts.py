"""Functions of the viewer's scripts, evaluated in the browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from dashboard.components.bundle import bundle

pytestmark = pytest.mark.browser

SCRIPTS = Path(__file__).resolve().parents[2] / "dashboard" / "components" / "viewer"


@pytest.fixture
def script(browser) -> Iterator[Callable]:
    """Evaluate an expression among the viewer's own functions."""
    page = browser.new_page()
    names = (
        "geometry",
        "evidence",
        "sync",
        "elsewhere",
        "stripes",
        "hatching",
        "truth",
        "panel",
        "standing",
        "present",
    )
    source = bundle(*(SCRIPTS / f"{name}.js" for name in names))
    yield lambda expression, argument=None: page.evaluate(f"(given) => {{ {source}; return {expression}; }}", argument)
    page.close()


def test_percentile_agrees_with_numpy(script):
    values = np.random.default_rng(5).normal(size=501).astype(np.float32)
    values[::7] = 0
    nonzero = np.abs(values[values != 0]).astype(float)
    for q in (0, 12.5, 40, 99):
        got = script("percentileOfMagnitude(Float32Array.from(given[0]), given[1])", [values.tolist(), q])
        np.testing.assert_allclose(got, np.percentile(nonzero, q), rtol=1e-6)


def test_boundaries_are_the_lines_between_regions(script):
    labels = [[1, 1, 2], [1, 1, 2], [3, 3, 3]]
    segments = script(
        """(() => { const lines = []; let from;
            Path2D.prototype.moveTo = (...at) => { from = at; };
            Path2D.prototype.lineTo = (...at) => { lines.push([...from, ...at]); };
            boundaries(given.flat(), [3, 3]); return lines; })()""",
        labels,
    )
    assert sorted(segments) == [[0, 2, 3, 2], [2, 0, 2, 2]]


def test_dashes_run_along_closed_lines(script):
    """A ring at the picture's edge, and a dot in its hole: a dash would begin again with every line."""
    ring = [[1, 1, 1, 1, 1], [1, 0, 0, 0, 1], [1, 0, 1, 0, 1], [1, 0, 0, 0, 1], [1, 1, 1, 1, 1]]
    lines = script(
        """(() => { const lines = [];
            Path2D.prototype.moveTo = (...at) => { lines.push([at]); };
            Path2D.prototype.lineTo = (...at) => { lines.at(-1).push(at); };
            contourPath(given.flat(), [5, 5]); return lines; })()""",
        ring,
    )
    assert sorted(len(line) - 1 for line in lines) == [4, 12, 20]
    assert all(line[0] == line[-1] for line in lines)


@pytest.mark.parametrize(
    ("events", "news"),
    [
        ("first a", [True]),
        ("first a, again a", [True, False]),
        ("first a, sent b, sent c, again b, again c", [True, False, False]),
        ("first a, sent b, again c", [True, True]),
        ("first a, sent b, again b, again a", [True, False, True]),
    ],
)
def test_python_counts_only_when_it_says_something_new(script, events, news):
    steps = [event.split() for event in events.split(", ")]
    got = script(
        """(() => { const value = new SharedValue();
            return given.map(([kind, text]) => kind === "sent" ? value.note(text) && null : value.isNews(text))
                .filter((answer) => answer !== null); })()""",
        steps,
    )
    assert got == news


@pytest.mark.parametrize(
    ("events", "shown"),
    [
        ("offer a 0", "a"),
        ("offer a 0, offer b 0", "b"),
        ("offer a 0, choose c, offer b 0", "c"),  # b was sent before the choice was heard
        ("offer a 0, choose c, offer b 0, offer c 1", "c"),
        ("offer a 0, choose c, offer a 1", "c"),  # nothing new
        ("offer a 0, choose c, offer c 1, offer b 1", "b"),
        ("offer a 0, choose gone, offer a 0", "a"),  # another model lacks it
        ("offer a 3, choose c, offer b 3, choose b, offer c 4", "b"),  # the page is new, Python is not
    ],
)
def test_the_visitors_choice_stands_until_python_has_heard_it(script, events, shown):
    steps = [event.split() for event in events.split(", ")]
    got = script(
        """(() => { const choice = new Choice();
            for (const [kind, name, heard] of given)
                kind === "offer" ? choice.offer(name, Number(heard), ["a", "b", "c"]) : choice.make(name);
            return choice.name; })()""",
        steps,
    )
    assert got == shown


def test_stripes_lie_where_a_map_lowers_the_logit_and_fade_with_it(script):
    values = [[-4, -1, 0], [2, -0.1, 4]]  # in units of which the range is 4; what is below 0.5 is hidden
    alpha = script(
        """Array.from(loweringMask({values: given.flat(), shape: [2, 3]}, {range: 4, weakest: 0.5})
            .getContext("2d").getImageData(0, 0, 3, 2).data).filter((_, i) => i % 4 === 3)""",
        values,
    )
    assert alpha == [255, 128, 0, 0, 0, 0]
    drawn = np.array(
        script(
            """(() => { const canvas = new OffscreenCanvas(60, 40), context = canvas.getContext("2d");
                context.fillStyle = "rgb(128, 128, 128)"; context.fillRect(0, 0, 60, 40);
                context.imageSmoothingEnabled = false;
                const mask = loweringMask({values: given.flat(), shape: [2, 3]}, {range: 4, weakest: 0.5});
                drawStripes(context, mask, {box: {left: 0, top: 0, width: 60, height: 40}, ratio: 1});
                return Array.from(context.getImageData(0, 0, 60, 40).data).filter((_, i) => i % 4 === 0); })()""",
            values,
        )
    ).reshape(40, 60)
    cells = {(r, c): drawn[20 * r : 20 * r + 20, 20 * c : 20 * c + 20] for r in range(2) for c in range(3)}
    assert cells[0, 0].min() < 40 and cells[0, 0].max() > 200  # dark and light, to be seen on any grey
    assert np.ptp(cells[0, 0]) > 1.5 * np.ptp(cells[0, 1]) > 0
    assert all((cells[at] == 128).all() for at in ((0, 2), (1, 0), (1, 1), (1, 2)))


def test_maps_without_names_tell_nothing_of_their_methods_until_the_truth_is_shown(script):
    words = {"diagnostics": [{"label": "R²"}], "cost": "9 evaluations", "alt": "LIME", "truth_note": None, "plain": {}}
    panel = {"method": "lime", "title": "LIME", "unit": "logit", "how": "LIME", "lies": "LIME", "shares": "piece"}
    panel |= {"plain": {}, "picture": None, "trust": {}, "captions": {"Mass": {"where": "Low.", **words}}}
    twin = panel | {"method": "twin", "title": "Twin without mass", "picture": {}, "plain": {"title": "Twin"}}
    data = {"film": {}, "findings": [], "answers": None, "panels": [twin, panel], "beside": None, "blind": True}
    items = [{"name": "answers", "title": "the probabilities"}, {"name": "lime", "title": "LIME"}]
    shown, said = script("[withoutTruth(given[0]), namedAs(given[1], withoutTruth(given[0]).panels)]", [data, items])
    assert [one["title"] for one in shown["panels"]] == ["Twin", "Map A"]
    assert [one["title"] for one in said] == ["the probabilities", "Map A"]
    hidden = shown["panels"][1]
    assert "LIME" not in str(hidden) and (hidden["unit"], hidden["shares"]) == ("", "")
    caption = {"where": "Low.", "diagnostics": [], "cost": "", "alt": None, "truth_note": None, "plain": {}}
    assert hidden["captions"] == {"Mass": caption}
    named = script("withoutTruth(given)", data | {"blind": False})
    assert [one["title"] for one in named["panels"]] == ["Twin", "LIME"]


def test_hatching_lies_on_pieces_whose_sign_is_not_sure_where_they_are_shown(script):
    values, pieces = [[-4, -1, 0], [2, -0.1, 4]], [[0, 0, 1], [1, 1, 2]]
    alpha = script(
        """(() => { const panel = {unsure: {values: Uint8Array.from([1, 1, 1, 0, 1, 0]), shape: [2, 3]},
                                  pieces: {values: given.pieces.flat(), shape: [2, 3]}};
            const map = {values: given.values.flat(), shape: [2, 3]};
            const mask = unsureMask(panel, 1, map, {weakest: 0.5});
            const {data} = mask.getContext("2d").getImageData(0, 0, 3, 2);
            return Array.from(data).filter((_, i) => i % 4 === 3); })()""",
        {"values": values, "pieces": pieces},
    )
    assert alpha == [0, 0, 0, 255, 0, 0]  # of the second map only piece 1 is not sure; 0 and the weakest are not shown
    told = script(
        """given.weakest.map((weakest) => isHatched(
            {unsure: {values: Uint8Array.from([0, 1, 0]), shape: [1, 3]},
             pieces: {values: given.pieces.flat(), shape: [2, 3]}},
            0, {values: given.values.flat(), shape: [2, 3]}, {weakest}))""",
        {"values": values, "pieces": pieces, "weakest": [0.5, 2, 3]},
    )
    assert told == [True, True, False]  # of what is left at 3 the sign is sure
    assert script("[0.5, 3].map((weakest) => isStriped({values: [4, -1, 0]}, {weakest}))") == [True, False]
    nothing = "unsureMask({unsure: null, pieces: null}, 0, {values: [1], shape: [1, 1]}, {weakest: 0}) === undefined"
    assert script(nothing)


def test_lines_on_a_map_go_with_its_colours(script):
    drawn = script(
        """[0, 0.6].map((opacity) => {
            const drawn = [], panel = Object.create(MethodPanel.prototype);
            Object.assign(panel, {panel: {state: "waiting"}, overlayFor: () => true});
            panel.drawLines = () => drawn.push("lines");
            panel.draw({drawImage: () => drawn.push("colours")}, {display: {opacity}}, {box: {}});
            return drawn; })"""
    )
    assert drawn == [["colours"], ["colours", "lines"]]


def test_what_warns_of_a_map_is_said_while_it_sharpens_too(script):
    diagnostics = [{"label": "R²", "value": "0.1", "warn": True}, {"label": "Regions", "value": "60", "warn": False}]
    told = script(
        """["preview", "stopped", "ready"].map((state) => {
            const panel = Object.assign(Object.create(MethodPanel.prototype), {panel: {state}});
            return panel.diagnosticsOf({diagnostics: given}).map(({label}) => label); })""",
        diagnostics,
    )
    assert told == [["R²"], ["R²", "Regions"], ["R²", "Regions"]]


def test_the_colours_of_a_map_that_sharpens_follow_large_changes_only_and_the_rule_says_so(script):
    held = script(
        """(() => { const panel = Object.create(MethodPanel.prototype);
            Object.assign(panel, {panel: {state: "preview"}, held: new Map()});
            return given.map((largest) => panel.hold("0", largest)); })()""",
        [1, 1.2, 0.8, 1.4, 1.5, 1],
    )
    assert held == [1, 1, 1, 1.4, 1.4, 1]
    about = {"unit": "", "findings": 2, "form": "", "isHeld": True}
    display = {"opacity": 0.6, "hide_weakest": 0, "scale": "all"}
    rule = script("ruleInWords({range: 1, signed: false}, ...given)", [display, about])
    assert rule.startswith("Colour: 0 to 1, follows only large changes while the map sharpens; ")


def test_hatching_is_offered_unless_no_map_can_be_hatched(script):
    twin, coming = {"picture": {}, "maps": None, "unsure": None}, {"picture": None, "maps": None, "unsure": None}
    plain, sure = {**coming, "maps": {}}, {**coming, "maps": {}, "unsure": {}}
    rows = [[plain, twin], [plain, coming], [plain, sure]]
    assert script("given.map(mayBeHatched)", rows) == [False, True, True]


def test_a_presentation_reveals_maps_before_the_truth_and_twins_last(script):
    panels = [{"method": "twin", "picture": {}}, {"method": "gradcam"}, {"method": "lime"}]
    names = script("stepsOf({panels: given}, true).map(({name, method}) => [name, method ?? ''])", panels)
    assert names == [
        ["film", ""], ["question", ""], ["answer", ""], ["map", "gradcam"], ["map", "lime"], ["truth", ""],
        ["twin", "twin"],
    ]  # fmt: skip
    assert not script("stepsOf({panels: given}, false).some(({name}) => name === 'truth')", panels)
    revealed = script(
        """(() => { const steps = stepsOf({panels: given}, true);
            const at = (k) => given.filter(({method}) => isRevealed(steps, k, method)).map(({method}) => method);
            return [0, 2, 3, 4, 6].map(at); })()""",
        panels,
    )
    assert revealed == [[], [], ["gradcam"], ["gradcam", "lime"], ["twin", "gradcam", "lime"]]


@pytest.mark.parametrize(
    ("count", "width", "height", "columns", "size"),
    [
        (1, 1880, 950, 1, 850),
        (2, 1880, 950, 2, 850),
        (4, 1880, 950, 4, 462),
        (6, 1880, 950, 3, 370),
        (2, 360, 700, 1, 245),
    ],
)
def test_a_stage_shows_the_largest_squares_that_all_fit(script, count, width, height, columns, size):
    """By hand: the room's width or height, less gaps of 10 and 100 of words in each row, shared out."""
    assert script(f"fitStage({{count: {count}, width: {width}, height: {height}}}, 100)") == {
        "columns": columns, "size": size,
    }  # fmt: skip
