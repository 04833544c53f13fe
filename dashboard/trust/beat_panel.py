"""Beat the heat map on the page: ten films from a link's seed, one to find on each, then who found it."""

from __future__ import annotations

import math

import numpy as np
import streamlit as st

from dashboard.components.mark import mark, place_of
from dashboard.page.glossary import explained
from dashboard.page.told import sentence_of
from dashboard.page.words import escape
from dashboard.server.session import this_page
from dashboard.trust.beat import RIVALS, Contest, Standing, letters, open_contest, standings, with_points
from dashboard.trust.beat_pictures import film_alone, film_with_marks
from dashboard.trust.blind_panel import HIGHEST_SEED
from dashboard.trust.cell_films import COMPARE_PAGE, film_link
from dashboard.trust.clocks import Clocks
from dashboard.trust.large import FILM_KEY, show_switch, show_table
from dashboard.trust.league import choose_results, show_how_to_begin
from dashboard.trust.league_table import finding_title, method_title
from dashboard.trust.league_words import PLACE, command
from dashboard.trust.marks import NOTHING, is_open, marked, place
from dashboard.trust.pictures import Shown, picture_address, show_pictures
from dashboard.trust.state import LIMITS
from dashboard.trust.subject import Subject
from dashboard.trust.visit import visit
from dashboard.trust.with_room import ask_room, contest_question, room_of
from training.benchmark.contest import LEVEL, distance, hits, least_lead
from training.benchmark.league import PRIOR
from training.benchmark.sources import ResultsError
from training.datasets.facts import DatasetError
from xai.films.film import Film, FilmError
from xai.written import counted, percent, with_unit

KEY, GONE = "trust_beat_mark", "trust_beat_gone"
YOU = "You"
WIDTH = 640  # pixels of the film that tells


def show_beat(subject: Subject) -> None:
    """Show the film whose turn it is, or how all went."""
    if not subject.leagues:
        show_how_to_begin(subject)
        return
    leagues = with_points(subject)
    if not leagues:
        st.info("No results of this model say where each map points on films that are here. This command makes some.")
        st.code(command(subject.model, subject.leagues[0].dataset), language="bash")
        st.caption(PLACE)
        return
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        results = choose_results(leagues, is_shown=not visit.state.large)
        if not visit.state.large:
            _choose_limit()
            st.button("Other films", icon=":material/shuffle:", key="trust_beat_other", on_click=_draw_again)
        show_switch()
    try:
        contest = open_contest(subject, results, visit.state.seed)
        _offer_room(contest)
        _show(contest)
    except (ResultsError, FilmError, DatasetError) as error:
        st.warning(escape(sentence_of(error)))


def _offer_room(contest: Contest) -> None:
    """Offer who holds a room to ask it the same films."""
    services = contest.subject.services
    room = room_of(services)
    if room is None or visit.state.large:
        return
    told = "Everybody in your room marks these ten films on the phone, without a time limit."
    if st.button("Ask the room", icon=":material/groups:", key="trust_beat_room", help=told):
        ask_room(services, room, contest_question(contest))


def _choose_limit() -> None:
    visit.bound(
        st.segmented_control,
        "Time for each film",
        list(LIMITS),
        key="limit",
        take=lambda seconds: {"limit": seconds or 0},
        format_func=lambda seconds: with_unit(str(seconds), "s") if seconds else "No limit",
        help="It runs on while a page is loaded again, and in a second tab of this browser. Another browser, or the "
        "link opened an hour later, begins anew.",
    )


def _show(contest: Contest) -> None:
    count = len(contest.rounds)
    if visit.state.turn < count:
        _show_turn(contest, visit.state.turn)
    elif any(is_open(visit.state.marks, number) for number in range(count)):
        first = next(number for number in range(count) if is_open(visit.state.marks, number))
        visit.change(turn=first)
        _show_turn(contest, first)
    else:
        _show_end(contest)


def _show_turn(contest: Contest, number: int) -> None:
    finding = finding_title(contest.rounds[number].finding)
    if is_open(visit.state.marks, number):
        _ask(contest, number, finding)
    else:
        _tell(contest, number, finding)


def _ask(contest: Contest, number: int, finding: str) -> None:
    film = contest.film(number)
    height, width = film.pixels.shape
    asked = f"Film {number + 1} of {len(contest.rounds)}. Where is the {finding.lower()}?"
    st.markdown(f"**{asked}** Click or tap on it, or move the cross with the arrow keys.", help=explained(finding))
    about = ["beat", contest.results.name, contest.rounds[number].film, film.sha256]
    address = picture_address(contest.subject.services, about, lambda: film_alone(film))
    limit = visit.state.limit
    name = f"{contest.results.name} {visit.state.seed} {number} {limit}"
    clocks, visitor = contest.subject.services.of(Clocks), this_page().visitor

    def take() -> None:
        try:
            at = place_of(st.session_state[KEY].get("marked"), name)
        except ValueError:  # a browser that is behind, or none of ours
            return
        clocks.stop(visitor, name)
        st.session_state.pop(GONE, None)
        visit.change(marks=marked(visit.state.marks, number, at))

    gone = _gone(clocks, visitor, name) if limit else 0
    mark(name, address, asked, width / height, seconds=limit, gone=gone, key=KEY, on_marked_change=take)


def _gone(clocks: Clocks, visitor: str, name: str) -> float:
    """Give how much of the time was over when this page first asked: the browser counts from there."""
    found: tuple[str, float] = st.session_state.get(GONE, ("", 0.0))
    if found[0] != name:
        found = st.session_state[GONE] = name, clocks.gone(visitor, name)
    return found[1]


def _tell(contest: Contest, number: int, finding: str) -> None:
    film, truth, own, peaks = contest.film(number), contest.truth(number), _own(number), contest.peaks(number)
    verdict = f"**Film {number + 1} of {len(contest.rounds)}: {finding.lower()}.** {_verdict(film, truth, own)}"
    drawn = letters(peaks)
    key = "; ".join(f"{RIVALS[name]}: {method_title(name)}" for name in peaks)
    told = " ".join(_said_of(contest, rival, number) for rival in contest.rivals)
    shared = "Where a map is equally strong at several places its letter stands at one of them."
    by_chance = f"A point at random: inside in {percent(truth.mean())}."
    about = ["beat told", contest.results.name, contest.rounds[number].film, contest.rounds[number].finding, own]
    address = picture_address(contest.subject.services, about, lambda: film_with_marks(film, truth, own, drawn))
    alt = f"The film with the outline of the {finding.lower()}. Outlined: the truth. Cross: you. {key}. {told}"
    if visit.state.large:
        film_column, words = st.columns([5, 4], gap="small")
        with film_column, st.container(key=FILM_KEY):
            show_pictures([Shown(address, "", alt)], 240, beside=1)
        with words:
            st.markdown(verdict)
            st.markdown(f"Outlined: the truth. Cross: you. {key}.")
            st.markdown(f"{told} {by_chance}")
            _go_on(contest, number)
        return
    st.markdown(verdict)
    _go_on(contest, number)
    height, width = film.pixels.shape
    caption = f"Outlined: the truth. Cross: you. {key}. {told} {shared} {by_chance}"
    with st.container(width=round(WIDTH * min(width / height, 1))):
        show_pictures([Shown(address, caption, alt)], 240, beside=1)


def _go_on(contest: Contest, number: int) -> None:
    with st.container(horizontal=True, gap="small"):
        if number + 1 < len(contest.rounds):
            kwargs = {"turn": number + 1}
            st.button("Next film", type="primary", key="trust_beat_next", on_click=visit.change, kwargs=kwargs)
        if not any(is_open(visit.state.marks, one) for one in range(len(contest.rounds))):
            end = {"turn": len(contest.rounds)}
            st.button("How it ended", key="trust_beat_end", on_click=visit.change, kwargs=end)
        if not visit.state.large:
            _offer_compare(contest, number)


def _own(number: int) -> tuple[float, float] | None:
    return place(visit.state.marks, number)


def _verdict(film: Film, truth: np.ndarray, own: tuple[float, float] | None) -> str:
    if own is None:
        return "You marked no place in time: a miss."
    if hits(truth, *own):
        return "You are inside."
    height, width = film.pixels.shape
    return f"You are beside it, by {percent(distance(truth, *own, height / width))} of the film's width."


def _said_of(contest: Contest, rival: str, number: int) -> str:
    hit = contest.hit(rival, number)
    some = f"inside in {percent(hit)} of its equally strong places"
    how = "inside" if hit == 1 else "beside it" if hit == 0 else some
    return f"{method_title(rival)}: {how}."


def _offer_compare(contest: Contest, number: int) -> None:
    one = contest.rounds[number]
    link = film_link(contest.dataset, contest.subject.model, one.film, one.finding, PRIOR)
    st.page_link(COMPARE_PAGE, label="Its maps on Compare", icon=":material/compare:", query_params=link)


def _show_end(contest: Contest) -> None:
    found, by_chance = standings(contest, visit.state.marks)
    count = len(contest.rounds)
    own = found[""]
    beside = f"A point at random on each film would find {by_chance:.1f} on average."
    st.markdown(
        f"**You found {own.tally.hits:g} of {count}.** {_compared(contest, found)} {beside}",
        help=explained("95\u00a0% interval"),
    )
    rows = [_row(YOU if not name else method_title(name), one, count) for name, one in found.items()]
    show_table(rows)
    st.caption(
        "A hit is a point inside the truth. The interval says how often each would hit in many such contests: "
        f"{counted(count, 'film')} leave it wide. Two who are equally good are {least_lead()} films apart, one of "
        "them losing none, in fewer than 5\u00a0% of all contests: a smaller lead is too small to tell from luck. "
        f"By luck alone: how often two who are equally good end as far apart from each other as you and this one, or "
        "farther. "
        "Distance: to the nearest place of the truth, in the film's widths, of those films where somebody pointed. "
        f"{method_title(PRIOR)}: the brightest place of the mean mask of this finding over other patients, whatever "
        "the film."
    )
    with st.container(horizontal=True, gap="small"):
        st.button("Other films", icon=":material/shuffle:", key="trust_beat_more", on_click=_draw_again)
        st.button("The same again", key="trust_beat_same", on_click=visit.change, kwargs={"marks": NOTHING, "turn": 0})
    with st.container(horizontal=True, gap="small"):
        for number, one in enumerate(contest.rounds):
            is_hit = "found" if own.hits[number] else "missed"
            st.button(
                f"{number + 1}: {finding_title(one.finding).lower()}, {is_hit}",
                key=f"trust_beat_film_{number}",
                on_click=visit.change,
                kwargs={"turn": number},
            )


def _compared(contest: Contest, found: dict[str, Standing]) -> str:
    """Say who was better beyond luck: of so few films seldom anybody."""
    own = found[""].tally.hits
    told, beyond = [], []
    for name in contest.rivals:
        other = found[name]
        lead = "better than" if own > other.tally.hits else "worse than" if own < other.tally.hits else "level with"
        who = f"the {method_title(name).lower()}" if name == PRIOR else method_title(name)
        told.append(f"{lead} {who} ({other.tally.hits:.3g})")
        if other.apart <= LEVEL:
            beyond.append(who)
    if not told:
        return ""
    luck = f"beyond luck only beside {' and '.join(beyond)}" if beyond else "any of this may be luck"
    return f"That is {', '.join(told)}; {luck}."


def _row(name: str, one: Standing, count: int) -> dict[str, object]:
    hits_of = one.tally
    away = "" if math.isnan(one.distance) else percent(one.distance)
    return {
        "Who": name,
        f"Hits of {count}": f"{hits_of.hits:.3g}",
        "95 % interval": f"{percent(hits_of.low)} to {percent(hits_of.high)}",
        "Mean distance": away,
        "By luck alone": "" if math.isnan(one.apart) else percent(one.apart),
    }


def _draw_again() -> None:
    visit.change(seed=int(np.random.default_rng().integers(HIGHEST_SEED)), marks=NOTHING, turn=0)
