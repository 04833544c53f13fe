"""Films made for the tests of the pages: sound ones, and files that only look like one."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
from PIL import Image
from pydicom.dataset import Dataset as DicomDataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import CTImageStorage, DigitalXRayImageStorageForPresentation, ExplicitVRLittleEndian, generate_uid
from scipy.ndimage import gaussian_filter

PATIENT = "Doe^Jane^Confidential"
BOMB = 30_000


def picture(seed: int, height: int = 192, width: int = 176) -> np.ndarray:
    """A smooth random film, uint8."""
    shades = gaussian_filter(np.random.default_rng(seed).random((height, width)), 9)
    return np.uint8(255 * (shades - shades.min()) / np.ptp(shades))


def png(shades: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(shades).save(stream, "PNG")
    return stream.getvalue()


def dicom(shades: np.ndarray, sop_class: str = DigitalXRayImageStorageForPresentation, modality: str = "DX") -> bytes:
    """A picture with a patient's name in its header, by default a digital radiograph."""
    file = DicomDataset()
    file.file_meta = FileMetaDataset()
    file.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    file.SOPClassUID = sop_class
    file.SOPInstanceUID = generate_uid()
    file.PatientName, file.Modality, file.ViewPosition = PATIENT, modality, "PA"
    file.Rows, file.Columns = shades.shape
    file.SamplesPerPixel, file.PhotometricInterpretation = 1, "MONOCHROME2"
    file.BitsAllocated, file.BitsStored, file.HighBit, file.PixelRepresentation = 16, 12, 11, 0
    file.PixelData = (shades.astype(np.uint16) * 16).tobytes()
    stream = io.BytesIO()
    file.save_as(stream, enforce_file_format=True)
    return stream.getvalue()


def bomb() -> bytes:
    """A PNG of 30,000 x 30,000 pixels in some 100 kB."""
    row = zlib.compress(bytes((BOMB // 8 + 1) * BOMB), 9)

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", BOMB, BOMB, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", row) + chunk(b"IEND", b"")


def nan_tiff() -> bytes:
    stream = io.BytesIO()
    Image.fromarray(np.full((64, 64), np.nan, np.float32)).save(stream, "TIFF")
    return stream.getvalue()


def hostile_files() -> dict[str, bytes]:
    """Files by name, each of which is refused for another reason."""
    sound = dicom(picture(8))
    return {
        "bomb.png": bomb(),
        "empty.png": b"",
        "film.png": b"This is a letter, not a film.\n",
        "scan.dcm": dicom(picture(8), CTImageStorage, "CT"),
        "header.dcm": sound[: sound.index(b"\xe0\x7f\x10\x00")],
        "holes.tif": nan_tiff(),
        "cut.png": png(picture(1))[:-3000],
    }
