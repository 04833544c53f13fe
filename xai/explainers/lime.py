"""LIME: a linear model of what happens to a finding's logit when regions of the film are hidden."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from xai.budget import Budget
from xai.explainers.baselines import ABOUT_AUTOMATIC, AUTOMATIC, BASELINE_CHOICES, baseline_canvas
from xai.explainers.behind import Behind, nearest, sampled
from xai.explainers.cancelling import CANCELLING, net_share
from xai.explainers.checks import MOST_FILMS, MOST_REGIONS, check_choice, check_whole
from xai.explainers.converging import CONVERGING, NOT_KNOWN, fit_until_converged
from xai.explainers.declared import BLACK_BOX, Box, Diagnostic, Setting, never
from xai.explainers.explanation import Evidence, Explainer, Explanation, Task
from xai.explainers.pairs import PairsFit, draw_pairs, films_of, fit_pairs
from xai.explainers.regions import superpixels
from xai.explainers.surrogate import fit_surrogate

if TYPE_CHECKING:
    from xai.films.film import Film
    from xai.models.classifier import Classifier

KERNEL_WIDTH = 0.25  # of lime's image explainer
LOW_R2 = 0.5
DESIGNS = ("pairs", "lime")
R2_MEANING = "How much of the model's behaviour near this film the regions' weights explain; 1 is all."


@dataclass(frozen=True)
class LIME(Explainer):
    """Local interpretable model-agnostic explanations over superpixels.

    Regions are hidden at random; a ridge regression gives each region its weight. One neighbourhood serves all
    findings, and hidden films are composed and evaluated in batches.

    ``design`` says which regions are hidden, and how the answers are fitted. ``"lime"`` is the ``lime`` package's own:
    independent draws, and a regression in which films count most that hide little. ``"pairs"`` draws films in balanced
    pairs of opposites, which count all the same (`xai.explainers.pairs`). In the long run both order the regions alike
    (rank correlation 0.995 for the default model), pairs take about half the films, each weight has a standard error,
    and no more films are evaluated once all findings' maps have converged (`xai.explainers.converging`).
    tests/benchmarks/regions_converging.py measures all of it.

    Ribeiro, Singh, Guestrin, "Why Should I Trust You?", KDD 2016.

    Parameters
    ----------
    samples : int
        Films with hidden regions, the untouched one among them; ``"pairs"`` may do with fewer.
    regions : int
        Superpixels asked for.
    baseline : str
        What a hidden region shows; see `xai.explainers.baselines.BASELINE_CHOICES`.
    design : {"pairs", "lime"}
    surrogate : bool
        Of ``"pairs"``: fit a Gaussian process, which helps where pairs are few; see `xai.explainers.process`.
    stops : bool
        Of ``"pairs"``: stop when converged; else all samples are evaluated.

    Examples
    --------
    >>> (found,) = xai.LIME(samples=50, regions=30).explain(model, film, ["Effusion"])
    >>> len(np.unique(found.pieces)) == found.diagnostics["regions"]
    True
    """

    samples: int = 1000
    regions: int = 60
    baseline: str = AUTOMATIC
    design: str = "pairs"
    surrogate: bool = False
    stops: bool = True

    name: ClassVar[str] = "lime"
    title: ClassVar[str] = "LIME"
    signed: ClassVar[bool] = True
    box: ClassVar[Box] = BLACK_BOX
    unit: ClassVar[str] = "logit per region"
    shares: ClassVar[str] = "piece"
    hides: ClassVar[bool] = True
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
        *CONVERGING,
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
            BASELINE_CHOICES,
            f"What a hidden region is replaced by. {ABOUT_AUTOMATIC}",
        ),
        Setting(
            "design",
            "films are drawn",
            DESIGNS,
            "“pairs”: balanced, each with its opposite; about half the films give the same map, each weight has a "
            "standard error, and it stops when more films would change only weak regions. “lime”: one by one, as the "
            "lime package does it.",
        ),
    )

    def __post_init__(self) -> None:
        check_choice("design", self.design, DESIGNS)
        check_whole("samples", self.samples, 2 if self.design == "lime" else 4, MOST_FILMS)
        check_whole("regions", self.regions, 1, MOST_REGIONS)
        check_choice("baseline", self.baseline, BASELINE_CHOICES)

    def within(self, budget: Budget) -> LIME:
        """Take the samples from the budget."""
        return self if budget.evaluations is None else dataclasses.replace(self, samples=budget.evaluations)

    @property
    def cost(self) -> int:
        """Films that one explanation sends through the model, at most."""
        return self.samples if self.design == "lime" else 2 * (self.samples // 2)

    @property
    def sharpens(self) -> bool:
        """Whichever way films are drawn, fewer of a seed are the first of more."""
        return True

    def _explain(self, task: Task) -> list[Evidence]:
        regions = task.once("regions", lambda: superpixels(task.canvas, self.regions))
        baseline = task.once("baseline", lambda: baseline_canvas(self.baseline, task.classifier, task.canvas, regions))
        by_design = self._by_pairs if self.design == "pairs" else self._by_lime
        return by_design(task, regions, baseline)

    def _by_lime(self, task: Task, regions: np.ndarray, baseline: np.ndarray) -> list[Evidence]:
        from lime.lime_base import LimeBase  # half a second to import

        shown = sample_neighbourhood(self.samples, int(regions.max()) + 1, task.seed)
        logits = np.concatenate([task.logits[None], task.evaluate_hidden(shown[1:], regions, baseline)])
        base = LimeBase(_kernel, random_state=task.seed)
        return [self._fit(base, shown, logits, _distances(shown), k, regions) for k in task.outputs]

    def _by_pairs(self, task: Task, regions: np.ndarray, baseline: np.ndarray) -> list[Evidence]:
        count = int(regions.max()) + 1
        pairs = draw_pairs(self.samples // 2 - 1, count, task.seed)
        hidden = task.evaluate_hidden(np.zeros((1, count), bool), regions, baseline)

        def fit(drawn: np.ndarray, answers: np.ndarray) -> PairsFit:
            if self.surrogate:
                return fit_surrogate(drawn, answers, task.logits - hidden[0]).of(task.outputs)
            return fit_pairs(drawn, answers[:, task.outputs])

        found = fit_until_converged(
            pairs, lambda shown: task.evaluate_hidden(shown, regions, baseline), fit, self.stops
        )
        answers = np.concatenate([task.logits[None], hidden, found.answers])
        return [_by_region(found.fit, i, found.how_sure(i), answers[:, k], regions) for i, k in enumerate(task.outputs)]

    def behind(self, classifier: Classifier, film: Film, made: Sequence[Explanation], piece: int) -> Behind | None:
        """Give the samples that show one region and those that hide it; the model is not asked again."""
        regions, answers = made[0].pieces, [one.answers for one in made if one.answers is not None]
        if regions is None or len(answers) != len(made):
            return None
        logits = np.stack(answers, axis=1)
        shown, weights = self._drawn(len(logits), int(regions.max()) + 1, made[0].seed)
        visible, logits = shown[:, piece], logits[-len(shown) :]
        if visible.all():  # of very few samples
            return None
        canvas = classifier.prepare(film)
        baseline = baseline_canvas(self.baseline, classifier, canvas, regions)
        chosen = nearest(visible, weights)
        films = np.where(shown[chosen][:, regions], canvas, baseline)
        return sampled(films, chosen, visible, logits, weights)

    def _drawn(self, films: int, regions: int, seed: int) -> tuple[np.ndarray, np.ndarray | None]:
        """Draw once more what the last films that were fitted showed, and how much each counted; None: all the same."""
        if self.design == "pairs":
            return films_of(draw_pairs(films // 2 - 1, regions, seed)), None
        shown = sample_neighbourhood(self.samples, regions, seed)
        return shown.astype(bool), _kernel(_distances(shown))

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
            **NOT_KNOWN,
        }
        answers = np.ascontiguousarray(logits[:, output], np.float32)
        return Evidence(by_region[regions], diagnostics, pieces=regions, answers=answers)


def _by_region(fit: PairsFit, output: int, sure: dict[str, Any], answers: np.ndarray, regions: np.ndarray) -> Evidence:
    weights = fit.weights[:, output]
    diagnostics = {
        "r2": float(fit.r2[output]),
        "net_share": net_share(weights),
        "regions": len(weights),
        "intercept": float(fit.intercepts[output]),
        "predicted_logit": float(fit.intercepts[output] + weights.sum()),
        **sure,
    }
    return Evidence(
        weights.astype(np.float32)[regions],
        diagnostics,
        pieces=regions,
        answers=np.ascontiguousarray(answers, np.float32),
        errors=fit.errors[:, output].astype(np.float32),
    )


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
