"""Two models on films that are as new to the one as to the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from training.evaluate.judged import Judged
from training.evaluate.ranked import EvaluateError


@dataclass(frozen=True, eq=False)
class Pair:
    """Two models' judgements of the same films, in the same order.

    Attributes
    ----------
    first, second : Judged
    one_sided : int
        Films in common that one of the two is known to have met and the other is not, for the finding: they flatter
        the one.
    left_out : bool
        Whether these were left out; they are not where the others cannot be measured.
    """

    first: Judged
    second: Judged
    one_sided: int
    left_out: bool

    @property
    def words(self) -> str:
        """What to say of the one-sided films; empty where there are none."""
        if not self.one_sided:
            return ""
        films = f"{self.one_sided:,} film{'s' * (self.one_sided != 1)} that only one of the two has met"
        if self.left_out:
            return f"{films[0].upper()}{films[1:]} left out of the comparison."
        return f"The comparison includes {films}, since the others do not suffice; they usually flatter that one."


def fair_pair(first: Judged, second: Judged, finding: str) -> Pair:
    """Take the films that both predicted, without those that only one of the two has met.

    Raises
    ------
    EvaluateError
        If they have no film in common, or one does not judge the finding.
    """
    at = pd.Index(second.films["film"]).get_indexer(pd.Index(first.films["film"]))
    here = at >= 0
    if finding in first.withheld:  # a remedy of it was fitted on the others
        here &= ~np.isnan(first.truth(finding))
    if not here.any():
        raise EvaluateError(f"{first.model} and {second.model} have no film in common, so they cannot be compared.")
    first, second = first.restrict(here), second.restrict(at[here])
    even = first.met.has_met(finding) == second.met.has_met(finding)
    one_sided, others = int((~even).sum()), first.truth(finding)[even]
    if one_sided and (others == 1).any() and (others == 0).any():
        return Pair(first.restrict(even), second.restrict(even), one_sided, left_out=True)
    second.index(finding)
    return Pair(first, second, one_sided, left_out=False)
