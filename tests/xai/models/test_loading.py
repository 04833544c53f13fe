"""Model files: those that are models load, all others are refused in one sentence, and nothing in them runs."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from pathlib import Path

import h5py
import numpy as np
import pytest

from tests.xai import made_models as models
from xai.backend import keras
from xai.inflating import hdf5_bytes
from xai.models import loading
from xai.models.loading import ModelError, load_model

L = keras.layers


def small():
    return keras.Sequential([keras.Input((8, 8, 1)), L.Flatten(), L.Dense(2, name="head")])


def refused(path: Path) -> str:
    """The sentence that refuses a file; the test fails if it is accepted."""
    with pytest.raises(ModelError) as error:
        load_model(path)
    sentence = str(error.value)
    assert path.name in sentence and "\n" not in sentence and len(sentence) < 500
    return sentence


def edited(source: Path, target: Path, edit) -> Path:
    """Copy a .keras file with another configuration."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for member in old.infolist():
            data = old.read(member)
            if member.filename == "config.json":
                config = json.loads(data)
                data = json.dumps(edit(config) or config).encode()
            new.writestr(member.filename, data)
    return target


def h5_with(path: Path, config: object, source: keras.Model | None = None, version: str = "2.15.0") -> Path:
    """Write an .h5 model as Keras 2 wrote it: configuration and weights side by side."""
    if source is not None:
        source.save(path)
    with h5py.File(path, "a") as file:
        file.attrs["model_config"] = json.dumps(config) if isinstance(config, dict) else config
        file.attrs["keras_version"] = version
        file.require_group("model_weights")
    return path


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "saved.keras"
    small().save(path)
    return path


@pytest.fixture(params=["keras", "h5", "hdf5"])
def suffix(request):
    return request.param


def test_models_come_back_with_the_same_answers(tmp_path, suffix):
    model = models.build("nested in functional")
    path = tmp_path / f"model.{suffix}"
    model.save(path)
    x = np.random.default_rng(0).random((2, 24, 24, 1)).astype(np.float32)
    np.testing.assert_allclose(load_model(path)(x), model(x), atol=1e-6)


def lambda_model():
    return keras.Sequential([keras.Input((8, 8, 1)), L.Lambda(lambda x: x * 2), L.Flatten(), L.Dense(2)])


@pytest.mark.parametrize("ending", ["keras", "h5"])
def test_a_lambda_layer_is_refused(tmp_path, ending):
    path = tmp_path / f"model.{ending}"
    lambda_model().save(path)
    assert "Lambda layer, which holds code that Lightbox does not run" in refused(path)


def test_a_class_from_elsewhere_is_refused_and_not_imported(saved, tmp_path):
    def edit(config):
        config["config"]["layers"][1] |= {"module": "os", "class_name": "system", "registered_name": None}

    assert "uses os.system, which is not a layer of Keras" in refused(edited(saved, tmp_path / "os.keras", edit))


def test_a_module_of_ones_own_is_refused_and_not_imported(saved, tmp_path, monkeypatch):
    (tmp_path / "evil_layers.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w').close()\nclass Evil: pass\n")
    monkeypatch.syspath_prepend(tmp_path)

    def edit(config):
        config["config"]["layers"][1] |= {"module": "evil_layers", "class_name": "Evil", "registered_name": "Evil"}

    assert "evil_layers.Evil" in refused(edited(saved, tmp_path / "custom.keras", edit))
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "initializer",
    [
        {"module": "keras.utils", "class_name": "get_file", "config": {"origin": "http://127.0.0.1:9/x"}},
        {"module": "keras.config", "class_name": "enable_unsafe_deserialization", "config": {}},
        {"module": "builtins", "class_name": "__lambda__", "config": {"value": "4wEA"}},
        {"module": ["os"], "class_name": {"a": 1}, "config": {}, "registered_name": [1]},
    ],
)
def test_a_function_in_an_unlikely_place_is_refused(initializer, saved, tmp_path):
    def edit(config):
        config["config"]["layers"][-1]["config"]["kernel_initializer"] = initializer

    refused(edited(saved, tmp_path / "function.keras", edit))


def function(name: str, module: str = "builtins") -> dict:
    """A function as Keras writes it."""
    return {"module": module, "class_name": "function", "config": name, "registered_name": name}


def named(name: str, module: str) -> dict:
    """A function in the place of a class, where Keras looks it up too."""
    return {"module": module, "class_name": name, "config": {}, "registered_name": None}


@pytest.mark.parametrize(
    "activation",
    [
        named("load_model", "keras.models"),
        named("save_img", "keras.preprocessing.image"),
        named("shape", "keras.ops"),
        named("get", "keras.activations"),
        named("clear_session", "keras.backend"),
        function("deserialize"),
        function("get", "keras.activations"),
        function("load_model", "keras.models"),
        function("shape", "keras.ops"),
    ],
    ids=lambda one: f"{one['class_name']} {one['config'] or ''} of {one['module']}",
)
def test_an_activation_is_an_activation_and_no_other_function_of_keras(activation, saved, tmp_path):
    def edit(config):
        config["config"]["layers"][-1]["config"]["activation"] = activation

    assert "which is not a" in refused(edited(saved, tmp_path / "called.keras", edit))


@pytest.mark.parametrize(
    "activation",
    ["relu", function("silu"), function("relu", "keras.activations"), named("ReLU", "keras.layers"), None],
)
def test_every_way_of_writing_an_activation_loads(activation, saved, tmp_path):
    def edit(config):
        config["config"]["layers"][-1]["config"]["activation"] = activation

    assert load_model(edited(saved, tmp_path / "active.keras", edit)) is not None


def test_a_file_read_through_a_lookup_layer_is_refused(saved, tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("word\n")

    def edit(config):
        config["config"]["layers"].insert(
            1,
            {
                "module": "keras.layers",
                "class_name": "StringLookup",
                "config": {"name": "lookup", "vocabulary": str(secret)},
                "registered_name": None,
            },
        )

    refused(edited(saved, tmp_path / "lookup.keras", edit))


def test_a_loss_of_ones_own_is_no_reason_to_refuse(saved, tmp_path):
    """It is never built, and many published models were trained with one."""

    def edit(config):
        config["compile_config"] = {
            "loss": {"module": "my_losses", "class_name": "WeightedLoss", "config": {}, "registered_name": None}
        }

    assert load_model(edited(saved, tmp_path / "loss.keras", edit)).output_shape == (None, 2)


@pytest.mark.parametrize("ending", ["keras", "h5"])
@pytest.mark.parametrize("share", [0, 0.3, 0.9])
def test_a_truncated_file_is_damaged(tmp_path, ending, share):
    path = tmp_path / f"model.{ending}"
    small().save(path)
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    assert ("damaged" if share else "empty") in refused(path)


def test_a_damaged_middle_does_not_crash(tmp_path, saved):
    path = tmp_path / "model.keras"
    data = bytearray(saved.read_bytes())
    for start in range(100, len(data) - 60, len(data) // 40):
        broken = data.copy()
        broken[start : start + 40] = bytes(40)
        path.write_bytes(broken)
        try:
            load_model(path)
        except ModelError as error:
            assert "\n" not in str(error)


@pytest.mark.parametrize("name", ["text.keras", "text.h5"])
def test_text_is_no_model(tmp_path, name):
    path = tmp_path / name
    path.write_text("Dear reader,\n" * 100)
    assert "damaged or no Keras model" in refused(path)


def keras_archive(path, *weights: Path, packed: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", packed) as archive:
        archive.writestr("config.json", "{}")
        archive.writestr("metadata.json", '{"keras_version": "3.0"}')
        for number, one in enumerate(weights):
            archive.write(one, f"{number or 'model'}.weights.h5")
    return path


def test_weights_that_unpack_from_next_to_nothing_are_refused(tmp_path, monkeypatch):
    """In one piece, in many that are harmless one by one, in a packed archive of packed weights, in a large chunk."""
    monkeypatch.setattr("xai.inflating.HARMLESS_BYTES", 2**20)
    zeros = tmp_path / "zeros"
    zeros.write_bytes(bytes(2**21))
    made = {"one.h5": 1, "many.h5": 8}
    for name, parts in made.items():
        with h5py.File(tmp_path / name, "w") as file:
            file.attrs["model_config"] = "{}"
            for part in range(parts):  # nothing was ever written into them
                file.create_dataset(f"kernel{part}", (2**19 // parts,), "float32", chunks=True)
    with h5py.File(tmp_path / "chunk.h5", "w") as file:
        file.attrs["model_config"] = "{}"
        file.create_dataset("kernel", (1,), "float32", chunks=(2**19,), maxshape=(None,), compression="gzip")
    keras_archive(tmp_path / "zeros.keras", zeros, packed=zipfile.ZIP_DEFLATED)
    keras_archive(tmp_path / "plain.keras", tmp_path / "one.h5")
    keras_archive(tmp_path / "packed.keras", tmp_path / "one.h5", packed=zipfile.ZIP_DEFLATED)
    for name in (*made, "chunk.h5", "zeros.keras", "plain.keras", "packed.keras"):
        with pytest.raises(ModelError, match=f"^{name} would unpack to 2 MiB from next to nothing, which no weights"):
            load_model(tmp_path / name)


def test_entries_that_share_their_bytes_count_each(tmp_path, monkeypatch):
    """A thousand names of one packed entry: the file is small, and each of them is read."""
    monkeypatch.setattr("xai.inflating.HARMLESS_BYTES", 2**20)
    with zipfile.ZipFile(tmp_path / "shared.keras", "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("config.json", "{}")
        archive.writestr("metadata.json", '{"keras_version": "3.0"}')
        archive.writestr("0.weights.h5", np.random.default_rng(0).bytes(2**18))
        first = archive.getinfo("0.weights.h5")
        for number in range(1, 40):
            another = zipfile.ZipInfo(f"{number}.weights.h5")
            for field in ("header_offset", "CRC", "compress_size", "file_size"):
                setattr(another, field, getattr(first, field))
            archive.filelist.append(another)
            archive.NameToInfo[another.filename] = another
    with pytest.raises(ModelError, match="would unpack to 10 MiB from next to nothing"):
        load_model(tmp_path / "shared.keras")


def test_a_chunk_that_inflates_to_more_than_it_says_is_refused(tmp_path):
    """HDF5 inflates to the end of the stream, however small the chunk."""
    path = tmp_path / "chunk.h5"
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = "{}"
        honest = file.create_dataset("honest", data=np.arange(4096, dtype=np.float32), compression="gzip", shuffle=True)
        kernel = file.create_dataset("kernel", (1024,), "float32", chunks=(1024,), compression="gzip")
        kernel.id.write_direct_chunk((0,), zlib.compress(bytes(2**20)))
        assert hdf5_bytes(honest) == 4 * 4096
    assert refused(path) == "chunk.h5 holds /kernel in chunks that unpack to more than they say: get it anew."
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = "{}"
        twice = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        twice.set_chunk((1024,))
        twice.set_deflate(9)
        twice.set_deflate(9)
        h5py.h5d.create(file.id, b"kernel", h5py.h5t.IEEE_F32LE, h5py.h5s.create_simple((1024,)), twice)
    assert refused(path) == "chunk.h5 holds /kernel packed twice over, which no weights need to be."


def test_a_maze_of_groups_is_refused(tmp_path):
    with h5py.File(tmp_path / "maze.h5", "w") as file:
        file.attrs["model_config"] = "{}"
        here = file
        for _ in range(60):  # two ways on from each group: more than can be walked one by one
            there = here.create_group("left")
            here["right"] = there
            here = there
    with pytest.raises(ModelError, match="one group of weights in two places"):
        load_model(tmp_path / "maze.h5")


def test_a_zip_without_a_configuration_is_no_model(tmp_path):
    path = tmp_path / "holiday.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("photo.txt", "sea")
    assert "no readable config.json" in refused(path)


@pytest.mark.parametrize("name", ["../../up.txt", "/up.txt", "a/../../up.txt"])
def test_an_archive_that_reaches_outside_itself_is_refused(saved, tmp_path, name):
    path = tmp_path / "slip.keras"
    path.write_bytes(saved.read_bytes())
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(name, "x")
    assert f"wants to unpack {name}, which lies outside" in refused(path)


def test_a_wrong_ending_says_which_is_right(tmp_path, saved):
    saved.rename(tmp_path / "a.h5")
    assert "is a .keras archive, not an HDF5 file: rename it to a.keras" in refused(tmp_path / "a.h5")
    small().save(tmp_path / "b.h5")
    (tmp_path / "b.h5").rename(tmp_path / "b.keras")
    assert "is an HDF5 file, not a .keras archive: rename it to b.h5" in refused(tmp_path / "b.keras")


def test_what_is_checked_is_what_is_loaded(tmp_path, saved):
    """An HDF5 file may have a ZIP archive behind it: the harmless one must not stand for the other."""
    path = tmp_path / "both.h5"
    lambda_model().save(path)
    path.write_bytes(path.read_bytes() + saved.read_bytes())
    assert zipfile.is_zipfile(path)
    assert "Lambda" in refused(path)


def test_weights_alone_are_no_model(tmp_path):
    path = tmp_path / "only.weights.h5"
    small().save_weights(path)
    assert "holds weights without an architecture" in refused(path)


@pytest.mark.parametrize("kind", ["external link", "external data", "virtual data"])
def test_a_file_that_points_at_another_is_refused(tmp_path, kind):
    path, other = tmp_path / "model.h5", tmp_path / "other.h5"
    small().save(path)
    with h5py.File(other, "w") as file:
        file["x"] = np.zeros(4)
    with h5py.File(path, "a") as file:
        if kind == "external link":
            file["model_weights"]["away"] = h5py.ExternalLink(str(other), "/x")
        elif kind == "external data":
            file.create_dataset("away", (4,), "u1", external=[("/etc/hostname", 0, 4)])
        else:
            layout = h5py.VirtualLayout((4,), "f8")
            layout[:] = h5py.VirtualSource(str(other), "x", (4,))
            file.create_virtual_dataset("away", layout)
    assert "points at another file" in refused(path)


def test_weights_of_an_archive_that_point_at_another_file_are_refused(tmp_path, saved):
    buffer = io.BytesIO(zipfile.ZipFile(saved).read("model.weights.h5"))
    with h5py.File(buffer, "a") as file:
        group = file["layers/dense/vars"]
        del group["0"]
        group.create_dataset("0", (64, 2), "f4", external=[("/etc/passwd", 0, 512)])
    path = tmp_path / "archive.keras"
    with zipfile.ZipFile(saved) as old, zipfile.ZipFile(path, "w") as new:
        for name in ("config.json", "metadata.json"):
            new.writestr(name, old.read(name))
        new.writestr("model.weights.h5", buffer.getvalue())
    refused(path)


def test_a_circle_of_groups_is_refused(tmp_path):
    path = tmp_path / "model.h5"
    small().save(path)
    with h5py.File(path, "a") as file:
        file["model_weights"]["round"] = file["model_weights"]
    refused(path)


def test_a_huge_configuration_is_not_read(saved, tmp_path, monkeypatch):
    monkeypatch.setattr(loading, "MAX_CONFIG_BYTES", 1000)
    assert "longer configuration than a model can have" in refused(
        edited(saved, tmp_path / "huge.keras", lambda config: None)
    )


@pytest.mark.parametrize("config", ["[" * 100_000, "5", "[]", "null", '{"class_name": 5}', "{}"])
def test_a_senseless_configuration_is_refused(tmp_path, config):
    refused(h5_with(tmp_path / "model.h5", config))


def test_a_configuration_that_is_no_text_is_refused(tmp_path):
    refused(h5_with(tmp_path / "model.h5", 7))


def test_a_model_that_was_never_built_has_no_weights_to_load(tmp_path):
    path = tmp_path / "never.keras"
    with pytest.warns(UserWarning, match="not yet been built"):
        keras.Sequential([keras.layers.Conv2D(2, 3), keras.layers.Flatten(), keras.layers.Dense(1)]).save(path)
    assert "holds no weights: call the model on a film" in refused(path)


def test_a_layer_that_somebody_registered_is_named(saved, tmp_path):
    def rename(config):
        config["config"]["layers"][1].update(module=None, class_name="Own", registered_name="own>Own")

    sentence = refused(edited(saved, tmp_path / "own.keras", rename))
    assert "uses own>Own, which is not a layer of Keras" in sentence and "model.export" in sentence


def test_a_function_that_somebody_registered_is_named(saved, tmp_path):
    def rename(config):
        config["config"]["layers"][-1]["config"]["activation"] = {
            "module": "builtins",
            "class_name": "function",
            "config": "mine>swishy",
            "registered_name": "function",
        }

    sentence = refused(edited(saved, tmp_path / "own.keras", rename))
    assert "uses mine>swishy, which is not a function of Keras" in sentence and "model.export" in sentence


def changed(layer: str, **values):
    """Change what a configuration says of one layer."""

    def edit(config):
        for one in config["config"]["layers"]:
            if one["class_name"] == layer:
                one["config"].update(values)
                one.pop("build_config", None)

    return edit


@pytest.mark.parametrize("units", [10**5, 10**7, 10**12])
def test_a_layer_that_asks_for_more_weights_than_the_file_holds_is_refused_before_it_is_made(units, tmp_path):
    path = tmp_path / "deep.keras"
    keras.Sequential([keras.Input((32, 32, 1)), L.Flatten(), L.Dense(4), L.Dense(2)]).save(path)
    before = highest_memory()
    asked = refused(edited(path, tmp_path / "huge.keras", changed("Dense", units=units)))
    assert "of weights and holds 0.0 MiB: its configuration is damaged" in asked
    assert highest_memory() - before < 256 * 2**20


def test_a_layer_whose_output_fills_memory_is_refused(tmp_path):
    path = tmp_path / "wide.keras"
    keras.Sequential([keras.Input((8, 8, 1)), L.UpSampling2D(2), L.GlobalAveragePooling2D(), L.Dense(2)]).save(path)
    told = refused(edited(path, tmp_path / "huge.keras", changed("UpSampling2D", size=[20_000, 20_000])))
    assert told == "A layer of huge.keras would fill 95.4 GiB for a single film; at most 1.0 GiB are made."
    inside = keras.Sequential([keras.Input((8, 8, 1)), keras.models.load_model(path)])
    inside.save(tmp_path / "inside.keras")

    def edit(config):
        return changed("UpSampling2D", size=[20_000, 20_000])(config["config"]["layers"][1])

    assert "would fill 95.4 GiB" in refused(edited(tmp_path / "inside.keras", tmp_path / "deep.keras", edit))


def test_a_huge_layer_of_an_older_file_is_refused(tmp_path):
    path = tmp_path / "huge.h5"
    small().save(path)
    with h5py.File(path, "a") as file:
        config = json.loads(file.attrs["model_config"])
        changed("Dense", units=10**12)(config)
        file.attrs["model_config"] = json.dumps(config)
    assert "of weights and holds 0.0 MiB" in refused(path)


def highest_memory() -> int:
    """Bytes that this process has held at most."""
    resource = pytest.importorskip("resource", reason="Windows does not say")
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
