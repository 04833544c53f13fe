"""What the browser fetches of a film whatever looks at it: its pixels need no model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dashboard.compare import light_box
from dashboard.components.packing import pack
from dashboard.components.payload import Payload
from dashboard.server.library import Record
from dashboard.server.services import Services
from xai.films.film import Film
from xai.films.mend import Mend


@dataclass(frozen=True)
class FilmParts:
    """A film that hangs.

    Attributes
    ----------
    services : Services
    sha256 : str
        Content hash of the film.
    record : Record or None
        What its dataset knows of it; None for an upload.
    came : str
        Content hash of the film as it came, by which its visitor holds an upload.
    mend : Mend
        What is done to it before anybody reads it.
    """

    services: Services
    sha256: str
    record: Record | None
    came: str
    mend: Mend

    @property
    def upload(self) -> str | None:
        """Whose hands only this goes into: the upload's hash; None for a dataset's film, which anybody may see."""
        return None if self.record is not None else self.came

    def reopened(self) -> Film:
        """Open the film again; raises FilmError where it cannot be, ValueError where an upload was put away."""
        if self.record is not None:
            return self.mend.film(self.services.film(self.record.dataset, self.record.film))
        film = self.services.films.get(self.came)
        if film is None:
            raise ValueError("This film was put away to save memory: upload it again.")
        return self.mend.film(film)

    def film(self) -> str:
        """Name the part with the film's pixels."""
        return self.offer(["film", self.sha256], lambda: light_box.film_pixels(self.reopened()))

    def offer(self, about: list[Any], make: Callable[[], Payload | None]) -> str:
        """Offer a part to whoever may see the film; gives its name."""

        def packed() -> bytes | None:
            try:
                made = make()
            except (ValueError, OSError):  # the page itself says why a film cannot be opened
                return None
            return None if made is None else pack(made)

        return self.services.channel.parts.offer(about, packed, film=self.upload)
