"""Labels of each source, brought onto the 14 findings.

A label that a source does not have is missing. Where a label comes from stands beside it (`table.PROVENANCE`). Why each
rule is as it is stands in `judgements`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from training.datasets.table import PROVENANCE, PROVENANCE_TYPE, UNCERTAIN
from xai.findings import FINDINGS

NO_FINDING = "No Finding"
# Places of the words of PROVENANCE.
EXPLICIT, IMPLIED, NOT_MENTIONED, NOT_SURE, DERIVED, NOT_LABELLED = range(len(PROVENANCE))
UNCERTAIN_POLICIES = {
    "ignore": "uncertain is missing",
    "zeros": "uncertain is absent",
    "ones": "uncertain is present",
    "keep": "uncertain stays -1, a state of its own that counts as missing wherever yes or no is needed",
}
BLANK_POLICIES = {
    "missing": "what a report does not mention is missing",
    "zeros": "what a report does not mention is absent",
}


@dataclass(frozen=True)
class Policy:
    """What a user decides where labels made from reports leave a choice.

    Attributes
    ----------
    uncertain : str
        One of `UNCERTAIN_POLICIES` (Irvin et al., CheXpert, AAAI 2019).
    blank : str
        One of `BLANK_POLICIES`.
    extend_no_finding : bool
        Whether No Finding also says that there is no emphysema, hernia or pleural thickening.
    """

    uncertain: str = "ignore"
    blank: str = "missing"
    extend_no_finding: bool = False


DEFAULT_POLICY = Policy()

# What a class says: a finding and the provenance of its label.
Meaning = tuple[str, int]
NOTHING: Meaning = (NO_FINDING, IMPLIED)

# Labels that mean the same in CheXpert's vocabulary (also MIMIC's) and ours.
SHARED = {
    "Atelectasis": "Atelectasis",
    "Cardiomegaly": "Cardiomegaly",
    "Effusion": "Pleural Effusion",
    "Pneumonia": "Pneumonia",
    "Pneumothorax": "Pneumothorax",
    "Consolidation": "Consolidation",
    "Edema": "Edema",
}
# Labels of CheXpert that say "one of these two": their 0 denies both, their 1 does not tell which.
UNIONS = {
    "Mass": "Lung Lesion",
    "Nodule": "Lung Lesion",
    "Pleural_Thickening": "Pleural Other",
    "Fibrosis": "Pleural Other",
}
# CheXpert's labeler does not say No Finding where a report mentions these.
BLOCKS_NO_FINDING = ("Emphysema", "Hernia", "Pleural_Thickening")
CHEXPERT_COLUMNS = (
    NO_FINDING,
    "Enlarged Cardiomediastinum",
    "Cardiomegaly",
    "Lung Opacity",
    "Lung Lesion",
    "Edema",
    "Consolidation",
    "Pneumonia",
    "Atelectasis",
    "Pneumothorax",
    "Pleural Effusion",
    "Pleural Other",
    "Fracture",
    "Support Devices",
)


def nih_labels(named: pd.DataFrame) -> pd.DataFrame:
    """Turn NIH's lists of findings into labels.

    Parameters
    ----------
    named : bool DataFrame (films, names)
        Which names each film's list holds, `NO_FINDING` among them; a film without any is not labelled.

    Returns
    -------
    DataFrame (films, 28)
        The findings and where they come from.
    """
    nothing, something = named[NO_FINDING].to_numpy(), named.any(axis=1).to_numpy()
    columns = {}
    for name in FINDINGS:
        present = named[name].to_numpy()
        values = np.where(something, present.astype(np.float32), np.nan)
        columns[name] = (values, np.select([present, nothing], [EXPLICIT, IMPLIED], NOT_MENTIONED))
    return label_frame(columns, named.index)


def chexpert_labels(source: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    """Turn the labels of CheXpert's labeler (or NegBio's, in the same columns) into ours.

    Parameters
    ----------
    source : DataFrame (films, 14)
        `CHEXPERT_COLUMNS`: 1, 0, -1 or NaN.
    policy : Policy
        What uncertain and blank become.

    Returns
    -------
    DataFrame (films, 28)
        The findings and where they come from.
    """
    nothing = source[NO_FINDING].to_numpy() == 1
    columns = {name: unlabelled(len(source)) for name in FINDINGS}
    for name, column in SHARED.items():
        said = source[column].to_numpy(np.float32)
        values, codes = _settle(said, policy)
        implied = nothing & np.isnan(said)
        columns[name] = (np.where(implied, 0, values), np.where(implied, IMPLIED, codes))
    for name, column in UNIONS.items():
        values, codes = _settle(source[column].to_numpy(np.float32), policy)
        columns[name] = (np.where(values == 1, np.nan, values), np.where(codes == EXPLICIT, DERIVED, codes))
    for name in BLOCKS_NO_FINDING if policy.extend_no_finding else ():
        values, codes = columns[name]
        implied = nothing & np.isnan(values) & np.isin(codes, [NOT_LABELLED, NOT_MENTIONED])
        columns[name] = (np.where(implied, 0, values), np.where(implied, IMPLIED, codes))
    return label_frame(columns, source.index)


def class_labels(classes: pd.Series, meanings: Mapping[str, Meaning | None]) -> pd.DataFrame:
    """Turn one class a film into labels.

    Parameters
    ----------
    classes : Series (films,)
        The class of each film.
    meanings : mapping
        Class -> the finding it shows and how that is known, `NOTHING`, or None for a class that tells of no finding.

    Returns
    -------
    DataFrame (films, 28)
        The findings and where they come from.
    """
    columns = {name: unlabelled(len(classes)) for name in FINDINGS}
    for one in classes.unique():
        if (meaning := meanings[one]) is None:
            continue
        finding, code = meaning
        here = (classes == one).to_numpy()
        for name in FINDINGS if finding == NO_FINDING else (finding,):
            values, codes = columns[name]
            values[here], codes[here] = float(finding != NO_FINDING), code
    return label_frame(columns, classes.index)


def _settle(said: np.ndarray, policy: Policy) -> tuple[np.ndarray, np.ndarray]:
    """Apply the policy to one column; provenance still tells what the source said."""
    uncertain = {"ignore": np.nan, "zeros": 0.0, "ones": 1.0, "keep": UNCERTAIN}[policy.uncertain]
    blank = {"missing": np.nan, "zeros": 0.0}[policy.blank]
    kinds = [np.isnan(said), said == UNCERTAIN]
    return np.select(kinds, [blank, uncertain], said), np.select(kinds, [NOT_MENTIONED, NOT_SURE], EXPLICIT)


def unlabelled(films: int) -> tuple[np.ndarray, np.ndarray]:
    """Give the column of a finding that a source does not label: values, and codes of where they come from."""
    return np.full(films, np.nan, np.float32), np.full(films, NOT_LABELLED, np.int8)


def label_frame(columns: Mapping[str, tuple[np.ndarray, np.ndarray]], index: pd.Index) -> pd.DataFrame:
    """Make a table of columns: finding -> values, and codes of where they come from."""
    values = {name: column.astype(np.float32) for name, (column, _) in columns.items()}
    sources = {
        f"source_{name}": pd.Categorical.from_codes(codes.astype(np.int8), dtype=PROVENANCE_TYPE)
        for name, (_, codes) in columns.items()
    }
    return pd.DataFrame({**values, **sources}, index=index)
