"""The judgement calls behind `labels`, as data: each decision with its reason; the Films page shows them."""

from __future__ import annotations

from dataclasses import dataclass

from training.datasets.facts import DatasetFacts
from training.datasets.labels import NO_FINDING


@dataclass(frozen=True)
class Judgement:
    """One decision on how a source's label becomes one of ours.

    Attributes
    ----------
    target : str
        Our column or columns.
    source : str
        The source's.
    rule : str
        What becomes what.
    why : str
        The reason.
    """

    target: str
    source: str
    rule: str
    why: str


_REPORT_LABELS = (
    Judgement("Effusion", "Pleural Effusion", "the same", "Another name for it."),
    Judgement(
        "Atelectasis, Cardiomegaly, Consolidation, Edema, Pneumonia, Pneumothorax",
        "the same names",
        "1 and 0 as they are; -1 as --uncertain says; blank as --blank says",
        "Blank means that the report does not mention it, which is neither 0 nor uncertain. Of the reports that "
        "mention pneumonia, three times as many are uncertain as certain.",
    ),
    Judgement(
        "Atelectasis, Cardiomegaly, Consolidation, Edema, Effusion, Pneumonia, Pneumothorax",
        NO_FINDING,
        "No Finding = 1 makes a blank 0; what the report does say stays",
        "A report of a film without findings lists none of them. Only labels that the source has are filled.",
    ),
    Judgement(
        "Mass, Nodule",
        "Lung Lesion",
        "0 makes both 0; 1 leaves both missing",
        "Lung Lesion stands for mass, nodule, carcinoma, tumour or cavity: denied, it denies both; present, it does "
        "not say which.",
    ),
    Judgement(
        "Pleural_Thickening, Fibrosis",
        "Pleural Other",
        "0 makes both 0; 1 leaves both missing",
        "The labeler's list for Pleural Other holds pleural thickening and fibrosis alike: denied, it denies both; "
        "present, it does not say which.",
    ),
    Judgement(
        "Infiltration",
        "Lung Opacity",
        "missing",
        "Lung Opacity is far wider: it also covers edema, consolidation, mass and atelectasis.",
    ),
    Judgement(
        "Emphysema, Hernia, Pleural_Thickening",
        NO_FINDING,
        "missing; 0 where No Finding = 1 with --extend-no-finding",
        "The labeler withholds No Finding where a report mentions these. That gives films without and none with them, "
        "so a model trained on several sources can learn to tell the source instead of the finding: off by default.",
    ),
)
JUDGEMENTS: dict[str, tuple[Judgement, ...]] = {
    "nih": (
        Judgement("all 14", "a finding in the list", "1", "The text-mined label names it."),
        Judgement("all 14", NO_FINDING, "0", "None of the 14; other things may be there, so it is not a normal film."),
        Judgement(
            "all 14",
            "a finding not in the list of others",
            "0, not mentioned",
            "The publishers count what the text mining did not find as absent. It is weaker than a report's denial.",
        ),
        Judgement("Infiltration", "Infiltrate (boxes)", "the same", "The box list spells it differently."),
        Judgement("age", "Patient Age", "above 120 is missing", "The first release holds ages above 400."),
    ),
    "chexpert": (
        *_REPORT_LABELS,
        Judgement(
            "masks of CheXlocalize",
            "Airspace Opacity, Enlarged Cardiomediastinum, Lung Lesion, Support Devices",
            "left out",
            "They are none of the 14, or do not say which. The ground truth alone counts as truth; the human benchmark "
            "is held against it.",
        ),
        Judgement("view", "AP/PA", "LL and RL on frontal films are missing", "They name no frontal projection."),
        Judgement("age", "Age", "0 is missing; 90 is 90 or more", "The publishers capped ages at 90."),
        Judgement("sex", "Sex", "Unknown is missing", "One film says so."),
    ),
    "mimic": (
        *_REPORT_LABELS,
        Judgement(
            "all labels", "a study", "each film of it has the study's labels", "Labels come from its one report."
        ),
        Judgement("view", "LL, XTABLE LATERAL", "LATERAL", "They are lateral projections too."),
        Judgement("age, sex", "none", "missing", "This release does not hold them."),
    ),
    "covid": (
        Judgement(
            "Pneumonia",
            "finding: Pneumonia or a cause of it, such as COVID-19 or Klebsiella",
            "1; derived where only the cause is named",
            "The label is the patient's illness, not what this film shows: some films of COVID-19 patients are clear.",
        ),
        Judgement("all 14", "finding: No Finding", "0", "The film was published as one without findings."),
        Judgement("all 14", "finding: ARDS, Tuberculosis", "missing", "Neither is one of the 14, nor implies one."),
        Judgement("all 14", "finding: todo, Unknown", "missing", "Nobody has labelled these yet."),
        Judgement("view", "AP Supine, AP Erect, AP semi erect", "AP", "The same projection; raw_view keeps the word."),
    ),
    "folders": (
        Judgement("all 14", "a folder named normal", "0", "The film was filed as one without findings."),
        Judgement("Pneumonia", "a folder named pneumonia", "1", "The folder says so; the others are missing."),
        Judgement(
            "Pneumonia",
            "a folder named covid",
            "1, derived",
            "The folder names the illness, not what the film shows. Folders that came from different hospitals can be "
            "told apart without any disease.",
        ),
        Judgement("a finding", "a folder with its name", "1", "The folder says so; the others are missing."),
        Judgement("all 14", "any other folder", "missing", "Its name stays in the column class."),
    ),
    "films": (),
    "vindr": (
        Judgement(
            "Atelectasis, Cardiomegaly, Consolidation, Edema, Effusion, Emphysema, Fibrosis, Infiltration, "
            "Pleural_Thickening, Pneumonia, Pneumothorax",
            "marks of each reader of a film",
            "1 where more than half marked it, 0 where nobody did; uncertain and missing between",
            "Three readers worked apart on each training film. What one in three sees is neither there nor absent; "
            "what each drew is kept with who drew it.",
        ),
        Judgement(
            "Mass, Nodule",
            "Nodule/Mass",
            "0 makes both 0; otherwise both are missing, and its boxes are left out",
            "It does not say which of the two.",
        ),
        Judgement("Pneumonia", "a diagnosis", "no boxes; missing without image_labels", "Nobody boxed diagnoses."),
        Judgement("all 14", "No finding, of every reader", "0", "All readers found nothing."),
        Judgement("Hernia", "none", "missing, but for films without findings", "It is none of VinDr-CXR's classes."),
        Judgement("view", "none", "PA", "The publishers chose PA films only."),
    ),
    "padchest-gr": (
        Judgement("all 14", "a label of an abnormal sentence", "1", "A radiologist's report says so."),
        Judgement("all 14", "no abnormal sentence", "0", "The report names nothing abnormal."),
        Judgement(
            "all 14",
            "a report that names other findings only",
            "missing, not mentioned",
            "Sentences that deny a finding carry no label of it.",
        ),
        Judgement(
            "Mass, Fibrosis, Emphysema",
            "mediastinal and pleural mass, fibrotic band, subcutaneous emphysema",
            "left out",
            "The findings are of the lung.",
        ),
    ),
    "rsna": (
        Judgement(
            "Pneumonia",
            "Target",
            "the same",
            "Readers boxed opacities that may be pneumonia on the film; nobody looked at the patient's illness.",
        ),
        Judgement("all others", "class Normal", "0", "Readers called the film normal."),
        Judgement("all others", "any other class", "missing", "Only opacities were asked for."),
    ),
}


def judgements_of(facts: DatasetFacts) -> tuple[Judgement, ...]:
    """Give the judgements that a dataset's labels rest on; none where its reader is not known."""
    return JUDGEMENTS.get(facts.policy.get("reader", facts.name), ())
