"""A file's bytes as a stream that nobody reads for ever.

Decoders walk a file's parts one by one: the chunks of a PNG, the blocks of a GIF, the tags of DICOM, the tiles of a
TIFF, the runs of a BMP. Each costs a microsecond or more however short it is, and 64 MiB hold many millions.
"""

from __future__ import annotations

from io import BytesIO

from xai.films.film import FilmError

MOST_READS = 500_000  # two for each block of 255 bytes of the largest GIF; other films take a tenth of that at most


class Stream(BytesIO):
    """Bytes to read, in at most `MOST_READS` steps; one more raises `FilmError`."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.reads = 0

    def read(self, size: int | None = -1, /) -> bytes:
        """Read as `BytesIO.read` does."""
        self.reads += 1
        if self.reads > MOST_READS:
            raise FilmError(
                "This file is in hundreds of thousands of small parts, which no film is; save it again as a plain PNG."
            )
        return super().read(size)
