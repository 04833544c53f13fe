"""Make datasets, models and predictions, and judge them: what a notebook or a script needs stands in `__all__`.

A name is imported when it is first asked for, and nothing of it starts TensorFlow: to ask a model, see `xai`.

Examples
--------
>>> import training
>>> predictions = training.open_predictions("lightbox-on-simulated-2000")
>>> table = training.metrics(predictions)
>>> table.set_index("finding").loc["Effusion", ["positives", "auroc"]].round(2).to_dict()
{'positives': 219.0, 'auroc': 0.99}
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # so that editors and type checkers know what is imported later
    from training.front_door import (
        Dataset,
        Predictions,
        metrics,
        open_dataset,
        open_film,
        open_masks,
        open_predictions,
        simulate,
    )

__all__ = [
    "Dataset",
    "Predictions",
    "metrics",
    "open_dataset",
    "open_film",
    "open_masks",
    "open_predictions",
    "simulate",
]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(importlib.import_module("training.front_door"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
