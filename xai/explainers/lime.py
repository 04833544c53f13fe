"""LIME: a linear model of what happens to a finding's logit when regions of the film are hidden."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from xai.budget import Budget
from xai.explainers.baselines import BASELINES, DEFAULT_BASELINE, baseline_canvas
from xai.explainers.behind import Behind, nearest, sampled
from xai.explainers.cancelling import CANCELLING, net_share
from xai.explainers.checks import MOST_FILMS, check_choice, check_whole
from xai.explainers.declared import Diagnostic, Setting, never
from xai.explainers.explanation import Evidence, Explainer, Explanation, Task
from xai.explainers.regions import superpixels
from xai.models.engine import BATCH_SIZE

if TYPE_CHECKING:
    from xai.films.film import Film
    from xai.models.classifier import Classifier

KERNEL_WIDTH = 0.25  # of lime's image explainer
LOW_R2 = 0.5
MOST_REGIONS = 10_000
R2_MEANING = "How much of the model's behaviour near this film the regions' weights explain; 1 is all."


@dataclass(frozen=True)
class LIME(Explainer):
    """Local interpretable model-agnostic explanations over superpixels.

    Regions are hidden at random; a ridge regression, weighted towards films with little hidden, gives each region
    its weight. Sampling, kernel and regression are those of the ``lime`` package; one neighbourhood serves all
    findings, and hidden films are composed and evaluated in batches.

    Ribeiro, Singh, Guestrin, "Why Should I Trust You?", KDD 2016.

    Parameters
    ----------
    samples : int
        Films with hidden regions, the untouched one among them.
    regions : int
        Superpixels asked for.
    baseline : str
        What a hidden region shows; see `xai.explainers.baselines.BASELINES`.

    Examples
    --------
    >>> (found,) = xai.LIME(samples=50, regions=30).explain(model, film, ["Effusion"])
    >>> len(np.unique(found.pieces)) == found.diagnostics["regions"]
    True
    """

    samples: int = 1000
    regions: int = 60
    baseline: str = DEFAULT_BASELINE

    name: ClassVar[str] = "lime"
    title: ClassVar[str] = "LIME"
    signed: ClassVar[bool] = True
    unit: ClassVar[str] = "logit per region"
    shares: ClassVar[str] = "piece"
    reading: ClassVar[str] = (
        "Each region is coloured by how much the score falls when that region is hidden: orange regions speak for the "
        "finding, blue ones against it. R² says how well so simple a picture fits the model near this film."
    )
    pitfalls: ClassVar[str] = (
        "A region is either hidden or not, so nothing finer than a region can be seen, and another cut gives another "
        "map. With a low R² the weights describe the model badly. What hides a region matters: a blurred patch is "
        "something that the model never saw in training. Another seed shifts weak regions."
    )
    diagnostics: ClassVar[tuple[Diagnostic, ...]] = (
        Diagnostic(
            "r2",
            "R²",
            R2_MEANING,
            write=lambda r2: f"{r2:.2f}",
            warns=lambda r2: r2 < LOW_R2,
            warning=f"Low: do not read the weights. {R2_MEANING}",
        ),
        CANCELLING,
        Diagnostic("regions", "Regions", "Pieces that were hidden and shown."),
        Diagnostic("intercept", "Intercept", "The linear model's logit with every region hidden.", shown=never),
        Diagnostic("predicted_logit", "Predicted", "The linear model's logit of the untouched film.", shown=never),
    )
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting(
            "samples",
            "films sampled",
            (100, 200, 500, 1000, 2000),
            "More samples make weak regions steadier and take proportionally longer.",
        ),
        Setting(
            "regions",
            "regions",
            (20, 40, 60, 100, 150),
            "Into how many pieces the film is cut. More pieces need more samples.",
        ),
        Setting(
            "baseline",
            "hidden regions show",
            tuple(BASELINES),
            "What a hidden region is replaced by.",
        ),
    )

    def __post_init__(self) -> None:
        check_whole("samples", self.samples, 2, MOST_FILMS)
        check_whole("regions", self.regions, 1, MOST_REGIONS)
        check_choice("baseline", self.baseline, BASELINES)

    def within(self, budget: Budget) -> LIME:
        """Take the samples from the budget."""
        return self if budget.evaluations is None else dataclasses.replace(self, samples=budget.evaluations)

    @property
    def cost(self) -> int:
        """Films that one explanation sends through the model."""
        return self.samples

    def _explain(self, task: Task) -> list[Evidence]:
        from lime.lime_base import LimeBase  # half a second to import

        regions = superpixels(task.canvas, self.regions)
        baseline = baseline_canvas(self.baseline, task.classifier, task.canvas, regions)
        shown = sample_neighbourhood(self.samples, int(regions.max()) + 1, task.seed)
        logits = np.concatenate([task.logits[None], *self._evaluate(task, shown[1:], regions, baseline)])
        base = LimeBase(_kernel, random_state=task.seed)
        return [self._fit(base, shown, logits, _distances(shown), k, regions) for k in task.outputs]

    def behind(self, classifier: Classifier, film: Film, made: Sequence[Explanation], piece: int) -> Behind | None:
        """Give the samples that show one region and those that hide it; the model is not asked again."""
        regions, answers = made[0].pieces, [one.answers for one in made if one.answers is not None]
        if regions is None or len(answers) != len(made):
            return None
        shown = sample_neighbourhood(self.samples, int(regions.max()) + 1, made[0].seed)
        visible, weights = shown[:, piece].astype(bool), _kernel(_distances(shown))
        if visible.all():  # of very few samples
            return None
        canvas = classifier.prepare(film)
        baseline = baseline_canvas(self.baseline, classifier, canvas, regions)
        chosen = nearest(visible, weights)
        films = np.where(shown[chosen].astype(bool)[:, regions], canvas, baseline)
        return sampled(films, chosen, visible, np.stack(answers, axis=1), weights)

    def _evaluate(self, task: Task, shown: np.ndarray, regions: np.ndarray, baseline: np.ndarray) -> list[np.ndarray]:
        parts = []
        for start in range(0, len(shown), BATCH_SIZE):
            visible = shown[start : start + BATCH_SIZE].astype(bool)[:, regions]
            parts.append(task.evaluate(np.where(visible, task.canvas, baseline)))
        return parts

    def _fit(
        self,
        base: Any,
        shown: np.ndarray,
        logits: np.ndarray,
        distances: np.ndarray,
        output: int,
        regions: np.ndarray,
    ) -> Evidence:
        intercept, weights, r2, predicted = base.explain_instance_with_data(
            shown, logits, distances, output, num_features=shown.shape[1], feature_selection="none"
        )
        by_region = np.zeros(shown.shape[1], np.float32)
        for region, weight in weights:
            by_region[region] = weight
        diagnostics = {
            "r2": float(r2),
            "net_share": net_share(by_region),
            "regions": shown.shape[1],
            "intercept": float(intercept),
            "predicted_logit": float(predicted[0]),
        }
        answers = np.ascontiguousarray(logits[:, output], np.float32)
        return Evidence(by_region[regions], diagnostics, pieces=regions, answers=answers)


def _distances(shown: np.ndarray) -> np.ndarray:
    """How far each sample (samples, regions) is from the untouched film, as ``lime`` measures it: (samples,)."""
    from sklearn.metrics import pairwise_distances

    distances: np.ndarray = pairwise_distances(shown, shown[:1], metric="cosine").ravel()
    return distances


def _kernel(distances: np.ndarray) -> np.ndarray:
    """How much a sample counts at a distance."""
    weights: np.ndarray = np.sqrt(np.exp(-(distances**2) / KERNEL_WIDTH**2))
    return weights


def sample_neighbourhood(samples: int, regions: int, seed: int) -> np.ndarray:
    """Draw which regions each sample shows, as ``lime`` draws them.

    Returns
    -------
    ndarray of int, shape (samples, regions)
        1 where a region is shown; the first row is the untouched film.
    """
    shown = np.random.RandomState(seed).randint(0, 2, samples * regions).reshape(samples, regions)
    shown[0] = 1  # lime has drawn from RandomState since its first release; the same seed must give its samples
    return shown
