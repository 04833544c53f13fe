"""How much a packed file may hold, in all and for what it takes on the disk: asked before any of it is unpacked.

The one place of these limits. Weights are noise: packed they are a tenth smaller, half of them when they were rounded.
Deflate makes a thousandth of zeros, and a file in a file a thousandth of that.
"""

from __future__ import annotations

import math
import zipfile
import zlib
from collections.abc import Iterable
from typing import Any

MOST_BYTES = 2 * 1024**3  # of a model or a file of weights, as it is and unpacked; a DenseNet-121 has 30 MB
HARMLESS_BYTES = 64 * 1024**2  # fill no memory, whatever they are
MOST_TIMES = 20  # that what is unpacked may be larger


def too_much(size: int, stored: int, most: int = MOST_BYTES) -> str:
    """Say why so much is not unpacked.

    Parameters
    ----------
    size : int
        Bytes of all that a file holds, once unpacked.
    stored : int
        Bytes of the file on the disk: parts of it may stand for several.
    most : int
        Bytes that such a file may hold.

    Returns
    -------
    str
        The rest of a sentence that starts with the file's name; empty where it is in order.
    """
    if size > most:
        return f"unpacks to {size / 2**30:.1f} GiB; at most {most / 2**30:.0f} GiB are read"
    if size > HARMLESS_BYTES and size > MOST_TIMES * stored:
        return f"would unpack to {size / 2**20:,.0f} MiB from next to nothing, which no weights do: get it anew"
    return ""


def zip_bytes(members: Iterable[zipfile.ZipInfo]) -> int:
    """Bytes of members of a zip once unpacked; zipfile reads no more of one than it says."""
    return sum(member.file_size for member in members)


def hdf5_bytes(dataset: Any) -> int:
    """Bytes that reading a dataset of HDF5 takes: of its numbers, or of one chunk where that is larger.

    Raises
    ------
    ValueError
        If its numbers are packed more than once, or a chunk inflates to more than its numbers: HDF5 itself would go on
        to the end.
    """
    size = int(dataset.nbytes)
    if dataset.chunks is None:
        return size
    chunk = math.prod(dataset.chunks) * dataset.dtype.itemsize
    if _filters(dataset) > 1:
        raise ValueError(f"holds {dataset.name} packed twice over, which no weights need to be")
    if dataset.compression == "gzip" and max(size, chunk) <= MOST_BYTES:
        for place in range(dataset.id.get_num_chunks()):
            where = dataset.id.get_chunk_info(place).chunk_offset
            skipped, packed = dataset.id.read_direct_chunk(where)
            if not skipped and _is_longer(packed, chunk):
                raise ValueError(f"holds {dataset.name} in chunks that unpack to more than they say: get it anew")
    return int(max(size, chunk))


def _filters(dataset: Any) -> int:
    """Count what packs a dataset; other filters, as checksums and shuffling, change no length to speak of."""
    import h5py

    plist = dataset.id.get_create_plist()
    known = (h5py.h5z.FILTER_SHUFFLE, h5py.h5z.FILTER_FLETCHER32)
    return sum(plist.get_filter(place)[0] not in known for place in range(plist.get_nfilters()))


def _is_longer(packed: bytes, most: int) -> bool:
    """Whether a stream inflates to more bytes than that, with a checksum's to spare; what is damaged HDF5 refuses."""
    try:
        return len(zlib.decompressobj().decompress(packed, most + 5)) > most + 4
    except zlib.error:
        return False
