"""Keep remedies: a new version of a model card in the visitor's own library, mended predictions, and the way back."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dashboard.server.library import Library
from dashboard.server.model_names import name_problem
from dashboard.server.roles import Action, only
from training.evaluate.ranked import EvaluateError
from training.mending.mended import Kept, mend_card, mend_predictions, predict_again
from training.predictions.table import FACTS_FILE, TABLE_FILE, PredictionsFacts
from xai.cards.calibration import logit_map_from_dict
from xai.cards.card_versions import Saved, save_card_version, take_back
from xai.cards.model_card import ModelCard, card_path, read_card, write_card
from xai.files import move_files, unfinished
from xai.models.loading import file_sha256


@dataclass(frozen=True)
class Home:
    """Where a remedy for some predictions can be kept.

    Attributes
    ----------
    model : Path or None
        The file of the model that made them; None where it is not in the library.
    is_own : bool
        Whether it lies in the visitor's library, so that its card may be changed; a built-in model is copied first.
    why : str
        Why a remedy cannot be kept; empty where it can.
    """

    model: Path | None = None
    is_own: bool = False
    why: str = ""


@dataclass(frozen=True)
class Mended:
    """What was kept.

    Attributes
    ----------
    card : Saved or None
        The new version of the card; None where the model is not in the library.
    predictions : str
        Name of the mended predictions in the library.
    folder : Path
        Where they lie.
    """

    card: Saved | None
    predictions: str
    folder: Path


def home_of(library: Library, facts: PredictionsFacts) -> Home:
    """Find the model that made some predictions, as far as it is in the library."""
    path = library.models().get(facts.model)
    if path is None:
        return Home(
            why=f"The model {facts.model} is not in this library, only its predictions are: put its .keras file and "
            "card into the library's models/ folder."
        )
    if facts.model_sha256 and facts.model_sha256 != library.model_id(facts.model):
        return Home(
            why=f"The model {facts.model} in this library is another file than the one that made these predictions; "
            "predict again with it."
        )
    return Home(path, path.resolve().is_relative_to((library.root / "models").resolve()))


@only(Action.KEEP_REMEDIES)
def save_mended(library: Library, home: Home, predictions: str, remedies: Sequence[Kept], name: str) -> Mended:
    """Keep remedies in the model's card, as far as it is in the library, and write what it would predict now.

    Parameters
    ----------
    library : Library
    home : Home
        Of the model; see `home_of`.
    predictions : str
        Name of those that the remedies were fitted on.
    remedies : sequence of Kept
    name : str
        Of the copy of a built-in model; not asked for otherwise.

    Raises
    ------
    EvaluateError, ModelCardError, PredictionsError, OSError
    """
    read, taken = library.read_predictions(predictions), set(library.predictions())
    if home.model is None:
        folder = library.root / "predictions" / _free(f"{predictions}-mended", taken)
        mend_predictions(read, remedies, folder)
        return Mended(None, folder.name, folder)
    saved = save_remedies(library, home, read.facts, remedies, name)
    whose = f"{predictions}-mended" if home.is_own else f"{name}-on-{read.facts.dataset}"
    folder = library.root / "predictions" / _free(whose, taken)
    try:
        predict_again(read, read_card(saved.card), home.model.stem if home.is_own else name, folder)
    except BaseException:
        take_back(saved)
        raise
    return Mended(saved, folder.name, folder)


@only(Action.KEEP_REMEDIES)
def undo(mended: Mended) -> None:
    """Put the card before back, and take the mended predictions away.

    Raises
    ------
    CardVersionError, OSError
        If the card was changed again since.
    """
    if mended.card is not None:
        take_back(mended.card)
    for name in (FACTS_FILE, TABLE_FILE):  # nothing else of what may have come into the folder since
        (mended.folder / name).unlink(missing_ok=True)
    if mended.folder.is_dir() and not any(mended.folder.iterdir()):
        mended.folder.rmdir()


@only(Action.KEEP_REMEDIES)
def save_remedies(library: Library, home: Home, facts: PredictionsFacts, remedies: Sequence[Kept], name: str) -> Saved:
    """Write remedies into the card of a model of the library, or into that of a copy.

    Parameters
    ----------
    library : Library
    home : Home
        Of the model; see `home_of`.
    facts : PredictionsFacts
        Of the predictions that the remedies were fitted on: they correct the probabilities of the card they were made
        with, not those of a later version.
    remedies : sequence of Kept
    name : str
        Of the copy; not asked for where the model is the visitor's own.

    Raises
    ------
    EvaluateError, ModelCardError, OSError
    """
    if home.model is None:
        raise EvaluateError(home.why)
    model = home.model if home.is_own else _copy(library, home.model, name)
    path = card_path(model)
    card = read_card(path)
    for one in remedies:
        card = _as_predicted(card, facts, one.remedy.finding)
    return Saved(path, save_card_version(path, mend_card(card, remedies)))


def _free(name: str, taken: set[str]) -> str:
    """Give a name that nothing has yet."""
    number = 1
    while (free := name if number == 1 else f"{name}-{number}") in taken:
        number += 1
    return free


def _as_predicted(card: ModelCard, facts: PredictionsFacts, finding: str) -> ModelCard:
    """Take back what was calibrated of a finding since the predictions were made."""
    then = (facts.card.get("calibration") or {}).get(finding)
    calibration = {name: one for name, one in card.calibration.items() if name != finding}
    if then is not None:
        calibration[finding] = logit_map_from_dict(then)
    return dataclasses.replace(card, calibration=calibration)


def _copy(library: Library, model: Path, name: str) -> Path:
    """Copy a built-in model and its card into the library, unless this very copy is there."""
    if problem := name_problem(name, "lightbox-mended"):
        raise EvaluateError(problem)
    target = library.root / "models" / f"{name}.keras"
    there = library.models().get(name)
    if there is not None:
        if there != target or file_sha256(there) != file_sha256(model):
            raise EvaluateError(f"There is another model called {name}; choose another name for the copy.")
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with unfinished(target.parent) as place:
        whole = place / target.name
        shutil.copyfile(model, whole)
        write_card(dataclasses.replace(read_card(card_path(model)), name=name), card_path(whole))
        move_files([card_path(whole), whole], target.parent)  # a card alone is no model of a library
    return target
