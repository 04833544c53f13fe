"""SHAP: how a finding's logit is shared out among the parts of a film, by halving rectangles."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from xai.budget import Budget
from xai.explainers.baselines import ABOUT_AUTOMATIC, BASELINE_CHOICES, BLURRED, baseline_canvas
from xai.explainers.behind import Behind, contexts_around, on_grid, paired
from xai.explainers.cancelling import CANCELLING, net_share
from xai.explainers.checks import MOST_FILMS, MOST_REGIONS, check_choice, check_whole
from xai.explainers.converging import CONVERGING, NOT_KNOWN, fit_until_converged
from xai.explainers.declared import BLACK_BOX, Box, Diagnostic, Setting, never
from xai.explainers.explanation import Evidence, Explainer, Explanation, Task
from xai.explainers.halving import cell_index, halving_tree, owen_values, told_apart
from xai.explainers.hiding import MOSAIC_REGIONS
from xai.explainers.regions import superpixels
from xai.explainers.shapley import all_pairs, draw_coalitions, fit_shares
from xai.written import with_unit

if TYPE_CHECKING:
    from xai.films.film import Film
    from xai.models.classifier import Classifier

TIE_BREAK = 1e-9  # logits; far below float32's resolution of any logit
SMALLEST_DIFFERENCE = 1e-4  # logits; below it film and baseline get the same answer, and a share means nothing
LARGE_RESIDUAL = 0.02  # of the difference that is shared out
MOST_CONTEXTS = 64  # in which a part is tried again
MOST_CELLS = 256  # a side; a film has few more pixels
CONTEXTS: dict[str, tuple[int | None, ...]] = {"ends": (0, 1), "all": (None,)}  # shap's fixed_context


@dataclass(frozen=True)
class SHAP(Explainer):
    """Owen values over a tree of rectangles, ``shap``'s partition explainer.

    The film is halved again and again, along its longer side, first where the score reacts most; each half gets its
    share of the difference between the film and the baseline. The shares add up to that difference exactly, whatever
    the budget; the budget decides how fine they get.

    ``context`` says what the rest of the film shows meanwhile. ``"all"`` is ``shap``'s own rule: every half is tried
    with every other half shown and hidden, four ways a halving, which leaves some 35 rectangles for 500 evaluations.
    ``"ends"`` spends half the budget adding parts to the baseline and half taking them from the film, and averages
    the two: some 150 rectangles. A grid of 16 keeps the budget from being dug into a few tiny rectangles. How near 500
    evaluations come to all there are, and how fast, stands in docs/speed.md.

    With ``regions`` the parts are LIME's instead, and their shares are Shapley values: estimated from pairs of films,
    with a standard error each, or exact where there are few; see `xai.explainers.shapley`. No more films are evaluated
    once all findings' maps have converged (`xai.explainers.converging`). ``grid`` and ``context`` play no part then.

    Lundberg, Lee, A Unified Approach to Interpreting Model Predictions, NeurIPS 2017; Owen, Values of Games with a
    Priori Unions, 1977.

    Parameters
    ----------
    evaluations : int
        Films with hidden rectangles.
    baseline : str
        What a hidden rectangle shows; see `xai.explainers.baselines.BASELINE_CHOICES`.
    grid : int
        Finest rectangles a side; a rectangle is never smaller than one cell of it.
    context : {"ends", "all"}
        What the rest of the film shows while a part is tried.
    regions : int
        Superpixels asked for, as `LIME` has them; 0 for rectangles.
    stops : bool
        Of regions: stop when converged; else all evaluations are made.

    Examples
    --------
    >>> (found,) = xai.SHAP(evaluations=50).explain(model, film, ["Effusion"])
    >>> bool(np.isclose(found.map.sum(), found.diagnostics["difference"], atol=1e-3))
    True
    """

    evaluations: int = 500
    baseline: str = BLURRED
    grid: int = 16
    context: str = "ends"
    regions: int = 0
    stops: bool = True

    name: ClassVar[str] = "shap"
    title: ClassVar[str] = "SHAP"
    signed: ClassVar[bool] = True
    box: ClassVar[Box] = BLACK_BOX
    unit: ClassVar[str] = "logit per pixel"
    shares: ClassVar[str] = "pixel"
    hides: ClassVar[bool] = True
    reading: ClassVar[str] = (
        "Orange parts raise the score compared with the baseline picture, blue parts lower it; added up over the film "
        "they give exactly the difference between the two. Large even rectangles were not looked into further; "
        "of a map of regions, all were."
    )
    pitfalls: ClassVar[str] = (
        "Everything is relative to the baseline: against another one the same film gets another map. A rectangle's "
        "share is spread evenly over its pixels, though the cause may be one corner of it. All findings share one set "
        "of rectangles, cut where any of them reacts, so a quiet finding gets coarse ones."
    )
    diagnostics: ClassVar[tuple[Diagnostic, ...]] = (
        Diagnostic(
            "difference",
            "Shared out",
            "Film minus baseline picture, in logits: what the map shares out.",
            write=lambda logits: f"{logits:+.2f} logit".replace("-", "−"),
        ),
        Diagnostic(
            "residual_share",
            "Residual",
            "What the map's sum misses of that difference.",
            write=lambda share: with_unit(f"{100 * share:.1f}", "%"),
            warns=lambda share: share > LARGE_RESIDUAL,
            shown=lambda share: share is not None,
        ),
        Diagnostic(
            "residual_share",
            "Residual",
            "Film and baseline get nearly the same answer, so the map shares out next to nothing.",
            write=lambda share: "nothing to share",
            warns=lambda share: True,
            shown=lambda share: share is None,
        ),
        CANCELLING,
        *CONVERGING,
        Diagnostic("pieces", "Pieces", "Parts that were told apart."),
        Diagnostic("base_logit", "Baseline", "The model's logit of the baseline picture.", shown=never),
        Diagnostic("residual", "Residual in logits", "What the map's sum misses of the difference.", shown=never),
    )
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting(
            "evaluations",
            "films evaluated",
            (100, 200, 500, 1000, 2000),
            "More evaluations cut the film into finer rectangles and take proportionally longer.",
        ),
        Setting(
            "baseline",
            "hidden parts show",
            BASELINE_CHOICES,
            f"What a hidden rectangle is replaced by. The map is relative to this picture. {ABOUT_AUTOMATIC}",
        ),
        Setting(
            "grid",
            "finest cells a side",
            (8, 16, 32, 64),
            "No rectangle gets smaller than one of these cells. Finer cells need more evaluations, or the budget is "
            "dug into a few tiny rectangles.",
        ),
        Setting(
            "context",
            "the rest of the film is",
            tuple(CONTEXTS),
            "“ends”: all hidden, then all shown; finer rectangles for the same work. “all”: every combination, as the "
            "shap library does it; exact Owen values of coarse rectangles.",
        ),
        Setting(
            "regions",
            "regions in place of rectangles",
            (0, 20, 40, 60, 100, 150),
            "0: rectangles. Else the film is cut as for LIME, and each piece gets its Shapley value with a standard "
            "error; cells and context play no part then, and it stops when more films would change only weak regions.",
        ),
    )

    def __post_init__(self) -> None:
        check_whole("evaluations", self.evaluations, 2, MOST_FILMS)
        check_whole("grid", self.grid, 1, MOST_CELLS)
        check_choice("baseline", self.baseline, BASELINE_CHOICES)
        check_choice("context", self.context, CONTEXTS)
        check_whole("regions", self.regions, 0, MOST_REGIONS)

    def within(self, budget: Budget) -> SHAP:
        """Take the evaluations from the budget."""
        return self if budget.evaluations is None else dataclasses.replace(self, evaluations=budget.evaluations)

    @property
    def cost(self) -> int:
        """Films that one explanation sends through the model, at most."""
        if self.regions:
            return 2 * (self.evaluations // 2)
        return len(CONTEXTS[self.context]) * self._evaluations_a_context + 1

    @property
    def _evaluations_a_context(self) -> int:
        return self.evaluations // (2 * len(CONTEXTS[self.context])) * 2  # shap tries two halves at a time

    @property
    def sharpens(self) -> bool:
        """Not where all films that there are of so few regions may be listed: fewer are drawn, and others."""
        return not self.regions or self.cost < 1 << max(self.regions - 2, 0)

    def _explain(self, task: Task) -> list[Evidence]:
        return self._by_regions(task) if self.regions else self._by_rectangles(task)

    def _by_regions(self, task: Task) -> list[Evidence]:
        regions = task.once("regions", lambda: superpixels(task.canvas, self.regions))
        count, pixels = int(regions.max()) + 1, np.bincount(regions.ravel())
        baseline = task.once("baseline", lambda: baseline_canvas(self.baseline, task.classifier, task.canvas, regions))
        pairs = draw_coalitions(self.evaluations // 2 - 1, count, task.seed)
        base_logits = task.evaluate_hidden(np.zeros((1, count), bool), regions, baseline)[0].astype(np.float64)
        difference = task.logits - base_logits
        found = fit_until_converged(
            pairs,
            lambda shown: task.evaluate_hidden(shown, regions, baseline),
            lambda drawn, answers: fit_shares(drawn, answers, difference).of(task.outputs),
            self.stops and len(pairs) < all_pairs(count),
        )
        answers = np.concatenate([task.logits[None], base_logits[None], found.answers]).astype(np.float32)
        return [
            dataclasses.replace(
                self._evidence(
                    task, (found.fit.weights[:, i] / pixels)[regions], k, base_logits[k], regions, found.how_sure(i)
                ),
                answers=np.ascontiguousarray(answers[:, k]),
                errors=(found.fit.errors[:, i] / pixels).astype(np.float32),
            )
            for i, k in enumerate(task.outputs)
        ]

    def _by_rectangles(self, task: Task) -> list[Evidence]:
        grid: int = min(self.grid, *task.canvas.shape)
        cells = task.once("cells", lambda: cell_index(task.canvas.shape, grid))
        mosaic = task.once("regions", lambda: superpixels(task.canvas, MOSAIC_REGIONS))
        baseline = task.once("baseline", lambda: baseline_canvas(self.baseline, task.classifier, task.canvas, mosaic))
        tie_break = np.random.default_rng(task.seed).random(grid * grid)

        def score(shown: np.ndarray) -> np.ndarray:
            logits = task.evaluate_hidden(shown, cells, baseline)[:, task.outputs]
            # shap orders equal splits by an unseeded generator; no two masks are equal by this billionth of a logit
            return logits + TIE_BREAK * (np.square(shown @ tie_break) % 1)[:, None]

        values, base_logits = owen_values(score, grid, CONTEXTS[self.context], self._evaluations_a_context)
        piece = told_apart(values)
        pieces = piece[cells]
        pixels = np.bincount(pieces.ravel())
        return [
            self._evidence(
                task, (np.bincount(piece, values[:, i]) / pixels)[pieces], k, base_logits[i], pieces, NOT_KNOWN
            )
            for i, k in enumerate(task.outputs)
        ]

    def behind(self, classifier: Classifier, film: Film, made: Sequence[Explanation], piece: int) -> Behind | None:
        """Try one part again, hidden and shown, in the contexts in which SHAP tries it."""
        pieces = made[0].pieces
        if pieces is None:
            return None
        canvas = classifier.prepare(film)
        grid: int = min(self.grid, *canvas.shape)
        cells = pieces if self.regions else cell_index(canvas.shape, grid)
        baseline = baseline_canvas(
            self.baseline, classifier, canvas, superpixels(canvas, self.regions or MOSAIC_REGIONS)
        )
        part = on_grid(pieces, piece, cells, int(cells.max()) + 1)
        if self.regions or self.context == "ends":
            others = np.stack([np.zeros_like(part), ~part])
        else:
            others = contexts_around(part, halving_tree(grid), MOST_CONTEXTS)
        shown = np.stack([others, others | part], axis=1).reshape(-1, len(part))  # without it, with it, without it …
        films = np.where(shown[:, cells], canvas, baseline)
        return paired(films, classifier.logits(films))

    def _evidence(
        self, task: Task, values: np.ndarray, output: int, base: float, pieces: np.ndarray, sure: dict[str, Any]
    ) -> Evidence:
        difference = float(task.logits[output] - base)
        residual = abs(float(values.sum()) - difference)
        diagnostics = {
            "base_logit": float(base),
            "difference": difference,
            "residual": residual,
            "residual_share": residual / abs(difference) if abs(difference) > SMALLEST_DIFFERENCE else None,
            "net_share": net_share(np.bincount(pieces.ravel(), values.ravel())),
            "pieces": int(pieces.max()) + 1,
            **sure,
        }
        return Evidence(values, diagnostics, pieces=pieces)
