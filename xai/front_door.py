"""What ``import xai`` offers: from a model's name and a film's file to maps, in four lines.

The public names stand in ``xai.__all__``; those imported here under their own name are among them.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from xai import measures as measures
from xai.budget import Budget
from xai.explainers import DEFAULT_METHODS
from xai.explainers import EXPLAINERS as EXPLAINERS
from xai.explainers.explanation import Explainer
from xai.explainers.explanation import Explanation as Explanation
from xai.explainers.gradcam import GradCAM as GradCAM
from xai.explainers.layercam import LayerCAM as LayerCAM
from xai.explainers.lime import LIME as LIME
from xai.explainers.occlusion import Occlusion as Occlusion
from xai.explainers.rise import RISE as RISE
from xai.explainers.shap import SHAP as SHAP
from xai.films.film import Film as Film
from xai.films.reading import read_film as read_film
from xai.findings import FINDINGS as FINDINGS
from xai.many.film_files import find_films
from xai.many.in_turn import AT_ONCE, Outcome, each_film
from xai.models.engine import DEFAULT_ENGINE
from xai.models.library import DEFAULT_MODEL, find_model
from xai.pictures import notebook as _notebook  # noqa: F401 - so that films and explanations can draw themselves
from xai.pictures.explained import Explained as Explained
from xai.saving import load as load
from xai.saving import save as save

if TYPE_CHECKING:
    import pandas as pd

    from xai.models.classifier import Classifier

Paths = str | Path | Sequence[str | Path]
T = TypeVar("T", str, str | Explainer)
MIN_SAMPLES, MAX_SAMPLES = 10, 100_000


def open_model(model: str | Path = DEFAULT_MODEL, engine: str = DEFAULT_ENGINE) -> Classifier:
    """Open a classifier, with the card beside its file.

    Parameters
    ----------
    model : str or Path
        Name of a model that comes with the app, or path of a ``.keras`` or ``.h5`` file.
    engine : {"auto", "openvino", "openvino-bf16", "tensorflow"}
        What runs the films of LIME and SHAP.

    Returns
    -------
    Classifier

    Raises
    ------
    ModelError, ModelCardError
        In one sentence, if there is no such model, or file and card cannot be used together.

    Examples
    --------
    >>> model = xai.open_model("lightbox")
    >>> model
    <Classifier lightbox: 14 outputs, films of 128 × 128 px>
    >>> xai.open_model("no")
    Traceback (most recent call last):
    xai.models.errors.ModelError: There is no model “no”: name one of lightbox, overcaller, ... or a file's path.
    """
    path = find_model(str(model))

    from xai.models.classifier import Classifier  # TensorFlow takes seconds to start

    return Classifier.load(path, engine)


def predict(model: Classifier, film: Film) -> pd.DataFrame:
    """Ask a model about a film.

    Parameters
    ----------
    model : Classifier
    film : Film

    Returns
    -------
    DataFrame
        Indexed by output, in the card's order: ``probability``, calibrated where the card says how; ``logit``, the
        model's own log-odds; ``threshold``, of the card; ``flagged``, whether the probability reaches it.

    Examples
    --------
    >>> answers = xai.predict(model, film)
    >>> list(answers.columns)
    ['probability', 'logit', 'threshold', 'flagged']
    >>> bool(answers.loc["Effusion", "flagged"])
    True
    """
    import pandas as pd

    film = _film(model, film)
    logits = model.answer(model.prepare(film))
    answers = pd.DataFrame(
        {
            "probability": model.card.probabilities(logits),
            "logit": logits,
            "threshold": [model.card.threshold(name).value for name in model.card.outputs],
        },
        index=pd.Index(model.card.outputs, name="finding"),
    )
    return answers.assign(flagged=answers["probability"] >= answers["threshold"])


def explain(
    model: Classifier,
    film: Film,
    methods: str | Explainer | Sequence[str | Explainer] = DEFAULT_METHODS,
    findings: str | Sequence[str] | None = None,
    samples: int | None = None,
    seed: int = 0,
    progress: Callable[[float], None] = lambda share: None,
) -> Explained:
    """Explain a model's answers on one film.

    Parameters
    ----------
    model : Classifier
    film : Film
    methods : str, Explainer, or a sequence of them
        Names of `EXPLAINERS`, or methods with parameters of their own, such as ``xai.LIME(regions=100)``.
    findings : str or sequence of str, optional
        Outputs to explain; all of the card without it. All share one set of evaluations.
    samples : int, optional
        Films that LIME and SHAP each send through the model, 10 to 100,000; the method's own default without it.
    seed : int, default 0
        The same seed gives the same maps.
    progress : callable
        Called with the share of each method's work that is done, 0 to 1.

    Returns
    -------
    Explained
        The film with its maps: for each method, each finding.

    Raises
    ------
    ModelCardError
        If the model has no such finding.
    ModelError
        If a method cannot work with this model.
    ValueError
        If there is no such method, or samples or seed are out of range.

    Examples
    --------
    >>> maps = xai.explain(model, film, ["gradcam", xai.LIME(regions=30)], "Effusion", samples=60)
    >>> maps.of("lime", "Effusion").evaluations
    60
    >>> np.asarray(maps[0]).shape
    (128, 128)
    >>> xai.explain(model, film, "guess")
    Traceback (most recent call last):
    ValueError: There is no method “guess”; there are gradcam, shap, lime, ...
    """
    film = _film(model, film)
    explainers, names = _asked(model, methods, findings, samples, seed)
    maps = [
        one for explainer in explainers for one in explainer.explain(model, film, names, Budget(None, progress), seed)
    ]
    return _explained(model, film, maps)


def explain_many(
    model: Classifier,
    films: Paths | Mapping[str, Film | str | Path | Callable[[], Film]],
    methods: str | Explainer | Sequence[str | Explainer] = DEFAULT_METHODS,
    findings: str | Sequence[str] | None = None,
    samples: int | None = None,
    seed: int = 0,
    progress: Callable[[float], None] = lambda share: None,
    at_once: int = AT_ONCE,
) -> Iterator[Outcome[Explained]]:
    """Explain many films, one result after the other; each is what `explain` gives of the film alone.

    Several films are under way at a time, so that the engine need not wait while another film is read and its maps are
    fitted.

    Parameters
    ----------
    model : Classifier
    films : str, Path, a sequence of them, or a mapping
        Files and folders, in which every film is meant, as ``python -m xai explain`` takes them; or films by names of
        your own: each a film, the path of its file, or a function that gives it when its turn comes.
    methods, findings, samples, seed
        As `explain` takes them.
    progress : callable
        Called with the share of all the work that is done, 0 to 1, from whatever thread.
    at_once : int
        Films that are under way at a time.

    Returns
    -------
    iterator of Outcome
        In the order of the films, each with its ``name`` and its ``result``; where a film cannot be read the result is
        None, and ``why`` says why. Leave it to end the work.

    Raises
    ------
    FilmError
        If a folder holds no film.
    ModelCardError, ModelError, ValueError
        As `explain`; a method that cannot work with this model ends the work.

    Examples
    --------
    >>> found = {one.name: one.result for one in xai.explain_many(model, "film.png", "gradcam", "Effusion")}
    >>> found
    {'film': <Explained: 1 map by lightbox of a film of 320 × 320 px
      gradcam of Effusion>}
    >>> [one.why for one in xai.explain_many(model, {"mine": "nowhere.png"}, "gradcam")]
    ['The file nowhere.png cannot be opened: No such file or directory.']
    """
    openers = _openers(films)
    if at_once < 1:
        raise ValueError(f"at_once must be a whole number from 1, got {at_once}")
    explainers, names = _asked(model, methods, findings, samples, seed)

    def work(name: str, film: Film, budget: Budget) -> Explained:
        film, parts = _film(model, film), len(explainers)
        maps = [
            one
            for number, explainer in enumerate(explainers)
            for one in explainer.explain(model, film, names, budget.part(number, parts), seed)
        ]
        return _explained(model, film, maps)

    return each_film(openers, work, Budget(progress=progress), at_once)


def _asked(
    model: Classifier,
    methods: str | Explainer | Sequence[str | Explainer],
    findings: str | Sequence[str] | None,
    samples: int | None,
    seed: int,
) -> tuple[list[Explainer], list[str]]:
    """Give the methods, with their samples, and the findings that are asked for, or refuse them."""
    check_request(samples, seed)
    explainers = [within_samples(_explainer(method), samples) for method in _listed(methods)]
    if not explainers:
        raise ValueError("expected at least one method, got none")
    return explainers, list(model.card.outputs if findings is None else dict.fromkeys(_listed(findings)))


def within_samples(explainer: Explainer, samples: int | None) -> Explainer:
    """Give the method with so many films to evaluate, where it evaluates more than one."""
    return explainer.within(Budget(samples)) if explainer.cost > 1 else explainer


def _explained(model: Classifier, film: Film, maps: Sequence[Explanation]) -> Explained:
    return Explained(film, tuple(maps), model.footprint(film), model.card.name, model.model_id)


def _openers(films: Paths | Mapping[str, Film | str | Path | Callable[[], Film]]) -> dict[str, Callable[[], Film]]:
    """Give what opens each film, by its name."""
    if not isinstance(films, Mapping):
        listed = [films] if isinstance(films, str | Path) else list(films)
        films = find_films([Path(one) for one in listed]).films
    return {name: one if callable(one) else functools.partial(_opened, one) for name, one in films.items()}


def _opened(film: Film | str | Path) -> Film:
    return film if isinstance(film, Film) else read_film(film)


def _film(model: object, film: object) -> Film:
    """Give the film, or refuse what is no model and what is no film, as when the two are exchanged."""
    if not hasattr(model, "prepare"):
        raise TypeError(f"expected a model that xai.open_model gave, got {_kind(model)}")
    if not isinstance(film, Film):
        raise TypeError(f"expected a film, of xai.read_film or xai.Film.from_pixels, got {_kind(film)}")
    return film


def _kind(thing: object) -> str:
    return f"the text “{thing}”" if isinstance(thing, str) else f"a {type(thing).__name__}"


def check_request(samples: int | None, seed: int, mark: str = "") -> None:
    """Refuse samples or a seed that no method can work with; ``mark`` stands before their names, as in ``--seed``."""
    if samples is not None and not isinstance(samples, int):
        raise ValueError(f"{mark}samples must be a whole number, got {samples}")
    if samples is not None and not MIN_SAMPLES <= samples <= MAX_SAMPLES:
        raise ValueError(f"{mark}samples must be {MIN_SAMPLES} to {MAX_SAMPLES:,}, got {samples}")
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**32:
        raise ValueError(f"{mark}seed must be 0 to {2**32 - 1}, got {seed}")


def _listed(one_or_many: T | Sequence[T]) -> list[T]:
    # A name is a sequence too, of letters: nobody means that.
    if isinstance(one_or_many, str | Explainer) or not isinstance(one_or_many, Sequence):
        return [one_or_many]
    return list(one_or_many)


def _explainer(method: str | Explainer) -> Explainer:
    if isinstance(method, Explainer):
        return method
    if not isinstance(method, str) or method not in EXPLAINERS:
        raise ValueError(f"There is no method “{method}”; there are {', '.join(EXPLAINERS)}.")
    return EXPLAINERS[method]()
