"""What a file really is, told from its bytes, and what to do about one that is no model."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from enum import Enum
from pathlib import Path, PurePosixPath

from xai.files import stand_in

GRAPH = "saved_model.pb"  # in the folder of a SavedModel
HEAD = 4096  # bytes that tell
TAIL = 64
ONNX_WAY = "export it as ONNX where it was made (`torch.onnx.export(model, example, 'name.onnx')`)"
WEIGHTS_WAY = (
    "`python -m training import-weights` makes a model of weights of networks that it knows; any other runs for SHAP "
    f"and LIME if you {ONNX_WAY}"
)
KERAS_WAY = "save the whole model with model.save('name.keras')"


class Kind(Enum):
    """Kinds of files that hold a model which can be loaded."""

    KERAS = ".keras"
    HDF5 = ".h5"
    ONNX = ".onnx"
    SAVED_MODEL = "folder"
    SAVED_MODEL_ZIP = ".zip"


def is_saved_model(path: Path) -> bool:
    """Whether a path is the folder of a SavedModel."""
    return (path / GRAPH).is_file()


def kind_of(path: Path) -> Kind | str:
    """Tell what a file or folder is.

    Returns
    -------
    Kind or str
        Of what is no model that can be loaded, the rest of a sentence that starts with its name: what it is, and the
        way out.
    """
    if path.is_dir():
        return Kind.SAVED_MODEL if is_saved_model(path) else f"is a folder without a {GRAPH}, so no SavedModel"
    with path.open("rb") as stream:
        head = stream.read(HEAD)
        size = stream.seek(0, 2)
        stream.seek(max(0, size - TAIL))
        tail = stream.read()
    if not head.strip(b"\0"):
        return "is empty: its copy or download was cut short"
    return next((found for rule in RULES if (found := rule(path, head, tail))), UNKNOWN)


UNKNOWN = "is damaged or no Keras model: it is neither a .keras nor an HDF5 file, nor anything else that is known here"


def _text(path: Path, head: bytes, tail: bytes) -> str | None:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    found = stand_in(head)
    if "LFS" in found:
        return (
            "is a Git LFS pointer, which stands for the model and does not hold it: run `git lfs pull` in the folder "
            "that was cloned, or download the file itself from the page of the repository"
        )
    if found or start.startswith((b"<head", b"<body")) or b"<html" in start[:1024]:
        return (
            "is a web page, not a model: the page of the file, or one that asks to sign in, was saved in its place; "
            "open its address in a browser and use the download button"
        )
    if start.startswith((b"{", b"[")):
        if b'"weight_map"' in head:
            return f"is a list of the files that hold a model's weights, and holds none itself: {WEIGHTS_WAY}"
        if b'"class_name"' in head or b'"modeltopology"' in start:
            return f"is an architecture without weights (JSON): {KERAS_WAY}"
        return "is a JSON file, not a model: a model card lies beside the model, which is a file of its own"
    if start.startswith(b"<?xml"):
        kind = "an OpenVINO model" if b"<net" in head else "an XML file"
        return f"is {kind}, which is not read here: {KERAS_WAY}"
    return None


def _archive(path: Path, head: bytes, tail: bytes) -> Kind | str | None:
    if not head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return None
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except Exception:  # zipfile raises almost anything on damaged bytes
        return (
            "is damaged: its download or copy was cut short, so fetch it again; it begins as a .keras or .zip archive"
        )
    files = {PurePosixPath(name).name for name in names}
    if GRAPH in files:
        return Kind.SAVED_MODEL_ZIP
    if "config.json" in names:
        return Kind.KERAS
    if "constants.pkl" in files or any("/code/" in name for name in names):
        return f"is a TorchScript program of PyTorch, which Lightbox does not run: {ONNX_WAY}"
    if "data.pkl" in files:
        return f"is a PyTorch checkpoint: {WEIGHTS_WAY}"
    if any(name.endswith(".npy") for name in names):
        return f"holds NumPy arrays, weights without an architecture: {WEIGHTS_WAY}"
    if any(re.search(r"\.(keras|h5|onnx)$", name) for name in names):
        return "is an archive with a model in it: unpack it and take the model"
    return "is damaged or no Keras model: it is an archive that has no readable config.json"


def _hdf5(path: Path, head: bytes, tail: bytes) -> Kind | None:
    import h5py

    return Kind.HDF5 if h5py.is_hdf5(path) else None


def _pickle(path: Path, head: bytes, tail: bytes) -> str | None:
    if head.startswith(b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19"):
        return f"is a PyTorch checkpoint of before version 1.6: {WEIGHTS_WAY}"
    if re.match(rb"\x80[\x02-\x05]", head):
        kind = "scikit-learn" if b"sklearn" in head else "PyTorch" if b"torch" in head else "Python"
        return (
            f"is a pickled object of {kind}, and to read one is to run what it holds, which Lightbox does not: save "
            "the model as Keras or ONNX where it was made"
        )
    return None


def _other_frameworks(path: Path, head: bytes, tail: bytes) -> Kind | str | None:
    if head[4:8] == b"TFL3":
        return (
            "is a TensorFlow Lite model, which Lightbox does not run: take the Keras model or the SavedModel that it "
            "was converted from"
        )
    if 0 < int.from_bytes(head[:8], "little") < 2**28 and head[8:9] == b"{":
        return f"holds weights without an architecture (safetensors): {WEIGHTS_WAY}"
    if head.startswith(b"\x08\x01\x12") and (path.name == GRAPH or b"serve" in head):
        return f"is the graph of a SavedModel without its weights: take the whole folder that {path.name} lies in"
    if re.match(rb"\x08[\x01-\x1f][\x12\x1a\x22\x28\x32\x3a\x42]", head):
        return Kind.ONNX
    if re.match(rb"\x0a.{1,3}\x0a", head, re.DOTALL) and b"\x12" in head[:80]:
        return (
            "is a TensorFlow graph (.pb), whose input and output it does not name: save the model as a SavedModel, "
            "with model.export('folder')"
        )
    if tail.endswith(b"\x57\xfb\x80\x8b\x24\x75\x47\xdb") or re.search(r"\.data-\d+-of-\d+$|\.ckpt\.meta$", path.name):
        return f"is part of a TensorFlow checkpoint, weights without an architecture: {KERAS_WAY}"
    return None


def _anything_else(path: Path, head: bytes, tail: bytes) -> str | None:
    pictures = {b"\x89PNG": "PNG", b"\xff\xd8\xff": "JPEG", b"II*\0": "TIFF", b"MM\0*": "TIFF", b"GIF8": "GIF"}
    picture = next((name for start, name in pictures.items() if head.startswith(start)), None)
    picture = "DICOM" if head[128:132] == b"DICM" else picture
    if picture:
        return f"is a film or another picture ({picture}), not a model: hang it on the page Compare"
    if head.startswith(b"%PDF"):
        return "is a PDF file, not a model"
    packed = {b"\x1f\x8b": "gzip", b"7z\xbc\xaf": "7z", b"Rar!": "RAR", b"BZh": "bzip2", b"\xfd7zXZ": "xz"}
    archive = next((name for start, name in packed.items() if head.startswith(start)), None)
    archive = "tar" if head[257:262] == b"ustar" else archive
    if archive:
        return f"is an archive ({archive}): unpack it and take the model in it"
    if head.startswith(b"\x89HDF"):
        return "is damaged: its download or copy was cut short, so fetch it again; it begins as an HDF5 file"
    if head.isascii() and not re.search(rb"[\x00-\x08]", head):
        return "is damaged or no Keras model: it is a text file"
    return None


RULES: tuple[Callable[[Path, bytes, bytes], Kind | str | None], ...] = (
    _text,
    _archive,
    _hdf5,
    _pickle,
    _other_frameworks,
    _anything_else,
)
