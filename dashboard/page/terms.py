"""The words that a newcomer does not know, each with its plain meaning: one list for all pages and the light box."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Term:
    """A word and what it means.

    Attributes
    ----------
    name : str
        What it is listed as.
    meaning : str
        In whole sentences, without formatting.
    forms : tuple of str
        How it is written in a text, upper case or lower.
    """

    name: str
    meaning: str
    forms: tuple[str, ...]


def _term(name: str, meaning: str, *forms: str) -> Term:
    return Term(name, meaning, forms or (name,))


TERMS: tuple[Term, ...] = (
    # A model's answer
    _term(
        "Logit",
        "A model's score for a finding before it becomes a probability: the logarithm of the odds. 0 is 50\u00a0%, +2 "
        "is 88\u00a0%, −2 is 12\u00a0%. Maps explain it because shares of it can be added up; those of a probability "
        "cannot.",
        "logit",
        "logits",
        "log-odds",
    ),
    _term(
        "Threshold",
        "The probability from which a finding counts as flagged. Nothing in a model says where it should be: it "
        "is a choice between missing films and raising false alarms.",
        "threshold",
        "thresholds",
    ),
    _term(
        "Flagged",
        "At or above the threshold of that finding. The threshold of a rare finding can be a few percent, so that "
        "a small probability is a flag all the same.",
        "flagged",
    ),
    _term(
        "Shortcut",
        "Something on the film that is no finding, such as a token or a marker, and that a model leans on because it "
        "went with a finding on the films that it learned from. On other films it misleads.",
        "shortcut",
        "shortcuts",
    ),
    _term(
        "Truth",
        "What the dataset says of a film. On simulated films it is exact; on real ones it is what people saw or "
        "wrote, errors included.",
        "truth",
    ),
    _term(
        "False positive",
        "A film that is flagged although the finding is absent; also called a false alarm. A miss, or false "
        "negative, is the opposite: present, but not flagged.",
        "false positive",
        "false positives",
        "miss",
        "misses",
        "false alarms",
    ),
    # Maps
    _term(
        "Evidence",
        "What a map colours: how much each place raises or lowers the logit, in its own method's way of asking. "
        "It is what moved the model, not what is wrong with the patient.",
        "evidence",
    ),
    _term(
        "Native",
        "Native evidence is drawn as the method has it: Grad-CAM's cells, SHAP's rectangles, LIME's regions. "
        "Smooth is drawn between them, and knows no more.",
        "native",
        "smooth",
    ),
    _term(
        "Cells",
        "The squares of the network's last feature map, a few dozen over the whole film. Grad-CAM has one number "
        "for each, and nothing finer.",
        "cells",
        "cell",
    ),
    _term(
        "Pieces",
        "Rectangles that SHAP hides as a whole. Each gets one share; where the answer moves most they are cut "
        "into smaller ones.",
        "pieces",
    ),
    _term(
        "Regions",
        "Patches of similar grey that LIME hides in many combinations, also called superpixels. Each gets one "
        "weight, and nothing finer is known.",
        "regions",
        "region",
        "superpixels",
    ),
    _term(
        "Baseline",
        "What stands in place of a hidden part, such as a blurred film. Another baseline asks another question, "
        "and gives another map.",
        "baseline",
        "baselines",
        "baseline picture",
    ),
    _term(
        "Shared out",
        "What SHAP divides among its pieces: the logit of the film less that of the baseline picture. Shares for "
        "and against may be large and cancel out.",
        "shared out",
    ),
    _term(
        "Residual",
        "What is missing when all of SHAP's shares are added up, in percent of what there was to share. Near 0\u00a0% "
        "the map accounts for the whole answer.",
        "residual",
    ),
    _term(
        "R²",
        "How closely LIME's sum of region weights follows the model near this film: 1 is exactly, 0 not at all. "
        "Where it is low, the map tells little of the model.",
        "R²",
        "R2",
    ),
    _term(
        "Evaluations",
        "How often the model was asked: each time about the film with other parts hidden. More of them take "
        "longer, and give a steadier map.",
        "evaluations",
        "evaluation",
    ),
    _term(
        "“Ends”",
        "One of the orders in which SHAP asks: half of the time parts are added to a hidden film, half of the "
        "time they are taken from the whole one.",
        "“ends”",
    ),
    _term(
        "Twin",
        "A simulated film rendered once more, noise and all, without one finding or object. How far the answer "
        "moves is what that one thing did.",
        "twin",
    ),
    _term(
        "Scale",
        "How colours are stretched. “This finding” uses the map's own maximum, so that weak evidence looks strong "
        "too; “all findings” uses the largest of all maps of the method on this film.",
        "scale",
    ),
    _term(
        "Control",
        "A map that knows nothing of the film or the model. A real map that looks no better proves nothing.",
        "controls",
    ),
    _term(
        "Usual place",
        "A picture of where a finding usually is: the mean of its true places on films of other patients, also called "
        "the prior. A map that finds a place no better may know no more than that.",
        "usual place",
    ),
    _term(
        "White box",
        "A method that reads the network's inside: its feature maps and gradients. It is quick, and needs a network "
        "that can be opened.",
        "white box",
    ),
    _term(
        "Black box",
        "A method that asks a model for nothing but answers to changed films. It works with any model, and takes many "
        "films.",
        "black box",
    ),
    _term(
        "Rank correlation",
        "Whether two numbers put films in the same order (Spearman's): 1 is the same order, 0 is none, −1 the reverse.",
        "rank correlation",
    ),
    _term(
        "IoU",
        "How far two areas are the same: what both have, as a share of what either has. 1 is the same area, 0 no "
        "overlap. The map's area is made as large as the finding is.",
        "IoU",
    ),
    _term(
        "Faithful",
        "Whether the model leans on what a map marks. Parts of the film are hidden, the strongest first, and shown, "
        "the strongest first: the farther the answers part, the more it does.",
        "faithful",
    ),
    # The film
    _term(
        "Centre and width",
        "How grey levels become brightness: the centre is shown as middle grey, the width is the span from black "
        "to white. They change what you see, never what the model sees.",
        "centre",
        "width",
        "centre and width",
    ),
    # Figures of a model
    _term(
        "AUROC",
        "The area under the ROC curve. Take one film with the finding and one without, at random: it is the share "
        "of such pairs in which the first scores higher. 0.5 is a coin, 1 is perfect. It says nothing of any one "
        "threshold, and nothing of whether the probabilities are true.",
        "AUROC",
        "AUC",
    ),
    _term(
        "ROC curve",
        "All thresholds at once: slide the threshold down from 1, and each film with the finding is a step up, "
        "each film without it a step to the right. It hides how rare the finding is.",
        "ROC curve",
        "ROC curves",
    ),
    _term(
        "Interval",
        "What a figure would vary by, had other films been drawn. A 95\u00a0% interval is made such that it holds the "
        "true value 95 times in 100.",
        "interval",
        "intervals",
        "95\u00a0% interval",
        "95\u00a0% intervals",
    ),
    _term(
        "Sensitivity",
        "Of the films with the finding, the share that is flagged; also recall, or true positive rate.",
        "sensitivity",
        "recall",
        "sens.",
    ),
    _term(
        "Specificity",
        "Of the films without the finding, the share that is left alone. What is missing to 100\u00a0% are the false "
        "alarms.",
        "specificity",
        "spec.",
    ),
    _term(
        "PPV",
        "Positive predictive value, or precision: of the flagged films, the share that has the finding. It falls "
        "as the finding gets rarer, though the model stays the same.",
        "PPV",
        "precision",
    ),
    _term(
        "NPV",
        "Negative predictive value: of the films left alone, the share that does not have the finding. For a rare "
        "finding it is high even if the model is useless.",
    ),
    _term(
        "Prevalence",
        "How common a finding is: the share of films that have it. The predicted prevalence is the share that is "
        "flagged.",
        "prevalence",
        "predicted prevalence",
    ),
    _term(
        "F1",
        "One number made of sensitivity and PPV, their harmonic mean. It does not count the films rightly left "
        "alone, and takes both errors for equally bad.",
    ),
    _term(
        "Youden",
        "A rule for thresholds: where sensitivity plus specificity is largest.",
    ),
    _term(
        "Precision-recall curve",
        "All thresholds at once: PPV against sensitivity. For a rare finding it shows what the ROC curve hides: "
        "how many of the flags are false.",
        "precision-recall curve",
        "PR curve",
    ),
    _term(
        "Average precision",
        "The mean height of the precision-recall curve. A coin's is the prevalence, so it cannot be compared "
        "between findings.",
        "average precision",
    ),
    _term(
        "Calibration",
        "Whether probabilities mean what they say: of films given 10\u00a0%, one in ten should have the finding. The "
        "calibration error (ECE) is the mean gap. A model can rank perfectly and still be off.",
        "calibration",
        "calibrated",
        "calibration error",
        "ECE",
    ),
    _term(
        "Brier score",
        "The mean squared difference between probability and truth: 0 is perfect.",
        "Brier score",
        "Brier",
    ),
    _term(
        "Slice",
        "Some of the films, by conditions that were saved on Films under a name. ROC and Errors measure a model on "
        "them and on all others.",
        "slice",
        "slices",
    ),
    _term(
        "Label in doubt",
        "One that the model disagrees with as strongly as it agrees, on average, with films that are labelled the "
        "other way. It need not be wrong: the model may be.",
        "label in doubt",
        "labels in doubt",
    ),
    _term(
        "Weighted loss",
        "A way to train in which errors on rare findings count several times. The model then gives them higher "
        "probabilities than they have.",
        "weighted loss",
    ),
    _term(
        "Sigmoid, softmax",
        "The last step of a model, from scores to probabilities. With a sigmoid each finding has its own from 0 "
        "to 1; with a softmax classes share 100\u00a0% between them.",
        "sigmoid",
        "softmax",
    ),
)
