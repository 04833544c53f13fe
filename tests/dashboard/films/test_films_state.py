from __future__ import annotations

import numpy as np
import pytest

from dashboard.films.chips import chips
from dashboard.films.state import FLAGS, LINK, OUTCOMES, SIZES, SORTS, STATES, State
from xai.findings import FINDINGS

EVERYTHING = State(
    dataset="nih",
    predictions="lightbox-on-nih",
    finding="Mass",
    labels=(("Mass", "absent"), ("Mass", "missing"), ("Edema", "uncertain")),
    flags=(("Mass", "yes"),),
    outcomes=(("Emphysema", "FP"), ("Emphysema", "FN")),
    probability=(("Mass", 0.25, 1.0),),
    thresholds=(("Emphysema", 0.1 + 0.2),),
    split=("test",),
    view=("PA", "AP"),
    sex=("F",),
    source=("nih",),
    tags=("look again", "<b>"),
    age=(40.0, 60.0),
    patient="nih:12",
    name="000",
    image="here",
    met="new",
    where=("height=2..4", "view=p, 1%"),
    sample=100,
    seed=7,
    sort="mistakes",
    layout="table",
    size="huge",
    page=3,
    film="00000012_000",
)


def test_the_default_query_needs_no_link():
    assert LINK.write(State()) == {}
    assert LINK.read({}) == (LINK.default, [])


def test_every_field_survives_its_link_exactly():
    unset = [name for name, value in vars(EVERYTHING).items() if value == getattr(LINK.default, name)]
    assert unset == []
    assert LINK.read(LINK.write(EVERYTHING)) == (EVERYTHING, [])


@pytest.mark.parametrize("seed", range(20))
def test_any_query_survives_its_link(seed):
    rng = np.random.default_rng(seed)

    def some(names):
        return tuple(rng.choice(list(names), rng.integers(1, 4), replace=False).tolist()) if rng.random() < 0.5 else ()

    low, high = sorted(rng.random(2).tolist())
    asked = State(
        finding=str(rng.choice(FINDINGS)),
        labels=tuple((name, str(rng.choice(list(STATES)))) for name in some(FINDINGS)),
        flags=tuple((name, str(rng.choice(list(FLAGS)))) for name in some(FINDINGS)),
        outcomes=tuple((name, str(rng.choice(list(OUTCOMES)))) for name in some(FINDINGS)),
        probability=tuple((name, low, high) for name in some(FINDINGS)),
        thresholds=tuple((name, float(rng.random())) for name in some(FINDINGS)),
        view=some(["PA", "AP", "LATERAL", "ü:x"]),
        sort=str(rng.choice(list(SORTS))),
        size=str(rng.choice(list(SIZES))),
        page=int(rng.integers(1, 9000)),
    )
    assert LINK.read(LINK.write(asked)) == (asked, [])


def test_a_link_about_one_finding_chooses_it():
    assert LINK.read({"outcomes": "Emphysema:FP"})[0].finding == "Emphysema"
    assert LINK.read({"outcomes": "Emphysema:FP", "finding": "Mass"})[0].finding == "Mass"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("outcomes", "Emphysema", "expected finding:state, the state one of TP, FP, FN, TN"),
        ("outcomes", "Emphysema:XX", "the state one of TP, FP, FN, TN"),
        ("labels", ":present", "expected finding:state"),
        ("probability", "Mass:0.9:0.1", "rising"),
        ("probability", "Mass:nan:1", "numbers from 0 to 1"),
        ("probability", "Mass:0.1", "expected finding:number:number"),
        ("thresholds", "Mass:1.5", "expected finding:number with numbers from 0 to 1"),
        ("thresholds", "Mass:inf", "numbers from 0 to 1"),
        ("age", "60:40", "expected two numbers from 0 to 120, rising"),
        ("age", "old", "two numbers"),
        ("sample", "-1", "expected a whole number from 0 to 100,000"),
        ("page", "0", "expected a whole number from 1"),
        ("page", "١", "expected a whole number from 1 to"),
        ("sort", "beauty", "it can be table, likely"),
        ("layout", "<script>", "it can be gallery, table"),
        ("size", "", "it can be small, medium, large, huge"),
        ("image", "maybe", "it can be here, absent"),
        ("dataset", "", "expected a name"),
        ("film", "x" * 501, "expected a name of 1 to 500"),
        ("patient", "a\x00b", "a character that cannot be shown"),
        ("tags", ",", "expected a name"),
        ("view", ",".join(map(str, range(51))), "expected at most 50 names"),
    ],
)
def test_a_bad_part_of_a_link_is_left_out_in_words(name, value, said):
    if name == "page" and not value.isascii():
        assert LINK.read({name: value})[0].page == 1  # Arabic digits are digits
        return
    asked, problems = LINK.read({name: value, "finding": "Mass"})
    assert asked == State(finding="Mass")
    assert len(problems) == 1
    assert said in problems[0]
    assert problems[0].startswith(f"The link's {name} “")
    assert len(problems[0]) < 300


def test_what_a_link_says_beside_is_nobody_s_business():
    assert LINK.read({"utm_source": "mail", "embed": "true"}) == (LINK.default, [])


def test_narrowing_goes_back_to_the_first_page_and_closes_the_film():
    asked = State(page=4, film="a").narrowed(sex=("F",))
    assert (asked.page, asked.film, asked.sex) == (1, None, ("F",))


def test_filters_are_what_the_list_of_films_depends_on():
    assert State(page=2, size="huge", layout="table", film="a").filters() == State().filters()
    assert State(seed=1).filters() != State().filters()


def test_a_chip_for_each_condition_and_each_removes_itself():
    found = chips(EVERYTHING)
    said = [chip.words for chip in found]
    assert said == [
        "Mass: absent or without a label",
        "Edema: uncertain in the source",
        "Mass: flagged",
        "Emphysema: false positive or false negative",
        "Mass: 25\u00a0% to 100\u00a0%",
        "Emphysema: threshold 0.3",
        "split: test",
        "view: PA or AP",
        "sex: female",
        "source: nih",
        "tag: look again",
        "tag: <b>",
        "age: 40 to 60",
        "patient: nih:12",
        "name: 000",
        "picture at hand",
        "never met by the model",
        "height: 2 to 4",
        "view: p, 1%",
        "100 at random, seed 7",
    ]
    for chip in found:
        fewer = [one.words for one in chips(EVERYTHING.narrowed(**chip.without))]
        assert fewer == [words for words in said if words != chip.words]
    assert chips(State()) == []
