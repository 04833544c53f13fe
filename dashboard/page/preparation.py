"""How a film is prepared for a model, in words."""

from __future__ import annotations

from xai.cards.input_spec import SHORT_NAMES

FITS = {
    "stretch": "stretched to that size",
    "crop": "scaled until it covers that size, its middle cut out",
    "crop-first": "cut to that proportion around its middle, then scaled",
    "pad": "padded with air to that proportion",
    "keras-crop": "cut to that proportion first, as Keras does",
    "keras-pad": "padded with air, as Keras does",
}
CONTRASTS = {
    "stretch": "stretched from its darkest to its brightest shades",
    "equalise": "made even (histogram equalisation)",
    "clahe": "made even tile by tile (CLAHE)",
}
LIBRARIES = {"pillow": "Pillow", "opencv": "OpenCV", "tensorflow": "TensorFlow", "scikit-image": "scikit-image"}
USED_BY = {
    "nearest": "Keras’ load_img, ImageDataGenerator",
    "bilinear": "image_dataset_from_directory, keras.layers.Resizing",
    "antialiased": "torchvision, and Pillow’s bilinear",
    "bicubic": "Pillow’s own choice",
    "opencv-linear": "cv2.resize’s own choice",
    "gaussian": "scikit-image’s own choice",
}


def resample_words(name: str) -> str:
    """Say how films are scaled to a model's size: by which library, and who does so unless told otherwise."""
    full = SHORT_NAMES.get(name, name)
    library = next(library for library in LIBRARIES if full.startswith(library))
    alike = [short for short, long in SHORT_NAMES.items() if long == full and short in USED_BY]
    used_by = USED_BY.get(full) or (USED_BY[alike[0]] if alike else "")
    return f"{LIBRARIES[library]} {full.removeprefix(library)[1:]}" + (f" ({used_by})" if used_by else "")
