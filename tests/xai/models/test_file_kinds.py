"""What a file really is, whatever its name says."""

from __future__ import annotations

import io
import json
import pickle
import zipfile

import h5py
import numpy as np
import pytest

from xai.models.file_kinds import Kind, kind_of
from xai.models.loading import ModelError, load_model

LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:0123\nsize 2900000\n"
PAGE = b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head></html>"
SAFETENSORS = (
    (64).to_bytes(8, "little") + b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'.ljust(64) + bytes(4)
)
OLD_TORCH = pickle.dumps(0x1950A86A20F9469CFC6C, protocol=2)
GRAPH_DEF = b"\x0a\x15\x0a\x05input\x12\x0bPlaceholder"


def zipped(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (LFS, ["Git LFS pointer", "git lfs pull"]),
        (PAGE, ["a web page", "download button"]),
        (b"\n\n  <html><body>403</body></html>", ["a web page"]),
        (b"", ["empty", "cut short"]),
        (bytes(2000), ["empty", "cut short"]),
        (json.dumps({"class_name": "Sequential", "config": []}).encode(), ["architecture without weights"]),
        (json.dumps({"name": "card"}).encode(), ["a JSON file"]),
        (
            json.dumps({"weight_map": {"a": "1.safetensors"}}).encode(),
            ["a list of the files that hold a model's weights"],
        ),
        (b'<?xml version="1.0"?><net name="x"/>', ["an OpenVINO model"]),
        (b"\x1c\0\0\0TFL3" + bytes(100), ["a TensorFlow Lite model", "SavedModel"]),
        (zipped("archive/data.pkl", "archive/data/0"), ["a PyTorch checkpoint", "import-weights", "torch.onnx.export"]),
        (zipped("m/data.pkl", "m/constants.pkl", "m/code/__torch__.py"), ["TorchScript", "torch.onnx.export"]),
        (OLD_TORCH, ["a PyTorch checkpoint of before version 1.6"]),
        (SAFETENSORS, ["weights without an architecture (safetensors)"]),
        (zipped("a.npy"), ["NumPy arrays"]),
        (pickle.dumps({"sklearn.svm": 1}), ["pickled object of scikit-learn", "run what it holds"]),
        (zipped("folder/mine.keras"), ["an archive with a model in it: unpack it"]),
        (zipped("photo.txt"), ["no readable config.json"]),
        (zipped("config.json")[:40], ["cut short", ".keras or .zip archive"]),
        (GRAPH_DEF, ["a TensorFlow graph (.pb)", "model.export"]),
        (b"\x08\x01\x12\x80\x01\x0a\x10serve" + bytes(9), ["graph of a SavedModel without its weights"]),
        (bytes([1]) * 500 + b"\x57\xfb\x80\x8b\x24\x75\x47\xdb", ["part of a TensorFlow checkpoint"]),
        (b"\x89PNG\r\n\x1a\n", ["a film or another picture (PNG)"]),
        (b"\x1f\x8b\x08" + bytes(30), ["an archive (gzip)"]),
        (b"\x89HDF\r\n", ["cut short", "HDF5"]),
        (b"Dear reader,\n", ["damaged or no Keras model", "text file"]),
        (bytes(range(256)) * 3, ["damaged or no Keras model"]),
    ],
)
@pytest.mark.parametrize("ending", ["h5", "keras"])
def test_a_file_that_is_no_model_is_named_by_its_bytes(content, words, ending, tmp_path):
    path = tmp_path / f"model.{ending}"
    path.write_bytes(content)
    with pytest.raises(ModelError) as error:
        load_model(path)
    sentence = str(error.value)
    assert sentence.startswith(f"{path.name} is ") or sentence.startswith(f"{path.name} holds "), sentence
    assert all(word in sentence for word in words), sentence
    assert "\n" not in sentence and len(sentence) < 400


def test_weights_of_an_hdf5_file_say_where_they_can_become_a_model(tmp_path):
    path = tmp_path / "w.h5"
    with h5py.File(path, "w") as file:
        file["kernel"] = np.zeros(3)
    assert kind_of(path) is Kind.HDF5
    with pytest.raises(ModelError, match=r"weights without an architecture.*import-weights"):
        load_model(path)


@pytest.mark.parametrize(
    ("content", "name", "right"),
    [(b"\x08\x08:\xb9\x01\n\x19\n\x01x", "net.bin", "net.onnx"), (zipped("saved_model.pb"), "net.keras", "net.zip")],
)
def test_a_model_with_a_wrong_ending_says_which_is_right(content, name, right, tmp_path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ModelError, match=f"rename it to {right}"):
        load_model(tmp_path / name)


def test_a_folder_that_is_no_model_is_said_to_be_none(tmp_path):
    with pytest.raises(ModelError, match=r"is a folder without a saved_model\.pb"):
        load_model(tmp_path)
