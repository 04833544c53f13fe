from __future__ import annotations

import numpy as np
import pytest

from dashboard.compare.state import LINK, SETTINGS, State
from dashboard.components.display import DISPLAY_SETTINGS
from dashboard.components.viewer import CHOICES, DISPLAY, RANGES
from xai.explainers import EXPLAINERS

NAMES = ("Effusion", "a name with spaces", "Größe", "[link](https://example.org)", "<b>", "100%&more=1+1#x", "κ")


def read(**link: str) -> tuple[State, list[str]]:
    return LINK.read(link)


def random_view(rng: np.random.Generator) -> State:
    def maybe(values: tuple) -> object:
        return None if rng.random() < 0.3 else values[rng.integers(len(values))]

    of_model = ("", "conv5_block16", "deep + side", "a name, with a comma")
    choices = {one.key: one.choices or of_model for one in SETTINGS}
    settings = {key: several[rng.integers(len(several))] for key, several in choices.items()}
    display = dict(DISPLAY)
    for name, default in DISPLAY.items():
        if name in CHOICES:
            display[name] = str(rng.choice(CHOICES[name]))
        elif name in RANGES:
            value = rng.uniform(*RANGES[name])
            display[name] = int(value) if isinstance(default, int) else float(f"{value:.4g}")
        else:
            display[name] = bool(rng.random() < 0.5)
    methods = tuple(name for name in EXPLAINERS if rng.random() < 0.6)
    return State(
        film=None if rng.random() < 0.3 else f"nih/{rng.choice(NAMES)}/{rng.choice(NAMES)}",
        model=maybe(NAMES),
        finding=maybe(NAMES),
        methods=methods or ("lime",),
        settings=settings,
        seed=int(rng.integers(0, 10**9)),
        without=tuple(name for name in ("Effusion", "pacemaker") if rng.random() < 0.5),
        display=display,
    )


def complete(view: State) -> tuple:
    """Everything that a view decides, defaults filled in."""
    parameters = {method: view.parameters(method) for method in EXPLAINERS}
    shown = {**DISPLAY, **view.display}
    return view.film, view.model, view.finding, view.methods, parameters, view.seed, view.without, shown


def test_a_link_opens_the_view_that_it_was_made_from():
    rng = np.random.default_rng(0)
    for _ in range(500):
        view = random_view(rng)
        link = LINK.write(view)
        assert all(isinstance(value, str) for value in link.values())
        got, problems = read(**link)
        assert problems == []
        assert complete(got) == complete(view)
        assert LINK.write(got) == link


def test_a_fresh_view_has_an_empty_link():
    assert LINK.write(State()) == {}
    assert read() == (State(), [])


def test_what_is_as_by_default_is_left_out():
    view = State(settings={"lime.samples": 1000}, display=dict(DISPLAY), film="nih/a", seed=0)
    assert LINK.write(view) == {"film": "nih/a"}
    assert LINK.write(view.with_(settings={"lime.samples": 2000}, seed=7)) == {
        "film": "nih/a",
        "lime.samples": "2000",
        "seed": "7",
    }


@pytest.mark.parametrize(
    ("name", "text", "rule"),
    [
        ("film", "nih", "expected dataset/film"),
        ("film", "/a", "expected dataset/film"),
        ("film", "nih/", "expected dataset/film"),
        ("film", "nih/a\nb", "a character that cannot be shown"),
        ("model", "", "1 to 500 characters"),
        ("model", "x" * 501, "1 to 500 characters"),
        ("finding", "a\x00b", "a character that cannot be shown"),
        ("finding", "\x1b[31m", "a character that cannot be shown"),
        ("without", "x" * 100_000, "1 to 500 characters"),
        ("methods", "", "it can be gradcam, shap, lime"),
        ("methods", "gradcam,telepathy", "it can be gradcam, shap, lime"),
        ("seed", "-1", "a whole number from 0 to 999,999,999"),
        ("seed", "1e3", "a whole number from 0 to 999,999,999"),
        ("seed", "9" * 5000, "a whole number from 0 to 999,999,999"),
        ("lime.samples", "999", "it can be 100, 200, 500, 1000, 2000"),
        ("shap.baseline", "black", "it can be automatic, blurred film"),
        ("overlay", "true", "it can be on or off"),
        ("opacity", "2", "a number from 0 to 1"),
        ("opacity", "nan", "a number from 0 to 1"),
        ("opacity", "half", "a number from 0 to 1"),
        ("cut", "inf", "a whole number from 0 to 99"),
        ("cut", "-1", "a whole number from 0 to 99"),
        ("hide", "100", "a whole number from 0 to 99"),
        ("width", "0", "a number from 0.02 to 2"),
        ("center", "1" + "0" * 400, "a number from 0 to 1"),
        ("scale", "log", "it can be finding, all"),
        ("evidence", "", "it can be smooth, native"),
    ],
)
def test_a_bad_value_gives_one_sentence_and_the_default(name, text, rule):
    view, problems = read(**{name: text})
    assert complete(view) == complete(State())
    (sentence,) = problems
    assert sentence.startswith(f"The link's {name} “")
    assert rule in sentence
    assert sentence.endswith(".")
    assert len(sentence) < 300
    assert sentence.isprintable()


def test_one_bad_value_does_not_spoil_the_others():
    view, problems = read(film="nih/a", seed="x", finding="Mass", opacity="0.3", cut="x")
    assert complete(view) == complete(State(film="nih/a", finding="Mass", display={"opacity": 0.3}))
    assert len(problems) == 2


def test_a_link_of_100_kb_is_read_at_once_and_answered_in_short():
    names = ["film", "model", "finding", "methods", "seed", "without"]
    names += [one.link_names[0] for one in DISPLAY_SETTINGS.values()]
    names += [f"{one.method}.{one.name}" for one in SETTINGS]
    view, problems = read(**dict.fromkeys(names, "\x00,/<script>" * 10_000))
    assert complete(view) == complete(State())
    assert len(problems) == len(names)
    assert sum(map(len, problems)) < 300 * len(names)


def test_a_link_from_before_still_hides_the_weakest():
    state, problems = read(cut="35")
    assert (state.display, problems) == ({"hide_weakest": 35}, [])
    assert LINK.write(state) == {"hide": "35"}
    assert read(hide="35") == (state, [])


def test_what_others_add_to_a_link_is_left_alone():
    assert read(utm_source="x", embed="true") == (State(), [])


def test_methods_named_twice_count_once():
    assert read(methods="lime,gradcam,lime")[0].methods == ("lime", "gradcam")


def test_parameters_are_complete_and_in_a_fixed_order():
    view = State(settings={"lime.regions": 20})
    expected = (("samples", 1000), ("regions", 20), ("baseline", "automatic"), ("design", "pairs"))
    assert view.parameters("lime") == expected
    assert view.parameters("gradcam") == (("layer", ""),)


def test_what_depends_on_the_model_does_not_outlive_it():
    view = State(settings={"lime.regions": 20, "gradcam.layer": "side"})
    assert view.without_choices_of_the_model() == {"lime.regions": 20}


@pytest.mark.parametrize("method", list(EXPLAINERS))
def test_every_setting_is_a_parameter_of_its_method_with_the_same_default(method):
    made = EXPLAINERS[method](**dict(State().parameters(method)))
    assert made == EXPLAINERS[method]()
    for setting in SETTINGS:
        if setting.method == method:
            assert setting.default in (setting.choices or ("",))
            assert len({str(choice) for choice in setting.choices}) == len(setting.choices)
