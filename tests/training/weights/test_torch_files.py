"""Torch's files read without torch: the same tensors as torch reads, and nothing in them is run."""

from __future__ import annotations

import io
import os
import pickle
import zipfile
from collections import OrderedDict
from datetime import datetime
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from training.weights.checkpoint import read_checkpoint
from training.weights.tensors import WeightsError

FORMATS = {"zip": True, "legacy": False}


def write_zip(path, content: bytes, storages: dict[str, bytes] | None = None):
    """Write a torch file by hand, around a pickle of one's own."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", content)
        for key, data in (storages or {}).items():
            archive.writestr(f"archive/data/{key}", data)
    return path


def tensor_pickle(shape: tuple[int, ...], strides: tuple[int, ...], offset: int = 0, length: int = 6) -> bytes:
    """Give the pickle of {"w": a float tensor that looks into storage "0"}, put together by hand."""

    def number(value: int) -> bytes:
        return b"\x8a\x08" + value.to_bytes(8, "little", signed=True)

    def numbers(values: tuple[int, ...]) -> bytes:
        return b"(" + b"".join(map(number, values)) + b"t"

    def text(value: str) -> bytes:
        return b"X" + len(value).to_bytes(4, "little") + value.encode()

    storage = b"(" + text("storage") + b"ctorch\nFloatStorage\n" + text("0") + text("cpu") + number(length) + b"tQ"
    call = b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + number(offset) + numbers(shape) + numbers(strides)
    hooks = b"\x89ccollections\nOrderedDict\n)R"
    return b"\x80\x02}" + text("w") + call + hooks + b"tRs."


SIX = np.arange(6, dtype=np.float32)


def test_a_tensor_is_a_view_of_its_storage(tmp_path):
    transposed = write_zip(tmp_path / "a.pth", tensor_pickle((3, 2), (1, 3)), {"0": SIX.tobytes()})
    np.testing.assert_array_equal(read_checkpoint(transposed).tensors["w"], SIX.reshape(2, 3).T)
    part = write_zip(tmp_path / "b.pth", tensor_pickle((2,), (2,), offset=1), {"0": SIX.tobytes()})
    np.testing.assert_array_equal(read_checkpoint(part).tensors["w"], [1, 3])


def test_a_parameter_as_torch_0_4_wrote_it(tmp_path):
    content = tensor_pickle((6,), (1,)).replace(b"ctorch._utils", b"ctorch.nn.parameter\nParameter\n(ctorch._utils")
    file = write_zip(tmp_path / "a.pth", content.removesuffix(b"s.") + b"\x88tRs.", {"0": SIX.tobytes()})
    np.testing.assert_array_equal(read_checkpoint(file).tensors["w"], SIX)


@pytest.mark.parametrize(
    ("shape", "strides", "offset", "length"),
    [
        ((7,), (1,), 0, 6),
        ((6,), (1,), 1, 6),
        ((3,), (3,), 0, 6),
        ((1000, 1000), (0, 0), 0, 6),
        ((2,), (-1,), 1, 6),
        ((-1,), (1,), 0, 6),
        ((2,), (1,), -4, 6),
        ((6,), (1,), 2**40, 6),
        ((100,), (1,), 0, 100),
        ((100,), (1,), 0, 2**62),
    ],
)
def test_a_tensor_that_reaches_beyond_its_storage_is_refused(tmp_path, shape, strides, offset, length):
    file = write_zip(tmp_path / "a.pth", tensor_pickle(shape, strides, offset, length), {"0": SIX.tobytes()})
    with pytest.raises(WeightsError, match=r"(beyond its storage|that is none|bytes instead of|other than a storage)"):
        read_checkpoint(file)


class Payload:
    def __init__(self, call, *arguments):
        self.how = (call, arguments)

    def __reduce__(self):
        return self.how


def payloads(mark) -> dict[str, object]:
    command = f"touch {mark}"
    return {
        "system": Payload(os.system, command),
        "eval": Payload(eval, f"open({str(mark)!r}, 'w')"),
        "exec": Payload(exec, f"open({str(mark)!r}, 'w')"),
        "open": Payload(open, str(mark), "w"),
        "getattr": Payload(getattr, os, "system"),
        "in a state dict": OrderedDict(w=Payload(os.system, command)),
        "in a checkpoint": {"state_dict": OrderedDict(), "epoch": Payload(os.system, command)},
        "in an object": {"model": Payload(Payload, os.system, command)},
    }


@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize("name", list(payloads("")))
@pytest.mark.parametrize("zipped", [True, False])
def test_a_payload_is_refused_and_not_run(tmp_path, name, protocol, zipped):
    mark = tmp_path / "was run"
    content = (
        pickle.dumps(payloads(mark)[name], protocol)
        if name != "getattr"
        else (b"\x80\x02cbuiltins\ngetattr\n(cos\nsystem\nX\x04\x00\x00\x00nametR.")
    )
    file = tmp_path / "a.pth"
    if zipped:
        write_zip(file, content)
    else:
        magic = pickle.dumps(0x1950A86A20F9469CFC6C, 2) + pickle.dumps(1001, 2)
        machine = {"protocol_version": 1001, "little_endian": True}
        file.write_bytes(magic + pickle.dumps(machine, 2) + content + pickle.dumps([], 2))
    with pytest.raises(WeightsError, match=r"wants to call .* nothing of it was run; .*torch\.save\(model\.state_dict"):
        read_checkpoint(file)
    assert not mark.exists()


def test_a_bare_pickle_with_a_payload_is_refused(tmp_path):
    mark = tmp_path / "was run"
    (tmp_path / "a.pt").write_bytes(pickle.dumps(Payload(os.system, f"touch {mark}")))
    with pytest.raises(WeightsError, match="nothing of it was run"):
        read_checkpoint(tmp_path / "a.pt")
    assert not mark.exists()


@pytest.mark.parametrize(
    "state",
    [
        b"}X\x05\x00\x00\x00shape(K\xffK\xfftsb",  # a new shape for a tensor that was checked
        b"N}X\x05\x00\x00\x00shape(K\xffK\xffts\x86b",  # the same through its slots
    ],
)
def test_a_tensor_cannot_be_changed_after_it_was_checked(tmp_path, state):
    whole = tensor_pickle((3, 2), (1, 3))
    changed = whole.removesuffix(b"s.") + state + b"s."
    file = write_zip(tmp_path / "a.pth", changed, {"0": SIX.tobytes()})
    with pytest.raises(WeightsError, match="damaged"):
        read_checkpoint(file)


def test_the_reader_cannot_be_changed_by_what_it_reads(tmp_path):
    name = b"X\x09\x00\x00\x00_function"
    hostile = b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\nN}" + name + b"ctorch._utils\n_rebuild_parameter\ns\x86b."
    with pytest.raises(WeightsError, match="wants to change the reader"):
        read_checkpoint(write_zip(tmp_path / "a.pth", hostile))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "damaged"),
        (b"\x80\x02.", "damaged"),
        (b"\x80\x02}.", "a dictionary with nothing in it"),
        (b"\x80\x02K\x05.", "a int"),
        (b"\x80\x02r\xff\xff\xff\x7f.", "damaged"),  # a memo of 17 GB, to an unpickler in C
        (b"\x80\x04\x8e" + b"\xff" * 8 + b".", "damaged"),  # bytes without end
    ],
)
def test_a_damaged_pickle_is_one_sentence(tmp_path, content, message):
    with pytest.raises(WeightsError, match=message):
        read_checkpoint(write_zip(tmp_path / "a.pth", content))


def test_a_file_that_is_cut_is_one_sentence(tmp_path):
    whole = write_zip(tmp_path / "a.pth", tensor_pickle((6,), (1,)), {"0": SIX.tobytes()}).read_bytes()
    for end in range(0, len(whole), 7):
        (tmp_path / "cut.pth").write_bytes(whole[:end])
        with pytest.raises(WeightsError, match=r"^cut\.pth cannot be imported"):
            read_checkpoint(tmp_path / "cut.pth")


def test_a_bomb_is_not_unpacked(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.pth", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", bytes(65 * 1024**2))
    with pytest.raises(WeightsError, match="would unpack to 65 MiB from next to nothing"):
        read_checkpoint(tmp_path / "a.pth")


def test_an_archive_in_several_parts_is_one_sentence(tmp_path):
    whole = bytearray(write_zip(tmp_path / "a.pth", b"").read_bytes())
    whole[-18:-16] = b"\x01\x00"  # the number of this disk, in the archive's last record
    (tmp_path / "a.pth").write_bytes(whole)
    with pytest.raises(WeightsError, match="damaged"):
        read_checkpoint(tmp_path / "a.pth")


PROGRAMS = {
    "archive/constants.pkl": (
        r"TorchScript program, which is code and not weights; export these, in two lines: "
        r"model = torch\.jit\.load\('FILE'\); torch\.save\(model\.state_dict\(\), 'weights\.pth'\)\.$"
    ),
    "archive/serialized_exported_program.json": r"torch\.export wrote, .* program = torch\.export\.load\('FILE'\);",
    "archive/archive_format": r"torch\.export wrote, .* program = torch\.export\.load\('FILE'\);",
    "model.weights.h5": "a Keras model, which needs no import",
    "readme.txt": "not one that torch.save wrote",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_and_other_archives_are_told_apart(tmp_path, name):
    with zipfile.ZipFile(tmp_path / "a.pt", "w") as archive:
        archive.writestr(name, b"")
    with pytest.raises(WeightsError, match=PROGRAMS[name]):
        read_checkpoint(tmp_path / "a.pt")


def test_the_way_out_of_a_pickled_program_is_two_lines(tmp_path):
    file = write_zip(tmp_path / "a.pt", pickle.dumps(Payload(os.getcwd)))
    with pytest.raises(WeightsError) as refused:
        read_checkpoint(file)
    assert str(refused.value).endswith(
        "in two lines: model = torch.load('FILE', weights_only=False); torch.save(model.state_dict(), 'weights.pth')."
    )


# From here on with torch, against what torch itself reads.


@pytest.fixture
def torch():
    return pytest.importorskip("torch", reason="torch is not installed: requirements-torch.txt has it")


def state_of_all_kinds(torch) -> OrderedDict:
    rng = torch.Generator().manual_seed(0)
    base = torch.randn((4, 5, 6), generator=rng)
    return OrderedDict(
        float32=base,
        float64=base.double(),
        float16=base.half(),
        bfloat16=base.bfloat16(),
        view=base[1:3, :, ::2],
        transposed=base.permute(2, 0, 1),
        scalar=torch.tensor(3.5),
        empty=torch.zeros((0, 3)),
        counter=torch.tensor(7),
        truth=torch.tensor([True, False]),
        small=torch.tensor([-3, 4], dtype=torch.int8),
        parameter=torch.nn.Parameter(base[0]),
    )


def check_state(found, expected):
    assert list(found) == list(expected)
    for name, values in expected.items():
        wanted = values.detach()
        wanted = wanted.float() if wanted.is_floating_point() else wanted
        assert found[name].dtype == wanted.numpy().dtype
        np.testing.assert_array_equal(found[name], wanted.numpy(), err_msg=name)


@pytest.mark.parametrize("new", FORMATS.values(), ids=FORMATS)
def test_tensors_of_every_kind_are_torchs(torch, tmp_path, new):
    state = state_of_all_kinds(torch)
    torch.save(state, tmp_path / "a.pth", _use_new_zipfile_serialization=new)
    check_state(read_checkpoint(tmp_path / "a.pth").tensors, state)


@pytest.mark.parametrize("new", FORMATS.values(), ids=FORMATS)
@pytest.mark.parametrize("key", ["state_dict", "model_state_dict", "net", "params", "weights", "what_nobody_expects"])
def test_a_checkpoint_beside_other_things(torch, tmp_path, new, key):
    state = state_of_all_kinds(torch)
    content = {
        "epoch": 7,
        "best_loss": np.float64(0.1),
        "best": np.arange(3.0),
        "rng_state": torch.get_rng_state(),
        key: state,
        "seen": {1, 2},
        "device": torch.device("cpu"),
        "shape": torch.Size([1, 2]),
        "kind": torch.float32,
    }
    torch.save(content, tmp_path / "a.pth.tar", _use_new_zipfile_serialization=new)
    checkpoint = read_checkpoint(tmp_path / "a.pth.tar")
    check_state(checkpoint.tensors, state)
    assert checkpoint.aside == tuple(name for name in content if name != key)


def small_module(torch):
    nn = torch.nn
    layers = OrderedDict(conv0=nn.Conv2d(1, 4, 3, bias=False), norm0=nn.BatchNorm2d(4), relu0=nn.ReLU(inplace=True))
    return nn.Sequential(OrderedDict(features=nn.Sequential(layers), classifier=nn.Sequential(nn.Linear(4, 2))))


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("new", FORMATS.values(), ids=FORMATS)
@pytest.mark.parametrize("inside", [True, False])
def test_a_pickled_module_gives_its_state_dict(torch, tmp_path, new, inside):
    """What jrzech's and torchxrayvision's files are; the code of the classes is neither needed nor run."""
    module = small_module(torch)
    module.op_threshs = [0.25, float("nan")]
    torch.save(
        {"model": module, "epoch": 1} if inside else module, tmp_path / "a.pt", _use_new_zipfile_serialization=new
    )
    checkpoint = read_checkpoint(tmp_path / "a.pt")
    assert set(checkpoint.tensors) == set(module.state_dict())
    for name, values in module.state_dict().items():
        np.testing.assert_array_equal(checkpoint.tensors[name], values.numpy())
    assert checkpoint.facts["op_threshs"][0] == 0.25


def test_weights_are_told_from_the_state_of_an_optimizer_and_a_running_mean(torch, tmp_path):
    kernel = torch.arange(6.0).reshape(2, 3)
    other = {"state": {0: {"exp_avg": kernel}}, "param_groups": [{"lr": 0.1}]}
    content = {
        "optimizer": other,
        "state_dict_ema": {"w": -kernel},
        "step": torch.tensor(3),
        "state_dict": {"w": kernel},
    }
    torch.save(content, tmp_path / "a.ckpt")
    checkpoint = read_checkpoint(tmp_path / "a.ckpt")
    assert list(checkpoint.tensors) == ["w"] and (checkpoint.tensors["w"] == kernel.numpy()).all()
    assert checkpoint.aside == ("optimizer", "state_dict_ema", "step")


def test_a_body_and_a_head_that_are_saved_apart_come_together(torch, tmp_path):
    content = {"body": {"w": torch.ones(2, 2)}, "top": {"w": torch.zeros(2, 2)}, "optimizer": {"state": {}}, "epoch": 3}
    torch.save(content, tmp_path / "a.pt")
    checkpoint = read_checkpoint(tmp_path / "a.pt")
    assert {name: values.sum() for name, values in checkpoint.tensors.items()} == {"body.w": 4, "top.w": 0}
    assert checkpoint.aside == ("optimizer", "epoch")


@pytest.mark.parametrize(
    ("said", "names"),
    [
        ({"class_names": ["Normal", "Pneumonia"]}, ["Normal", "Pneumonia"]),
        ({"hyper_parameters": {"lr": 0.1, "classes": ("A", "B")}}, ["A", "B"]),
        ({"class_to_idx": {"Pneumonia": 1, "Normal": 0}}, ["Normal", "Pneumonia"]),
        ({"class_to_idx": {"Pneumonia": 1, "Normal": 5}}, None),
        ({"classes": 2}, None),
        ({"labels": [0, 1]}, None),
    ],
)
def test_names_of_outputs_that_stand_beside_the_weights(torch, tmp_path, said, names):
    torch.save({"state_dict": {"w": torch.ones(2, 2)}, **said}, tmp_path / "a.ckpt")
    assert read_checkpoint(tmp_path / "a.ckpt").facts.get("names") == names


class Learner:
    """An object with a module, as fastai exports it."""


def test_settings_of_a_trainer_and_what_holds_a_module_are_read_over(torch, tmp_path):
    learner = Learner()
    learner.model, learner.path, learner.params = torch.nn.Linear(2, 3), Path("films"), {"lr": 0.1}
    learner.begun, learner.schedule = datetime(2026, 1, 1), partial(pow, 2)
    torch.save(
        {"hyper_parameters": {"root": Path("films")}, "weights": {"lr": 0.1}, "learner": learner}, tmp_path / "a.pt"
    )
    checkpoint = read_checkpoint(tmp_path / "a.pt")
    assert {name: values.shape for name, values in checkpoint.tensors.items()} == {"weight": (3, 2), "bias": (3,)}


def test_a_class_is_no_checkpoint(torch, tmp_path):
    torch.save(io.BytesIO, tmp_path / "a.pt")
    with pytest.raises(WeightsError, match="holds no weights"):
        read_checkpoint(tmp_path / "a.pt")
