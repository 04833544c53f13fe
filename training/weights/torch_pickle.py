"""Read PyTorch's pickles without PyTorch, and without running what they name.

A pickle is a program: it may call any function of any module. This reader knows the handful of calls that put
tensors together and does them itself, in NumPy. Any other class becomes an inert object that only remembers its
attributes, which is enough to collect the tensors of a pickled module. Any other call is refused.
"""

from __future__ import annotations

import math
import pickle
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from training.weights.tensors import MAX_BYTES, WeightsError

STORAGES = {
    "DoubleStorage": "F64",
    "FloatStorage": "F32",
    "HalfStorage": "F16",
    "BFloat16Storage": "BF16",
    "LongStorage": "I64",
    "IntStorage": "I32",
    "ShortStorage": "I16",
    "CharStorage": "I8",
    "ByteStorage": "U8",
    "BoolStorage": "BOOL",
}
# Calls whose result is never a weight: they are recorded, not done.
RECORDED = {
    ("torch", "Size"),
    ("torch", "device"),
    ("torch.serialization", "_get_layout"),
    ("numpy", "dtype"),
    *((f"numpy.{core}.multiarray", name) for core in ("core", "_core") for name in ("scalar", "_reconstruct")),
    *((module, "set") for module in ("builtins", "__builtin__")),
    *((module, "frozenset") for module in ("builtins", "__builtin__")),
    # What trainers keep among their settings.
    *(
        (module, f"{kind}Path")
        for module in ("pathlib", "pathlib._local")
        for kind in ("Posix", "Windows", "PurePosix")
    ),
    *(("datetime", name) for name in ("datetime", "date", "timedelta")),
    *(("builtins", name) for name in ("slice", "range", "complex", "bytearray")),
    ("functools", "partial"),
    ("copyreg", "_reconstructor"),
    ("collections", "defaultdict"),
    ("collections", "Counter"),
}
SAVE = "torch.save(model.state_dict(), 'weights.pth')"
WAY_OUT = (
    "if you trust it, export the weights where it was made, in two lines: "
    f"model = torch.load('FILE', weights_only=False); {SAVE}"
)


class Storage(NamedTuple):
    """A flat run of numbers that tensors look into; the numbers themselves lie outside the pickle.

    Attributes
    ----------
    key : str
        Its name in the file.
    dtype : str
        As in `training.weights.tensors.DTYPES`; "" for a kind without meaning here, which nothing may look into.
    length : int
        Number of elements.
    """

    key: str
    dtype: str
    length: int


class Tensor(NamedTuple):
    """A view of a storage. Like all that a pickle can lay hands on here, nothing in it can be changed."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    def array(self, values: np.ndarray) -> np.ndarray:
        """Give the elements, contiguous, from those of the storage."""
        if len(values) != self.storage.length:
            raise WeightsError("it is damaged: a storage has not the length that its pickle names")
        strides = [stride * values.itemsize for stride in self.strides]
        return np.lib.stride_tricks.as_strided(values[self.offset :], self.shape, strides, writeable=False).copy()


class Inert:
    """An object of a class that is not loaded: only its attributes are kept."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Inert:
        """Make one without looking at what its class would have done with the arguments."""
        return object.__new__(cls)

    def __setstate__(self, state: Any) -> None:
        if isinstance(state, dict):
            self.__dict__.update(state)

    def __setitem__(self, key: Any, value: Any) -> None:
        """Forget an item of a dictionary."""

    def append(self, value: Any) -> None:
        """Forget an item of a list."""

    def extend(self, values: Any) -> None:
        """Forget items of a list."""


class _Uncallable(type):
    """Type of the classes that stand for what is not loaded: an instance may be made, nothing may be called."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        raise WeightsError(
            f"the file wants to call {cls.__module__}.{cls.__qualname__}, which weights do not need, "
            f"so nothing of it was run; {WAY_OUT}"
        )


class _Known:
    """A call that is done here. Without attributes to set, so that a pickle can change nothing in it."""

    __slots__ = ("_function",)
    _function: Callable[..., Any]

    def __init__(self, function: Callable[..., Any]) -> None:
        object.__setattr__(self, "_function", function)

    def __setattr__(self, name: str, value: Any) -> None:
        raise WeightsError("the file wants to change the reader that reads it")

    def __call__(self, *args: Any) -> Any:
        return self._function(*args)


class _StorageKind(NamedTuple):
    dtype: str


# The pure Python unpickler: the one in C sets aside as much memory as a pickle names, and a short one may name much.
class RestrictedUnpickler(pickle._Unpickler):
    """Unpickle tensors and plain containers.

    Attributes
    ----------
    storages : dict of str to Storage
        Every storage that was named; whoever holds the file fills in their values.
    """

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file, encoding="latin1")
        self.storages: dict[str, Storage] = {}

    def find_class(self, module: str, name: str) -> Any:
        """Give what stands for a class or function."""
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) in KNOWN:
            return _Known(KNOWN[module, name])
        if (module, name) in RECORDED:
            return _Known(lambda *args: Inert())
        if module in ("torch", "torch.cuda", "torch.storage") and name.endswith("Storage"):
            return _StorageKind(STORAGES.get(name, "U8" if name == "UntypedStorage" else ""))
        return _Uncallable(name, (Inert,), {"__module__": module, "__qualname__": name})

    def persistent_load(self, saved: Any) -> Any:
        """Give the storage, or in old files the class, that a persistent id names."""
        if isinstance(saved, tuple) and len(saved) >= 2 and saved[0] == "module":
            return saved[1]
        match saved:
            case ("storage", _StorageKind(dtype), str(key), _, int(length), *view) if 0 <= length <= MAX_BYTES:
                if view and view[0] is not None:
                    raise WeightsError(f"the file has a storage inside another, as torch 0.3 wrote them; {WAY_OUT}")
                return self.storages.setdefault(key, Storage(key, dtype, length))
        raise WeightsError("the file names something other than a storage of numbers as stored outside its pickle")


def load(file: BinaryIO) -> tuple[Any, dict[str, Storage]]:
    """Read one pickle.

    Returns
    -------
    object, dict of str to Storage
        What it holds, with `Tensor` for tensors and `Inert` for objects; and the storages to fill.

    Raises
    ------
    WeightsError
        If it calls what weights do not need, or is damaged.
    """
    unpickler = RestrictedUnpickler(file)
    try:
        return unpickler.load(), unpickler.storages
    except WeightsError:
        raise
    except Exception as error:  # a damaged or hostile pickle raises anything
        raise WeightsError(f"its pickle is damaged ({type(error).__name__})") from error


def _tensor(storage: Any, offset: Any, shape: Any, strides: Any, *_: Any) -> Tensor:
    """Do what ``torch._utils._rebuild_tensor_v2`` does."""
    numbers = (offset, *shape, *strides)
    if not isinstance(storage, Storage) or not all(type(n) is int and n >= 0 for n in numbers):
        raise WeightsError("the file describes a tensor that is none")
    shape, strides = tuple(shape), tuple(strides)
    count = math.prod(shape)
    last = offset + sum((extent - 1) * stride for extent, stride in zip(shape, strides, strict=True))
    if not storage.dtype or count > storage.length or (count and last >= storage.length):
        raise WeightsError(f"the file describes a tensor of shape {shape} that reaches beyond its storage")
    return Tensor(storage, offset, shape, strides)


def _parameter(data: Any, *_: Any) -> Any:
    """Do what ``torch._utils._rebuild_parameter`` does: a parameter is its tensor."""
    return data


def _encoded(text: str, encoding: str) -> bytes:
    if encoding != "latin1":
        raise WeightsError("the file spells bytes in an encoding other than latin1")
    return text.encode("latin1")


KNOWN: dict[tuple[str, str], Callable[..., Any]] = {
    ("torch._utils", "_rebuild_tensor"): _tensor,
    ("torch._utils", "_rebuild_tensor_v2"): _tensor,
    ("torch._utils", "_rebuild_parameter"): _parameter,
    ("torch.nn.parameter", "Parameter"): _parameter,  # before torch 1.0
    ("torch._utils", "_rebuild_parameter_with_state"): _parameter,
    ("_codecs", "encode"): _encoded,
}
