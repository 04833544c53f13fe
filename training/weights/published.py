"""What is known of published weights: their outputs, thresholds and their authors' preprocessing."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypedDict

from training.weights.registry import registry
from training.weights.tensors import WeightsError
from xai.cards.model_card import InputSpec
from xai.findings import FINDINGS


class _Shades(TypedDict):
    """Mean and standard deviation of each channel."""

    mean: tuple[float, ...]
    std: tuple[float, ...]


IMAGENET: _Shades = {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)}
SIDE = 224
UNTRAINED = ""  # the name of an output that nothing was trained on


@dataclass(frozen=True)
class Published:
    """What the numbers of a checkpoint mean.

    Attributes
    ----------
    layout : str
        Whose names its tensors have.
    outputs : tuple of str
        In the checkpoint's order; `UNTRAINED` for an output to leave out.
    input : InputSpec
        The authors' preprocessing.
    preprocessing : str
        The same in words.
    operating_points : tuple of float or None
        Probability that the authors call a positive from, an output; NaN where they have none.
    caution : str
        What a reader must know beside.
    link : {"sigmoid", "softmax"}
        How its logits become probabilities.
    met_films : bool
        False where it was taught no chest film, so that it has met no patient.
    """

    layout: str
    outputs: tuple[str, ...]
    input: InputSpec
    preprocessing: str
    operating_points: tuple[float, ...] | None = None
    caution: str = ""
    link: str = "sigmoid"
    met_films: bool = True

    def at(self, size: int) -> Published:
        """Give the same for films of another size."""
        spec = self.input
        side = spec.shape[0]  # published networks take squares
        short = spec.short_side and round(spec.short_side * size / side)
        now = {str(spec.short_side): str(short), str(side): str(size)}
        return replace(
            self,
            input=replace(spec, size=size, short_side=short),
            preprocessing=re.sub(r"\d+", lambda number: now.get(number[0], number[0]), self.preprocessing),
        )


XRV_OUTPUTS = (
    *("Atelectasis", "Consolidation", "Infiltration", "Pneumothorax", "Edema", "Emphysema", "Fibrosis", "Effusion"),
    *("Pneumonia", "Pleural_Thickening", "Cardiomegaly", "Nodule", "Mass", "Hernia"),
    *("Lung Lesion", "Fracture", "Lung Opacity", "Enlarged Cardiomediastinum"),
)
NOT = math.nan
# `op_threshs` of torchxrayvision 1.5.7, models.py; an output without one was not trained.
XRV_OPERATING_POINTS = {
    "xrv-all": (
        *(0.07422872, 0.038290843, 0.09814756, 0.0098118475, 0.023601074, 0.0022490358, 0.010060724, 0.103246614),
        *(0.056810737, 0.026791653, 0.050318155, 0.023985857, 0.01939503, 0.042889766, 0.053369623, 0.035975814),
        *(0.20204692, 0.05015312),
    ),
    "xrv-nih": (
        *(0.039117552, 0.0034529066, 0.11396341, 0.0057298196, 0.00045666535, 0.0018880932, 0.012037827, 0.038744126),
        *(0.0037213727, 0.014730946, 0.016149804, 0.054241467, 0.037198864, 0.0004403434, NOT, NOT, NOT, NOT),
    ),
    "xrv-pc": (
        *(0.031012505, 0.013347598, 0.081435576, 0.001262615, 0.002587246, 0.0035944257, 0.0023071, 0.055412333),
        *(0.044385884, 0.042766232, 0.043258056, 0.037629247, 0.005658899, 0.0091741895, NOT, 0.026507627, NOT, NOT),
    ),
    "xrv-chex": (
        *(0.1988969, 0.05710573, NOT, 0.0531293, 0.1435217, NOT, NOT, 0.27212676, 0.07749717, NOT, 0.19712369),
        *(NOT, NOT, NOT, 0.09932402, 0.09273402, 0.3270967, 0.10888247),
    ),
    "xrv-rsna": (*(NOT,) * 8, 0.13486601, *(NOT,) * 7, 0.13511065, NOT),
    "xrv-mimic_nb": (
        *(0.08558747, 0.011884617, NOT, 0.0040595434, 0.010733786, NOT, NOT, 0.118761964, 0.022924708, NOT),
        *(0.06358637, NOT, NOT, NOT, 0.022143636, 0.017476924, 0.1258702, 0.014020768),
    ),
    "xrv-mimic_ch": (
        *(0.09121389, 0.010573786, NOT, 0.005023008, 0.003698257, NOT, NOT, 0.08001232, 0.037242252, NOT),
        *(0.05006329, NOT, NOT, NOT, 0.019866971, 0.03823637, 0.11303808, 0.0069147074),
    ),
    "xrv-resnet50": (
        *(0.51570356, 0.50444704, 0.53787947, 0.50723547, 0.5025118, 0.5035252, 0.5038076, 0.51862943, 0.5078151),
        *(0.50724894, 0.5056339, 0.510706, 0.5053923, 0.5020846, NOT, 0.5080557, 0.5138526, NOT),
    ),
}

# What holds for any checkpoint of a layout, where nothing says whose it is.
LAYOUTS = {
    "torchvision": Published(
        "torchvision",
        FINDINGS,
        InputSpec(SIDE, 3, "crop", **IMAGENET),
        "torchvision's Resize(224) of the short side (Pillow, antialiased bilinear), CenterCrop(224), three equal "
        "channels, ImageNet's mean and standard deviation.",
    ),
    "torchxrayvision": Published(
        "torchxrayvision",
        XRV_OUTPUTS,
        InputSpec(SIDE, 1, "crop-first", multiply=2048.0, mean=(1024.0,), resample="gaussian"),
        "torchxrayvision's normalize, (2 x - 1) * 1024, then XRayCenterCrop and XRayResizer(224) with scikit-image, "
        "one channel.",
    ),
    "chexnet-keras": Published(
        "chexnet-keras",
        FINDINGS,
        InputSpec(SIDE, 3, "stretch", **IMAGENET, resample="linear"),
        "CheXNet-Keras's generator: shades of 0 to 1, scikit-image 0.13's resize straight to 224 x 224 (bilinear, not "
        "antialiased, aspect ratio not kept), three equal channels, ImageNet's mean and standard deviation.",
    ),
}
# One grey channel has no usual statistics: MONAI scales to [0, 1], others to a mean of 0.
GREY = replace(
    LAYOUTS["torchvision"],
    input=InputSpec(SIDE, 1, "crop"),
    preprocessing="Not known: nothing says how films of one channel were scaled. Shades of 0 to 1 go in, after "
    "torchvision's Resize(224) of the short side (Pillow, antialiased bilinear) and CenterCrop(224).",
    caution="How its authors scaled a film of one channel is not known: complete input.multiply, mean and std in the "
    "card.",
)
_TEN_CROPS = replace(
    LAYOUTS["torchvision"],
    input=replace(LAYOUTS["torchvision"].input, short_side=256),
    preprocessing="torchvision's Resize(256) of the short side (Pillow, antialiased bilinear), CenterCrop(224), three "
    "equal channels, ImageNet's mean and standard deviation.",
    caution="Its authors averaged the probabilities of ten crops and mirror images; here only the centre crop counts.",
)
_WHO = replace(LAYOUTS["torchxrayvision"], outputs=(), link="softmax")
_SQUARE = "torchxrayvision's XRayCenterCrop, then antialiased bilinear to {0} x {0}, three equal channels, "
# Who is on the film and how it was taken; classes and steps as in torchxrayvision 1.5.7, baseline_models.
_SEX = replace(
    _WHO,
    outputs=("Male", "Female"),
    input=InputSpec(224, 3, "crop-first", multiply=255.0),
    preprocessing=_SQUARE.format(224) + "shades of 0 to 255.",
)
_RACE = replace(
    _WHO,
    outputs=("Asian", "Black", "White"),
    input=InputSpec(320, 3, "crop-first", **IMAGENET),
    preprocessing=_SQUARE.format(320) + "ImageNet's mean and standard deviation.",
    caution="It answers with the race that patients reported of themselves, which experts cannot tell from a film: it "
    "was made to show that a model can.",
)
_VIEW = replace(
    _WHO,
    outputs=("Frontal", "Lateral", *(UNTRAINED,) * 998),
    input=InputSpec(224, 3, "crop-first", **IMAGENET),
    preprocessing=_SQUARE.format(224) + "ImageNet's mean and standard deviation.",
    caution="Its last layer has 1000 outputs, of which it was taught two; probabilities are shared between these two.",
)
_LITE = Published(
    "torchvision",
    (),
    InputSpec(SIDE, 3, "crop", mean=(127 / 255,) * 3, std=(128 / 255,) * 3),
    "Resize(224) of the short side (Pillow, antialiased bilinear), CenterCrop(224), three equal channels, shades of 0 "
    "to 255 less 127 and over 128.",
    caution="It was taught photographs of ImageNet, no film: a network to start from, whose answers mean nothing here.",
    link="softmax",
    met_films=False,
)
PUBLISHED = {
    "chexnet-jrzech": LAYOUTS["torchvision"],
    "chexnet-jrzech-2018": LAYOUTS["torchvision"],
    "chexnet-arnoweng": _TEN_CROPS,
    "chexnet-zoogzog": _TEN_CROPS,
    "chexnet-keras": LAYOUTS["chexnet-keras"],
    **{
        name: replace(LAYOUTS["torchxrayvision"], operating_points=points)
        for name, points in XRV_OPERATING_POINTS.items()
    },
    "xrv-resnet50": replace(LAYOUTS["torchxrayvision"].at(512), operating_points=XRV_OPERATING_POINTS["xrv-resnet50"]),
    "xrv-sex": _SEX,
    "xrv-race": _RACE,
    "xrv-view": _VIEW,
    "efficientnet-lite0-imagenet": _LITE,
}


def recognise(path: Path, layout: str, source: str | None) -> tuple[str | None, Published]:
    """Tell whose checkpoint a file is, by what a person says or by its name.

    Parameters
    ----------
    path : Path
        The file.
    layout : str
        One of `LAYOUTS`.
    source : str or None
        A name of `PUBLISHED`; None looks at the file's name.

    Returns
    -------
    str or None, Published
        The source, None where it cannot be told, and what is then known.

    Raises
    ------
    WeightsError
        If there is no such source, or it has another layout.
    """
    if layout not in LAYOUTS:
        raise WeightsError(f"There is no layout “{layout}”; there are {', '.join(LAYOUTS)}.")
    if source is None:
        named = {file.name: name for name in PUBLISHED for file in registry()[name].files}
        source = named.get(Path(path).name)
        source = source if source and PUBLISHED[source].layout == layout else None
    if source is None:
        return None, LAYOUTS[layout]
    if source not in PUBLISHED:
        raise WeightsError(f"There is no source “{source}”; there are {', '.join(PUBLISHED)}.")
    if PUBLISHED[source].layout != layout:
        raise WeightsError(f"{source} has the layout {PUBLISHED[source].layout}, not {layout}.")
    return source, PUBLISHED[source]
