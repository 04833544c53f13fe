"""Put together what is known of a method's maps of a film: against its truth, from other films, and of themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from dashboard.compare.glance import is_simulated, leagues_of
from dashboard.compare.shown import Shown
from dashboard.compare.trust_line import Known, Measured
from dashboard.compare.truth_note import Regions
from training.benchmark.league import FEWEST_PATIENTS
from training.benchmark.placing import beside_controls
from training.benchmark.results import Results
from training.benchmark.usual import UsualPlaces, placed_on_map
from xai.cards.model_card import ModelCard
from xai.explainers.explanation import Explanation
from xai.measures import on_map
from xai.measures.frame import Frame
from xai.measures.trust import Gain, Placed
from xai.written import percent

Gains = Mapping[str, tuple[Gain, ...]]  # by finding


def known_of(
    shown: Shown, method: str, made: Sequence[Explanation], gains: Gains, places: UsualPlaces | None
) -> dict[str, Known]:
    """Give what is known of a method's maps, by finding.

    Parameters
    ----------
    shown : Shown
    method : str
    made : sequence of Explanation
        One for each output of the model.
    gains : mapping of str to tuple of Gain
        Of the maps that were measured.
    places : UsualPlaces or None
        Of the film's dataset; None where they are not counted yet.
    """
    card = shown.card
    answered = card.probabilities(np.array([one.logit for one in made]))
    results, regions = results_of(shown), shown.on_film().regions
    found = {}
    for k, one in enumerate(made):
        flagged, answer = stands(card, answered, k)
        inside = truth_on_map(regions, one, shown)
        on_truth, others = (None, 0) if inside is None else _placed(shown, one, inside, places)
        found[one.finding] = Known(
            one.finding,
            flagged,
            answer,
            has_evidence=bool(one.map.max() > 0),
            truth="present" if inside is not None else shown.truth.get(one.finding),
            placed=on_truth,
            others=others,
            measured=measured_of(shown, results, one),
            is_measured=bool(results),
            gains=gains.get(one.finding, ()),
            stability=one.diagnostics.get("rank_stability"),
            sure=one.diagnostics.get("sure_share"),
        )
    return found


def stands(card: ModelCard, answered: np.ndarray, k: int) -> tuple[bool, str]:
    """Say whether an answer, of (outputs,) probabilities, calls its finding present, and how it stands.

    A class that shares 100 % with others, and has no threshold, is called present where it is the most probable.
    """
    name, share = card.outputs[k], float(answered[k])
    if card.link == "softmax" and name not in card.thresholds:
        is_first = int(np.argmax(answered)) == k
        return is_first, f"{percent(share)}, {'the most probable class' if is_first else 'behind another class'}."
    threshold = card.threshold(name).value
    flagged = share >= threshold
    return flagged, f"{percent(share)}, {'above' if flagged else 'below'} its threshold of {percent(threshold)}."


def truth_on_map(regions: Regions, made: Explanation, shown: Shown) -> np.ndarray | None:
    """Give where a finding is in the geometry of its map, bool (H, W); None where it is nowhere that is known.

    What people drew counts for one that is not said to be absent, whoever drew it: as the film shows it.
    """
    name, shape = made.finding, made.map.shape
    if shown.truth.get(name) == "absent":
        return None
    mask = regions.masks.get(name)
    if mask is not None and mask.any():
        inside = on_map(mask, shape, shown.footprint)
    elif name in regions.boxes:
        down, across = ((np.arange(side) + 0.5) / side for side in shape)
        inside = regions.under(name, *Frame(None, shown.footprint).on_film(*np.meshgrid(across, down)))
    else:
        return None
    return inside if inside.any() else None


def _placed(
    shown: Shown, made: Explanation, inside: np.ndarray, places: UsualPlaces | None
) -> tuple[Placed | None, int]:
    """Hold a map and the controls against the truth; gives how many films its usual place comes from, too."""
    place, others, record = None, 0, shown.record
    if places is not None and record is not None:
        dataset = shown.services.library.dataset(record.dataset)
        usual = places.prior(dataset, record.film, made.finding)
        if usual is not None:
            place, others = placed_on_map(shown.mend.moved(usual[0]), made.map.shape, shown.footprint), usual[1]
    return beside_controls(made, inside, place), others


def results_of(shown: Shown) -> list[Results]:
    """Give what was measured of the model, on films like this one first."""
    library, record = shown.services.library, shown.record
    found = leagues_of(library, shown.model)
    own = "" if record is None else record.dataset
    simulated = record is not None and record.recipe is not None
    return sorted(found, key=lambda one: (one.dataset != own, is_simulated(library, one.dataset) != simulated))


def measured_of(shown: Shown, results: Sequence[Results], made: Explanation) -> tuple[Measured, ...]:
    """Give what was measured of a map's method for its finding."""
    found = []
    for one in results:
        score = one.score(made.method, made.finding, "pointing")
        if score is not None and score.films >= FEWEST_PATIENTS:  # fewer say nothing of others
            simulated = is_simulated(shown.services.library, one.dataset)
            films = "simulated films" if simulated else f"films of {one.dataset}"
            as_here = one.parameters(made.method) == dict(made.parameters)
            found.append(Measured(films, score, one.lead(made.method, made.finding, "pointing"), as_here))
    return tuple(found)
